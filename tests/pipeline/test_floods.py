"""One copy, hit over and over: whatever arrives, it stays one copy that was opened or clicked."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from tests.pipeline.house import House, hit, request, sent

from mailwake.events import Event, EventType
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores
from mailwake.insight.tally import Reaction


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.close()


def clicked(house: House) -> Reaction:
    """How many copies of the campaign count as clicked, and by whom."""
    stores = Stores(state=house.state, events=house.events, zone=ZoneInfo("UTC"))
    return campaign_report(stores, find(stores, "Autumn")).tally.clicked


def delivered(delivery: int) -> Event:
    return replace(sent(delivery, 1), type=EventType.DELIVERED, key=f"delivered:{delivery}")


@pytest.mark.long
def test_a_link_replayed_ten_thousand_times_is_one_clicked_copy(house: House) -> None:
    clicks = [hit(EventType.CLICKED, 7_200 + number / 10, link=1, key=f"c{number}") for number in range(10_000)]
    house.work(sent(1), delivered(1), sent(2), delivered(2), *clicks)
    assert clicked(house).raw == 1


def test_a_mail_forwarded_to_fifty_people_is_still_one_copy_of_one_recipient(house: House) -> None:
    clicks = []
    for number in range(50):
        event = hit(EventType.CLICKED, 7_200 + number * 600, link=1, key=f"c{number}")
        seen = replace(request(agent=f"Mozilla/5.0 (X11; Linux) Reader/{number}".encode()), peer=f"198.51.{number}.7")
        clicks.append(replace(event, request=seen))
    house.work(sent(1), delivered(1), sent(2), delivered(2), *clicks)
    assert clicked(house).raw == 1
    assert {row.recipient for row in house.rows() if row.type is EventType.CLICKED} == {101}


def test_the_same_hit_reported_twice_is_kept_once(house: House) -> None:
    event = hit(EventType.CLICKED, 7_200, link=1, key="same")
    house.work(sent(1), delivered(1), event, event, event)
    assert len([row for row in house.rows() if row.type is EventType.CLICKED]) == 1
