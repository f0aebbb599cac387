"""The mail server keeps, refuses, puts off and sends back, over real SMTP."""

import asyncio
import smtplib
from collections.abc import Callable
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailwake.simulate.letters import LetterWriter, read_letters
from mailwake.simulate.sink import Notices, Sink, Trouble, open_sink, port_of

MAIL = b"Subject: News\r\nList-Unsubscribe: <https://track.example.com/u/abc>\r\n\r\nHello\r\n"
TROUBLE = {"gone@example.com": Trouble.UNKNOWN, "full@example.com": Trouble.FULL, "busy@example.com": Trouble.BUSY}


class Notebook:
    """Takes notices, and says when one came."""

    def __init__(self) -> None:
        self.notices: list[Envelope] = []
        self.came = asyncio.Event()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        self.notices.append(envelope)
        self.came.set()
        return "250 ok"


def with_sink(folder: Path, client: Callable[[int], None], *, wait_for_notice: bool = False) -> list[Envelope]:
    async def run() -> list[Envelope]:
        notebook, loop = Notebook(), asyncio.get_running_loop()
        listener = await loop.create_server(lambda: SMTP(notebook, loop=loop), "127.0.0.1", 0)
        letters = LetterWriter(folder / "letters")
        notices = Notices(host="127.0.0.1", port=port_of(listener))
        server = await open_sink(Sink(letters, TROUBLE, notices, clock=lambda: 1_790_000_000.0))
        await asyncio.to_thread(client, port_of(server))
        if wait_for_notice:
            await asyncio.wait_for(notebook.came.wait(), 10)
        server.close()
        listener.close()
        letters.close()
        return notebook.notices

    return asyncio.run(run())


def send(port: int, *recipients: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", port) as session:
        return session.sendmail("news@example.com", recipients, MAIL)


def test_a_message_is_in_the_mailbox_once_it_was_taken(tmp_path: Path) -> None:
    def client(port: int) -> None:
        send(port, "ada@example.com")
        assert [each.recipient for each in read_letters(tmp_path / "letters")] == ["ada@example.com"]

    with_sink(tmp_path, client)
    (letter,) = read_letters(tmp_path / "letters")
    assert letter.content == MAIL
    assert letter.at == 1_790_000_000_000_000


def test_an_unknown_user_is_refused_and_the_others_get_their_mail(tmp_path: Path) -> None:
    def client(port: int) -> None:
        refused = send(port, "ada@example.com", "gone@example.com")
        assert refused["gone@example.com"][0] == 550

    with_sink(tmp_path, client)
    assert [each.recipient for each in read_letters(tmp_path / "letters")] == ["ada@example.com"]


def test_a_busy_mailbox_takes_the_second_try(tmp_path: Path) -> None:
    def client(port: int) -> None:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(port, "busy@example.com")
        assert refused.value.recipients["busy@example.com"][0] == 451
        send(port, "busy@example.com")

    with_sink(tmp_path, client)
    assert [each.recipient for each in read_letters(tmp_path / "letters")] == ["busy@example.com"]


def test_a_full_mailbox_sends_the_mail_back_with_its_headers(tmp_path: Path) -> None:
    def client(port: int) -> None:
        send(port, "full@example.com")

    (notice,) = with_sink(tmp_path, client, wait_for_notice=True)
    assert notice.mail_from in ("", "<>")  # the null sender, as aiosmtpd hands it on
    assert notice.rcpt_tos == ["news@example.com"]
    assert isinstance(notice.content, bytes)
    assert b"Status: 5.2.2" in notice.content
    assert b"List-Unsubscribe: <https://track.example.com/u/abc>" in notice.content
    assert list(read_letters(tmp_path / "letters")) == []
