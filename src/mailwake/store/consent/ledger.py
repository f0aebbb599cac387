"""How closely people may be watched.

The ledger of consent only grows. What holds now is the entry with the latest time; at the same time a refusal holds,
and else the later line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, not_, or_, select

from mailwake.events import Handle, Micros
from mailwake.modes import Mode, Modes, strictest
from mailwake.profiles import Rule, Rules
from mailwake.store.consent import tables
from mailwake.store.consent.chain import EMPTY, linked
from mailwake.store.consent.rows import NO_PROOF, ConsentEntry, Head, Held, Proof
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Axis, Consent

_ledger, _consent, _recipients, _meta = tables.ledger, tables.consent, schema.recipients, schema.meta
#: Neither lets anything be recorded, and both reach mail already delivered.
REFUSALS = (Consent.DENIED, Consent.WITHDRAWN)
#: The axes that a pixel or a link belongs to.
WATCHED = (Axis.OPENS, Axis.CLICKS)
_HEAD = "consent_head"
_PAGE = 2_000
#: How something was said, where only who reported it is known.
_METHODS = {
    "edge": "pref_page", "page": "pref_page", "form": "form", "api": "api", "import": "import",
    "salesforce": "salesforce",
}  # fmt: skip
#: The field of a recipient that says where they are.
COUNTRY = "country"


class Consents(OnDatabase):
    """The part of the state store that knows what people said."""

    def set_consent(
        self,
        handle: Handle,
        *,
        axis: Axis | str,
        state: Consent | str,
        at: Micros,
        source: str,
        proof: Proof = NO_PROOF,
    ) -> None:
        """Write down what a recipient said. An older statement that arrives late changes nothing that holds.

        Raises:
            ValueError: no such axis or state.
        """
        self.put_consents([entry_of(handle, axis=axis, state=state, at=at, source=source, proof=proof)])

    def put_consents(self, entries: Iterable[ConsentEntry]) -> None:
        """Write down what several recipients said, all of it or nothing, in this order."""
        lines = list(entries)
        if not lines:
            return
        with self._database.writing() as connection:
            self.write_consents(connection, lines)

    def write_consents(self, connection: Connection, lines: Iterable[ConsentEntry]) -> None:
        """The same for at least one line, in a transaction that does more."""
        written = list(linked(lines, _head(connection, is_writing=True)))
        connection.execute(_ledger.insert(), [_row(each) for each in written])
        self._put_head(connection, written[-1])
        connection.execute(self._newer(), [_held(each, axis) for each in written for axis in axes_of(each.axis)])

    def consents(self, handle: Handle) -> list[ConsentEntry]:
        """The ledger of one recipient, in the order it was written."""
        query = select(_ledger).where(_ledger.c.handle == handle).order_by(_ledger.c.id)
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def ledger(self, *, after: int = 0) -> Iterator[ConsentEntry]:
        """Every line behind a number, in the order it was written; several reads, so it may grow meanwhile."""
        while True:
            query = select(_ledger).where(_ledger.c.id > after).order_by(_ledger.c.id).limit(_PAGE)
            with self._database.reading() as connection:
                found = [_entry(row) for row in connection.execute(query)]
            if not found:
                return
            yield from found
            after = found[-1].number

    def consent_head(self) -> Head:
        """The end of the ledger."""
        with self._database.reading() as connection:
            return _head(connection)

    def held_consents(self, handles: Iterable[Handle]) -> dict[Handle, dict[Axis, Held]]:
        """What holds of those who ever said anything, by axis."""
        found: dict[Handle, dict[Axis, Held]] = {}
        with self._database.reading() as connection:
            for part in chunks(handles):
                for row in connection.execute(select(_consent).where(_consent.c.handle.in_(part))):
                    held = Held(state=Consent(row.state), at=Micros(row.at))
                    found.setdefault(Handle(row.handle), {})[Axis(row.axis)] = held
        return found

    def unlike_consents(self, *, limit: int = 100) -> list[tuple[Handle, Axis]]:
        """Whose state that holds is not what the ledger says: somebody changed it past the ledger."""
        newest = _ledger.alias("newest")
        mine = and_(newest.c.handle == _consent.c.handle, _is_of(newest.c.axis))
        told = exists().where(mine, newest.c.at == _consent.c.at, newest.c.state == _consent.c.state)
        later = exists().where(mine, newest.c.at > _consent.c.at)
        query = select(_consent.c.handle, _consent.c.axis).where(or_(~told, later)).limit(limit)
        with self._database.reading() as connection:
            return [(Handle(handle), Axis(axis)) for handle, axis in connection.execute(query)]

    def modes(
        self, handles: Iterable[Handle], *, ceiling: Modes, unknown: Modes, rules: Rules | None = None
    ) -> dict[Handle, Modes]:
        """How closely each recipient may be watched, per axis: the strictest of the ceiling and what they said.

        Args:
            handles: whom to ask about; every one gets an answer.
            ceiling: what installation, campaign and message allow.
            unknown: what holds for an axis on which a recipient has said nothing.
            rules: what holds besides by the country of each; None: the same for all.
        """
        wanted = list(handles)
        said: dict[Handle, dict[str, str]] = {}
        countries: dict[Handle, str] = {}
        with self._database.reading() as connection:
            for part in chunks(wanted):
                query = select(_consent.c.handle, _consent.c.axis, _consent.c.state)
                for handle, axis, state in connection.execute(query.where(_consent.c.handle.in_(part))):
                    said.setdefault(Handle(handle), {})[axis] = state
                if rules is not None:
                    found = connection.execute(_countries(part))
                    countries.update((Handle(who), where) for who, where in found)
        limits = Limits(ceiling, unknown, rules)
        return {handle: limits.modes(said.get(handle, {}), countries.get(handle)) for handle in wanted}

    def inert(self) -> list[Handle]:
        """Those whose delivered mail must record nothing any more: refused or withdrawn on either axis. Ascending."""
        query = select(_consent.c.handle).distinct().where(_consent.c.state.in_(REFUSALS), _consent.c.axis.in_(WATCHED))
        with self._database.reading() as connection:
            return [Handle(handle) for handle in connection.scalars(query.order_by(_consent.c.handle))]

    def refusing(self, axis: Axis, *, since: int = 0) -> frozenset[Handle]:
        """Everybody who refuses on one axis, such as being profiled, and last said so at a time or later."""
        refuses = and_(_consent.c.axis == axis, _consent.c.state.in_(REFUSALS))
        query = select(_consent.c.handle).where(refuses, _consent.c.at >= since)
        with self._database.reading() as connection:
            return frozenset(Handle(handle) for handle in connection.scalars(query))

    def consent_counts(self) -> dict[tuple[Axis, Consent], int]:
        """How many recipients stand where, by axis and state."""
        query = select(_consent.c.axis, _consent.c.state, func.count()).group_by(_consent.c.axis, _consent.c.state)
        with self._database.reading() as connection:
            return {(Axis(axis), Consent(state)): count for axis, state, count in connection.execute(query)}

    def _newer(self) -> Any:  # noqa: ANN401 - the insert has no public type of its own
        """What holds gives way to what is newer; at the same time a refusal gives way to nothing but a refusal."""
        made = self._database.upsert(_consent)
        is_tie = and_(
            made.excluded.at == _consent.c.at,
            or_(not_(_refuses(_consent.c.state)), _refuses(made.excluded.state)),
        )
        return made.on_conflict_do_update(
            index_elements=["handle", "axis"],
            set_={"state": made.excluded.state, "at": made.excluded.at},
            where=or_(made.excluded.at > _consent.c.at, is_tie),
        )

    def _put_head(self, connection: Connection, last: ConsentEntry) -> None:
        value = {"value": f"{last.number} {last.hash}"}
        made = self._database.upsert(_meta).values(name=_HEAD, **value)
        connection.execute(made.on_conflict_do_update(index_elements=["name"], set_=value))


def entry_of(
    handle: Handle, *, axis: Axis | str, state: Consent | str, at: Micros, source: str, proof: Proof = NO_PROOF
) -> ConsentEntry:
    """A line that is not written yet.

    Raises:
        ValueError: no such axis or state.
    """
    told = asdict(proof) | {"method": proof.method or _METHODS.get(source, "")}
    told["noted_at"] = at if proof.noted_at is None else proof.noted_at
    return ConsentEntry(handle=handle, axis=Axis(axis), state=Consent(state), at=at, source=source, **told)


def axes_of(axis: Axis) -> tuple[Axis, ...]:
    """The axes that a line is about."""
    return WATCHED if axis is Axis.BOTH else (axis,)


class Limits:
    """What holds whatever people say, for many of them; rules are worked out once per country.

    Args:
        ceiling: what installation, campaign and message allow.
        unknown: what holds for an axis on which a recipient has said nothing.
        rules: what holds besides by country; None: the same for all.
    """

    def __init__(self, ceiling: Modes, unknown: Modes, rules: Rules | None) -> None:
        self._own = Rule(ceiling=ceiling, unknown=unknown)
        self._rules = rules
        self._known: dict[str | None, tuple[Rule, Modes]] = {}

    def modes(self, said: Mapping[str, str], country: str | None) -> Modes:
        """How closely somebody may be watched.

        Args:
            said: state by axis.
            country: ISO 3166-1; None: not known.
        """
        if country not in self._known:
            rule = self._own if self._rules is None else self._own.within(self._rules.of(country))
            self._known[country] = rule, modes_of({}, rule)
        rule, silent = self._known[country]
        return modes_of(said, rule) if said else silent


def modes_of(said: Mapping[str, str], rule: Rule) -> Modes:
    """What a recipient allows, by axis and state as they said it; see `Consents.modes`."""
    opens, clicks = said.get(Axis.OPENS), said.get(Axis.CLICKS)
    if rule.clicks_follow and opens in REFUSALS and (clicks is None or clicks == Consent.UNKNOWN):
        clicks = opens
    hygiene = said.get(Axis.HYGIENE)
    if (opens is None or opens == Consent.UNKNOWN) and hygiene in (Consent.GRANTED, Consent.EXEMPT_HYGIENE):
        opens = Consent.EXEMPT_HYGIENE
    if opens == Consent.EXEMPT_HYGIENE and (not rule.hygiene or hygiene in REFUSALS):
        opens = Consent.UNKNOWN
    allowed = Modes(
        opens=_allowed(opens, rule.unknown.opens),
        clicks=_allowed(clicks, rule.unknown.clicks),
        opens_by=f"recipient:{opens or Consent.UNKNOWN}",
        clicks_by=f"recipient:{clicks or Consent.UNKNOWN}",
    )
    return strictest((rule.ceiling, allowed))


def _allowed(state: str | None, unknown: Mode) -> Mode:
    if state == Consent.GRANTED:
        return Mode.INDIVIDUAL
    if state == Consent.EXEMPT_HYGIENE:
        return Mode.DELIVERABILITY
    return Mode.OFF if state in REFUSALS else unknown


def _refuses(state: Any) -> Any:  # noqa: ANN401 - columns; an IN list has no place in a statement for many rows
    return or_(*(state == each for each in REFUSALS))


def _is_of(axis: Any) -> Any:  # noqa: ANN401 - columns
    both = and_(axis == Axis.BOTH, _consent.c.axis.in_(WATCHED))
    return or_(axis == _consent.c.axis, both)


def _countries(handles: Sequence[Handle]) -> Select[Any]:
    where = _recipients.c.fields[COUNTRY].as_string()
    return select(_recipients.c.handle, where).where(_recipients.c.handle.in_(handles), where.is_not(None))


def _head(connection: Connection, *, is_writing: bool = False) -> Head:
    """Where the chain ends; who is about to write keeps others from it until the transaction is over."""
    query = select(_meta.c.value).where(_meta.c.name == _HEAD)
    value = connection.scalar(query.with_for_update() if is_writing else query)
    if value is None:
        return EMPTY
    number, _, digest = value.partition(" ")
    return Head(number=int(number), hash=digest)


def _row(entry: ConsentEntry) -> dict[str, Any]:
    told = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name != "number"}
    return told | {"id": entry.number}


def _held(entry: ConsentEntry, axis: Axis) -> dict[str, Any]:
    return {"handle": entry.handle, "axis": axis, "state": entry.state, "at": entry.at}


def _entry(row: Row[Any]) -> ConsentEntry:
    told = dict(row._mapping)  # noqa: SLF001 - the public way to a row's names
    told |= {"number": told.pop("id"), "handle": Handle(row.handle), "axis": Axis(row.axis)}
    return ConsentEntry(**(told | {"state": Consent(row.state)}))
