"""The listener answers 250 when what a mail says is in the log, and 451 when it cannot promise that. Real sockets."""

import asyncio
import smtplib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tests.ingest.notices import PATHS, TOKEN, complaint, dsn, origins, ours, reply
from tests.postmaster.reports import GZIPPED, mailed

from mailwake.errors import Unavailable
from mailwake.eventlog import Done, End, LogWriter
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter
from mailwake.events import Event, EventType, decode_event
from mailwake.ingest.listener import Intake, listen
from mailwake.ingest.unread import Unread
from mailwake.sections import Ingest

T = TypeVar("T")
CLOCK = 1_793_613_600_000_000


class Broken:
    """A log whose disk is full."""

    writer = "ingest"
    waiting = 0
    end = End(0, 0)

    def append(self, records: Sequence[bytes], done: Done) -> None:
        assert records
        done(Unavailable("the disk is full"))

    async def write(self, records: Sequence[bytes]) -> None:
        if records:
            raise Unavailable("the disk is full")

    async def close(self) -> None:
        return


def session(folder: Path, talk: Callable[[smtplib.SMTP], T], *, broken: bool = False, max_bytes: int = 100_000) -> T:
    """What a client got to hear in one SMTP session."""

    async def run() -> T:
        writer: LogWriter = Broken() if broken else SqliteWriter.open(folder / "log", "ingest")
        reports = Unread(folder / "reports-in")
        intake = Intake(origins(), writer, Unread(folder / "unread"), reports=reports, clock=lambda: CLOCK)
        server = await listen(Ingest(port=0, max_message_bytes=max_bytes), intake)
        port = server.sockets[0].getsockname()[1]
        try:
            return await asyncio.to_thread(_talk, port, talk)
        finally:
            server.close()
            await writer.close()

    return asyncio.run(run())


def _talk(port: int, talk: Callable[[smtplib.SMTP], T]) -> T:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        return talk(client)


def deliver(*mails: bytes) -> Callable[[smtplib.SMTP], list[int]]:
    def talk(client: smtplib.SMTP) -> list[int]:
        codes = []
        for raw in mails:
            client.ehlo_or_helo_if_needed()
            client.mail("")
            client.rcpt("bounces@example.com")
            with suppress(smtplib.SMTPServerDisconnected):
                codes.append(client.data(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))[0])
        return codes

    return talk


def logged(folder: Path) -> list[Event]:
    reader = SqliteReader(folder / "log")
    read = [decode_event(record) for segment in reader.read({}, limit_records=100) for record in segment.records]
    reader.close()
    return read


def test_what_a_mail_says_is_in_the_log_when_it_is_answered(tmp_path: Path) -> None:
    assert session(tmp_path, deliver(dsn(), complaint())) == [250, 250]
    told = logged(tmp_path)
    assert [event.type for event in told] == [EventType.BOUNCED, EventType.COMPLAINED]
    assert {event.received_at for event in told} == {CLOCK}
    assert not (tmp_path / "unread").exists()


def test_a_notice_that_names_nobody_is_taken_and_changes_nothing(tmp_path: Path) -> None:
    assert session(tmp_path, deliver(dsn(ours("https://elsewhere.example.net/u")))) == [250]
    assert logged(tmp_path) == []


def test_what_cannot_be_read_is_kept_and_taken(tmp_path: Path) -> None:
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(99))
    assert session(tmp_path, deliver(nested)) == [250]
    (kept,) = (tmp_path / "unread").iterdir()
    assert kept.read_bytes().startswith(b"Content-Type: multipart/mixed")


def test_what_a_person_wrote_is_kept_for_a_person(tmp_path: Path) -> None:
    assert session(tmp_path, deliver(reply(), reply(headers="Auto-Submitted: auto-replied\n"))) == [250, 250]
    assert len(list((tmp_path / "unread").iterdir())) == 1
    assert [event.type for event in logged(tmp_path)] == [EventType.REPLIED]


def test_a_log_that_is_away_makes_the_other_side_try_again(tmp_path: Path) -> None:
    assert session(tmp_path, deliver(dsn()), broken=True) == [451]


def test_a_folder_that_is_away_makes_the_other_side_try_again(tmp_path: Path) -> None:
    (tmp_path / "unread").write_text("in the way")
    assert session(tmp_path, deliver(ours().encode())) == [451]


def test_a_mail_that_is_too_large_is_refused_and_the_next_one_taken(tmp_path: Path) -> None:
    assert session(tmp_path, deliver(dsn() + b"x\n" * 90_000, dsn())) == [552, 250]


def test_lines_longer_than_the_standard_allows_lose_no_bounce(tmp_path: Path) -> None:
    assert session(tmp_path, deliver(dsn(ours(body="x" * 5_000)))) == [250]
    assert len(logged(tmp_path)) == 1


#: a notice that returns a mail without any token of ours
FOREIGN = dsn(ours("https://elsewhere.example.net/u"))


def to(address: str, raw: bytes) -> Callable[[smtplib.SMTP], tuple[int, int]]:
    def talk(client: smtplib.SMTP) -> tuple[int, int]:
        client.ehlo()
        client.mail("")
        taken = client.rcpt(address)[0]
        return taken, client.data(raw.replace(b"\n", b"\r\n"))[0] if taken == 250 else 0

    return talk


def test_a_notice_to_our_own_envelope_sender_needs_to_return_nothing(tmp_path: Path) -> None:
    assert session(tmp_path, to(PATHS.address(TOKEN), FOREIGN)) == (250, 250)
    (event,) = logged(tmp_path)
    assert (event.type, event.delivery, event.recipient) == (EventType.BOUNCED, TOKEN.delivery, TOKEN.recipient)


def test_an_envelope_sender_that_we_did_not_seal_is_refused_at_once(tmp_path: Path) -> None:
    forged = "b-" + "a" * 61 + "@bounces.example.com"
    assert session(tmp_path, to(forged, dsn())) == (550, 0)
    assert session(tmp_path, to("anna@bounces.example.com", dsn())) == (550, 0)
    assert logged(tmp_path) == []


def test_a_mailbox_that_writes_down_whom_mail_was_for_will_do(tmp_path: Path) -> None:
    assert session(tmp_path, deliver(f"Delivered-To: {PATHS.address(TOKEN).upper()}\n".encode() + FOREIGN)) == [250]
    assert [event.delivery for event in logged(tmp_path)] == [TOKEN.delivery]


def test_mail_with_a_dmarc_report_is_put_aside_before_the_answer(tmp_path: Path) -> None:
    raw = mailed(GZIPPED)
    answer = session(tmp_path, lambda client: client.sendmail("a@example.org", ["dmarc@example.com"], raw))
    assert answer == {}
    assert [path.read_bytes() for path in (tmp_path / "reports-in").iterdir()] == [raw]
    assert not (tmp_path / "unread").exists()
