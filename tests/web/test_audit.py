"""The page of the audit log and its API over acts that were really done."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.audit.test_watching import House
from tests.insight import seeding
from tests.web.conftest import HOSTILE, Asking

from mailwake.audit.log import AuditLog
from mailwake.audit.words import Action, Actor, ActorKind, Outcome, Thing
from mailwake.settings import parse
from mailwake.web.app import create_app


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    settings = parse({"data": str(tmp_path / "data")}, root=tmp_path)
    (tmp_path / "data").mkdir()
    built.asking = Asking(create_app(built.stores, wall=lambda: built.now, settings=settings))
    yield built
    seeding.close(built.stores)


def test_the_page_shows_who_looked_at_whom_and_who_was_refused(house: House) -> None:
    assert "Nothing was done yet" in house.asking.page("/audit")
    address, _ = house.someone()
    house.asking.page(f"/person?address={address}")
    house.post("/goals", "act=add&name=sale", **{"sec-fetch-site": "cross-site"})
    page = house.asking.page("/audit")
    assert "person.read" in page
    assert f">{address}</a>" in page
    assert "denied" in page.partition("<tbody>")[2]
    narrowed = house.asking.page("/audit?outcome=denied").partition("<tbody>")[2]
    assert "person.read" not in narrowed
    about = house.asking.page("/audit?person=nobody@example.com")
    assert "Nothing like this was done" in about
    assert house.asking.get("/audit?action=nonsense").status_code == 400


def test_hostile_names_and_changes_of_policy_are_shown_as_text(house: House) -> None:
    audit = AuditLog(house.audit, wall=lambda: house.now)
    before, after = {"tracking.opens": "aggregate", "same": 1}, {"tracking.opens": HOSTILE, "same": 1}
    audit.record(
        Action.SETTINGS_CHANGED, Actor(ActorKind.USER, HOSTILE, HOSTILE), Thing(HOSTILE, HOSTILE), before=before,
        after=after, outcome=Outcome.FAILED,
    )  # fmt: skip
    page = house.asking.page("/audit")
    assert "<script>alert" not in page
    assert "tracking.opens: aggregate → " in page
    assert "same: " not in page


def test_the_api_tells_the_same_and_checks_the_chain(house: House) -> None:
    for number in range(3):
        house.post("/goals", f"act=add&name=goal{number}")
    told = house.asking.get("/api/audit?page_size=2&page=2").json()
    assert [(line["number"], line["object"]) for line in told["lines"]] == [(1, "goal0")]
    assert (told["total"], told["page"], told["page_size"]) == (3, 2, 2)
    checked = house.asking.get("/api/audit/check").json()
    assert (checked["holds"], checked["lines"], checked["head"]) == (True, 3, house.lines()[0].hash)
    assert "3 lines read" in house.asking.page("/audit?check=true")


def test_the_whole_log_leaves_as_a_file_and_that_is_a_line_too(house: House) -> None:
    house.post("/goals", "act=add&name=sale")
    response = house.asking.get("/api/audit.jsonl")
    assert response.headers["content-type"] == "application/jsonl"
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [line["action"] for line in lines] == ["goal.added", "audit.exported"]


def test_a_dashboard_without_an_installation_cannot_say_whether_it_holds(house: House) -> None:
    bare = Asking(create_app(house.stores, wall=lambda: house.now))
    assert bare.get("/api/audit/check").status_code == 400
