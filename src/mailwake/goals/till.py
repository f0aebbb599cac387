"""Where shops report: POST /conversions, proved by a token, in the log before it is answered.

It is a desk of the role that takes webhooks, which bounds bodies, time and memory. What was taken a moment ago is known
here and costs nothing; what came before a restart, or by another process, the pipeline knows by its key.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping

import structlog

from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog import LogWriter
from mailwake.events import Event, EventType, Note, Request, Source, encode_event
from mailwake.goals.calls import Known, read_call
from mailwake.goals.claims import UnknownGoal
from mailwake.hosts import Hosts
from mailwake.store.state import Goal
from mailwake.webhooks.call import Call, Refused, Secrets
from mailwake.webhooks.proofs import check_password
from mailwake.webhooks.server import Taken

log = structlog.get_logger()

PATH = "/conversions"
REMEMBERED = 100_000
#: Goals are asked for again after so long, and at once when one is not known, but not more often than this.
_OLD_SECONDS, _SOON_SECONDS = 30.0, 1.0


class Till:
    """Takes calls of shops.

    Args:
        secrets: prove a call.
        hosts: whose references are read.
        goals: asks for all goals; may raise `Unavailable`.
        writer: this process's log.
        tick: gives seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        secrets: Secrets,
        hosts: Hosts,
        goals: Callable[[], Mapping[str, Goal]],
        writer: LogWriter,
        *,
        tick: Callable[[], float],
    ) -> None:
        self._secrets, self._ask, self._writer, self._tick = secrets, goals, writer, tick
        self._reader, self._hosts = hosts.reader(), tuple(hosts.all)
        self._goals: Mapping[str, Goal] = {}
        self._asked_at: float | None = None
        #: key of what was taken to what it said, oldest first
        self._seen: OrderedDict[str, str] = OrderedDict()

    async def take(self, call: Call) -> Taken:
        """Take one call, or say why not."""
        try:
            check_password(call, self._secrets)
        except Refused as fault:
            log.warning("conversions.refused", reason=fault.reason)
            return _said(401, error=f"{fault}; send it as Authorization: Bearer", refused=1)
        try:
            events = await self._read(call)
        except BadInput as fault:
            return _said(400, error=str(fault))
        except Unavailable as fault:
            log.warning("conversions.unavailable", problem=str(fault))
            return _said(503, error="the goals cannot be read just now; try again")
        return await self._keep(call, events)

    async def _keep(self, call: Call, events: list[Event]) -> Taken:
        news: dict[str, Event] = {}
        for event in events:
            said = self._seen.get(event.key, news[event.key].reason if event.key in news else None)
            if said is not None and said != event.reason:
                return _said(409, error="one of these ids was reported with another value; an id stands for one fact")
            if said is None:
                news[event.key] = event
        again = len(events) - len(news)
        if news:
            raw = Event(
                type=EventType.UNKNOWN,
                received_at=call.received_at,
                source=Source.API,
                note=Note.WEBHOOK,
                reason="conversions",
                request=Request("POST", PATH.encode(), ""),
                raw=call.body,
            )
            try:
                await self._writer.write([encode_event(raw), *map(encode_event, news.values())])
            except Unavailable as fault:
                log.warning("conversions.unavailable", problem=str(fault))
                return _said(503, error="the log cannot keep it now; try again")
            self._remember(news)
        return _said(200, taken=len(news), known=again, events=len(news), calls=1 if news else 0)

    async def _read(self, call: Call) -> list[Event]:
        now = self._tick()
        await self._refresh(older_than=_OLD_SECONDS, now=now)
        try:
            return self._events(call)
        except UnknownGoal:  # it may have been made since
            if not await self._refresh(older_than=_SOON_SECONDS, now=now):
                raise
        return self._events(call)

    def _events(self, call: Call) -> list[Event]:
        known = Known(goals=self._goals, reader=self._reader, hosts=self._hosts)
        return read_call(call.body, known, now=call.received_at)

    async def _refresh(self, *, older_than: float, now: float) -> bool:
        """Ask for the goals again where they are older; a store that is away is not missed while some are known."""
        if self._asked_at is not None and now - self._asked_at < older_than:
            return False
        is_first, self._asked_at = self._asked_at is None, now
        try:
            self._goals = await asyncio.to_thread(self._ask)
        except Unavailable:
            if is_first:
                self._asked_at = None
                raise
            return False
        return True

    def _remember(self, news: Mapping[str, Event]) -> None:
        self._seen.update((key, event.reason) for key, event in news.items())
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


def _said(status: int, *, calls: int = 0, events: int = 0, refused: int = 0, **told: str | int) -> Taken:
    body = json.dumps(told).encode() + b"\n"
    return Taken(status=status, body=body, calls=calls, events=events, refused=refused)
