"""From the outbox to the org: by lanes, in groups, one group under way at a time, each row with its own fate.

Before a group leaves, the journal has what stands there now and what is to stand there; whoever dies in between sends
the same group again, which changes nothing. What the org says of a row decides what becomes of it (`faults.Cure`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from mailwake.crm.fields import (
    CONSENT,
    HOT_SIGNAL,
    MEMBER,
    NUMBER_OF,
    OBJECTIONS,
    PEOPLE,
    ROW,
    STAMPS,
    TASK,
    named,
    when,
)
from mailwake.events import Micros
from mailwake.pushing.budget import Budget
from mailwake.pushing.bulking import send_as_job
from mailwake.salesforce.bulk import WORTH_IT, Bulk
from mailwake.salesforce.describe import ObjectShape
from mailwake.salesforce.faults import CallRefused, CallsSpent, Cure, RowFault, SalesforceAway
from mailwake.salesforce.records import GROUP, Org, RowResult
from mailwake.store.alone import alone
from mailwake.store.crm import CrmStore, Entry, Lane, Why, Wish

log = structlog.get_logger(__name__)
OBJECTS = (*PEOPLE, *OBJECTIONS, ROW, MEMBER, TASK, HOT_SIGNAL)
#: rows of one bulk job
JOB_ROWS = 50_000
_FIRST_SECONDS, _MOST_SECONDS, _MOST_TRIES = 2.0, 900.0, 20
_SECOND = 1_000_000
#: wishes about mail, which bear no number: they are never older than what stands there
_UNSTAMPED = {name for names in (*CONSENT.values(), *OBJECTIONS.values()) for name in names}
Shapes = Callable[[str], ObjectShape | None]


@dataclass(kw_only=True)
class Sent:
    """What became of a run."""

    job: str
    written: int = 0
    created: int = 0
    #: laid aside, a person has to look
    refused: int = 0
    #: will be tried again
    postponed: int = 0
    calls: int = 0
    #: handles whose records are others now
    moved: set[int] = field(default_factory=set)
    #: fields left out, because we may not write them: object.field
    hidden: set[str] = field(default_factory=set)
    #: objects that nothing more is written to, with the reason
    stopped: dict[str, str] = field(default_factory=dict)
    #: why the run ended early; empty: nothing was left
    ended: str = ""


@dataclass(kw_only=True)
class Sender:
    """Sends what waits.

    Args:
        org: where to.
        store: where wishes, journal and what was written are.
        shapes: what we may write.
        budget: calls that may be made.
        wall: microseconds since 1970.
        job: name of the run in the journal.
    """

    org: Org
    store: CrmStore
    shapes: Shapes
    budget: Budget
    wall: Callable[[], int]
    job: str
    chance: Callable[[], float] = random.random
    #: fields that the org refused although it shows them, object.field
    refused_fields: set[str] = field(default_factory=set)

    def run(self, *, lane: Lane | None = None, progress: Callable[[int], None] = lambda _count: None) -> Sent:
        """Send until nothing is left that may be sent now.

        Args:
            lane: nothing less urgent than this; None: everything.
            progress: told how many rows had their answer.

        Raises:
            OrgMustAct: nothing goes until somebody changes the org or the settings.
        """
        done = Sent(job=self.job)
        before, faults = self.org.wire.calls, 0
        while True:
            objects = [each for each in OBJECTS if each not in done.stopped]
            wishes = self.store.next_wishes(objects, now=Micros(self.wall()), limit=JOB_ROWS, lane=lane)
            if not wishes:
                break
            is_bulk = len(wishes) >= WORTH_IT and not is_event(wishes[0].object)
            group = wishes if is_bulk else wishes[:GROUP]
            self.budget.is_urgent = group[0].lane is Lane.CONSENT
            try:
                self._send(group, done)
                done.ended, faults = "", 0
            except CallsSpent as fault:
                done.ended = str(fault)
                break
            except SalesforceAway as fault:
                self._postpone(group, Why(fault.code, str(fault)), done)
                done.ended, faults = str(fault), faults + 1
                if faults >= 3:
                    break
            finally:
                self.budget.is_urgent = False
            progress(done.written + done.refused + done.postponed)
        done.calls = self.org.wire.calls - before
        return done

    def _send(self, wishes: Sequence[Wish], done: Sent) -> None:
        of = wishes[0].object
        rows = [self._row(each, done) for each in wishes]
        nothing = [(each.object, each.key) for each, row in zip(wishes, rows, strict=True) if len(row) < 2]
        if nothing:  # all of it is hidden from us
            self.store.drop(nothing)
            pairs = [(each, row) for each, row in zip(wishes, rows, strict=True) if len(row) >= 2]
            wishes, rows = [each for each, _ in pairs], [row for _, row in pairs]
            if not wishes:
                return
        entries = self.store.note(self._entries(wishes, rows))
        try:
            results = self._call(of, wishes, rows)
        except CallRefused as fault:
            self.store.settle(dict.fromkeys(entries, ("refused", None)))
            if fault.fault.cure is not Cure.HIDDEN or not self._hide(of, fault.fault, rows, done):
                raise
            return
        self._take(wishes, rows, results, entries=entries, done=done)

    def _row(self, wish: Wish, done: Sent) -> dict[str, Any]:
        """The row as it is sent: without what we may not write, with its number and the time."""
        shape = self.shapes(wish.object)
        is_new = wish.key_field != "Id"
        row = {wish.key_field: wish.key}
        for name, value in wish.fields.items():
            if self._may_write(shape, wish.object, name, is_new=is_new):
                row[name] = value
            else:
                done.hidden.add(f"{wish.object}.{name}")
        if set(row) - {wish.key_field, *_UNSTAMPED}:
            row |= self._stamps(wish, shape)
        return row

    def _stamps(self, wish: Wish, shape: ObjectShape | None) -> dict[str, Any]:
        stamp = named(STAMPS[0], wish.object)
        told: dict[str, Any] = {NUMBER_OF.get(wish.object, ""): wish.number}
        told |= {stamp: when(self.wall())} if wish.object in PEOPLE else {}
        return {name: value for name, value in told.items() if shape is not None and name in shape.fields}

    def _may_write(self, shape: ObjectShape | None, of: str, name: str, *, is_new: bool) -> bool:
        told = shape.fields.get(name) if shape is not None else None
        if told is None or f"{of}.{name}" in self.refused_fields:
            return False
        return told.is_updateable or (is_new and told.is_createable)

    def _entries(self, wishes: Sequence[Wish], rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
        before = self._before(wishes, rows)
        now = Micros(self.wall())
        return [
            Entry(
                job=self.job,
                at=now,
                object=wish.object,
                key=wish.key,
                key_field=wish.key_field,
                record=before[wish.key].get("Id") if before.get(wish.key) else None,
                before={name: before[wish.key].get(name) for name in row} if before.get(wish.key) else None,
                after=dict(row),
            )
            for wish, row in zip(wishes, rows, strict=True)
        ]

    def _before(self, wishes: Sequence[Wish], rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """What stands there now, by key: of people as it was read last, of others as the org says."""
        of, by = wishes[0].object, wishes[0].key_field
        keys = [each.key for each in wishes]
        if is_event(of):
            return {}  # it is published; nothing stood there
        if of in PEOPLE:
            people = self.store.people_of(keys)
            return {key: {**each.held, "Id": key} for key, each in people.items()}
        fields = list(dict.fromkeys(["Id", *(name for row in rows for name in row)]))
        if by == "Id":
            return self.org.read(of, keys, fields)
        return self._by_key(of, by, keys, fields)

    def _by_key(self, of: str, by: str, keys: Iterable[str], fields: Sequence[str]) -> dict[str, dict[str, Any]]:
        from mailwake.salesforce import soql

        found: dict[str, dict[str, Any]] = {}
        for part in soql.each_in(by, keys):
            found |= {row[by]: row for row in self.org.query(soql.select(fields, of, part))}
        return found

    def _call(self, of: str, wishes: Sequence[Wish], rows: list[dict[str, Any]]) -> list[RowResult]:
        by = wishes[0].key_field
        if any(each.key_field != by for each in wishes):
            raise AssertionError(
                f"{of}: rows by {by} and by others in one group"
            )  # pragma: no cover - see `Outbox.next_wishes`
        if is_event(of):
            return self.org.create(of, rows)
        if len(rows) >= WORTH_IT:
            return send_as_job(Bulk(self.org.wire), self.store, (of, by), rows)
        return self.org.change(of, rows) if by == "Id" else self.org.put(of, by, rows)

    def _take(
        self,
        wishes: Sequence[Wish],
        rows: Sequence[Mapping[str, Any]],
        results: Sequence[RowResult],
        *,
        entries: Sequence[int],
        done: Sent,
    ) -> None:
        sent = {wish.key: row for wish, row in zip(wishes, rows, strict=True)}
        pairs = list(zip(wishes, results, strict=True))
        good = [(wish, result.id) for wish, result in pairs if not result.faults]
        self.store.fulfil(good, now=Micros(self.wall()))
        if good and wishes[0].object in PEOPLE:
            hold(self.store, wishes[0].object, {wish.key: sent[wish.key] for wish, _ in good})
        self.store.settle(
            {
                number: ("refused" if result.faults else "written", result.id)
                for number, (_, result) in zip(entries, pairs, strict=True)
            }
        )
        done.written += len(good)
        done.created += sum(result.is_created for _, result in pairs)
        for wish, result in pairs:
            if result.faults:
                self._cure(wish, result.faults[0], done)

    def _cure(self, wish: Wish, fault: RowFault, done: Sent) -> None:
        """What becomes of a row that was not written."""
        why = Why(fault.code, fault.message)
        match fault.cure:
            case Cure.MOVED:
                self.store.drop([(wish.object, wish.key)])
                done.moved |= {wish.handle} if wish.handle is not None else set()
            case Cure.HIDDEN if self._hide(wish.object, fault, [wish.fields], done):
                pass
            case Cure.REREAD | Cure.SIBLING:
                self._postpone([wish], why, done, at_once=True)
            case Cure.ROW_LATER | Cure.LATER | Cure.BUDGET | Cure.SIGN_IN:
                self._postpone([wish], why, done)
            case Cure.FULL:
                done.stopped[wish.object] = f"{fault.code}: {fault.message}"
                self._postpone([wish], why, done)
            case Cure.NOT_UNIQUE:
                done.stopped[wish.object] = f"{fault.code}: {fault.message}"
                self._lay_aside(wish, why, done)
            case _:
                self._lay_aside(wish, why, done)

    def _lay_aside(self, wish: Wish, why: Why, done: Sent) -> None:
        self.store.lay_aside([wish], why, now=Micros(self.wall()))
        done.refused += 1
        log.warning("salesforce.refused", object=wish.object, code=why.code)

    def _postpone(self, wishes: Sequence[Wish], why: Why, done: Sent, *, at_once: bool = False) -> None:
        now = self.wall()
        for wish in wishes:
            if wish.tries >= _MOST_TRIES:
                self._lay_aside(wish, why, done)
                continue
            most = min(_FIRST_SECONDS * 2**wish.tries, _MOST_SECONDS)
            pause = 0.0 if at_once and wish.tries < 3 else 1.0 + most * self.chance()
            self.store.postpone([wish], why, now=Micros(now), until=Micros(now + round(pause * _SECOND)))
            done.postponed += 1

    def _hide(self, of: str, fault: RowFault, rows: Iterable[Mapping[str, Any]], done: Sent) -> bool:
        """Leave out fields that the org refuses; whether there are any that were not left out before."""
        sent = {name for row in rows for name in row}
        named_ = {name for name in sent if name in fault.fields or f"'{name}'" in fault.message}
        named_ |= {name for name in sent if f" {name} " in f" {fault.message} "}
        new = {f"{of}.{name}" for name in named_} - self.refused_fields
        self.refused_fields |= new
        done.hidden |= new
        return bool(new)


def is_event(of: str) -> bool:
    """Whether an object is a platform event, which is published and never read or changed."""
    return of.endswith("__e")


def hold(store: CrmStore, of: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """What stands in some records of people because we wrote it is known without reading it."""
    told = {record: {name: value for name, value in row.items() if name != "Id"} for record, row in rows.items()}
    opted_out = {record: bool(row[CONSENT[of][0]]) for record, row in told.items() if CONSENT[of][0] in row}
    store.hold(told, opted_out=opted_out)


def one_sender(folder: Path) -> AbstractContextManager[None]:
    """Be the only one of this installation that writes to the org.

    Raises:
        Unavailable: another process does.
    """
    return alone(folder / "salesforce.lock", "writes to Salesforce")
