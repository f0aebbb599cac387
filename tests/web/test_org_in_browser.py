"""Pages about an org with a crowd on them: fit for everybody, also with the longest words of others."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.crm.house import NOW
from tests.pushing.crowd import Crowd, gather, scoring_of, stores_of
from tests.pushing.orgs import APP, USER, opened
from tests.web.test_pages_in_browser import look_at, served

from mailwake.settings import parse
from mailwake.store.crm import Lane, Why, Wish

pytestmark = pytest.mark.browser
LONG = "FIELD_CUSTOM_VALIDATION_EXCEPTION_" + "OfAPackageThatSomebodyElseInstalled" * 2
PATHS = ("/salesforce", "/calls", "/workflows", "/workflows?rule=call&decision=entered", "/workflows?tried=call")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    with opened(tmp_path_factory.mktemp("org") / "house") as place:
        found = gather(place)
        place.desk.push()
        store, folder = place.house.store, place.desk.folder
        for number, lane in enumerate(Lane):
            told = {"Description": str(number)}
            store.wish([Wish(object=f"Task{number}", key=str(number), fields=told, lane=lane)], now=NOW)
        store.lay_aside(store.waiting()[:2], Why(LONG, f"{LONG}: <b>{'w' * 90}</b>"), now=NOW)
        (folder / "workflows" / f"{'long' * 15}.toml").write_text("trigger = 3", encoding="utf-8")
        yield found


@pytest.fixture(scope="module")
def url(crowd: Crowd) -> Iterator[str]:
    folder, login = crowd.place.desk.folder, crowd.place.emulator.url
    section = {"login": login, "client_id": APP, "username": USER, "key": "file:key.pem"}
    settings = parse({"data": ".", "salesforce": section}, root=folder)
    yield from served(stores_of(crowd.place), settings=settings, now=NOW, desk=scoring_of(crowd.place))


@pytest.mark.parametrize("path", [PATHS[0], *(pytest.param(path, marks=pytest.mark.long) for path in PATHS[1:])])
@pytest.mark.long
def test_a_page_with_a_crowd_on_it_is_fit_for_everybody(browser: Browser, url: str, path: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(url + path, wait_until="load")
    assert "error" not in page.title().lower()
    look_at(page)
    context.close()
