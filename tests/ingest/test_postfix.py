"""Postfix tells of mail that it could not deliver, in its own words, to all of Mailwake at work: relay to suppression.

What went out is real mail with the return path of each copy; what came back was written by Postfix's bounce(8).
"""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_serve import MAILWAKE, free_ports, serving, wait_until_ready
from tests.ingest.postfix import AWAY, LOCAL, STRICT, Postfix, running

from mailwake.bounces.decide import Bounces, Decision
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, EventType, Source, decode_event
from mailwake.store.state import open_state

pytestmark = pytest.mark.long

GOOD, UNKNOWN, FULL = f"ann@{LOCAL}", f"nobody@{LOCAL}", f"full@{LOCAL}"
REFUSED, DELAYED = f"eve@{STRICT}", f"bob@{AWAY}"
MAIL = """\
From: Shop <news@example.com>
To: Our readers <readers@example.com>
Subject: Autumn
Message-ID: <autumn@example.com>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body><p>Boots are <a href="https://shop.example.com/boots">here</a>.</p></body></html>
""".replace("\n", "\r\n")
#: Notices come within a second; a busy machine gets more.
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Told:
    """What Mailwake made of it all, asked after it stopped."""

    #: what came back, by the address that our mail had gone to
    events: dict[str, list[Event]]
    #: what holds, as `mailwake suppressions list --json` tells it
    suppressed: list[dict[str, Any]]
    #: `mailwake report --bounces --json`
    report: dict[str, Any]
    #: what Postfix said of it
    postfix: str

    def decision(self, address: str) -> tuple[EventType, Decision]:
        (event,) = self.events[address]
        return event.type, Bounces.load().decide(event.reason)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("home")
    ports = dict(zip(("edge", "relay", "ingest", "web", "monitor"), free_ports(5), strict=True))
    with running(ports["ingest"]) as postfix:
        config = _configure(folder, postfix, ports)
        with serving(config) as process:
            wait_until_ready(process)
            with smtplib.SMTP("127.0.0.1", ports["relay"], timeout=60) as client:
                assert client.sendmail("news@example.com", [GOOD, UNKNOWN, FULL, REFUSED, DELAYED], MAIL) == {}
            _until(lambda: len(_returned(folder)) >= 4, postfix)
            _until(lambda: bool(_lines(config, "suppressions", "list", "--json")), postfix)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        _until(lambda: "Subject: Autumn" in (postfix.home / "boxes/ann").read_text(), postfix)
        (report,) = _lines(config, "report", "--bounces", "--json")
        suppressed = _lines(config, "suppressions", "list", "--json")
        return Told(_by_address(folder), suppressed, report, postfix.log)


def _configure(folder: Path, postfix: Postfix, ports: dict[str, int]) -> Path:
    config = folder / "mailwake.toml"
    roles = "".join(f"[{name}]\nport = {port}\n" for name, port in ports.items())
    config.write_text(
        f'[tracking]\nbase_url = "http://localhost:{ports["edge"]}"\nbounce_domain = "bounces.example.com"\n{roles}'
        f'[smtp]\nhost = "127.0.0.1"\nport = {postfix.port}\n'
    )
    subprocess.run((*MAILWAKE, "keys", "new", "--config", str(config)), check=True, capture_output=True)
    return config


def _until(holds: Callable[[], bool], postfix: Postfix) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, postfix.log
        time.sleep(0.2)


def _lines(config: Path, *words: str) -> list[Any]:
    done = subprocess.run((*MAILWAKE, *words, "--config", str(config)), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _returned(folder: Path) -> list[Event]:
    reader = SqliteReader(folder / "mailwake-data/log")
    read = [decode_event(record) for part in reader.read({}, limit_records=1_000) for record in part.records]
    reader.close()
    return [event for event in read if event.source is Source.BOUNCE]


def _by_address(folder: Path) -> dict[str, list[Event]]:
    events = _returned(folder)
    state = open_state(folder / "mailwake-data/state.sqlite")
    names = state.addresses({event.recipient for event in events if event.recipient})
    state.close()
    return {name: [event for event in events if event.recipient == handle] for handle, name in names.items()}


def test_an_unknown_user_is_suppressed_at_once(told: Told) -> None:
    kind, decision = told.decision(UNKNOWN)
    assert (kind, decision.category, decision.klass, decision.action) == (
        "bounced",
        "bad_mailbox",
        "hard",
        "suppress_now",
    )
    (entry,) = told.suppressed
    assert (entry["address"], entry["category"], entry["reason"]) == (UNKNOWN, "bad_mailbox", "bounced")
    assert "unknown user" in entry["quoted"]


def test_a_full_mailbox_counts_and_suppresses_nobody_yet(told: Told) -> None:
    kind, decision = told.decision(FULL)
    assert (kind, decision.category, decision.klass) == ("bounced", "mailbox_full", "soft")
    assert decision.action == "suppress_after_n"


def test_a_relay_that_refuses_us_suppresses_nobody_yet(told: Told) -> None:
    kind, decision = told.decision(REFUSED)
    assert (kind, decision.category, decision.klass) == ("bounced", "relay_denied", "soft")
    assert decision.action == "suppress_after_n"


def test_mail_that_is_still_tried_is_no_bounce(told: Told) -> None:
    kind, decision = told.decision(DELAYED)
    assert (kind, decision.category) == ("deferred", "network")


def test_only_what_failed_came_back_and_each_to_its_own_copy(told: Told) -> None:
    assert told.events.keys() == {UNKNOWN, FULL, REFUSED, DELAYED}
    assert len({event.delivery for events in told.events.values() for event in events}) == 4


def test_the_report_tells_the_same_and_no_delay(told: Told) -> None:
    (line,) = told.report["domains"]
    assert {cause["category"]: cause["count"] for cause in line["causes"]} == {
        "bad_mailbox": 1,
        "mailbox_full": 1,
        "relay_denied": 1,
    }


def test_postfix_wrote_them_itself(told: Told) -> None:
    assert told.postfix.count("sender non-delivery notification") == 3
    assert told.postfix.count("sender delay notification") == 1
