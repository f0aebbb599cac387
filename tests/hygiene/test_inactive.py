"""Whom to pause: who was mailed before a day and since, and opened nothing since; no day of anybody is told."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailwake.events import SECOND, CampaignId, DeliveryId, EventType, Micros, Source
from mailwake.hygiene.inactive import inactive, to_json
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.store.days import open_days
from mailwake.store.events import EventRow, EventStore, open_events
from mailwake.store.state import StateStore, open_state

BY_DAY = Modes(opens=Mode.DELIVERABILITY, clicks=Mode.AGGREGATE)
SINCE = date(2026, 6, 1)


def at(month: int) -> Micros:
    return Micros(int(datetime(2026, month, 15, tzinfo=UTC).timestamp()) * SECOND)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[StateStore, EventStore]]:
    with closing(open_state(tmp_path / "state.sqlite")) as state, closing(open_events(tmp_path / "e.duckdb")) as events:
        yield state, events


def mailed(stores: tuple[StateStore, EventStore], name: str, *months: int, modes: Modes = BY_DAY) -> None:
    state, events = stores
    handle = state.handles([f"{name}@example.com"], now=at(1))[f"{name}@example.com"]
    rows = [
        EventRow(
            id=handle % 10**9 * 100 + month, type=EventType.SENT, at=at(month), received_at=at(month),
            source=Source.RELAY, campaign=CampaignId(1), delivery=DeliveryId(handle % 10**9 * 100 + month),
            recipient=handle, modes=modes.to_byte(),
        )
        for month in months
    ]  # fmt: skip
    events.write(rows=rows)


def opened(stores: tuple[StateStore, EventStore], name: str, day: date) -> None:
    handle = stores[0].known_handles([f"{name}@example.com"])[f"{name}@example.com"]
    stores[0].put_open_days({handle: day})


def test_those_who_had_the_opportunity_and_opened_nothing_are_named(
    stores: tuple[StateStore, EventStore], tmp_path: Path
) -> None:
    for name in ("never", "before", "since", "on-the-day"):
        mailed(stores, name, 3, 7)
    mailed(stores, "new", 7)
    mailed(stores, "no-more", 3)
    mailed(stores, "watched", 3, 7, modes=INDIVIDUAL)
    opened(stores, "before", date(2026, 5, 31))
    opened(stores, "since", date(2026, 7, 16))
    opened(stores, "on-the-day", SINCE)
    with closing(open_days(tmp_path / "state.sqlite")) as days:
        found = inactive(*stores, days, since=SINCE)
    assert found.recipients == ("before@example.com", "never@example.com")
    assert found.of == 4
    assert b"2026-05-31" not in to_json(found)
    assert b"2026-07-16" not in to_json(found)


def test_nobody_is_mailed_by_the_day(stores: tuple[StateStore, EventStore], tmp_path: Path) -> None:
    with closing(open_days(tmp_path / "state.sqlite")) as days:
        assert inactive(*stores, days, since=SINCE).recipients == ()
