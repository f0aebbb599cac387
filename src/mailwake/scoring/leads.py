"""Leads as a CRM's report has them: a table of address, day of creation and day of conversion."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.force import keep
from mailwake.scoring.learning import Lead, Learned, learn
from mailwake.scoring.model import Model

COLUMNS = ("email", "created_at", "converted_at")
MAX_LEADS = 200_000
#: of a table, about 80 bytes a line
MAX_BYTES = 16_000_000


def learn_from(stores: Stores, text: str, model: Model, *, now: Micros) -> Learned:
    """Whether a learned model is better than the points, by a table of leads; one that is is kept.

    Raises:
        BadInput: as `read_leads`.
    """
    leads, unknown = read_leads(stores, text)
    found = msgspec.structs.replace(learn(stores, leads, model, now=now), unknown=unknown)
    return keep(stores.state, model, found, now=now)


def read_leads(stores: Stores, text: str) -> tuple[list[Lead], int]:
    """Leads from a table, and how many of it nobody was ever mailed at.

    Raises:
        BadInput: a column is missing, a line cannot be read, or there are too many.
    """
    rows = list(_rows(text))
    known = stores.state.known_handles({address for address, _, _ in rows})
    found = [
        Lead(handle=known[address], created_at=created_at, converted_at=converted_at)
        for address, created_at, converted_at in rows
        if address in known
    ]
    return found, len(rows) - len(found)


def _rows(text: str) -> Iterator[tuple[str, Micros, Micros | None]]:
    table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise BadInput(f"the table has no column {missing[0]}; its first line must be {','.join(COLUMNS)}")
        for number, row in enumerate(table, 2):
            if number > MAX_LEADS + 1:
                raise BadInput(f"the table has more than {MAX_LEADS:,} leads; the latest are enough")
            yield _row(row, number)
    except csv.Error as fault:
        raise BadInput(f"line {table.line_num} of the table cannot be read: {fault}") from None


def _row(row: Mapping[str, str | None], number: int) -> tuple[str, Micros, Micros | None]:
    address = (row["email"] or "").strip()
    if "@" not in address or len(address) > 320:
        raise BadInput(f"line {number}: {address[:40]!r} is no address")
    created_at = _moment(row["created_at"], number, "created_at")
    if created_at is None:
        raise BadInput(f"line {number}: created_at is empty")
    return address, created_at, _moment(row["converted_at"], number, "converted_at")


def _moment(text: str | None, number: int, name: str) -> Micros | None:
    if not (text or "").strip():
        return None
    try:
        told = datetime.fromisoformat((text or "").strip())
        return Micros(int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * SECOND))
    except (ValueError, OverflowError):
        raise BadInput(f"line {number}: {name} is {text!r:.40}; write it as 2026-11-26") from None
