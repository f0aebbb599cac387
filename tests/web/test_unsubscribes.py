"""What is held is shown by incident, and one form restores or applies it, with a reason, by a page of ours alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2
import pytest
from tests.leaving.conftest import ELSEWHERE, decoy, everybody, press
from tests.pipeline.house import House, after
from tests.web.conftest import HOSTILE, Asking
from tests.web.test_guard import OURS
from tests.web.test_pages import Seen, words

from mailwake.events import Note
from mailwake.insight.stores import Stores
from mailwake.store.state import Leave
from mailwake.web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Three of five are held, one has pressed elsewhere, one has asked in the mailbox."""
    opened = House(tmp_path)
    opened.handles = everybody(opened)
    opened.work(decoy(), *(press(opened, who, 10 + who) for who in range(3)))
    opened.work(press(opened, 3, 20, peer=ELSEWHERE), press(opened, 4, 21, note=Note.ONE_CLICK))
    yield opened
    opened.close()


@pytest.fixture
def dashboard(house: House) -> Asking:
    stores = Stores(state=house.state, events=house.events, zone=ZoneInfo("UTC"))
    return Asking(create_app(stores, wall=lambda: after(100)))


def send(dashboard: Asking, body: bytes = b"", **fields: object) -> httpx2.Response:
    headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
    return dashboard.get("/unsubscribes", method="POST", headers=headers, body=body or urlencode(fields).encode())


def incident(house: House) -> int:
    (found,) = {row.incident for row in house.state.held_unsubscribes()}
    assert found is not None
    return found


def suppressed(house: House) -> list[bool]:
    held = house.state.suppressed(house.handles, stream="marketing")
    return [handle in held for handle in house.handles]


def test_an_incident_says_where_how_many_since_when_until_when_and_why(dashboard: Asking) -> None:
    page = words(dashboard.page("/unsubscribes"))
    for said in (
        "3 unsubscriptions held",
        "company.example",
        "Held because: a burst from a network that followed hidden links (1)",
        "Held 3",
        "Since 2 Nov 2026, 10:00",
        "Decided by its verdict from 2 Nov 2026, 10:15",
    ):
        assert said.replace(" ", " ") in page.replace("\xa0", " ")


def test_what_waits_for_a_person_says_when_it_is_taken_back(house: House, dashboard: Asking) -> None:
    until = after(10 + 15 * 60 + 7 * 86_400)
    waiting = [replace(row, held_until=until) for row in house.state.held_unsubscribes()]
    house.state.hold_unsubscribes(waiting, at=after(920), by="mailwake", why="most likely a machine pressed")
    page = words(dashboard.page("/unsubscribes")).replace("\xa0", " ")
    assert "Taken back by itself from 9 Nov 2026, 10:15" in page
    assert page.count("most likely a machine's; taken back on 9 Nov 2026, 10:15") >= 3
    assert "Held because: a burst from a network that followed hidden links" in page, "what made it an incident stays"


def test_the_page_of_a_copy_says_that_its_unsubscription_is_held_or_was_taken_back(
    house: House, dashboard: Asking
) -> None:
    row = next(each for each in house.state.held_unsubscribes() if each.delivery == 1)
    page = f"/campaigns/{row.campaign}/deliveries/1"
    assert "Asked to unsubscribe; held, because a machine may have asked" in words(dashboard.page(page))
    send(dashboard, restore=row.id, why="their gateway")
    said = words(dashboard.page(page)).replace("\xa0", " ")
    assert "Asked to unsubscribe; taken back, they get mail again" in said
    assert "their gateway" in said


def test_the_newest_presses_stand_below_and_one_clicks_are_not_among_them(dashboard: Asking) -> None:
    page = words(dashboard.page("/unsubscribes"))
    assert "4 of 4 presses" in page
    assert "dia@company.example" in page
    assert "eva@company.example" not in page


def test_a_whole_incident_is_restored(house: House, dashboard: Asking) -> None:
    done = send(dashboard, restore=incident(house), why="their gateway")
    assert (done.status_code, done.headers["location"]) == (303, "/unsubscribes")
    assert suppressed(house) == [False, False, False, True, True]
    page = words(dashboard.page("/unsubscribes"))
    assert "Nothing is held." in page
    assert "restored by dashboard, 2 Nov 2026, 10:01: their gateway" in page.replace("\xa0", " ")


