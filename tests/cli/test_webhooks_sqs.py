"""`mailwake webhooks` on a queue: the real role as a process, a server that speaks SQS, and kills in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.acceptance.test_serve import free_ports
from tests.queues.amazon import ENVIRONMENT, REGION, Amazon, serving
from tests.webhooks.calls import CERTIFICATE_URL, TOPIC, bounce, certificate, sns

from mailwake.cli.hooks import hooks_of
from mailwake.cli.init import make
from mailwake.errors import Misconfigured
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, EventType, Note, decode_event
from mailwake.settings import load, parse

pytest.importorskip("boto3")

#: Runs the role with a certificate already fetched, for there is no Amazon here to fetch it from, and with short waits.
ROLE = """
import sys
from pathlib import Path
from mailwake.cli import webhooks_role
from mailwake.queues import sqs
from mailwake.webhooks import sns
sqs.WAIT_SECONDS = 1
sns.CERTIFICATES._known[sys.argv[2]] = Path(sys.argv[3]).read_bytes()
webhooks_role.command(sys.argv[1])
"""
_PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def amazon() -> Iterator[Amazon]:
    with serving(free_ports(1)[0]) as server:
        yield server


def installation(folder: Path, url: str, more: str = "") -> Path:
    make(folder, base_url="http://localhost:8025", brand="Example", individual=True)
    config = folder / "mailwake.toml"
    hook = f'[webhooks.main]\nesp = "ses"\ntopic_arn = "{TOPIC}"\nqueue_url = "{url}"\nqueue_region = "{REGION}"\n'
    config.write_text(f"{config.read_text()}\n[webhook_server]\nport = 0\n\n{hook}{more}")
    (folder / "amazon.pem").write_bytes(certificate())
    return config


@contextmanager
def role(config: Path, *, expect: str = "webhooks from the queue of main") -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", ROLE, str(config), CERTIFICATE_URL, str(config.parent / "amazon.pem")]
    known = {**os.environ, **ENVIRONMENT}
    with (config.parent / "role.log").open("a") as log:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True, env=known)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip().startswith(expect), (config.parent / "role.log").read_text()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=40)
    assert process.returncode == 0


def run(config: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailwake", *words, "--config", str(config)],
        capture_output=True, text=True, check=False, env={**os.environ, **ENVIRONMENT, **environment},
    )  # fmt: skip


def logged(config: Path) -> list[Event]:
    with closing(SqliteReader(load(config).data_folder / "log")) as reader:
        segments = reader.read({}, limit_records=1_000)
    return [decode_event(record) for segment in segments for record in segment.records]


def bounced(config: Path) -> set[str]:
    return {event.key for event in logged(config) if event.type is EventType.BOUNCED}


def has(config: Path, count: int) -> bool:
    return len(bounced(config)) >= count


def until(holds: Callable[[], bool], config: Path) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, (config.parent / "role.log").read_text()
        time.sleep(0.1)


def notices(start: int, count: int) -> list[dict[str, str]]:
    """So many genuine bounces, each of an address of its own."""
    return [sns(bounce("ses", address=f"a{number}@example.com")) for number in range(start, start + count)]


@pytest.mark.long
def test_a_queue_becomes_a_suppression_and_is_empty_afterwards(amazon: Amazon, tmp_path: Path) -> None:
    config = installation(tmp_path, amazon.url)
    genuine = notices(0, 1)
    amazon.put(*genuine, *genuine, sns(bounce("ses"), topic=TOPIC + "-other"))
    assert run(config, "webhooks", "sqs").stdout == "main: 3 wait\n"
    with role(config) as process:
        until(lambda: amazon.left() == (0, 1), config)
        stop(process)
    assert [event.note for event in logged(config)].count(Note.WEBHOOK) == 2
    assert len(bounced(config)) == 1, "given twice, it is one event"
    counts = json.loads((load(config).data_folder / "webhooks.json").read_text())
    assert (counts["calls"], counts["events"], counts["refused"]) == (2, 2, 1)
    assert run(config, "work", "--once").returncode == 0
    (held,) = map(json.loads, run(config, "suppressions", "list", "--json").stdout.splitlines())
    assert (held["address"], held["reason"]) == ("a0@example.com", "bounced")
    amazon.client.purge_queue(QueueUrl=amazon.url)


@pytest.mark.long
def test_kills_lose_nothing_and_double_nothing(amazon: Amazon, tmp_path: Path) -> None:
    config = installation(tmp_path, amazon.url)
    for turn in range(3):
        amazon.put(*notices(15 * turn, 15))
        with role(config) as process:
            until(partial(has, config, 15 * turn + 3), config)
            process.kill()
    with role(config) as process:
        until(lambda: amazon.left() == (0, 0), config)
        stop(process)
    assert len(bounced(config)) == 45


@pytest.mark.long
def test_a_network_that_goes_is_waited_for(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    with ExitStack() as up:
        first = up.enter_context(serving(port))
        config = installation(tmp_path, first.url)
        with role(config) as process:
            first.put(*notices(0, 1))
            until(lambda: len(bounced(config)) == 1, config)
            up.close()
            until(lambda: "webhooks.queue_waits" in (tmp_path / "role.log").read_text(), config)
            up.enter_context(serving(port)).put(*notices(1, 2))
            until(lambda: len(bounced(config)) == 3, config)
            stop(process)


@pytest.mark.long
def test_a_hook_with_a_queue_is_not_listened_for_and_others_are(amazon: Amazon, tmp_path: Path) -> None:
    (tmp_path / "hook.key").write_text("s3cret")
    other = '[webhooks.other]\nesp = "mailersend"\nsecrets = ["file:hook.key"]\n'
    config = installation(tmp_path, amazon.url, other)
    with role(config, expect="webhooks on http://127.0.0.1:") as process:
        amazon.put(*notices(500, 1))
        until(lambda: len(bounced(config)) == 1, config)
        stop(process)


@pytest.mark.parametrize("words", [("webhooks",), ("serve",), ("webhooks", "sqs")])
def test_without_credentials_nothing_starts_and_one_line_says_why(tmp_path: Path, words: tuple[str, ...]) -> None:
    config = installation(tmp_path, "https://sqs.eu-west-1.amazonaws.com/123456789012/mail")
    done = run(config, *words, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "webhooks.main.queue_url" in done.stderr
    assert "sqs:ReceiveMessage" in done.stderr


def test_a_queue_that_is_not_there_is_said_before_anything_starts(amazon: Amazon, tmp_path: Path) -> None:
    done = run(installation(tmp_path, amazon.url + "-other"), "webhooks")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no such queue" in done.stderr


def test_without_any_queue_there_is_nothing_to_ask(tmp_path: Path) -> None:
    done = run(installation(tmp_path, ""), "webhooks", "sqs")
    assert done.returncode == 2
    assert "write queue_url" in done.stderr


@pytest.mark.long
def test_other_esps_report_through_no_queue(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="only SES"):
        hooks_of(
            parse({"webhooks": {"main": {"esp": "brevo", "secrets": ["env:PATH"], "queue_url": "q"}}}, root=tmp_path)
        )
