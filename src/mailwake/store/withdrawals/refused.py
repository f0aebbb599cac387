"""What the consent ledger says of refusals: who refuses, since when, and until when they did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from sqlalchemy import Select, func, select

from mailwake.events import Handle, Micros
from mailwake.store.consent import tables
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Axis, Consent
from mailwake.store.withdrawals.rows import Line, Said, Spans

_ledger = tables.ledger
REFUSALS = (Consent.DENIED, Consent.WITHDRAWN)
AXES = (Axis.OPENS, Axis.CLICKS)


class Refused(OnDatabase):
    """The part that reads the ledger."""

    def last_line(self) -> int:
        """Number of the last line of the ledger; 0: it has none."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.max(_ledger.c.id))) or 0

    def refused(self, *, after: int = 0) -> dict[Handle, Spans]:
        """The refusals, by axis, of everybody who ever refused and of whom the ledger has a line after a number."""
        ever = select(_ledger.c.handle).where(_ledger.c.state.in_(REFUSALS))
        fresh = ever if not after else select(_ledger.c.handle).where(_ledger.c.id > after)
        with self._database.reading() as connection:
            lines = [_line(row) for row in connection.execute(_lines().where(_ledger.c.handle.in_(fresh)))]
        return dict(_refusals(lines))

    def refused_of(self, handles: Iterable[Handle]) -> dict[Handle, Spans]:
        """The same of some people; who never refused is missing."""
        return dict(_refusals(self.said(handles)))

    def said(self, handles: Iterable[Handle]) -> list[Line]:
        """Everything that the ledger has of some people, by handle."""
        found: list[Line] = []
        with self._database.reading() as connection:
            for part in chunks(sorted(set(handles))):
                found += [_line(row) for row in connection.execute(_lines().where(_ledger.c.handle.in_(part)))]
        return found

    def refusals_after(self, number: int, *, limit: int) -> list[Line]:
        """Lines of the ledger that refuse, after a number, in order."""
        query = _lines().where(_ledger.c.id > number, _ledger.c.state.in_(REFUSALS)).order_by(None)
        with self._database.reading() as connection:
            return [_line(row) for row in connection.execute(query.order_by(_ledger.c.id).limit(limit))]

    def lines_after(self, number: int, *, but: str) -> list[Line]:
        """Lines of the ledger that refuse, after a number, and come from another source than one; in order."""
        query = _lines().where(_ledger.c.id > number, _ledger.c.state.in_(REFUSALS), _ledger.c.source != but)
        with self._database.reading() as connection:
            return [_line(row) for row in connection.execute(query)]


def refusals(ledger: Iterable[Line]) -> Spans:
    """When one person refused, on each axis, oldest first; an axis on which they never did is missing.

    At the same time a refusal counts as the later line, whichever was written down last.
    """
    found: dict[str, list[Said]] = {}
    for line in sorted(ledger, key=lambda line: (line.at, line.state in REFUSALS, line.id)):
        for axis in AXES if line.axis == Axis.BOTH else (line.axis,):
            spans = found.get(axis, [])
            holds = bool(spans) and spans[-1].until is None
            if line.state in REFUSALS and not holds:
                found[axis] = [*spans, Said(line.at, None)]
            elif holds and line.state not in REFUSALS:
                spans[-1] = Said(spans[-1].since, line.at)
    return {axis: tuple(spans) for axis, spans in found.items()}


def _refusals(lines: Iterable[Line]) -> Iterator[tuple[Handle, Spans]]:
    """Of many people, whose lines stand side by side."""
    for handle, of_one in groupby(lines, key=lambda line: line.handle):
        if said := refusals(of_one):
            yield handle, said


def _lines() -> Select[tuple[object, ...]]:
    columns = (_ledger.c[name] for name in Line._fields)
    return select(*columns).order_by(_ledger.c.handle, _ledger.c.id)


def _line(row: object) -> Line:
    values = {name: getattr(row, name) for name in Line._fields}
    return Line(**{**values, "handle": Handle(values["handle"]), "at": Micros(values["at"])})
