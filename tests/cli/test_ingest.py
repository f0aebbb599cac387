"""`mailwake ingest` says what mail means, and logs what our own tokens prove."""

import json
import re
import signal
import smtplib
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.ingest.notices import dsn, ours

from mailwake.cli.init import make
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, EventType, decode_event
from mailwake.hosts import Hosts
from mailwake.modes import INDIVIDUAL
from mailwake.settings import load
from mailwake.tokens import MessageToken, Minter, Purpose

DATA = Path(__file__).parents[1] / "data" / "bounces"
KEYS = {"file", "kind", "recipients", "original_message_id", "feedback_type"}
RECIPIENT_KEYS = {"address", "status", "smtp", "category", "class", "action"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=True)
    config = tmp_path / "mailwake.toml"
    config.write_text(config.read_text() + "\n[ingest]\nport = 0\n")
    settings = load(config)
    token = MessageToken(modes=INDIVIDUAL, template=7, delivery=4711, recipient=99, issued=date(2026, 11, 2))
    sealed = Minter(settings.load_keys(), settings.tracking_host).message(Purpose.UNSUBSCRIBE_HEADER, token)
    (tmp_path / "ours.eml").write_bytes(dsn(ours(f"https://track.example.com/u/{sealed}")))
    (tmp_path / "other.eml").write_bytes(dsn())
    return tmp_path


def ingest(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "mailwake", "ingest", *map(str, words)]
    return subprocess.run(program, capture_output=True, text=True, cwd=cwd, check=False)


def told(*words: str | Path, cwd: Path) -> list[dict[str, Any]]:
    done = ingest(*words, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def logged(folder: Path) -> list[Event]:
    reader = SqliteReader(folder / "mailwake-data" / "log")
    read = [decode_event(record) for segment in reader.read({}, limit_records=100) for record in segment.records]
    reader.close()
    return read


def test_every_message_is_one_object_of_the_exchange_format(tmp_path: Path) -> None:
    lines = told(DATA, cwd=tmp_path)
    assert len(lines) == len(list(DATA.glob("*.eml"))) + 3, "the folder holds three texts beside the mail"
    for line in lines:
        assert set(line) == KEYS
        assert all(set(recipient) == RECIPIENT_KEYS for recipient in line["recipients"])


def test_without_a_config_it_reads_and_leaves_no_trace(tmp_path: Path) -> None:
    (line,) = told(DATA / "exim-user-unknown.eml", cwd=tmp_path)
    assert line["recipients"][0]["action"] == "suppress_now"
    assert list(tmp_path.iterdir()) == []


def test_with_a_config_only_what_a_token_of_ours_proves_is_logged(folder: Path) -> None:
    assert len(told("ours.eml", "other.eml", cwd=folder)) == 2
    (event,) = logged(folder)
    assert (event.type, event.delivery, event.recipient) == (EventType.BOUNCED, 4711, 99)


def test_a_bounce_of_a_further_host_is_known_too(folder: Path) -> None:
    config = folder / "mailwake.toml"
    config.write_text(config.read_text() + '\n[hosts."links.brand.example"]\nsenders = ["brand.example"]\n')
    token = MessageToken(modes=INDIVIDUAL, template=7, delivery=815, recipient=99, issued=date(2026, 11, 2))
    host = Hosts.load(load(config)).all["links.brand.example"]
    sealed = host.minter.message(Purpose.UNSUBSCRIBE_HEADER, token)
    (folder / "brand.eml").write_bytes(dsn(ours(f"https://links.brand.example/u/{sealed}")))
    told("brand.eml", "ours.eml", cwd=folder)
    assert {event.delivery for event in logged(folder)} == {815, 4711}


def test_no_record_logs_nothing(folder: Path) -> None:
    told("ours.eml", "--no-record", cwd=folder)
    assert logged(folder) == []


def test_record_without_a_config_is_said_in_one_line(tmp_path: Path) -> None:
    done = ingest(DATA / "vacation.eml", "--record", cwd=tmp_path)
    assert done.returncode == 2
    assert "mailwake init" in done.stderr


def test_a_table_is_for_people(tmp_path: Path) -> None:
    done = ingest(DATA / "outlook-two-recipients.eml", cwd=tmp_path)
    assert "mailbox_full" in done.stdout
    assert "sabineko@example.co.jp" in done.stdout


def test_what_cannot_be_read_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"")
    (tmp_path / "b.eml").write_bytes(dsn())
    done = ingest("a.eml", "b.eml", "--json", cwd=tmp_path)
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["not_bounce", "bounce"]
    assert "the mail is empty" in done.stderr


def test_no_path_and_no_listener_is_an_error(tmp_path: Path) -> None:
    done = ingest(cwd=tmp_path)
    assert done.returncode == 1
    assert "--listen" in done.stderr


def test_the_listener_says_where_it_is_and_takes_mail_into_the_log(folder: Path) -> None:
    program = [sys.executable, "-m", "mailwake", "ingest", "--listen"]
    process = subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.fullmatch(r"ingest listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
    assert found
    with smtplib.SMTP("127.0.0.1", int(found[1]), timeout=30) as client:
        client.sendmail("", ["bounces@example.com"], (folder / "ours.eml").read_text())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert [event.delivery for event in logged(folder)] == [4711]
