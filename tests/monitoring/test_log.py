"""The log's folder, looked at from outside while everybody goes on."""

from tests.every import every
from tests.monitoring.conftest import NOW, SECOND, Installation

from mailwake.monitoring.log import label_of, look_at_log, reader_label


def test_an_installation_without_a_log_has_none(installation: Installation) -> None:
    log = look_at_log(installation.data)
    assert (log.bytes, log.oldest_at, log.sequences, log.damaged) == (0, None, (), 0)


def test_size_records_and_the_oldest_are_told_per_writer(installation: Installation) -> None:
    installation.append("edge-0", 3, age_seconds=500)
    installation.append("edge-0", 4)
    installation.append("relay", 2, age_seconds=300)
    log = look_at_log(installation.data)
    assert [(each.writer, each.records) for each in log.sequences] == [("edge-0", 7), ("relay", 2)]
    assert log.bytes == sum(each.bytes for each in log.sequences) > 0
    assert log.oldest_at == NOW - 500 * SECOND


def test_campaigns_are_one_writer_because_they_are_too_many(installation: Installation) -> None:
    for campaign in (1, 2, 30):
        installation.append(f"send-{campaign}", 5)
    (sequence,) = look_at_log(installation.data).sequences
    assert (sequence.writer, sequence.records) == ("send", 15)


@every(
    ("writer", "label"),
    [
        *(("edge-0", "edge-0"), ("send-77", "send"), ("library", "library"), ("access-log", "access-log")),
        *(("access-log-cdn", "access-log"), ("edge-99999", "other"), ("anna", "other")),
    ],
)
def test_a_label_comes_from_a_closed_set(writer: str, label: str) -> None:
    assert label_of(writer) == label


def test_a_reader_that_is_none_of_ours_is_another() -> None:
    assert (reader_label("pipeline"), reader_label("anna")) == ("pipeline", "other")


def test_a_file_that_cannot_be_read_is_counted_and_the_rest_told(installation: Installation) -> None:
    installation.append("edge-0", 3)
    installation.append("relay", 2)
    installation.write("log/edge-0.log", "no database " * 1_000)
    for suffix in ("-wal", "-shm"):
        (installation.data / "log" / f"edge-0.log{suffix}").unlink(missing_ok=True)
    log = look_at_log(installation.data)
    assert log.damaged == 1
    assert ("relay", 2) in [(each.writer, each.records) for each in log.sequences]
