"""Decisions of rules: kept once, before anything is done about them, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, select

from mailwake.events import Handle, Micros
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.workflows import tables
from mailwake.store.workflows.rows import Counts, Decision, RuleEntry

_entries = tables.entries
_NAMES = [each.name for each in fields(RuleEntry)]
_acts = _entries.c.decision.in_(["entered", "deferred", "reversed"])


class Entries(OnDatabase):
    """The part of the store that keeps decisions."""

    def put_entries(self, entries: Sequence[RuleEntry]) -> None:
        """Keep decisions; what a rule decided of an event before stays as it is."""
        rows = [{name: getattr(each, name) for name in _NAMES if name != "id"} for each in entries]
        made = self._database.upsert(_entries).on_conflict_do_nothing(index_elements=["rule", "event"])
        with self._database.writing() as connection:
            for part in chunks(rows, 500):
                connection.execute(made, list(part))

    def decided(self, rule: str, events: Iterable[int]) -> set[int]:
        """Which of these events a rule has decided about."""
        found: set[int] = set()
        with self._database.reading() as connection:
            for part in chunks(events):
                query = select(_entries.c.event).where(_entries.c.rule == rule, _entries.c.event.in_(part))
                found.update(connection.scalars(query))
        return found

    def acted(self, rule: str, subjects: Iterable[str]) -> list[RuleEntry]:
        """Where a rule acted, or will, for some subjects."""
        return self._among((_entries.c.rule == rule) & _acts, _entries.c.subject, subjects)

    def acted_on(self, days: Iterable[str]) -> list[RuleEntry]:
        """Where any rule acted, or will, on some days."""
        return self._among(_acts, _entries.c.day, days)

    def digest(self, owner: str, day: str) -> list[RuleEntry]:
        """What an owner's digest of a day tells, in order."""
        found = self._among(
            (_entries.c.owner == owner) & (_entries.c.why == "owner_full") & _acts, _entries.c.day, [day]
        )
        return sorted(found, key=lambda each: (each.due_at, each.event))

    def deferred(self, *, now: Micros) -> list[RuleEntry]:
        """What waited for the end of quiet hours that are over."""
        return self._all((_entries.c.decision == "deferred") & (_entries.c.due_at <= now))

    def unfinished(self, *, now: Micros) -> list[RuleEntry]:
        """Where something is still to be done, and may be now."""
        return self._all(_entries.c.is_open.is_(True) & (_entries.c.next_at <= now))

    def count_unfinished(self) -> int:
        """Of how many decisions something is still to be done, now or later."""
        query = select(func.count()).select_from(_entries).where(_entries.c.is_open.is_(True))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def resting(self, *, since: Micros) -> list[RuleEntry]:
        """What was entered, or will be, since a time and rests on a verdict."""
        on_a_verdict = _entries.c.rests_on.is_not(None) & (_entries.c.decided_at >= since)
        return self._all(on_a_verdict & _entries.c.decision.in_(["entered", "deferred"]))

    def change_entry(self, number: int, **change: object) -> None:
        """Write down what became of a decision."""
        with self._database.writing() as connection:
            connection.execute(_entries.update().where(_entries.c.id == number).values(**change))

    def change_entries(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """The same of several, all or none: each with its ``id``, ``actions``, ``is_open`` and ``next_at``."""
        names = ("actions", "is_open", "next_at")
        change = (
            _entries.update().where(_entries.c.id == bindparam("of")).values({n: bindparam(f"to_{n}") for n in names})
        )
        with self._database.writing() as connection:
            for part in chunks(changes, 500):
                connection.execute(change, [{"of": each["id"], **{f"to_{n}": each[n] for n in names}} for each in part])

    def entries(
        self,
        *,
        rule: str = "",
        decision: str = "",
        why: str = "",
        handle: Handle | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[RuleEntry]:
        """Decisions, the latest first; those of one rule, kind, reason or person alone where it is named."""
        query = select(_entries).where(*_filters(rule, decision, why, handle))
        query = query.order_by(_entries.c.decided_at.desc(), _entries.c.id.desc()).limit(limit).offset(offset)
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def count_entries(self, *, rule: str = "", decision: str = "", why: str = "", handle: Handle | None = None) -> int:
        """How many there are of them."""
        query = select(func.count()).select_from(_entries).where(*_filters(rule, decision, why, handle))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def entry_counts(self) -> dict[str, Counts]:
        """How often each rule decided what."""
        by = (_entries.c.rule, _entries.c.decision)
        query = select(*by, func.count(), func.max(_entries.c.due_at)).group_by(*by)
        found: dict[str, dict[str, Any]] = {}
        with self._database.reading() as connection:
            for rule, decision, count, last in connection.execute(query):
                told = found.setdefault(rule, {})
                told[decision] = count
                if decision == Decision.ENTERED:
                    told["last_at"] = last
        return {rule: Counts(**told) for rule, told in found.items()}

    def reasons_counted(self) -> dict[tuple[str, str], int]:
        """How often each rule said no for each reason."""
        by = (_entries.c.rule, _entries.c.why)
        query = select(*by, func.count()).where(_entries.c.decision == "refused").group_by(*by)
        with self._database.reading() as connection:
            return {(row[0], row[1]): row[2] for row in connection.execute(query)}

    def forget_refused(self, before: Micros) -> int:
        """Let go of refusals so old; says how many. What was acted on is kept: it must not be done again."""
        old = (_entries.c.decision == "refused") & (_entries.c.decided_at < before)
        with self._database.writing() as connection:
            return connection.execute(_entries.delete().where(old)).rowcount

    def _among(self, fixed: ColumnElement[bool], column: ColumnElement[Any], wanted: Iterable[str]) -> list[RuleEntry]:
        found: list[RuleEntry] = []
        with self._database.reading() as connection:
            for part in chunks(wanted):
                query = select(_entries).where(fixed, column.in_(part)).order_by(_entries.c.id)
                found += [_entry(row) for row in connection.execute(query).mappings()]
        return found

    def _all(self, condition: ColumnElement[bool]) -> list[RuleEntry]:
        query = select(_entries).where(condition).order_by(_entries.c.due_at, _entries.c.id)
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]


def _filters(rule: str, decision: str, why: str, handle: Handle | None) -> list[ColumnElement[bool]]:
    told: Mapping[str, Any] = {"rule": rule, "decision": decision, "why": why, "handle": handle}
    return [_entries.c[name] == value for name, value in told.items() if value not in ("", None)]


def _entry(row: RowMapping) -> RuleEntry:
    return RuleEntry(**{**row, "decision": Decision(row["decision"])})
