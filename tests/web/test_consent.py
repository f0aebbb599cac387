"""What people said about being watched is shown and taken in, in the words of Brevo and MailPoet too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from tests.pipeline.house import START, House, after
from tests.web.conftest import Asking
from tests.web.test_guard import OURS
from tests.web.test_pages import words

from mailwake.consents.words import exact
from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.serving.forms import BODY_BYTES, TABLE_BODY_BYTES
from mailwake.settings import parse
from mailwake.web.app import create_app

ANN = "ann@example.com"
API = f"/api/consent/{ANN}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    opened.state.handles([ANN], now=START)
    yield opened
    opened.close()


@pytest.fixture
def dashboard(house: House) -> Asking:
    stores = Stores(state=house.state, events=house.events, zone=ZoneInfo("UTC"))
    settings = parse({"tracking": {"profile": "FR"}}, root=Path())
    return Asking(create_app(stores, settings=settings, wall=lambda: after(1_000)))


def call(dashboard: Asking, method: str, path: str, body: object, **headers: str) -> httpx2.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {**OURS, "Content-Type": "application/json"} | headers
    return dashboard.get(path, method=method, headers=told, body=raw)


def put(dashboard: Asking, body: object) -> Any:
    return call(dashboard, "PUT", API, body).json()


def iso(seconds: float) -> str:
    return exact(Micros(after(seconds)))


def test_consent_is_told_as_brevo_tells_it(dashboard: Asking) -> None:
    assert dashboard.get(API).json()["contactPixelTrackingConsent"] is None
    for said in (True, False):
        assert (
            put(dashboard, {"contactPixelTrackingConsent": said, "at": iso(10 - said), "proof": "form 1"})["new"] == 1
        )
        assert dashboard.get(API).json()["contactPixelTrackingConsent"] is said


def test_consent_is_told_as_mailpoet_tells_it(dashboard: Asking, house: House) -> None:
    text = house.state.put_consent_text("May we?", locale="en", since=START)
    assert put(dashboard, {"tracking_consent": "granted", "method": "form", "text": text.id}) == {"new": 1, "known": 0}
    (line,) = dashboard.get(API).json()["ledger"]
    assert (line["axis"], line["state"], line["method"], line["text_sha256"], line["locale"]) == (
        "both", "granted", "form", text.sha256, "en",
    )  # fmt: skip


def test_what_holds_is_told_with_how_closely_mail_is_watched_and_why(dashboard: Asking) -> None:
    silent = dashboard.get(API).json()
    assert (silent["axes"]["opens"]["mode"], silent["axes"]["opens"]["by"]) == ("aggregate", "recipient:unknown")
    assert silent["note"] == "as we read it on 2026-11-23; not legal advice"
    put(dashboard, {"state": "withdrawn", "axis": "opens"})
    axes = dashboard.get(API).json()["axes"]
    assert (axes["opens"]["mode"], axes["opens"]["by"]) == ("off", "recipient:withdrawn")
    assert (axes["clicks"]["mode"], axes["clicks"]["by"]) == ("off", "recipient:withdrawn")  # FR: clicks follow
    assert dashboard.get(API).json()["may_ask_again"] is not None


def test_a_program_does_not_take_back_a_withdrawal_without_a_newer_proof(dashboard: Asking) -> None:
    put(dashboard, {"state": "withdrawn"})
    for told in ({"state": "granted"}, {"state": "granted", "at": iso(1_001)}, {"state": "granted", "proof": "x"}):
        response = call(dashboard, "PUT", API, told)
        assert response.status_code == 400
        assert "withdrew" in response.json()["error"]
    assert put(dashboard, {"state": "granted", "at": iso(1_001), "proof": "form 8"}) == {"new": 1, "known": 0}


def test_many_are_told_at_once_and_what_does_not_count_is_named(dashboard: Asking) -> None:
    put(dashboard, {"state": "withdrawn"})
    contacts = [
        {"email": ANN, "contactPixelTrackingConsent": True},
        {"email": "ben@example.com", "contactPixelTrackingConsent": False},
        {"email": "nobody", "state": "denied"},
    ]
    told = call(dashboard, "POST", "/api/consent", {"contacts": contacts}).json()
    assert (told["new"], told["known"]) == (1, 0)
    assert [(lost["number"], lost["email"]) for lost in told["lost"]] == [(1, ANN), (3, "nobody")]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"null", b'{"state": 7}', b'{"stat": "granted"}', b"[" * 5_000,
        {"state": "maybe"}, {}, {"state": "granted", "tracking_consent": "denied"}, {"state": "granted", "text": "9"},
        {"state": "granted", "proof": "from ann@example.com"}, {"state": "granted", "url": "javascript:alert(1)"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(dashboard: Asking, house: House, body: object) -> None:
    response = call(dashboard, "PUT", API, body)
    assert response.status_code == 400
    assert response.json()["error"]
    assert list(house.state.ledger()) == []


@pytest.mark.parametrize(("method", "path"), [("PUT", API), ("POST", "/api/consent")])
def test_no_page_elsewhere_gives_anybodys_consent(dashboard: Asking, house: House, method: str, path: str) -> None:
    raw = json.dumps({"state": "granted"}).encode()
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert dashboard.get(path, method=method, headers=headers, body=raw).status_code == 403
    assert list(house.state.ledger()) == []


def test_the_proof_holds_the_texts_and_the_head_of_the_ledger(dashboard: Asking, house: House) -> None:
    text = house.state.put_consent_text("May we <b>?", locale="en", since=START)
    put(dashboard, {"state": "granted", "text": str(text.id)})
    made = dashboard.get(f"{API}/proof").json()
    assert made["texts"] == [{"id": text.id, "locale": "en", "sha256": text.sha256, "text": "May we <b>?"}]
    assert made["head"] == f"1 {house.state.consent_head().hash}"
    page = dashboard.get(f"/consent/proof?address={ANN}")
    assert page.headers["content-disposition"].startswith("attachment")
    assert "May we &lt;b&gt;?" in page.text


def test_the_page_shows_the_ledger_of_one_and_how_many_stand_where(dashboard: Asking, house: House) -> None:
    put(dashboard, {"state": "denied", "proof": "<script>alert(1)</script>"})
    page = dashboard.get(f"/consent?address={ANN}")
    shown = words(page.text)
    assert "France (CNIL)" in shown
    assert "not legal advice" in shown
    assert "not watched, because the recipient refused" in shown
    assert "<script>alert(1)" not in page.text
    assert "nobody is known at eve@example.com" in words(dashboard.get("/consent?address=eve@example.com").text)
    assert dashboard.get("/consent?address=nobody").status_code == 400


def test_a_stranger_is_not_found(dashboard: Asking) -> None:
    assert dashboard.get("/api/consent/eve@example.com").status_code == 404


@pytest.mark.parametrize(("path", "most"), [(API, BODY_BYTES), ("/api/consent", TABLE_BODY_BYTES)])
def test_a_body_beyond_its_limit_is_refused_and_nothing_of_it_holds(
    dashboard: Asking, house: House, path: str, most: int
) -> None:
    """AT-83."""
    body = b'{"contacts":[{"email":"ann@example.com","state":"granted"}],"state":"granted"}'
    method = "PUT" if path == API else "POST"
    refused = call(dashboard, method, path, body + b" " * most)
    assert (refused.status_code, "too long" in refused.json()["error"]) == (400, True)
    assert list(house.state.ledger()) == []
