"""Calls recorded by another project's tests, and what it made of them, against what we make.

Source: test suite of django-anymail 15.1, BSD-3-Clause, see tests/data/webhooks/LICENSE-django-anymail.txt.
"""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.every import every
from tests.webhooks.calls import NOW

from mailwake.bounces.decide import Bounces
from mailwake.errors import MailwakeError, Unreadable
from mailwake.exchange.webhooks import WebhookReader
from mailwake.webhooks.call import Call, Refused, Secrets
from mailwake.webhooks.esps import ESPS, esp_named

DATA = Path(__file__).parents[1] / "data" / "webhooks" / "webhooks.jsonl.gz"
LINES = [json.loads(line) for line in gzip.decompress(DATA.read_bytes()).splitlines()]
READER = WebhookReader(Bounces.load(), None, url="", now=NOW)

#: Their word to ours. `queued` has not been handed on yet, `autoresponded` and `subscribed` have no type of ours.
TYPES = {"queued": "sent", "autoresponded": "unknown", "subscribed": "unknown"}
#: Where we differ on purpose, and why.
DIFFERENT = {
    # the other server refused it; `failed` is ours where our own side could not do it
    ("Postal", "failed"): "bounced",
}
#: The time is that of the event; theirs is that of the notification which told of it.
OWN_TIMES = ("Amazon SES",)


def ids(line: dict[str, Any]) -> str:
    return f"{line['esp']}-{line['id'][:6]}".replace(" ", "-")


def ours(line: dict[str, Any]) -> list[dict[str, Any]]:
    headers = {name: str(value) for name, value in line["headers"].items()}
    return READER.events(line["esp"], line["body"].encode(), {"content-type": line["content_type"], **headers})


@every("line", [line for line in LINES if not line["anymail_error"]], ids=ids)
def test_a_recorded_call_gives_the_events_that_others_read(line: dict[str, Any]) -> None:
    read, theirs = ours(line), line["anymail_events"] or []
    assert [each["type"] for each in read] == [
        DIFFERENT.get((line["esp"], each["event_type"]), TYPES.get(each["event_type"], each["event_type"]))
        for each in theirs
    ]
    for mine, other in zip(read, theirs, strict=True):
        assert mine["address"] == other["recipient"]
        assert mine["url"] == other["click_url"]
        assert mine["user_agent"] == other["user_agent"]
        if line["esp"] not in OWN_TIMES:
            assert _moment(mine["at"]) == pytest.approx(_moment(other["timestamp"]), abs=1)  # some cut the fraction


def _moment(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0


@every("line", LINES, ids=ids)
def test_what_others_call_no_hard_bounce_suppresses_nobody(line: dict[str, Any]) -> None:
    try:
        read = ours(line)
    except MailwakeError:
        return
    for mine in read:
        if mine["type"] in ("deferred", "sent", "delivered", "opened", "clicked", "unknown"):
            assert mine["action"] == "never"


@pytest.mark.parametrize("line", [line for line in LINES if "Configuration" in (line["anymail_error"] or "")], ids=ids)
def test_inbound_mail_is_refused_with_the_reason(line: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="inbound mail"):
        ours(line)


@every("line", [line for line in LINES if "Validation" in (line["anymail_error"] or "")], ids=ids)
def test_a_call_without_proof_is_refused_with_the_reason(line: dict[str, Any]) -> None:
    esp = esp_named(line["esp"])
    made = Call(
        method="POST",
        url="",
        body=line["body"].encode(),
        received_at=NOW,
        headers={"content-type": line["content_type"], **{name: str(v) for name, v in line["headers"].items()}},
    )
    with pytest.raises(Refused) as caught:
        ESPS[esp].verify(made, Secrets(values=("some key",), topic_arn="arn"))
    assert str(caught.value)
    assert caught.value.reason in ("missing", "signature", "form", "source")


def test_all_thirteen_are_in_the_recordings() -> None:
    assert {esp_named(line["esp"]) for line in LINES} == set(ESPS)
