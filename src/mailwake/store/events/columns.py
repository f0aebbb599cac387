"""The columns of the event tables, and how rows become them and come back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from mailwake.store.events import ChangeRow, CounterRow, Cut, EventRow, Judgement, TakenRow

#: longer words of other servers are cut; they are kept whole in the log
MAX_REASON_CHARS = 200
#: p_human keeps four digits, cut and not rounded, so that no threshold is crossed by storing
_DIGITS = 10_000

#: column to DuckDB's type, in the order of the schema
EVENT_COLUMNS = {
    "id": "BIGINT",
    "type": "VARCHAR",
    "happened_at": "BIGINT",
    "lag": "BIGINT",
    "source": "VARCHAR",
    "campaign": "BIGINT",
    "template": "BIGINT",
    "delivery": "BIGINT",
    "recipient": "BIGINT",
    "link": "BIGINT",
    "role": "VARCHAR",
    "note": "VARCHAR",
    "modes": "BIGINT",
    "links": "BIGINT",
    "stream": "VARCHAR",
    "domain": "VARCHAR",
    "network": "BIGINT",
    "network_kind": "VARCHAR",
    "asn": "BIGINT",
    "country": "VARCHAR",
    "agent": "BIGINT",
    "agent_kind": "VARCHAR",
    "client": "VARCHAR",
    "device": "VARCHAR",
    "flags": "BIGINT",
    "reason": "VARCHAR",
    "message_bytes": "BIGINT",
    "p_human": "DOUBLE",
    "klass": "VARCHAR",
    "reasons": "VARCHAR",
    "ruleset": "VARCHAR",
}
#: of settled events: as above, but that p_human is a whole number of ten-thousandths, and called p
STORED_COLUMNS = {"p" if name == "p_human" else name: kind for name, kind in EVENT_COLUMNS.items()}
VERDICT_COLUMNS = {name: EVENT_COLUMNS[name] for name in ("id", "p_human", "klass", "reasons", "ruleset")}
VERDICT_COLUMNS |= {"cause": "BIGINT", "changed_at": "BIGINT"}
CHANGE_COLUMNS = (
    "event", "delivery", "seq", "changed_at", "old_p", "old_klass", "new_p", "new_klass", "cause", "ruleset",
)  # fmt: skip
COUNTER_COLUMNS = {
    "campaign": "BIGINT",
    "template": "BIGINT",
    "link": "BIGINT",
    "hour": "BIGINT",
    "type": "VARCHAR",
    "n": "BIGINT",
}
CUT_COLUMNS = {
    "recipient": "BIGINT",
    "opens_until": "BIGINT",
    "clicks_until": "BIGINT",
    "opens_from": "BIGINT",
    "clicks_from": "BIGINT",
}
TAKEN_COLUMNS = {"writer": "VARCHAR", "term": "VARCHAR", "n": "BIGINT"}


class StandIn(NamedTuple):
    """A number in place of that of a copy, which nobody can tell from it."""

    delivery: int
    stand_in: int


class Words(NamedTuple):
    """Reasons, and what they are without their facts; both packed."""

    was: str
    became: str


def clean(text: str) -> str:
    """Text that every engine takes: no NUL, no half characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _parts(row: EventRow | Judgement) -> int | None:
    return None if row.p_human is None else math.floor(row.p_human * _DIGITS + 1e-6)


def _probability(row: EventRow | Judgement) -> float | None:
    return None if row.p_human is None else math.floor(row.p_human * _DIGITS + 1e-6) / _DIGITS


def _text(name: str) -> Callable[[Any], str | None]:
    def read(row: object) -> str | None:
        value = getattr(row, name)
        return value if value is None or (value.isascii() and "\0" not in value) else clean(value)

    return read


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "happened_at": lambda row: row.at,
    "lag": lambda row: row.received_at - row.at,
    "p_human": _probability,
    "p": _parts,
    "reason": lambda row: clean(row.reason[:MAX_REASON_CHARS]),
    **{name: _text(name) for name in ("domain", "client", "device", "country", "role", "reasons")},
}


def columns(
    rows: Sequence[EventRow | Judgement | CounterRow | TakenRow | ChangeRow | Cut | StandIn | Words],
    names: Iterable[str],
) -> dict[str, list[Any]]:
    """The rows turned by ninety degrees."""
    found: dict[str, list[Any]] = {}
    for name in names:
        special = _SPECIAL.get(name)
        found[name] = [getattr(row, name) for row in rows] if special is None else [special(row) for row in rows]
    return found


def event_row(found: dict[str, Any]) -> EventRow:
    """A row of the table as it was written."""
    found["at"] = found.pop("happened_at")
    found["received_at"] = found["at"] + found.pop("lag")
    return msgspec.convert(found, EventRow)
