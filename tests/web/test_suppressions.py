"""Who gets no mail is shown with words and history; forms and API change it with who and why, from here alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2
import pytest
from tests.pipeline.house import House, after
from tests.suppression.conftest import crowd, refused
from tests.web.conftest import HOSTILE, Asking
from tests.web.test_guard import OURS
from tests.web.test_pages import Seen, words

from mailwake.insight.stores import Stores
from mailwake.web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Forty of one domain in a storm, and one dead address elsewhere."""
    opened = House(tmp_path)
    people = crowd(opened, "gmail.example", 40)
    opened.work(*(refused(who, 60) for who in people))
    opened.handles = crowd(opened, "a.example", 1)
    opened.work(refused(opened.handles[0], 70))
    yield opened
    opened.close()


@pytest.fixture
def dashboard(house: House) -> Asking:
    stores = Stores(state=house.state, events=house.events, zone=ZoneInfo("UTC"))
    return Asking(create_app(stores, wall=lambda: after(1_000)))


def send(dashboard: Asking, body: bytes = b"", **fields: object) -> httpx2.Response:
    headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
    return dashboard.get("/suppressions", method="POST", headers=headers, body=body or urlencode(fields).encode())


def call(dashboard: Asking, path: str, body: object) -> httpx2.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return dashboard.get(path, method="POST", headers={**OURS, "Content-Type": "application/json"}, body=raw)


def got(dashboard: Asking, path: str) -> Any:
    response = dashboard.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    return response.json()


def storm(house: House) -> int:
    (found,) = house.state.incidents()
    return found.id


def test_the_page_says_how_many_by_reason_and_on_whose_words(dashboard: Asking) -> None:
    page = words(dashboard.page("/suppressions"))
    for said in (
        "1 entry of 1 address: who gets no mail",
        "bounced: 1 entry of 1 address",
        "p0@a.example",
        "550 5.1.1 user unknown",
        "no such mailbox",
    ):
        assert said in page
    assert "■ holds" in page
    assert "✕" not in page
    assert "Storm: gmail.example" in page
    assert "How many 40" in page


def test_an_address_is_found_with_all_that_ever_held(dashboard: Asking, house: House) -> None:
    house.state.lift(house.handles[0], after(100), by="eve", why="the address was corrected")
    page = words(dashboard.page("/suppressions?address=P0%40A.example"))
    assert "lifted by eve" in page
    assert "the address was corrected" in page
    assert "Nothing ever held" in words(dashboard.page("/suppressions?address=x%40a.example"))
    assert dashboard.get("/suppressions?address=nobody").status_code == 400


def test_a_form_adds_and_a_form_lifts_with_who_and_why(dashboard: Asking, house: House) -> None:
    done = send(dashboard, act="add", address="new@a.example", reason="complained", stream="", why="said so")
    assert (done.status_code, done.headers["location"]) == (303, "/suppressions?address=new%40a.example")
    told = got(dashboard, "/api/suppressions/new@a.example")
    assert [(row["reason"], row["stream"], row["by"], row["quoted"]) for row in told["suppressions"]] == [
        ("complained", "marketing", "dashboard", "said so"),
        ("complained", "outbound", "dashboard", "said so"),
    ]
    assert send(dashboard, act="lift", address="p0@a.example", reason="", why="corrected").status_code == 303
    assert not house.state.suppressed(house.handles)


@pytest.mark.parametrize(("act", "held"), [("apply", 41), ("undo", 1), ("close", 1)])
def test_a_storm_is_decided_on_once_and_for_all(dashboard: Asking, house: House, act: str, held: int) -> None:
    assert send(dashboard, incident=storm(house), act=act, why="asked their postmaster").status_code == 303
    assert sum(house.state.holding_counts().values()) == held
    assert house.state.incidents(only_open=True) == []
    page = words(dashboard.page("/suppressions"))
    assert "Nothing waits for a decision." in page
    assert "closed by dashboard" in page


def test_what_no_page_of_ours_has_sent_changes_nothing(dashboard: Asking, house: House) -> None:
    form = urlencode({"act": "add", "address": "new@a.example", "why": "x"}).encode()
    told = json.dumps({"address": "new@a.example", "why": "x"}).encode()
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path, body in (("/suppressions", form), ("/api/suppressions", told), ("/api/suppressions/lift", told)):
            assert dashboard.get(path, method="POST", headers=headers, body=body).status_code == 403
    assert house.state.known_handles(["new@a.example"]) == {}


