"""Mail from a mailbox and from a pipe: taken in once, and never lost."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.ingest.mailboxes import PASSWORD, USER, client, put, serving
from tests.ingest.notices import reply

from mailwake.cli.init import make
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, decode_event
from mailwake.hosts import Hosts
from mailwake.modes import INDIVIDUAL
from mailwake.settings import Settings, load
from mailwake.tokens import MessageToken

TOKEN = MessageToken(modes=INDIVIDUAL, template=7, delivery=4711, recipient=99, issued=date(2026, 11, 2))
NOTICE = (
    b"From: MAILER-DAEMON@mx.example.net\r\nTo: %s\r\nSubject: failure\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
    b"Final-Recipient: rfc822; ann@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)


def installation(folder: Path, more: str = "") -> Settings:
    make(folder, base_url="https://track.example.com", brand="Example", individual=True)
    config = folder / "mailwake.toml"
    text = config.read_text().replace("[tracking]\n", '[tracking]\nbounce_domain = "bounces.example.com"\n')
    config.write_text(f"{text}\n{more}")
    return load(config)


def address(settings: Settings) -> str:
    return Hosts.load(settings).return_paths()["bounces.example.com"].address(TOKEN)


def run(words: Sequence[str], cwd: Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-m", "mailwake", *words]
    return subprocess.run(program, capture_output=True, cwd=cwd, input=given, check=False)


def logged(folder: Path) -> list[Event]:
    reader = SqliteReader(folder / "mailwake-data" / "log")
    read = [decode_event(record) for segment in reader.read({}, limit_records=100) for record in segment.records]
    reader.close()
    return read


@pytest.mark.long
def test_a_mailbox_is_taken_in_and_the_next_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    (tmp_path / "word").write_text(PASSWORD)
    with serving() as server:
        mine = replace(server, folder="Returned mail")
        with client(mine) as box:
            box.create('"Returned mail"')
        settings = installation(
            tmp_path,
            f'[imap]\nhost = "127.0.0.1"\nport = {mine.port}\nsecurity = "none"\nuser = "{USER}"\n'
            'password = "file:word"\nfolder = "Returned mail"\n',
        )
        notice = NOTICE % address(settings).encode()
        put(mine, notice.replace(b"\r\n", b"\n"), reply(), notice.replace(b"\r\n", b"\n"))
        done = run(["ingest-imap", "--json"], tmp_path)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["mails"], told["events"], told["unreadable"]) == (3, 2, 0)
        assert [(event.type, event.delivery) for event in logged(tmp_path)] == [("bounced", 4711)] * 2
        assert len({event.key for event in logged(tmp_path)}) == 1, "read twice, it counts once"
        assert json.loads(run(["ingest-imap", "--json"], tmp_path).stdout)["mails"] == 0


def test_without_a_mailbox_it_says_what_to_set(tmp_path: Path) -> None:
    installation(tmp_path)
    done = run(["ingest-imap"], tmp_path)
    assert done.returncode != 0
    assert b"imap.host" in done.stderr


def test_one_mail_from_a_pipe_is_durable_when_the_command_ends(tmp_path: Path) -> None:
    settings = installation(tmp_path)
    done = run(["ingest-pipe", "--recipient", address(settings).upper()], tmp_path, NOTICE % b"somebody@example.com")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [(event.type, event.delivery) for event in logged(tmp_path)] == [("bounced", 4711)]


def test_whatever_is_wrong_here_the_mail_server_keeps_the_mail(tmp_path: Path) -> None:
    done = run(["ingest-pipe"], tmp_path, NOTICE % b"x@example.com")
    assert done.returncode == os.EX_TEMPFAIL
    assert done.stderr.startswith(b"mailwake: ")
    installation(tmp_path)
    (tmp_path / "mailwake-data").mkdir(exist_ok=True)
    (tmp_path / "mailwake-data" / "unread").write_text("in the way")
    assert run(["ingest-pipe"], tmp_path, b"Hello, this is a person.\r\n").returncode == os.EX_TEMPFAIL
