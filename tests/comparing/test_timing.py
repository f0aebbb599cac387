"""When people react, by their own clocks: across a change of the clocks, and said to be unknown where it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.insight import seeding

from mailwake.comparing.timing import moments_in, timing, zones
from mailwake.events import Class, EventType
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores

NOW = seeding.micros(86_400)


def opens(stores: Stores, name: str, moments: list[tuple[datetime, str | None]], *, p_human: float = 0.9) -> None:
    """One copy per moment, opened then from a country."""
    sending = seeding.sending(stores, name)
    sending.people([f"p{n}@{name}.example" for n in range(len(moments))])
    for number, (moment, country) in enumerate(moments):
        after = moment.timestamp() - seeding.START.timestamp()
        sending.add(EventType.SENT, number, after - 3_600)
        sending.add(EventType.DELIVERED, number, after - 3_600)
        sending.add(EventType.OPENED, number, after, p_human=p_human, klass=Class.HUMAN, country=country)
    sending.write()


def test_the_hour_is_that_of_the_readers_clock(stores: Stores) -> None:
    nine = datetime(2026, 11, 11, 9, 30, tzinfo=UTC)  # a Wednesday
    opens(stores, "news", [(nine, "FR"), (nine, "GB"), (nine, "JP")])
    told = timing(stores, now=NOW).opened
    assert (told.total, told.elsewhere) == (3, 0)
    assert [told.cells[2][hour] for hour in (9, 10, 18)] == [1, 1, 1]


def test_both_sides_of_a_change_of_the_clocks_are_the_same_hour(stores: Stores) -> None:
    before = datetime(2026, 10, 24, 7, 15, tzinfo=UTC)  # 09:15 in Paris, still summer
    after = datetime(2026, 10, 31, 8, 15, tzinfo=UTC)  # 09:15 in Paris, a week later
    opens(stores, "news", [(before, "FR"), (after, "FR")])
    assert timing(stores, now=NOW).opened.cells[5][9] == 2


def test_a_clock_between_whole_hours_has_its_own_hours(stores: Stores) -> None:
    """India is 5:30 ahead of UTC, Nepal 5:45: an hour there has parts of two hours of UTC."""
    ten = datetime(2026, 11, 11, 4, 30, tzinfo=UTC)  # ten in Delhi, a Wednesday; 10:15 in Kathmandu
    after = [(ten - timedelta(minutes=1), "IN"), (ten, "IN"), (ten + timedelta(minutes=59), "IN"), (ten, "NP")]
    opens(stores, "news", [*after, (ten + timedelta(minutes=44), "NP"), (ten + timedelta(minutes=45), "NP")])
    found = replace(stores, zone=ZoneInfo("Asia/Kolkata"))
    told = timing(found, now=NOW)
    assert [told.opened.cells[2][hour] for hour in (9, 10, 11)] == [1, 4, 1]
    assert [told.arrived[2][hour] for hour in (8, 9, 10)] == [1, 5, 0]
    quarters = [("IN", 0), ("NP", 0), ("NP", 30), ("IN", 45)]
    moments = moments_in(found, find(stores, "news"), "opened", "wed-10")
    assert moments == [(country, int(ten.timestamp()) + 60 * minutes) for country, minutes in quarters]


def test_a_country_of_several_clocks_is_told_apart(stores: Stores) -> None:
    nine = datetime(2026, 11, 11, 9, 30, tzinfo=UTC)
    opens(stores, "news", [(nine, "US"), (nine, None), (nine, "FR")])
    told = timing(stores, now=NOW).opened
    assert (told.total, told.elsewhere) == (1, 2)
    assert "US" not in zones()


def test_machines_have_no_hour(stores: Stores) -> None:
    opens(stores, "news", [(datetime(2026, 11, 11, 9, 30, tzinfo=UTC), "FR")], p_human=0.1)
    assert timing(stores, now=NOW).opened.total == 0


def test_one_campaign_and_the_last_days(stores: Stores) -> None:
    nine = datetime(2026, 11, 11, 9, 30, tzinfo=UTC)
    old = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
    opens(stores, "new", [(nine, "FR")])
    opens(stores, "old", [(old, "FR"), (old, "FR")])
    assert timing(stores, now=NOW).opened.total == 1
    assert timing(stores, now=NOW, campaign=find(stores, "old")).opened.total == 2
    assert sum(map(sum, timing(stores, now=NOW, campaign=find(stores, "old")).arrived)) == 2


def test_mail_that_came_back_later_did_not_arrive(stores: Stores) -> None:
    nine = datetime(2026, 11, 11, 9, 30, tzinfo=UTC)
    sending = seeding.sending(stores, "news")
    sending.people([f"p{n}@news.example" for n in range(3)])
    for number in range(3):
        after = nine.timestamp() - seeding.START.timestamp()
        sending.add(EventType.SENT, number, after)
        sending.add(EventType.DELIVERED, number, after)
    sending.add(EventType.BOUNCED, 1, after + 86_000)
    sending.write()
    found = find(stores, "news")
    assert sum(map(sum, timing(stores, now=NOW, campaign=found).arrived)) == 2
    assert campaign_report(stores, found).tally.delivered == 2
    handles = stores.state.known_handles([f"p{n}@news.example" for n in range(3)]).values()
    rows = stores.events.ask("recipient_hours", recipients=",".join(map(str, handles)), since=0, limit=10)
    assert sum(row["copies"] for row in rows if row["kind"] == "arrived") == 2


def test_few_reactions_name_no_hour(stores: Stores) -> None:
    opens(stores, "news", [(datetime(2026, 11, 11, 9, 30, tzinfo=UTC), "FR")] * 20)
    best = timing(stores, now=NOW).opened.best
    assert (best.hour, best.cannot_say) == (
        None,
        "cannot say: 20 reactions with a known clock are too few; it takes 100",
    )


def test_when_everything_was_sent_at_once_sending_and_reading_cannot_be_told_apart(stores: Stores) -> None:
    opens(stores, "news", [(datetime(2026, 11, 11, 9, 30, tzinfo=UTC), "FR")] * 150)
    best = timing(stores, now=NOW).opened.best
    assert best.hour is None
    assert best.cannot_say is not None
    assert "too few hours of the day" in best.cannot_say


def test_where_mail_went_out_all_day_the_hour_of_reading_shows(stores: Stores) -> None:
    moments: list[tuple[datetime, str | None]] = []
    for day in range(1, 15):
        for hour in range(24):
            times = 6 if hour == 19 else 1
            moments += [(datetime(2026, 11, day, hour, 20, tzinfo=UTC), "GB")] * times
    opens(stores, "news", moments)
    best = timing(stores, now=NOW).opened.best
    assert best.hour == 19
    assert best.sureness == pytest.approx(1, abs=0.01)
    assert best.times_usual is not None
    assert best.times_usual > 2


def test_every_zone_is_one_that_python_knows() -> None:
    assert len(zones()) > 200
    assert zones()["DE"].key == "Europe/Berlin"
