"""When a report goes next, and whether the last one reached everybody."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from tests.bulletins.test_bulletins import EIGHT, SETTINGS, Clock, man
from tests.conftest import Home
from tests.insight import seeding

from mailwake.bulletins.schedule import LATE, Schedule
from mailwake.bulletins.standing import ReportStanding, reports
from mailwake.events import Micros

#: of the years 2025 to 2027
MOMENTS = st.integers(1_735_700_000, 1_830_300_000).map(lambda at: datetime.fromtimestamp(at, UTC))


@given(
    at=MOMENTS,
    hour=st.integers(0, 23),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_the_next_moment_is_the_first_one_after_now(at: datetime, hour: int, days: frozenset[int], zone: str) -> None:
    """Also over changes of the clock: between now and then nothing is due, and then it is."""
    schedule = Schedule(weekdays=days, hour=hour, zone=ZoneInfo(zone))
    found = schedule.next(at).astimezone(UTC)
    assert at < found <= at + timedelta(days=8)
    assert schedule.latest(found).timestamp() == found.timestamp()
    before = found - timedelta(seconds=1)
    assert schedule.latest(before).timestamp() == schedule.latest(at).timestamp()


def test_what_stands_follows_the_postman(home: Home) -> None:
    stores = seeding.open_stores(home.folder / "data")
    settings, clock = home.settings(SETTINGS), Clock(EIGHT - timedelta(hours=1))

    def told() -> ReportStanding:
        (found,) = reports(settings, stores.state, now=Micros(clock()))
        return found

    assert (told().next_at, told().last_at, told().is_in_trouble) == (EIGHT, None, False)
    man(stores, settings, clock).look()
    clock.at = EIGHT + timedelta(minutes=1)
    home.sink.on_data = lambda mail: "451 4.7.1 later" if mail.recipients == ("ann@example.com",) else None
    assert (told().has, told().tried_until, told().next_at) == (0, EIGHT + LATE, EIGHT + timedelta(days=7))
    man(stores, settings, clock).look()
    assert (told().has, told().recipients, told().last_at, told().is_in_trouble) == (1, 2, EIGHT, True)
    clock.at = EIGHT + timedelta(hours=25)
    assert told().tried_until is None, "it is too late for it"
    home.sink.on_data = lambda _: None
    clock.at = EIGHT + timedelta(days=7, minutes=1)
    man(stores, settings, clock).look()
    assert (told().has, told().is_in_trouble) == (2, False)
    seeding.close(stores)