def test_one_person_is_restored_and_the_others_stay_held(house: House, dashboard: Asking) -> None:
    send(dashboard, restore=house.state.held_unsubscribes()[1].id, why="asked why no mail came")
    assert suppressed(house) == [True, False, True, True, True]
    assert len(house.state.held_unsubscribes()) == 2


def test_an_incident_is_applied_at_once(house: House, dashboard: Asking) -> None:
    assert send(dashboard, apply=incident(house), why="they asked by phone").status_code == 303
    assert house.state.held_unsubscribes() == []
    assert {row.state for row in house.state.latest_unsubscribes(Note.BUTTON, limit=9)} == {Leave.APPLIED}


def test_a_form_that_no_page_of_ours_has_sent_changes_nothing(house: House, dashboard: Asking) -> None:
    body = urlencode({"restore": incident(house), "why": "x"}).encode()
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert dashboard.get("/unsubscribes", method="POST", headers=headers, body=body).status_code == 403
    assert len(house.state.held_unsubscribes()) == 3


WRONG_FORMS = (
    b"",
    b"why=x",
    b"restore=5",
    b"restore=5&why=x",
    b"restore={id}",
    b"restore={id}&why=",
    b"restore={id}&why=+",
    b"restore={id}&why=" + b"x" * 201,
    b"restore={id}&why=" + b"x" * 9_000,
    b"restore={id}&why=a%00b",
    b"restore={id}&why=a%ff",
    b"restore={id}&why=\xff",
    b"restore={id}&apply={id}&why=x",
    b"restore=-1&why=x",
    b"restore=1e3&why=x",
    b"restore=%D9%A1&why=x",
    b"restore=99999999999999999999999999&why=x",
    b"restore=9999999999999999999&why=x",
    b"restore={one_click}&why=x",
    b"a=1&b=2&c=3&d=4&e=5",
    b'{"restore": {id}, "why": "x"}',
)


def test_a_form_that_is_not_as_ours_are_is_refused_and_changes_nothing(house: House, dashboard: Asking) -> None:
    (one_click,) = house.state.latest_unsubscribes(Note.ONE_CLICK, limit=9)
    for wrong in WRONG_FORMS:
        body = wrong.replace(b"{id}", str(incident(house)).encode())
        done = send(dashboard, body.replace(b"{one_click}", str(one_click.id).encode()))
        assert done.status_code == 400, body
        assert "This cannot be done" in done.text, body
    assert len(house.state.held_unsubscribes()) == 3
    assert suppressed(house) == [True] * 5


def test_looking_changes_nothing_whatever_the_address_says(house: House, dashboard: Asking) -> None:
    dashboard.page(f"/unsubscribes?restore={incident(house)}&why=x")
    assert len(house.state.held_unsubscribes()) == 3


def test_hostile_names_and_reasons_are_text(asking: Asking) -> None:
    text = Seen(asking.page("/unsubscribes")).text
    assert f"restored by {HOSTILE}" in text
    assert f"Held because: a burst {HOSTILE}" in text


def test_a_large_incident_is_cut_and_says_so(asking: Asking) -> None:
    seen = Seen(asking.page("/unsubscribes"))
    assert "And 10 more; the buttons above stand for all." in seen.text
    assert "50 of 63 presses" in words(asking.page("/unsubscribes"))
    assert "13 of 63 presses" in words(asking.page("/unsubscribes?page=2"))
    assert "There are no more." in words(asking.page("/unsubscribes?page=9"))


def test_every_field_has_a_label_and_enter_presses_no_button(asking: Asking) -> None:
    seen = Seen(asking.page("/unsubscribes").partition("</main>")[0])
    assert {field["id"] for field in seen.all("input")} == {label["for"] for label in seen.all("label")}
    assert all("required" in field for field in seen.all("input"))
    assert len([button for button in seen.all("button") if "disabled" in button]) == len(seen.all("form")) == 3


def test_who_has_nothing_yet_is_told(nothing: Asking) -> None:
    page = words(nothing.page("/unsubscribes"))
    assert "Nothing is held." in page
    assert "Nobody has pressed the button yet." in page
