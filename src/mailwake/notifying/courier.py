"""Brings news to one endpoint, in order, from where it last got to.

Where it stands is written down after each webhook that was taken. Killed in between, it tells that one again under the
same id, and nothing else. What nobody takes is tried again for three days; then it is laid aside and the next one goes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mailwake.errors import BadInput, Unavailable
from mailwake.events import SECOND, Micros
from mailwake.notifying import posting, signing
from mailwake.notifying.endpoints import Endpoint
from mailwake.notifying.messages import LINK_DEAD, DeadLink, Message, messages, of_dead_link
from mailwake.notifying.naming import named
from mailwake.notifying.posting import Answer
from mailwake.store.events import EventStore
from mailwake.store.state import StateStore

KIND, DEAD = "notify", "notify-dead"
BATCH = 200
#: seconds before the next try: three days in all. Source: Standard Webhooks, "Deliverability and reliability"
WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
#: who has taken nothing for so long is told nothing more until somebody looks
GIVE_UP_SECONDS = 5 * 86_400
GONE = 410
Post = Callable[..., Answer]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a courier stands."""

    #: number of the last news that is done with
    position: int
    #: messages of the next news that were taken already
    part: int = 0
    #: tries of the message that is next
    tries: int = 0
    #: not before
    next_at: int = 0
    #: since when nothing was taken; None: the last one was
    failing_since: int | None = None
    #: why nothing is told any more; None: it is
    disabled: str | None = None
    #: webhooks taken, and laid aside
    taken: int = 0
    dead: int = 0
    last_error: str | None = None
    #: when the last one was taken; None: none was since this is noted
    taken_at: int | None = None
    #: number of the last alarm of a dead link that is done with; None: nobody looked yet
    alarm: int | None = None


@dataclass(frozen=True, kw_only=True)
class Around:
    """What couriers need of the world."""

    events: EventStore
    state: StateStore
    #: microseconds since 1970
    wall: Callable[[], int]
    post: Post = posting.post
    #: 0-1
    chance: Callable[[], float] = random.random
    #: alarms of dead links with a higher number, oldest first
    dead_links: Callable[[int], Sequence[DeadLink]] = lambda _: ()


class Courier:
    """Tells one endpoint."""

    def __init__(self, endpoint: Endpoint, around: Around) -> None:
        self.endpoint = endpoint
        self._around = around
        self.place = self._begin()

    def _begin(self) -> Place:
        """Where it left off; a new one begins with what comes from now on."""
        job = self._around.state.job(KIND, self.endpoint.name)
        if job is not None:
            return msgspec.convert(job.data, Place)
        last = self._around.events.ask("news_span")[0]["last_number"]
        return self._keep(Place(position=last or 0))

    def look_again(self) -> None:
        """Take note of what an operator changed."""
        job = self._around.state.job(KIND, self.endpoint.name)
        if job is not None:
            self.place = msgspec.convert(job.data, Place)

    def step(self) -> bool:
        """Tell what can be told now; whether there may be more at once.

        Raises:
            Unavailable: a store is away.
        """
        place = self.place
        if place.disabled is not None or self._around.wall() < place.next_at:
            return False
        if LINK_DEAD in self.endpoint.events and not self._tell_of_links():
            return False
        place = self.place
        rows = self._around.events.ask("news", after=place.position, limit=BATCH)
        names = named(self._around.state, rows)
        for row in rows:
            for number, message in enumerate(messages(row, self.endpoint, names)):
                if number >= self.place.part and not self._tell(message, part=number + 1):
                    return False
            self.place = msgspec.structs.replace(self.place, position=row["number"], part=0)
        if rows:
            self._keep(self.place)
        return len(rows) == BATCH

    def _tell_of_links(self) -> bool:
        """Whether to go on: all alarms of dead links were told. What was before anybody looked is not."""
        after = self.place.alarm
        found = self._around.dead_links(after or 0)
        if after is None:
            newest = max((each.id for each in found), default=0)
            self._keep(msgspec.structs.replace(self.place, alarm=newest))
            return True
        return all(self._tell(of_dead_link(each), alarm=each.id) for each in found)

    def _tell(self, message: Message, **done: int) -> bool:
        """Whether to go on with the next message; `done` is where the courier stands when this one is done with."""
        place, now = self.place, self._around.wall()
        given = signing.headers(message.id, now // SECOND, message.body, self.endpoint.keys)
        try:
            answer = self._around.post(
                self.endpoint.url, given, message.body, allow_private=self.endpoint.allow_private
            )
        except Unavailable as fault:
            return self._failed(message, str(fault), None, done)
        if answer.is_taken:
            self._keep(
                msgspec.structs.replace(
                    place, tries=0, next_at=0, failing_since=None, taken=place.taken + 1,
                    last_error=None, taken_at=now, **done,
                )
            )  # fmt: skip
            return True
        if answer.status == GONE:
            self._keep(msgspec.structs.replace(place, disabled="it answered 410: gone", last_error="410"))
            return False
        return self._failed(message, f"it answered {answer.status}", answer.retry_after, done)

    def _failed(self, message: Message, why: str, retry_after: float | None, done: Mapping[str, int]) -> bool:
        place, now = self.place, self._around.wall()
        since = place.failing_since or now
        if place.tries >= len(WAITS):
            return self._lay_aside(message, why, since, done)
        wait = max(WAITS[place.tries], retry_after or 0) * (0.8 + 0.4 * self._around.chance())
        next_at = now + round(wait * SECOND)
        self._keep(
            msgspec.structs.replace(place, tries=place.tries + 1, next_at=next_at, failing_since=since, last_error=why)
        )
        return False

    def _lay_aside(self, message: Message, why: str, since: int, done: Mapping[str, int]) -> bool:
        place, now = self.place, self._around.wall()
        told: dict[str, Any] = {"endpoint": self.endpoint.name, "id": message.id, "type": message.type, "why": why}
        told |= {"tries": place.tries + 1, "body": message.body.decode()}
        self._around.state.put_job(DEAD, f"{self.endpoint.name}:{message.id}", data=told, now=Micros(now))
        gone_on = now - since >= GIVE_UP_SECONDS * SECOND
        days = GIVE_UP_SECONDS // 86_400
        self._keep(
            msgspec.structs.replace(
                place, tries=0, next_at=0, failing_since=since, dead=place.dead + 1,
                disabled=f"it took nothing for {days} days ({why})" if gone_on else None, last_error=why, **done,
            )
        )  # fmt: skip
        return not gone_on

    def _keep(self, place: Place) -> Place:
        self._around.state.put_job(
            KIND, self.endpoint.name, data=msgspec.to_builtins(place), now=Micros(self._around.wall())
        )
        self.place = place
        return place


def places(state: StateStore) -> dict[str, Place]:
    """Where every endpoint stands that was ever told anything."""
    return {job.key: msgspec.convert(job.data, Place) for job in state.jobs(KIND)}


def enable(state: StateStore, name: str, *, now: Micros) -> None:
    """Tell an endpoint again, from where it stopped.

    Raises:
        BadInput: it was never told anything.
    """
    found = places(state).get(name)
    if found is None:
        raise BadInput(f"nothing is known of an endpoint {name!r}; `mailwake notify list` has those that are")
    again = msgspec.structs.replace(found, disabled=None, failing_since=None, tries=0, next_at=0)
    state.put_job(KIND, name, data=msgspec.to_builtins(again), now=now)


def dead_letters(state: StateStore) -> list[Mapping[str, Any]]:
    """What nobody took, and was not told again since; the latest first."""
    return [job.data for job in state.jobs(DEAD) if job.finished_at is None]
