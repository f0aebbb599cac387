"""Reads which records reach a goal since the last time, and tells each as a conversion, once.

By `SystemModstamp`, as people are read (`crm.reading`). An event is in the log before the record is noted as told: who
dies in between tells it again, under the same key, which counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from mailwake.closings.people import people_behind
from mailwake.closings.sources import CURRENCY, Row, Source
from mailwake.crm.reading import OVERLAP
from mailwake.errors import BadInput
from mailwake.eventlog.sqlite import append_now
from mailwake.events import Event, Handle, Micros, encode_event
from mailwake.goals.calls import reached_by
from mailwake.goals.claims import DAY, OLDEST_DAYS, claim
from mailwake.salesforce import soql
from mailwake.salesforce.describe import ObjectShape
from mailwake.salesforce.records import Org, as_micros
from mailwake.sections import Log
from mailwake.store.crm import Closing, CrmStore
from mailwake.store.state import Goal, StateStore

#: calls of one reading of one goal: what we may see of the object, what changed
CALLS = 2
#: a record that names nobody is looked at again once a day for so long
WAIT_DAYS = 30
#: sequence of the log
WRITER = "salesforce"
_PAGE = 2_000
#: nothing was told of such records yet
_OPEN = ("waiting", "unmailed", "refused")
Shapes = Callable[[str], ObjectShape | None]


@dataclass(kw_only=True)
class Found:
    """What a reading brought."""

    #: goals reached, told to the log
    told: int = 0
    #: goal to what keeps it from being read, and what to do
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Closings:
    """Reads the records of all goals.

    Args:
        sources: where they stand.
        org: that is asked.
        store: which records are known.
        state: which goals there are.
        log: folder of the log.
        keep: for how long the log is kept; None: for ever.
    """

    sources: Sequence[Source]
    org: Org
    store: CrmStore
    state: StateStore
    log: Path
    keep: Log | None = None

    def read(self, shapes: Shapes, *, now: Micros) -> Found:
        """Read what changed, and tell what is new.

        Args:
            shapes: what may be seen of an object.
            now: the time.

        Raises:
            Unavailable: the org, a store or the log is away; what was told stays told.
        """
        done = Found()
        goals = self.state.goals() if self.sources else {}
        for each in self.sources:
            shape = shapes(each.object)
            problem = _problem(each, shape, goals)
            if problem or shape is None:
                done.problems[each.goal] = problem
            else:
                done.told += self._read(each, shape, goals, now=now)
        return done

    def _read(self, source: Source, shape: ObjectShape, goals: Mapping[str, Goal], *, now: Micros) -> int:
        fields, count = source.fields(shape), 0
        self._begin_anew_where_something_else_is_meant(source)
        for rows, marks in self._changed(source, fields, now=now):
            count += self._take(source, rows, goals, now=now, marks=marks)
        return count + self._ask_again(source, fields, goals, now=now)

    def _begin_anew_where_something_else_is_meant(self, source: Source) -> None:
        if self.store.mark(f"goal-of:{source.goal}") != source.fingerprint:
            self.store.put_mark(f"goal:{source.goal}", 0)
            self.store.put_mark(f"goal-of:{source.goal}", source.fingerprint)

    def _changed(
        self, source: Source, fields: Sequence[str], *, now: Micros
    ) -> Iterator[tuple[Sequence[Row], dict[str, int]]]:
        """Records that changed since the last time, a page at a time, each with the mark to keep with it."""
        name = f"goal:{source.goal}"
        since = max((self.store.mark(name) or 0) - OVERLAP, now - OLDEST_DAYS * DAY)
        where = f"SystemModstamp >= {soql.moment(since)}"
        rows = self.org.query(soql.select(fields, source.object, where, "SystemModstamp, Id"))
        while page := list(islice(rows, _PAGE)):
            yield page, {name: as_micros(page[-1]["SystemModstamp"]) or 0}

    def _ask_again(self, source: Source, fields: Sequence[str], goals: Mapping[str, Goal], *, now: Micros) -> int:
        """A role may be given to somebody without the record changing: who names nobody is asked again once a day."""
        name = f"goal-asked:{source.goal}"
        last = self.store.mark(name)
        if last is not None and 0 <= now - last < DAY:
            return 0
        since = Micros(now - WAIT_DAYS * DAY)
        waiting = self.store.open_closings(source.goal, since=since, limit=_PAGE)
        rows = self.org.read(source.object, list(waiting), fields) if waiting else {}
        met = [row for row in rows.values() if source.is_met(row)]
        told, closings = self._tell(source, met, goals, seen=waiting, now=now)
        self.store.put_closings(closings, marks={name: now})
        return told

    def _take(
        self, source: Source, rows: Sequence[Row], goals: Mapping[str, Goal], *, now: Micros, marks: Mapping[str, int]
    ) -> int:
        """What becomes of some records that changed; how many were told."""
        known = self.store.closings(source.goal, [row["Id"] for row in rows])
        met = {row["Id"]: row for row in rows if source.is_met(row)}
        new = {record: now for record, row in met.items() if _is_news(row, known.get(record))}
        turned = [replace(each, state=_turned(each.state, is_met=each.record in met)) for each in known.values()]
        told, closings = self._tell(source, [met[each] for each in new], goals, seen=new, now=now)
        self.store.put_closings(
            [*(each for each in turned if each.state and each.record not in new), *closings],
            goal=source.goal,
            gone=[each.record for each in turned if not each.state],
            marks=marks,
        )
        return told

    def _tell(
        self,
        source: Source,
        rows: Sequence[Row],
        goals: Mapping[str, Goal],
        *,
        seen: Mapping[str, Micros],
        now: Micros,
    ) -> tuple[int, list[Closing]]:
        """Tell records, last looked at at these times; how many were told, and what became of each."""
        who = people_behind(self.org, self.store, source, rows) if rows else {}
        taken = [_taken(source, row, who, goals, seen=seen[row["Id"]], now=now) for row in rows]
        events = [encode_event(event) for _, event in taken if event is not None]
        append_now(self.log, WRITER, events, keep=self.keep)
        return len(events), [closing for closing, _ in taken]


def _is_news(row: Row, known: Closing | None) -> bool:
    """Whether to look at a record: the last ones are read again each time, and mostly nothing happened to them."""
    return known is None or (known.state in _OPEN and (as_micros(row["SystemModstamp"]) or 0) > known.at)


def _turned(state: str, *, is_met: bool) -> str:
    """How a known record stands now; empty: there is nothing to know of it any more."""
    if state in _OPEN:
        return state if is_met else ""
    return "told" if is_met else "back"


def _problem(source: Source, shape: ObjectShape | None, goals: Mapping[str, Goal]) -> str:
    goal = goals.get(source.goal)
    if goal is None:
        return f"there is no goal {source.goal!r}; `mailwake goal add {source.goal} --currency EUR` makes it"
    if problem := source.problem(shape):
        return problem
    if source.amount and not goal.currency and shape is not None and CURRENCY not in shape.fields:
        return f"{source.object}.{source.amount} has no currency; delete the goal and add it with --currency"
    return ""


def _taken(
    source: Source, row: Row, who: Mapping[str, Handle | None], goals: Mapping[str, Goal], *, seen: Micros, now: Micros
) -> tuple[Closing, Event | None]:
    """What becomes of one record that is as it has to be."""
    record = row["Id"]
    if record not in who:
        return Closing(goal=source.goal, record=record, state="waiting", at=seen), None
    person = who[record]
    if person is None:
        return Closing(goal=source.goal, record=record, state="unmailed", at=seen), None
    value, currency = source.worth(row)
    name = f"salesforce:{record}"
    try:
        made = claim(goals, source.goal, id=name, value=value, currency=currency)
        event = reached_by(made, person, id=name, at=source.at(row), now=now)
    except BadInput as fault:
        return Closing(goal=source.goal, record=record, state="refused", why=str(fault), at=seen), None
    return Closing(goal=source.goal, record=record, state="told", at=seen), event
