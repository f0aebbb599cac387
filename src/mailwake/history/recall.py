"""After a restart: a judge learns again what it had learned from deliveries that settled.

Only verdicts are stored, not what was learned; both come from the same events, so these are read back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol, runtime_checkable

from mailwake.events import SECOND, DeliveryId, Evidence, Micros
from mailwake.history.evidence import Row, evidence_of, pages, times_of
from mailwake.store.events import EventStore

DAY = 86_400 * SECOND
#: What is older no longer counts; see `mailwake.judge.families.fading`.
REMEMBERED = 30 * DAY
#: DESIGN: a copy settles after 15 quiet minutes or 24 hours; the pipeline waits ten seconds longer for late writers.
QUIET = (15 * 60 + 10) * SECOND
LONGEST = DAY + 10 * SECOND

#: Of more events only the newest are read back; they alone fill what a judge can remember, in less than a minute.
MOST_EVENTS = 200_000

Episode = list[tuple[Evidence, float | None]]


@runtime_checkable
class Learner(Protocol):
    """A judge that learns from what settled."""

    def recall(self, episode: Iterable[tuple[Evidence, float | None]]) -> None:
        """Learn again from one copy that settled."""
        ...


def remember(
    judge: object, events: EventStore, *, now: Micros, but: Collection[int] = (), most: int = MOST_EVENTS
) -> int:
    """Let a new judge learn from the last 30 days.

    Args:
        judge: one that does not learn is left alone.
        events: the store.
        now: the time.
        but: ids of events that have not settled yet; the judge sees these as they are.
        most: events read back, the newest; a judge that forgot the rest knows fewer of the rare things.

    Returns:
        How many episodes it learned from.
    """
    if not isinstance(judge, Learner):
        return 0
    count, since, until = 0, Micros(now - REMEMBERED), Micros(now + DAY)
    newest = events.ask("judged_since", since=since, until=until, limit=most)[0]["first_at"]
    rows = (row for page in pages(events, since=newest or until, until=until) for row in page)
    for episode in episodes(row for row in rows if row["id"] not in but):
        judge.recall(episode)
        count += 1
    return count


def episodes(rows: Iterable[Row]) -> Iterator[Episode]:
    """What happened to each copy between two times of quiet, with the copy's times and P(human) as it was told.

    Args:
        rows: of the question ``history``, in order of time; those that name no copy teach nothing.
    """
    waiting: dict[DeliveryId, Episode] = {}
    swept_at = Micros(0)
    for row in rows:
        evidence = evidence_of(row)
        if evidence.delivery is None:
            continue
        if evidence.at > swept_at + QUIET:
            swept_at = evidence.at
            for done in [each for each, episode in waiting.items() if _is_over(episode, swept_at)]:
                yield waiting.pop(done)
        episode = waiting.get(evidence.delivery)
        if episode is not None and _is_over(episode, evidence.at):
            yield waiting.pop(evidence.delivery)
            episode = None
        if episode is None:
            episode = waiting[evidence.delivery] = [(each, None) for each in times_of(row)]
        episode.append((evidence, row["p_human"]))
    yield from waiting.values()


def _is_over(episode: Episode, now: Micros) -> bool:
    first = next(evidence.at for evidence, _ in episode if evidence.id)
    return now >= min(episode[-1][0].at + QUIET, first + LONGEST)
