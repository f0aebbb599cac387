"""What providers told stands on the page and in the API, and nothing of it is believed to be markup."""

from datetime import date
from pathlib import Path

from tests.deliverability.conftest import stores
from tests.postmaster.reports import NOW, PLAIN
from tests.web.conftest import Asking

from mailwake.insight.stores import Stores
from mailwake.postmaster.figures import read_export
from mailwake.postmaster.intake import Intake
from mailwake.settings import parse
from mailwake.web.app import create_app

__all__ = ["stores"]


def asking(stores: Stores) -> Asking:
    settings = parse({"postmaster": {"own_networks": ["192.0.2.0/28"]}}, root=Path())
    return Asking(create_app(stores, settings=settings, wall=lambda: NOW))


def test_the_page_shows_who_sends_in_our_name_before_any_mail_was_sent(stores: Stores) -> None:
    assert "No report is known." in asking(stores).page("/deliverability")
    hostile = PLAIN.replace(b"<org_name>acme.example", b"<org_name>&lt;script&gt;alert(1)&lt;/script&gt;")
    Intake(stores.state, {"192.0.2.10": "<b>Hosting</b>"}.get, clock=lambda: NOW).take(hostile)
    export = read_export(b"Date,Domain,Spam rate\n2026-11-02,example.com,0.4%\n", today=date(2026, 11, 4))
    stores.state.put_figures(export.figures, now=NOW)
    page = asking(stores).page("/deliverability")
    for word in ("your servers", "&lt;b&gt;Hosting&lt;/b&gt;", "2001:db8::25", "spam: over the limit", "p=quarantine"):
        assert word in page
    assert "<script>alert" not in page
    assert "<b>Hosting" not in page


def test_the_api_says_the_same(stores: Stores) -> None:
    Intake(stores.state, lambda _: None, clock=lambda: NOW).take(PLAIN)
    answer = asking(stores).get("/api/postmaster?days=30").json()
    assert answer["total"]["copies"] == 200
    assert [each["kind"] for each in answer["origins"]] == ["ours", "signed", "neither"]
    assert asking(stores).get("/api/postmaster?days=1").json()["total"] is None
