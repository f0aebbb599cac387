"""Steps follow the viewer's clock, also where it changes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.every import every

from mailwake.events import SECOND
from mailwake.insight.series import MAX_POINTS, STEPS_SECONDS, choose_step, fine_step, floor, fold

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
KATHMANDU = ZoneInfo("Asia/Kathmandu")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@every(
    ("span_seconds", "step"),
    [
        (0, 60),
        (5_000, 60),
        (6 * 3_600, 300),
        (20 * 3_600, 900),
        (3 * 86_400, 3_600),
        (7 * 86_400, 3_600),
        (14 * 86_400, 10_800),
        (90 * 86_400, 86_400),
    ],
)
def test_short_spans_get_minutes_and_long_ones_days(span_seconds: int, step: int) -> None:
    assert choose_step(0, span_seconds * SECOND) == step


@every("zone", [UTC_ZONE, BERLIN, KATHMANDU], ids=lambda zone: zone.key)
@every("step", STEPS_SECONDS)
def test_a_chart_never_has_more_points_than_fit(step: int, zone: ZoneInfo) -> None:
    first = at("2026-03-27T05:13:07+00:00") * SECOND
    last = first + step * (MAX_POINTS - 1) * SECOND - SECOND
    assert choose_step(first, last) <= step
    series = fold({}, first_at=first, last_at=last, step=step, zone=zone)
    assert len(series.points) <= MAX_POINTS + 1


def test_days_start_at_the_viewers_midnight() -> None:
    late = at("2026-11-16T23:30:00+00:00")
    assert floor(late, 86_400, BERLIN) == at("2026-11-17T00:00:00+01:00")
    assert floor(late, 86_400, UTC_ZONE) == at("2026-11-16T00:00:00+00:00")


def test_hours_start_at_the_viewers_full_hour_where_clocks_differ_by_45_minutes() -> None:
    assert floor(at("2026-11-16T10:50:00+05:45"), 3_600, KATHMANDU) == at("2026-11-16T10:00:00+05:45")


def test_weeks_start_on_monday() -> None:
    assert floor(at("2026-11-22T12:00:00+01:00"), 604_800, BERLIN) == at("2026-11-16T00:00:00+01:00")


def test_the_day_without_an_hour_is_one_day() -> None:
    """2026-03-29 has 23 hours in Berlin."""
    first, last = at("2026-03-28T12:00:00+01:00") * SECOND, at("2026-03-30T12:00:00+02:00") * SECOND
    series = fold({}, first_at=first, last_at=last, step=86_400, zone=BERLIN)
    hours = [
        (after.start - before.start).total_seconds() / 3_600
        for before, after in zip(series.points, series.points[1:], strict=False)
    ]
    assert hours == [24, 23]


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """On 2026-10-25 Berlin has 02:00-03:00 twice."""
    first, last = at("2026-10-25T00:00:00+00:00") * SECOND, at("2026-10-25T02:00:00+00:00") * SECOND
    series = fold({}, first_at=first, last_at=last, step=3_600, zone=BERLIN)
    assert [point.start.hour for point in series.points] == [0, 1, 2]


@every("zone", [UTC_ZONE, BERLIN, KATHMANDU], ids=lambda zone: zone.key)
@every("step", STEPS_SECONDS)
def test_folding_loses_and_invents_nothing(step: int, zone: ZoneInfo) -> None:
    first = at("2026-03-27T05:13:00+00:00")
    fine = fine_step(step, zone, first * SECOND)
    counted = {
        (start - start % fine, kind, who): index % 7
        for index, start in enumerate(range(first, first + step * 40, max(fine, step // 3)))
        for kind in ("opened", "clicked")
        for who in ("human", "possible", "machine")
    }
    last = max(start for start, _, _ in counted)
    series = fold(counted, first_at=first * SECOND, last_at=last * SECOND, step=step, zone=zone)
    assert sum(point.opened.raw + point.clicked.raw for point in series.points) == sum(counted.values())


def test_fine_steps_never_straddle_the_local_hour() -> None:
    moment = at("2026-11-16T00:00:00+00:00") * SECOND
    assert fine_step(86_400, BERLIN, moment) == 3_600
    assert fine_step(86_400, KATHMANDU, moment) == 900
    assert fine_step(300, KATHMANDU, moment) == 300


def test_quiet_steps_stand_in_the_series_as_zero() -> None:
    first = datetime(2026, 11, 16, 9, tzinfo=UTC)
    seconds = int(first.timestamp())
    series = fold(
        {(seconds, "opened", "human"): 2, (seconds + 240, "opened", "machine"): 1},
        first_at=seconds * SECOND,
        last_at=(seconds + 240) * SECOND,
        step=60,
        zone=UTC_ZONE,
    )
    assert [point.opened.raw for point in series.points] == [2, 0, 0, 0, 1]
    assert series.points[0].start == first


@every("name", ["Antarctica/Troll", "Australia/Lord_Howe", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
@pytest.mark.long
def test_no_step_is_passed_over_where_the_clock_is_put_forward(name: str) -> None:
    zone = ZoneInfo(name)
    for month in (3, 10):  # when clocks change, on either side of the equator
        first, last = (int(datetime(2026, month + more, 1, tzinfo=UTC).timestamp()) for more in (0, 1))
        for step in (each for each in STEPS_SECONDS if each >= 3_600):
            found = fold({}, first_at=first * SECOND, last_at=last * SECOND, step=step, zone=zone)
            passed = {floor(at, step, zone) for at in (*range(first, last, 900), last)}
            assert [point.start.timestamp() for point in found.points] == sorted(passed), (month, step)
