"""Room on the disk is told with what is known of it, and what is not known is not 0."""

from tests.monitoring.conftest import NOW, Installation

from mailwake.monitoring.disk import FREE_BYTES, Disk, look_at_disk


def test_the_disk_is_that_of_the_folder(installation: Installation) -> None:
    disk = look_at_disk(installation.data, keep_days=7, now=NOW)
    assert disk.free_bytes is not None
    assert disk.size_bytes is not None
    assert 0 < disk.free_bytes <= disk.size_bytes
    assert disk.has_room is (disk.free_bytes >= FREE_BYTES)


def test_how_much_comes_in_is_not_known_before_there_is_an_hour_of_log(installation: Installation) -> None:
    assert look_at_disk(installation.data, keep_days=7, now=NOW).log_bytes_per_day is None
    installation.append("edge-0", 5)
    assert look_at_disk(installation.data, keep_days=7, now=NOW).log_bytes_per_day is None


def test_how_much_comes_in_is_told_from_the_log(installation: Installation) -> None:
    installation.append("edge-0", 5, age_seconds=2 * 3_600)
    installation.touch_log(age_seconds=0)
    disk = look_at_disk(installation.data, keep_days=7, now=NOW)
    size = sum(path.stat().st_size for path in (installation.data / "log").glob("edge-0.log*"))
    assert disk.log_bytes_per_day == 12 * size


def test_a_folder_that_is_not_there_is_not_known(installation: Installation) -> None:
    disk = look_at_disk(installation.data / "gone", keep_days=7, now=NOW)
    assert disk == Disk()
    assert disk.has_room is None
