"""Everything of one person is told, in words too, and nothing of anybody else."""

import time
from pathlib import Path

import msgspec
from tests.rights.house import ADA, GRACE, house

from mailwake.events import Micros
from mailwake.rights.told import Told
from mailwake.rights.words import to_html, to_text


def test_all_of_one_and_nothing_of_the_other(tmp_path: Path) -> None:
    more = '[notify.shop]\nurl = "https://hooks.shop.example/x"\nsecrets = ["file:hook"]\n'
    (tmp_path / "hook").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", encoding="utf-8")
    with house(tmp_path, more=more) as found:
        state, handle, now = found.pipeline.state, found.handle(ADA), Micros(time.time_ns() // 1_000)
        state.suppress(handle, reason="unsubscribed", source="edge", at=now)
        state.suppress(found.handle(GRACE), reason="complained", source="arf", at=now)
        state.set_consent(handle, axis="opens", state="granted", at=now, source="form")
        state.put_segment("friends", "opened", is_live=False, members=[handle], now=now, by="me")
        state.put_segment("strangers", "opened", is_live=False, members=[found.handle(GRACE)], now=now, by="me")
        state.put_segment("clickers", "clicked", is_live=True, now=now, by="me")
        told = msgspec.json.decode(found.own.export({"handle": str(handle)}), type=Told)
    assert (told.address, told.fields) == (ADA, {"name": "Ada Canary"})
    assert [each.what for each in told.mail] == ["sent", "opened", "clicked"]
    assert told.mail[2].link == "Shop"
    assert told.mail[2].subject == "Hello"
    assert told.mail[2].judged == "human"
    assert told.mail[2].reasons
    assert told.mail[2].has_hashes
    assert told.score is not None
    assert told.segments == ("clickers", "friends")
    assert [row["reason"] for row in told.suppressions] == ["unsubscribed"]
    assert [row["source"] for row in told.consent_history] == ["form"]
    assert [(row["host"], row["events"]) for row in told.webhooks] == [("hooks.shop.example", 1)]
    everything = msgspec.json.encode(told).decode() + to_html(told) + to_text(told)
    assert "grace" not in everything.lower()
    assert "strangers" not in everything
    assert str(handle) not in everything
    assert "whsec" not in everything
    for said in (to_html(told), to_text(told)):
        for word in (
            ADA,
            "Ada Canary",
            "Shop",
            "unsubscribed",
            "friends",
            "hooks.shop.example",
            "requests as they came",
        ):
            assert word in said


def test_what_strangers_wrote_is_shown_and_does_nothing(tmp_path: Path) -> None:
    with house(tmp_path) as found:
        state, handle = found.pipeline.state, found.handle(ADA)
        hostile = "<script>alert(1)</script>\x1b[31m"
        state.handles([ADA], now=found.pipeline.now, fields={ADA: {"name": hostile}})
        told = msgspec.json.decode(found.own.export({"handle": str(handle)}), type=Told)
    assert "<script" not in to_html(told)
    assert "\x1b" not in to_text(told) + to_html(told)
    assert "alert(1)" in to_html(told)
