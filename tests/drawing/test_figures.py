"""Numbers and times as people read them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.every import every

from mailwake.drawing import figures

BERLIN, UTC_ZONE, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 11, 16, 12, 5, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace(figures.NBSP, " ")


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")])
def test_thousands_stand_apart(number: int, text: str) -> None:
    assert figures.count(number) == text


@every(
    ("rate", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.347, "34.7 %"), (0.0051, "0.51 %"), (0.00004, "0.00 %"), (0.9999, "100.0 %")],
)
def test_small_rates_get_a_second_decimal(rate: float, text: str) -> None:
    assert plain(figures.percent(rate)) == text


@every(
    ("number", "text"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (81_920, "81.9 kB"), (999_600, "1.0 MB"),
        (705_000_000, "705 MB"), (78_200_000_000, "78.2 GB"), (9 * 10**18, "9000 PB"),
    ],
)  # fmt: skip
def test_a_size_is_told_in_the_unit_that_fits(number: int, text: str) -> None:
    assert plain(figures.size(number)) == text


@every(
    ("seconds", "text"),
    [
        (0, "0 s"), (0.6, "1 s"), (44, "44 s"), (89, "89 s"), (90, "2 minutes"), (7_199, "120 minutes"),
        (7_200, "2 hours"), (172_800, "2 days"), (4 * 86_400, "4 days"), (3 * 31_536_000, "3 years"),
    ],
)  # fmt: skip
def test_a_span_of_time_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert plain(figures.duration(seconds)) == text


def test_no_rate_is_no_number() -> None:
    assert figures.percent(None) == "cannot say"
    assert figures.span(None, None) == ""


def test_an_interval_has_both_ends() -> None:
    assert plain(figures.span(0.324, 0.371)) == "32.4\N{EN DASH}37.1 %"


def test_a_moment_is_told_on_the_viewers_clock() -> None:
    assert plain(figures.moment(NOON, BERLIN)) == "16 Nov 2026, 13:05"
    assert plain(figures.moment(NOON, UTC_ZONE)) == "16 Nov 2026, 12:05"
    assert figures.clock(NOON, KOLKATA) == "17:35"


def test_midnight_is_a_day_and_everything_else_a_time() -> None:
    midnight = datetime(2026, 11, 16, 23, 0, tzinfo=UTC)
    assert plain(figures.tick(midnight, BERLIN, with_day=False)) == "17 Nov"
    assert plain(figures.tick(NOON, BERLIN, with_day=False)) == "13:05"
    assert plain(figures.tick(NOON, BERLIN, with_day=True)) == "16 Nov, 13:05"


def test_a_zone_tells_its_distance_from_utc_at_that_time() -> None:
    assert figures.zone_name(BERLIN, NOON) == "Europe/Berlin (UTC+01:00)"
    assert figures.zone_name(BERLIN, datetime(2026, 7, 1, tzinfo=UTC)) == "Europe/Berlin (UTC+02:00)"
    assert figures.zone_name(UTC_ZONE, NOON) == "UTC"


@every(
    ("seconds", "text"), [(60, "minute"), (300, "5 minutes"), (3_600, "hour"), (10_800, "3 hours"), (604_800, "week")]
)
def test_a_step_is_told_in_words(seconds: int, text: str) -> None:
    assert figures.step(seconds) == text
