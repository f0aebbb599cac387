"""The log's folder, looked at from outside while everybody goes on."""

import pytest
from tests.monitoring.conftest import NOW, SECOND, Installation

from mailwake.monitoring.log import STILL_SECONDS, LogReading, label_of, look_at_log


def reading(installation: Installation, reader: str = "pipeline") -> LogReading:
    (found,) = [each for each in look_at_log(installation.data, now=NOW).readers if each.reader == reader]
    return found


def test_an_installation_without_a_log_has_none(installation: Installation) -> None:
    log = look_at_log(installation.data, now=NOW)
    assert (log.bytes, log.oldest_at, log.sequences, log.readers, log.damaged) == (0, None, (), (), 0)


def test_size_records_and_the_oldest_are_told_per_writer(installation: Installation) -> None:
    installation.append("edge-0", 3, age_seconds=500)
    installation.append("edge-0", 4)
    installation.append("relay", 2, age_seconds=300)
    log = look_at_log(installation.data, now=NOW)
    assert [(each.writer, each.records) for each in log.sequences] == [("edge-0", 7), ("relay", 2)]
    assert log.bytes == sum(each.bytes for each in log.sequences) > 0
    assert log.oldest_at == NOW - 500 * SECOND


def test_campaigns_are_one_writer_because_they_are_too_many(installation: Installation) -> None:
    for campaign in (1, 2, 30):
        installation.append(f"send-{campaign}", 5)
    (sequence,) = look_at_log(installation.data, now=NOW).sequences
    assert (sequence.writer, sequence.records) == ("send", 15)


@pytest.mark.parametrize(
    ("writer", "label"),
    [("edge-0", "edge-0"), ("send-77", "send"), ("library", "library"), ("edge-99999", "other"), ("anna", "other")],
)
def test_a_label_comes_from_a_closed_set(writer: str, label: str) -> None:
    assert label_of(writer) == label


def test_a_reader_is_behind_by_what_it_has_not_passed(installation: Installation) -> None:
    installation.append("edge-0", 3, age_seconds=50)
    installation.append("edge-0", 4, age_seconds=30)
    installation.append("relay", 2, age_seconds=20)
    installation.passed("pipeline", edge_0=1, age_seconds=10)
    found = reading(installation)
    assert (found.behind_records, found.behind_seconds, found.stands_still) == (6, 30.0, False)
    installation.passed("pipeline", edge_0=2, relay=1)
    found = reading(installation)
    assert (found.behind_records, found.behind_seconds, found.stands_still) == (0, None, False)


@pytest.mark.parametrize(
    ("waiting_seconds", "moved_seconds", "still"),
    [
        (STILL_SECONDS + 1, STILL_SECONDS + 1, True),
        (STILL_SECONDS + 1, 1, False),  # a long backlog that is being worked off
        (1, 86_400, False),  # a quiet night, and the first record of the morning
    ],
)
def test_a_reader_stands_still_when_records_wait_and_it_does_not_move(
    installation: Installation, waiting_seconds: float, moved_seconds: float, still: bool
) -> None:
    installation.append("edge-0", 3, age_seconds=waiting_seconds)
    installation.passed("pipeline", age_seconds=moved_seconds)
    assert reading(installation).stands_still is still


@pytest.mark.parametrize("note", ["", "[]", "{", '{"edge-0": "x"}', '{"edge-0": null}'])
def test_a_note_that_cannot_be_read_tells_nothing(installation: Installation, note: str) -> None:
    installation.append("edge-0", 1)
    installation.write("log/pipeline.passed", note)
    assert look_at_log(installation.data, now=NOW).readers == ()


def test_a_reader_of_an_odd_name_is_another(installation: Installation) -> None:
    installation.append("edge-0", 1)
    installation.passed("Anna Example")
    assert [each.reader for each in look_at_log(installation.data, now=NOW).readers] == ["other"]


def test_a_file_that_cannot_be_read_is_counted_and_the_rest_told(installation: Installation) -> None:
    installation.append("edge-0", 3)
    installation.append("relay", 2)
    installation.write("log/edge-0.log", "no database " * 1_000)
    for suffix in ("-wal", "-shm"):
        (installation.data / "log" / f"edge-0.log{suffix}").unlink(missing_ok=True)
    log = look_at_log(installation.data, now=NOW)
    assert log.damaged == 1
    assert ("relay", 2) in [(each.writer, each.records) for each in log.sequences]
