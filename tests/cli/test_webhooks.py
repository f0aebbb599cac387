"""`mailwake webhooks`: reads a body by hand, refuses to start without a secret, and takes calls over real HTTP."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.webhooks.calls import SECRET, bounce, call, hmac_hex, sns
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.cli.hooks import hooks_of
from mailwake.cli.init import make
from mailwake.cli.serve import roles_of
from mailwake.errors import BadInput, Misconfigured, Unreadable
from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.events import Event, Note, decode_event, encode_event
from mailwake.monitoring.conservation import State, balances
from mailwake.settings import load, parse
from mailwake.webhooks.call import Refused
from mailwake.webhooks.reporting import Hook, raw_event

FIELDS = [
    "esp", "type", "at", "id", "address", "message_id", "category", "class", "action", "status", "smtp", "diagnostic",
    "url", "ip", "user_agent",
]  # fmt: skip


def run(*words: str, given: bytes = b"", **env: str) -> Result:
    done = CliRunner(env=env).invoke(build(("webhooks",)), ["webhooks", *words], input=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_body_is_an_event_a_line_in_the_exchange_format() -> None:
    body = json.dumps(bounce("sendgrid") * 2).encode()
    lines = run("read", "--esp", "sendgrid", "--no-verify", given=body).output.splitlines()
    first = json.loads(lines[0])
    assert len(lines) == 2
    assert list(first) == FIELDS
    assert (first["type"], first["action"], first["class"]) == ("bounced", "suppress_now", "hard")
    assert first["at"] == "2026-11-18T08:20:00+00:00"


def test_a_forgery_is_refused_with_the_reason() -> None:
    with pytest.raises(Refused, match="the header Signature is missing"):
        run("read", "--esp", "mailersend", "--secret", "env:KEY", given=b"{}", KEY=SECRET)


def test_a_genuine_body_is_read() -> None:
    body = json.dumps(bounce("mailersend")).encode()
    sign = f"Signature: {hmac_hex(body)}"
    done = run("read", "--esp", "MailerSend", "--secret", "env:KEY", "--header", sign, given=body, KEY=SECRET)
    assert json.loads(done.output)["address"] == "ann@example.com"


def test_without_secret_and_without_saying_so_nothing_is_read() -> None:
    with pytest.raises(BadInput, match="--no-verify"):
        run("read", "--esp", "sendgrid", given=b"[]")


def test_an_unknown_esp_and_inbound_mail_are_refused() -> None:
    with pytest.raises(BadInput, match="there is no ESP 'nobody'"):
        run("read", "--esp", "nobody", "--no-verify")
    with pytest.raises(Unreadable, match="inbound mail"):
        run("read", "--esp", "postmark", "--no-verify", given=b'{"RecordType": "Inbound"}')


def test_a_refusal_is_one_line_and_exit_1() -> None:
    words = [sys.executable, "-m", "mailwake", "webhooks", "read", "--esp", "postmark", "--no-verify"]
    done = subprocess.run(words, input=b'{"RecordType": "Inbound"}', capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"inbound mail" in done.stderr


def test_lines_are_answered_one_by_one_whatever_is_in_them() -> None:
    lines: list[Any] = [
        {"id": "a", "esp": "Amazon SES", "headers": {}, "body": json.dumps(sns(bounce("ses")))},
        {"id": "b", "esp": "Unisender Go", "body": json.dumps(bounce("unisender-go"))},
        {"id": "c", "esp": "postmark", "body": "{"},
        {"id": "d", "esp": 7, "headers": 1, "body": None},
    ]
    given = "\n".join([*map(json.dumps, lines), "nonsense", ""]).encode()
    answers = [json.loads(line) for line in run("read", "--jsonl", "--no-verify", given=given).output.splitlines()]
    assert [each["id"] for each in answers] == ["a", "b", "c", "d", None]
    assert [len(each["events"]) for each in answers] == [1, 1, 0, 0, 0]
    assert [each["refused"] is None for each in answers] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"esp": "sendgird"}, "must be one of"),
        ({"esp": "sendgrid"}, "signing key"),
        ({"esp": "brevo"}, "user:password"),
        ({"esp": "ses"}, "SNS topic"),
        ({"esp": "mandrill", "secrets": ["env:HOOK_KEY"]}, "public_url|signs the URL"),
        ({"esp": "sendgrid", "secrets": ["env:NOT_THERE"]}, "no variable"),
        ({"esp": "sendgrid", "secrets": ["env:EMPTY_KEY"]}, "empty"),
        ({"esp": "sendgrid", "secrets": ["plain text"]}, "secrets stand elsewhere"),
    ],
)
def test_without_what_proves_a_call_nothing_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: dict[str, object], said: str
) -> None:
    monkeypatch.setenv("HOOK_KEY", SECRET)
    monkeypatch.setenv("EMPTY_KEY", "")
    with pytest.raises(Misconfigured, match=said) as caught:
        hooks_of(parse({"webhooks": {"main": entry}}, root=tmp_path))
    assert caught.value.option.startswith("webhooks.main")


@pytest.mark.parametrize("name", ["a/b", "a b", "", "ü"])
def test_a_name_that_does_not_fit_into_a_url_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="stands in a URL"):
        hooks_of(parse({"webhooks": {name: {"esp": "sendgrid"}}}, root=tmp_path))


def test_without_an_entry_there_is_nothing_to_run(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="there is none"):
        hooks_of(parse({}, root=tmp_path))
    assert "webhooks" not in [name for name, *_ in roles_of(parse({}, root=tmp_path), "c")]


def test_serve_runs_it_where_there_is_an_entry(tmp_path: Path) -> None:
    roles = roles_of(parse({"webhooks": {"main": {"esp": "sendgrid"}}}, root=tmp_path), "c")
    assert [name for name, *_ in roles][-4:] == ["ingest", "webhooks", "web", "monitor"]


def make_installation(folder: Path, entry: str) -> Path:
    make(folder, base_url="http://localhost:8025", brand="Example", individual=True)
    config = folder / "mailwake.toml"
    (folder / "hook.key").write_text(SECRET)
    config.write_text(f"{config.read_text()}\n[webhook_server]\nport = 0\n\n[webhooks.main]\n{entry}\n")
    return config


def test_a_subscription_is_confirmed_by_hand(tmp_path: Path) -> None:
    config = make_installation(tmp_path, 'esp = "ses"\ntopic_arn = "arn:x"')
    with pytest.raises(BadInput, match="asked to be confirmed"):
        run("confirm", "main", "--config", str(config))
    hook = Hook(esp="ses", name="main")
    asked = [sns("x", Type="SubscriptionConfirmation", Token=token) for token in ("old", "new")]
    records = [encode_event(raw_event(hook, call(each))) for each in (*asked, sns(bounce("ses")))]
    append_now(load(config).data_folder / "log", "webhooks", records)
    said = run("confirm", "main", "--config", str(config)).output
    assert said.endswith("--token new\n")
    assert said.startswith("aws sns confirm-subscription --topic-arn arn:aws:sns:")


@contextmanager
def listening(config: Path) -> Iterator[int]:
    """The role as a process of its own; gives its port."""
    words = [sys.executable, "-m", "mailwake", "webhooks", "--config", str(config)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r":(\d+)$", process.stdout.readline().strip())
        assert found, process.stderr and process.stderr.read()
        yield int(found[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def post(port: int, body: bytes, headers: dict[str, str], path: str = "/webhooks/mailersend/main") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.request("POST", path, body, headers)
        return connection.getresponse().status


def announce(port: int, size: int) -> int:
    """The answer to so large a body, of which not a byte is sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.putrequest("POST", "/webhooks/mailersend/main")
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        return connection.getresponse().status


