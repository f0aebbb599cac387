"""What the events of a pack come to, by the very questions and metrics that pages show."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import msgspec

from mailwake.errors import BadInput
from mailwake.events import CampaignId
from mailwake.insight import tally
from mailwake.insight.metrics import rates
from mailwake.store.events import EventRow, EventStore, open_events

_CAMPAIGN = CampaignId(1)
_BATCH = 20_000
#: how a column that is no text comes back
_NUMBERS = ("id", "template", "delivery", "recipient", "link", "modes", "links", "agent")


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What a pack comes to."""

    events: int
    tally: dict[str, Any]
    #: each rate with its base and interval
    rates: list[dict[str, Any]]


def counted(file: IO[bytes]) -> Counted:
    """Count events by loading them into an event store of their own.

    Args:
        file: the events as CSV, as `mailwake.exports.pack` writes them.

    Raises:
        BadInput: a line cannot be read.
    """
    with TemporaryDirectory(prefix="mailwake-pack-") as folder:
        store = open_events(Path(folder) / "events.duckdb", memory_limit="256MB", threads=1)
        try:
            events = sum(store.write(rows=rows) for rows in _batches(file))
            told = _told(store, _CAMPAIGN)
            return Counted(
                events=events,
                tally=msgspec.to_builtins(asdict(told)),
                rates=[msgspec.to_builtins(asdict(rate)) for rate in rates(told)],
            )
        finally:
            store.close()


def tally_of(store: EventStore, campaign: CampaignId) -> dict[str, Any]:
    """The counts of a campaign, as `Counted.tally` has them."""
    found: dict[str, Any] = msgspec.to_builtins(asdict(_told(store, campaign)))
    return found


def _told(store: EventStore, campaign: CampaignId) -> tally.Tally:
    rows = store.ask("campaign_counts", campaign=campaign)
    return tally.read(rows[0]) if rows else tally.Tally()


def _batches(file: IO[bytes]) -> Iterator[list[EventRow]]:
    lines = csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""), strict=True)
    part: list[EventRow] = []
    try:
        for line in lines:
            part.append(_event(line))
            if len(part) == _BATCH:
                yield part
                part = []
    except (ValueError, TypeError, KeyError, csv.Error, msgspec.ValidationError) as fault:
        raise BadInput(f"line {lines.line_num} of the events cannot be read: {fault}") from None
    yield part


def _event(line: dict[str, Any]) -> EventRow:
    row: dict[str, Any] = {name: _value(name, cell) for name, cell in line.items()}
    happened, received = int(row.pop("happened_at")), int(row.pop("received_at"))
    row |= {"at": happened, "received_at": received, "campaign": _CAMPAIGN, "settled": True}
    row["ruleset"] = row["ruleset"] or ""
    row["note"] = row["note"] or ""
    return msgspec.convert(row, EventRow, strict=True)


def _value(name: str, cell: str) -> Any:  # noqa: ANN401 - of any column
    if cell == "":
        return None
    if name in _NUMBERS:
        return int(cell)
    return float(cell) if name == "p_human" else cell.removeprefix("'")
