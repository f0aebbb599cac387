"""Stored evidence judged again by other rules: the new verdicts, and what they do to the numbers of a campaign.

The judge sees history as it would have lived through it: in order of time, settling at every second of the events' own
time. Replaying with the rules in force therefore ends in the verdicts that are there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

from mailwake.events import SECOND, Evidence, Micros, Settlement, Verdict
from mailwake.history.evidence import Row, evidence_of, pages, times_of
from mailwake.judge import Judged
from mailwake.judge.rules import Rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.store.events import EventStore

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
#: A writer of the log may be this much late; the pipeline waits so long before it lets anything settle.
LAG = 10 * SECOND
#: So much of the time before is judged too, because others are judged in its light.
RUN_UP = 30 * DAY
#: Of a copy that is crowded not every event is told again when it settles.
_CROWDED = DAY + HOUR
#: Probabilities are counted in the digits that the store keeps, so that sums do not depend on the order of adding.
DIGITS = 10_000


class Again(NamedTuple):
    """A stored event and its new verdict."""

    row: Row
    verdict: Verdict


def judge_again(judge: StreamJudge, rows: Iterable[Row]) -> Iterator[Again]:
    """The final verdict on every row.

    Args:
        judge: one that has seen nothing.
        rows: of the question ``history``, in order of time.
    """
    waiting: dict[int, Row] = {}
    told: dict[int, Verdict] = {}

    def take(judged: Iterable[Judged]) -> Iterator[Again]:
        for identity, _, verdict in judged:
            if identity in waiting:
                told[identity] = verdict
                if verdict.state is Settlement.SETTLED:
                    yield Again(waiting.pop(identity), told.pop(identity))

    together: list[Evidence] = []  # what came within a second is judged at once, as the pipeline does
    settled_until = swept_at = 0
    for row in rows:
        until = row["happened_at"] - LAG
        if until >= settled_until + SECOND:
            yield from take(judge.observe_many(together))
            together.clear()
        for now in range(max(settled_until + SECOND, until - DAY), until + 1, SECOND):
            settled_until = now
            yield from take(judge.settle(Micros(now)))
        if until >= swept_at + HOUR:
            swept_at = until
            for identity in [each for each, old in waiting.items() if old["happened_at"] < until - _CROWDED]:
                yield Again(waiting.pop(identity), told.pop(identity))
        waiting[row["id"]] = row
        together += (*times_of(row), evidence_of(row))
    yield from take(judge.observe_many(together))
    yield from take(judge.settle_all())
    yield from (Again(row, told[identity]) for identity, row in waiting.items() if identity in told)


@dataclass(slots=True)
class Counts:
    """Opens and clicks of one campaign by one set of verdicts, in ten-thousandths of an event."""

    opened_human: int = 0
    opened_machine: int = 0
    clicked_human: int = 0
    clicked_machine: int = 0
    #: events that nothing is known of, whole ones
    cannot_say: int = 0
    #: copy to program to the highest P(human) of its clicks, in the same units
    clickers: dict[int, dict[int | None, int]] = field(default_factory=dict)

    def add(self, row: Row, p_human: float | None) -> None:
        """Count one event that is an open or a click."""
        human = DIGITS // 2 if p_human is None else int(p_human * DIGITS + 1e-6)
        if row["reaction"] == "clicked" and row["delivery"] is not None:
            programs = self.clickers.setdefault(row["delivery"], {})
            programs[row["agent"]] = max(human, programs.get(row["agent"], 0))
        if p_human is None:
            self.cannot_say += 1
            return
        if row["reaction"] == "opened":
            self.opened_human += human
            self.opened_machine += DIGITS - human
            return
        self.clicked_human += human
        self.clicked_machine += DIGITS - human

    def human_clickers(self) -> float:
        """Copies in which a person clicked, expected: the sum of 1 - Π(1 - P) over their programs, as in reports."""
        return sum(1 - prod(1 - each / DIGITS for each in programs.values()) for programs in self.clickers.values())

    def told(self) -> dict[str, float | int]:
        """The numbers, as they are shown."""
        sums = ("opened_human", "opened_machine", "clicked_human", "clicked_machine")
        found: dict[str, float | int] = {name: getattr(self, name) / DIGITS for name in sums}
        return found | {"human_clickers": round(self.human_clickers(), 4), "cannot_say": self.cannot_say}


@dataclass(slots=True)
class Effect:
    """What a replay would change, or has changed."""

    #: verdicts made
    events: int = 0
    #: of these, other than before in probability or class
    changed: int = 0
    #: campaign to its numbers before and after; None: events that belong to none
    campaigns: dict[int | None, tuple[Counts, Counts]] = field(default_factory=dict)

    def add(self, again: Again) -> None:
        """Count one event."""
        row, verdict = again
        self.events += 1
        self.changed += (row["p_human"], row["klass"]) != (verdict.p_human, verdict.klass)
        if row["reaction"] is not None:
            before, after = self.campaigns.setdefault(row["campaign"], (Counts(), Counts()))
            before.add(row, row["p_human"])
            after.add(row, verdict.p_human)


def replay(
    events: EventStore,
    rules: Rules,
    *,
    since: Micros,
    until: Micros,
    show: Callable[[Micros], None] = lambda _: None,
) -> Iterator[Again]:
    """Everything that happened from a time on, judged by other rules; changes nothing.

    Args:
        events: the store.
        rules: to judge by.
        since: from this time on, 0 for all; the 30 days before are judged too, and not told.
        until: before this time.
        show: is told how far the replay is.
    """
    rows = _shown(pages(events, since=Micros(max(0, since - RUN_UP)), until=until), show)
    for again in judge_again(StreamJudge(rules), rows):
        if again.row["happened_at"] >= since:
            yield again


def _shown(found: Iterable[list[dict[str, Any]]], show: Callable[[Micros], None]) -> Iterator[Row]:
    for page in found:
        for place, row in enumerate(page):
            if place % 500 == 0:
                show(Micros(row["happened_at"]))
            yield row
