"""A mail with a DMARC report is put aside, by every way in; what only looks like one is not."""

import gzip
from pathlib import Path

from tests.every import every
from tests.ingest.notices import dsn, origins, ours, reply
from tests.postmaster.reports import GZIPPED, PLAIN, mailed, zipped

from mailwake.events import Micros
from mailwake.ingest.batch import Intake
from mailwake.ingest.desk import open_notice
from mailwake.ingest.unread import Unread

NOW = Micros(1_793_613_600_000_000)
PLAIN_SUBJECT = b"Subject: your weekly numbers"
SUBJECT = b"Subject: Report Domain: example.com Submitter: acme.example Report-ID: <9391651994964116463>"


@every(
    ("raw", "carries"),
    [
        (mailed(GZIPPED), True),
        (mailed(zipped(PLAIN), kind="application/zip", name="report.zip"), True),
        (mailed(GZIPPED).replace(SUBJECT, PLAIN_SUBJECT), True),
        (mailed(GZIPPED, name="numbers.gz").replace(SUBJECT, PLAIN_SUBJECT), False),
        (mailed(b"%PDF", kind="application/pdf", name="numbers.pdf"), False),
        (SUBJECT + b"\r\n\r\nReport Domain: no attachment\r\n", False),
        (mailed(gzip.compress(bytes(3_000_000), 0)), True),
    ],
    ids=["gzip", "zip", "by-name", "neither", "pdf", "words", "longer-than-is-read"],
)
def test_a_report_is_known_by_subject_or_name(raw: bytes, carries: bool) -> None:
    opened = open_notice(raw, origins(), received_at=NOW)
    assert opened.carries_report is carries
    assert opened.events == ()
    assert opened.is_for_people is not carries


def test_a_long_subject_takes_no_more_than_its_length() -> None:
    """Its square would take minutes."""
    raw = mailed(GZIPPED).replace(b"Subject: ", b"Subject: report-domain:" + b"a" * 100_000 + b" ", 1)
    assert raw != mailed(GZIPPED)
    assert open_notice(raw, origins(), received_at=NOW).events == ()


def test_a_batch_puts_reports_aside_and_nothing_else(tmp_path: Path) -> None:
    records: list[bytes] = []
    unread, reports = tmp_path / "unread", tmp_path / "reports-in"
    intake = Intake(origins(), records.extend, Unread(unread), reports=Unread(reports), clock=lambda: NOW)
    intake.take([mailed(GZIPPED), mailed(GZIPPED), reply()])
    assert (intake.taken.mails, intake.taken.reports) == (3, 2)
    assert [path.read_bytes() for path in reports.iterdir()] == [mailed(GZIPPED)]
    assert all(path.read_bytes() != mailed(GZIPPED) for path in unread.glob("*"))


def test_a_bounce_stays_a_bounce_whatever_is_attached() -> None:
    opened = open_notice(dsn(ours()), origins(), received_at=NOW)
    assert opened.events
    assert not opened.carries_report
