"""The page of links after delivery and its API, over a real store and a real file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from tests.insight import seeding
from tests.watchdog.conftest import FIRST, NOW, OLD, OTHER, row
from tests.watchdog.servers import Answering
from tests.web.conftest import HOSTILE, Asking

from mailwake.detours.file import FILE
from mailwake.detours.reader import DetourFile
from mailwake.detours.signing import Seal
from mailwake.insight.stores import Stores
from mailwake.settings import Settings, parse
from mailwake.store.watch import Alarm, Health, Target, open_watch
from mailwake.tokens import format_key
from mailwake.watchdog import desk
from mailwake.web.app import create_app

NEW = "https://shop.example.com/new"
SECRET = bytes(range(2, 34))
HERE = {"origin": "http://127.0.0.1:8026"}


@dataclass
class House:
    asking: Asking
    stores: Stores
    settings: Settings
    visitor: Answering

    def post(self, **fields: str) -> int:
        body = urlencode(fields).encode()
        return self.asking.get("/links", method="POST", body=body, headers=HERE).status_code

    def found(self, href: str, health: Health) -> None:
        store = open_watch(self.settings.data_folder / "state.sqlite")
        store.put_target(Target(href=href, visited_at=NOW, health=health, said="-", well_at=NOW))
        store.close()

    def elsewhere(self, template: int, number: int, href: str) -> str | None:
        keys = self.settings.load_keys()
        return DetourFile(self.settings.data_folder / FILE, Seal(keys)).of(template, number, href)

    def alarm(self, href: str) -> None:
        store = open_watch(self.settings.data_folder / "state.sqlite")
        found = Target(href=href, visited_at=NOW, health=Health.ILL, said="404", well_at=NOW, failures=3)
        store.put_target(found, alarm=Alarm(href=href, said="404", opened_at=NOW))
        store.close()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    visitor = Answering(200)
    monkeypatch.setattr(desk, "visitor_of", lambda _: visitor)
    (tmp_path / "keys.txt").write_text(format_key(1, SECRET, seeding.START.date()), encoding="utf-8")
    settings = parse({"keys": {"ref": "file:keys.txt"}}, root=tmp_path)
    stores = seeding.open_stores(settings.data_folder)
    campaign = stores.state.campaign("Spring", now=NOW)
    links = [row(1, OLD), row(2, OTHER)]
    stores.state.put_template(campaign.id, FIRST, subject="Hello", html=b"<p>", links=links, now=NOW)
    yield House(Asking(create_app(stores, settings=settings, wall=lambda: NOW)), stores, settings, visitor)
    seeding.close(stores)


def test_an_alarm_leads_to_the_form_that_mends_it_and_undo_takes_it_back(house: House) -> None:
    house.alarm(OLD)
    page = house.asking.page("/links")
    assert f"/links?href={quote(OLD)}" in page
    assert "answers no more" in house.asking.page("/campaigns/1")
    assert "Send its readers elsewhere" in house.asking.page(f"/links?href={quote(OLD)}")
    assert house.post(act="replace", href=OLD, to=NEW, why="the page moved") == 303
    assert house.elsewhere(FIRST, 1, OLD) == NEW
    page = house.asking.page("/links")
    assert NEW in page
    assert "the page moved" in page
    assert "mended: no reader is led there" in page
    assert "no reader is led there: each" in page, "the first sentence"
    assert "readers go elsewhere" in house.asking.page("/campaigns/1")
    assert house.post(act="restore", href=OLD, why="it is back") == 303
    assert house.elsewhere(FIRST, 1, OLD) is None
    assert "it is back" in house.asking.page("/links")


def test_a_form_of_another_page_changes_nothing(house: House) -> None:
    body = urlencode({"act": "stop", "href": OLD, "why": "x"}).encode()
    foreign = {"origin": "https://evil.example.com"}
    assert house.asking.get("/links", method="POST", body=body, headers=foreign).status_code == 403
    assert house.elsewhere(FIRST, 1, OLD) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"act": "replace", "href": OLD, "to": "javascript:alert(1)", "why": "x"},
        {"act": "replace", "href": OLD, "to": NEW},
        {"act": "stop", "href": "https://shop.example.com/typo", "why": "x"},
        {"act": "stop", "href": OLD, "why": "x", "template": "seven", "number": "1"},
        {"act": "restore", "href": OLD, "why": "x"},
        {"act": "burn", "href": OLD, "why": "x"},
        {},
    ],
)
def test_what_cannot_be_is_refused_and_decides_nothing(house: House, fields: dict[str, str]) -> None:
    assert house.post(**fields) == 400
    assert house.asking.get("/api/links").json()["decisions"] == []


def test_nothing_that_somebody_else_wrote_becomes_markup(house: House) -> None:
    href = f"https://shop.example.com/{HOSTILE}"
    house.alarm(href)
    for path in ("/links", f"/links?href={quote(href)}"):
        page = house.asking.page(path)
        assert "<script>alert" not in page
        assert "<img" not in page


def test_programs_decide_and_hear_the_same(house: House) -> None:
    body = b'{"act": "stop", "href": "%s", "why": "phishing", "template": "7", "number": "1"}' % OLD.encode()
    told = house.asking.get("/api/links", method="POST", body=body, headers=HERE).json()
    assert [(each["kind"], each["believed"], each["number"]) for each in told["detours"]] == [("stop", True, 1)]
    assert house.elsewhere(FIRST, 1, OLD) == ""
    house.alarm(OTHER)
    told = house.asking.get("/api/links").json()
    assert [each["href"] for each in told["alarms"]] == [OTHER]
    assert [each["why"] for each in told["decisions"]] == ["phishing"]
    one = house.asking.get(f"/api/link?href={quote(OTHER)}").json()
    assert (one["visited"]["health"], one["never_visited_because"], len(one["places"])) == ("ill", None, 1)
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    section = page.partition("## GET /api/links\n")[2].partition("## GET /api/audit\n")[0]
    names = {name for each in (told, one, one["visited"], *told["alarms"], *told["decisions"]) for name in each}
    assert [name for name in sorted(names) if not re.search(rf"[` ]{name}\b", section)] == []


def test_a_dashboard_of_no_installation_says_so(house: House) -> None:
    asked = Asking(create_app(house.stores))
    assert "nobody told it" in asked.get("/api/links").json()["error"]
    assert asked.get("/campaigns/1").status_code == 200


def test_the_start_page_says_so_while_readers_are_led_there_and_no_longer(house: House) -> None:
    assert "answers no more" not in house.asking.page("/")
    house.alarm(OLD)
    page = house.asking.page("/")
    assert f"A link in mail that was delivered answers no more: {OLD}" in page
    assert 'href="/links"' in page
    house.post(act="stop", href=OLD, why="gone")
    assert "answers no more" not in house.asking.page("/")


def test_one_click_shows_readers_the_notice_or_sends_them_where_something_answers(house: House) -> None:
    house.alarm(OLD)
    row = house.asking.page("/links")
    assert "Show them the notice" in row
    assert "Send readers to" not in row, "nobody knows of an address that answers"
    house.found("https://shop.example.com/", Health.ILL)
    assert "Send readers to" not in house.asking.page("/links")
    house.found("https://shop.example.com/", Health.WELL)
    assert "Send readers to" in house.asking.page("/links")
    assert 'value="https://shop.example.com/"' in house.asking.page(f"/links?href={quote(OLD)}"), (
        "the form is filled in"
    )
    click = {"href": OLD, "leading": "yes", "why": "answers no more (404)"}
    assert house.post(act="replace", to="https://shop.example.com/", **click) == 303
    assert house.elsewhere(FIRST, 1, OLD) == "https://shop.example.com/"
    (decision,) = house.asking.get("/api/links").json()["decisions"]
    assert (decision["why"], decision["kind"]) == ("answers no more (404)", "replace")
    assert house.post(act="stop", **click) == 400, "no reader is led there any more"


def test_a_dead_replacement_is_one_click_too_for_all_who_are_sent_there(house: House) -> None:
    for href in (OLD, OTHER):
        assert house.post(act="replace", href=href, to=NEW, why="moved") == 303
    house.alarm(NEW)
    page = house.asking.page("/links")
    assert page.count("readers are sent there from:") == 2
    assert "nothing answers any more" in house.asking.page("/campaigns/1")
    assert house.post(act="stop", href=NEW, leading="yes", why="answers no more (404)") == 303
    assert (house.elsewhere(FIRST, 1, OLD), house.elsewhere(FIRST, 2, OTHER)) == ("", "")
    (alarm,) = house.asking.get("/api/links").json()["alarms"]
    assert (alarm["mended"], alarm["sent_from"]) == (True, [])


def test_an_address_where_nothing_answers_is_refused_unless_somebody_insists(house: House) -> None:
    house.visitor.status = 404
    fields = {"act": "replace", "href": OLD, "to": NEW, "why": "moved"}
    assert house.post(**fields) == 400
    assert house.elsewhere(FIRST, 1, OLD) is None
    assert house.post(**fields, insist="yes") == 303
    assert house.elsewhere(FIRST, 1, OLD) == NEW
    assert "fails (404)" in house.asking.page("/links")
