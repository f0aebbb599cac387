"""Both sides of a campaign, counted by hand, with a reason wherever one side alone knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.events import CampaignId, DeliveryId, EventType, Handle, Micros, Source
from mailwake.insight.reconcile import Reconciliation, _reasons, reconcile
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.store.events import EventRow


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path)
    yield opened
    opened.events.close()
    opened.state.close()


def told(stores: Stores, *events: tuple[EventType, int, Source]) -> Reconciliation:
    """What comes of events: type, delivery, source."""
    campaign = stores.state.campaign("Autumn", stream="marketing", now=Micros(0))
    rows = [
        EventRow(
            id=number, type=kind, at=Micros(number), received_at=Micros(number), source=source,
            delivery=DeliveryId(copy), campaign=CampaignId(campaign.id), recipient=Handle(copy),
        )
        for number, (kind, copy, source) in enumerate(events, 1)
    ]  # fmt: skip
    stores.events.write(rows=rows)
    return reconcile(stores, find(stores, "Autumn"))


def test_each_delivery_counts_once_on_its_side(stores: Stores) -> None:
    opened, bounced = EventType.OPENED, EventType.BOUNCED
    answer = told(
        stores,
        *((opened, 1, Source.ESP), (opened, 1, Source.EDGE), (opened, 1, Source.ESP)),
        *((opened, 2, Source.ESP), (opened, 2, Source.ESP), (opened, 3, Source.EDGE)),
        *((bounced, 4, Source.ESP), (bounced, 5, Source.BOUNCE)),
    )
    assert [(line.type, line.only_esp, line.only_we, line.both) for line in answer.lines] == [
        ("bounced", 1, 1, 0),
        ("opened", 1, 1, 1),
    ]
    assert answer.reports


def test_a_reason_stands_where_one_side_alone_knows(stores: Stores) -> None:
    (line,) = told(stores, (EventType.BOUNCED, 1, Source.ESP)).lines
    assert "refusal came after" in line.why_only_esp
    assert line.why_only_we == ""


def test_without_any_report_it_says_so(stores: Stores) -> None:
    assert not told(stores, (EventType.SENT, 1, Source.SEND)).reports


def test_every_type_that_an_esp_may_tell_has_its_reasons() -> None:
    ours_alone = {"replied", "converted", "consent_given", "consent_withdrawn", "unknown"}
    assert set(_reasons()) == {str(kind) for kind in EventType} - ours_alone
    assert all(set(why) == {"only_esp", "only_we"} for why in _reasons().values())


def test_hits_that_both_sides_saw_are_not_added_up(stores: Stores) -> None:
    opened = EventType.OPENED
    told(
        stores, *((opened, 1, Source.ESP), (opened, 1, Source.EDGE), (opened, 1, Source.EDGE), (opened, 2, Source.ESP))
    )
    campaign = find(stores, "Autumn").id
    (counts,) = stores.events.ask("campaign_counts", campaign=campaign)
    assert (counts["opened_events"], counts["clicked_events"]) == (3, 0)
