"""How long the disk lasts is told from the pace of the last day, or not at all."""

import pytest
from tests.monitoring.conftest import NOW, SECOND, Installation

from mailwake.monitoring.disk import FREE_BYTES, Sample, Trend, look_at_disk, outlook, samples_of
from mailwake.monitoring.reports import read_reports

HOUR = 3_600 * SECOND
GB = 1_000_000_000


def falling(per_hour: int, *, hours: float, free: int = 100 * GB) -> list[Sample]:
    """Free space, sampled every ten minutes until now."""
    steps = int(hours * 6)
    start = free + int(per_hour * hours)
    return [Sample(NOW - (steps - n) * HOUR // 6, start - per_hour * n // 6) for n in range(steps + 1)]


def test_a_disk_that_fills_lasts_as_long_as_its_pace_says() -> None:
    assert outlook(falling(GB, hours=5)) == (Trend.FILLING, 100 * 3_600)


def test_only_the_last_day_counts() -> None:
    old = [Sample(NOW - 40 * HOUR, 10_000 * GB)]
    assert outlook([*old, *falling(GB, hours=20)]) == (Trend.FILLING, 100 * 3_600)


@pytest.mark.parametrize("per_hour", [0, -GB, 1_000])
def test_a_disk_that_does_not_fill_or_lasts_ten_years_is_steady(per_hour: int) -> None:
    assert outlook(falling(per_hour, hours=5)) == (Trend.STEADY, None)


def test_a_pace_of_some_minutes_says_nothing() -> None:
    assert outlook([]) == (Trend.UNKNOWN, None)
    assert outlook([Sample(NOW, 5)]) == (Trend.UNKNOWN, None)
    assert outlook([Sample(NOW - 599 * SECOND, 6), Sample(NOW, 5)]) == (Trend.UNKNOWN, None)


def test_the_disk_is_that_of_the_folder(installation: Installation) -> None:
    disk = look_at_disk(installation.data, (), now=NOW)
    assert disk.free_bytes is not None
    assert disk.size_bytes is not None
    assert 0 < disk.free_bytes <= disk.size_bytes
    assert disk.has_room is (disk.free_bytes >= FREE_BYTES)


def test_a_folder_that_is_not_there_is_not_known(installation: Installation) -> None:
    disk = look_at_disk(installation.data / "gone", (), now=NOW)
    assert (disk.free_bytes, disk.has_room, disk.trend) == (None, None, Trend.UNKNOWN)


def test_samples_come_back_from_the_report_and_nonsense_does_not(installation: Installation) -> None:
    installation.report("monitor", disk=[[1, 2], [3], "x", [4, "5"], [6, 7], [True, 1]])
    assert samples_of(read_reports(installation.data)["monitor"]) == [Sample(1, 2), Sample(6, 7)]
    assert samples_of(None) == []