def logged(folder: Path) -> list[Event]:
    with closing(SqliteReader(folder / "log")) as reader:
        segments = reader.read({}, limit_records=100)
    return [decode_event(record) for segment in segments for record in segment.records]


def test_over_real_http_it_is_logged_counted_and_adds_up(tmp_path: Path) -> None:
    config = make_installation(tmp_path, 'esp = "mailersend"\nsecrets = ["file:hook.key"]')
    folder = load(config).data_folder
    body = json.dumps(bounce("mailersend")).encode()
    headers = {"Content-Type": "application/json", "Signature": hmac_hex(body)}
    with listening(config) as port:
        assert post(port, body, headers) == 200
        assert [event.note for event in logged(folder)] == [Note.WEBHOOK, Note.NONE]
        assert post(port, body + b" ", headers) == 401
        assert announce(port, 6_000_000) == 413
        assert post(port, body, headers, "/webhooks/mailersend/other") == 404
        assert post(port, body, headers) == 200
    report = json.loads((folder / "webhooks.json").read_text())
    assert (report["calls"], report["events"], report["refused"], report["rejected"]) == (2, 2, 1, 2)
    done = subprocess.run(
        [sys.executable, "-m", "mailwake", "work", "--once", "--config", str(config)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (balance,) = [each for each in balances(folder) if each.name == "webhooks"]
    assert (balance.state, balance.left, balance.difference) == (State.HOLDS, 4, 0)
    assert balance.right["applied"] == 1
    assert balance.right["dropped"] == 3