WRONG_FORMS = (
    b"",
    b"act=add",
    b"act=add&address=nobody&why=x",
    b"act=add&address=new%40a.example&why=",
    b"act=add&address=new%40a.example&why=x&stream=news",
    b"act=add&address=new%40a.example&why=x&reason=hated",
    b"act=add&address=new%40a.example&why=x&more=1",
    b"act=lift&address=stranger%40a.example&why=x",
    b"act=burn&address=p0%40a.example&why=x",
    b"act=undo&incident={id}&why=",
    b"act=burn&incident={id}&why=x",
    b"act=undo&incident=-1&why=x",
    b"act=undo&incident=7&why=x",
    b"act=undo&incident=9999999999999999999&why=x",
    b"act=undo&incident=%D9%A1&why=x",
    b"act=add&address=new%40a.example&why=" + b"x" * 9_000,
    b"act=add&address=new%40a.example&why=a%00b",
    b"act=add&address=new%40a.example&why=\xff",
)


def test_a_form_that_is_not_as_ours_are_is_refused_and_changes_nothing(dashboard: Asking, house: House) -> None:
    for body in WRONG_FORMS:
        assert send(dashboard, body.replace(b"{id}", str(storm(house)).encode())).status_code == 400, body
    assert house.state.holding_counts() == {"bounced": 1}
    assert len(house.state.incidents(only_open=True)) == 1


def test_programs_list_add_and_lift(dashboard: Asking, house: House) -> None:
    told = got(dashboard, "/api/suppressions?reason=bounced&page_size=1")
    assert (told["counts"], told["total"], told["page"]) == ({"bounced": 1}, 1, 1)
    (row,) = told["suppressions"]
    assert (row["address"], row["category"], row["quoted"]) == ("p0@a.example", "bad_mailbox", "550 5.1.1 user unknown")
    assert row["event"].isdecimal()
    assert "handle" not in row
    new = {"address": "new@a.example", "why": "asked", "by": "crm"}
    assert call(dashboard, "/api/suppressions", new).json() == {"added": 1}
    assert call(dashboard, "/api/suppressions", new).json() == {"added": 0}
    assert got(dashboard, "/api/suppressions/new@a.example")["holds"] is True
    assert call(dashboard, "/api/suppressions/lift", new).json() == {"lifted": 1, "stays": []}
    told = got(dashboard, "/api/suppressions/new@a.example")
    assert (told["holds"], told["suppressions"][0]["lifted_by"]) == (False, "crm")
    assert got(dashboard, "/api/suppressions/stranger@a.example")["suppressions"] == []


def test_programs_see_incidents(dashboard: Asking, house: House) -> None:
    (told,) = got(dashboard, "/api/incidents?open=true")["incidents"]
    assert (told["id"], told["kind"], told["place"], told["count"]) == (str(storm(house)), "storm", "gmail.example", 40)
    house.state.close_incident(storm(house), after(100), by="eve", why="over")
    assert got(dashboard, "/api/incidents?open=true")["incidents"] == []
    assert got(dashboard, "/api/incidents")["incidents"][0]["closed_by"] == "eve"


WRONG_CALLS: tuple[object, ...] = (
    b"",
    b"[]",
    b'{"address": 1}',
    b"[" * 5_000,
    b"\xff",
    {"address": "new@a.example"},
    {},
)


@pytest.mark.parametrize("path", ["/api/suppressions", "/api/suppressions/lift"])
def test_a_call_that_cannot_be_is_refused_with_what_to_do(dashboard: Asking, path: str) -> None:
    for body in WRONG_CALLS:
        done = call(dashboard, path, body)
        assert done.status_code == 400, body
        assert done.json()["error"], body


def test_hostile_words_are_text_everywhere(asking: Asking) -> None:
    seen = Seen(asking.page("/suppressions"))
    assert f"550 5.1.1 user unknown {HOSTILE}" in seen.text
    history = Seen(asking.page("/suppressions?address=dead1%40gmail.com"))
    assert f"lifted by {HOSTILE}" in history.text
    assert "<script>alert" not in asking.page("/suppressions?reason=%3Cscript%3Ealert(1)")


def test_a_long_list_has_pages_and_says_what_is_counted_up(asking: Asking) -> None:
    assert "50 of 52 suppressions" in words(asking.page("/suppressions?reason=bounced"))
    assert "Older" in words(asking.page("/suppressions?reason=bounced"))
    counted = words(asking.page("/suppressions?address=dead0%40gmail.com"))
    assert "after 4 days with a refusal" in counted
    assert "until " in counted


def test_every_field_has_a_label_and_ids_are_used_once(asking: Asking) -> None:
    seen = Seen(asking.page("/suppressions"))
    named = [field["id"] for field in (*seen.all("input"), *seen.all("select")) if field.get("type") != "hidden"]
    assert sorted(named) == sorted({label["for"] for label in seen.all("label")})


def test_who_has_nothing_yet_is_told(nothing: Asking) -> None:
    page = words(nothing.page("/suppressions"))
    assert "0 suppressions" in page
    assert "Nothing holds." in page
