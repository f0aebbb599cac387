"""Requests to the real dashboard: each act gets its line before its answer leaves."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.insight import seeding
from tests.web.conftest import Asking

from mailwake.audit.watching import REFUSALS_PER_MINUTE
from mailwake.audit.words import RECIPIENT
from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.store.audit import AuditLine, Wanted, same_database
from mailwake.web.app import create_app

OURS = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}


class House:
    """A dashboard over stores of its own, with a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.now = seeding.micros(3 * 86_400)
        self.stores: Stores = seeding.open_stores(folder)
        seeding.by_hand(self.stores)
        self.asking = Asking(create_app(self.stores, wall=lambda: self.now))
        self.audit = same_database(self.stores.state)

    def post(self, path: str, body: str, **headers: str) -> int:
        return self.asking.get(path, method="POST", body=body.encode(), headers=OURS | headers).status_code

    def lines(self, **wanted: str) -> list[AuditLine]:
        return self.audit.lines(Wanted(**wanted), limit=1_000)

    def someone(self) -> tuple[str, str]:
        """An address that was mailed, and its handle."""
        address = "person1@example.com"
        return address, str(self.stores.state.known_handles([address])[address])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    seeding.close(built.stores)


def test_reading_about_a_person_is_written_down_by_the_handle(house: House) -> None:
    address, handle = house.someone()
    assert house.asking.get(f"/person?address={address}").status_code == 200
    (line,) = house.lines()
    assert (line.action, line.object_kind, line.object, line.outcome) == ("person.read", RECIPIENT, handle, "ok")
    assert (line.actor_kind, line.actor) == ("unnamed", "dashboard")
    assert address not in repr(line)
    assert line.at == house.now
    assert line.request


def test_whom_nobody_knows_is_asked_for_in_vain_and_that_too_stands_there(house: House) -> None:
    house.asking.get("/person?address=nobody@example.com")
    house.asking.get("/person?address=nonsense")
    assert [(line.outcome, line.object) for line in house.lines()] == [("failed", ""), ("failed", "")]


def test_a_change_by_a_form_or_by_a_program_says_what_and_for_whom(house: House) -> None:
    assert house.post("/suppressions", "act=add&address=new@example.com&why=asked") == 303
    body = '{"address": "new@example.com", "why": "wrong", "by": "Carol"}'
    assert house.post("/api/suppressions/lift", body, **{"content-type": "application/json"}) == 200
    handle = str(house.stores.state.known_handles(["new@example.com"])["new@example.com"])
    lifted, added = house.lines(object_kind=RECIPIENT)
    assert (added.action, added.object, added.on_behalf) == ("suppression.added", handle, None)
    assert (lifted.action, lifted.object, lifted.on_behalf) == ("suppression.lifted", handle, "Carol")


def test_refusals_are_seen_with_what_was_wanted(house: House) -> None:
    body = "act=add&address=new@example.com&why=asked"
    assert house.post("/suppressions", body, **{"sec-fetch-site": "cross-site"}) == 403
    assert house.asking.get("/api/snapshot", headers={"host": "evil.example"}).status_code == 421
    assert house.post("/goals", "act=add&name=") == 400
    failed, export, denied = house.lines()
    assert (denied.outcome, denied.object_kind) == ("denied", RECIPIENT)
    assert (export.outcome, export.action) == ("denied", "export.made")
    assert (failed.outcome, failed.action) == ("failed", "goal.added")


def test_an_export_is_written_down_before_its_first_byte(house: House) -> None:
    response = house.asking.get("/api/export/people?campaign=1")
    assert response.status_code == 200
    (line,) = house.lines(action="export.made")
    assert (line.object_kind, line.object) == ("table", "people")


def test_pages_without_people_leave_no_line(house: House) -> None:
    for path in ("/", "/campaigns/1", "/timing", "/api/campaigns", "/health"):
        assert house.asking.get(path).status_code == 200, path
    assert house.lines() == []


def test_what_cannot_be_written_down_is_not_answered(house: House, tmp_path: Path) -> None:
    address, _ = house.someone()
    with sqlite3.connect(next(tmp_path.rglob("state.sqlite"))) as connection:
        connection.execute("alter table audit_lines rename to away")
    response = house.asking.get(f"/person?address={address}")
    assert response.status_code == 503
    assert "audit log" in response.text
    assert address not in response.text
    assert house.asking.get("/").status_code == 200


@pytest.mark.long
def test_a_flood_of_refusals_fills_no_disk_and_is_counted(house: House) -> None:
    for _ in range(REFUSALS_PER_MINUTE + 30):
        house.asking.get("/api/snapshot", headers={"host": "evil.example"})
    assert len(house.lines()) == REFUSALS_PER_MINUTE
    house.now = Micros(house.now + 60_000_000)
    house.asking.get("/api/snapshot", headers={"host": "evil.example"})
    assert len(house.lines()) == REFUSALS_PER_MINUTE + 2
    (counted,) = house.lines(action="audit.overflowed")
    assert counted.after == '{"refused":30}'
    address, _ = house.someone()
    house.asking.get(f"/person?address={address}")
    assert house.lines(action="person.read")
