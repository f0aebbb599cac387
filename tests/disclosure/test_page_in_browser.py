"""The preference page and *What we know from your mail* in a real Chromium: by keyboard, and without scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.edge.conftest import Background
from tests.rights.house import ADA, House, house
from tests.web.test_pages_in_browser import BLIND, PHONE, WIDTHS, look_at

from mailwake.cli.privacy.owning import listener
from mailwake.disclosure.listener import Listener
from mailwake.edge.worker import run
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import Handle
from mailwake.modes import INDIVIDUAL
from mailwake.serving.server import serve
from mailwake.settings import Settings
from mailwake.store.state import Axis, Consent
from mailwake.tokens import MessageToken, Minter, Purpose

pytestmark = pytest.mark.browser

#: What the focus is on, and whether a reader sees that it is.
FOCUS = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  return [here.innerText.trim(), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
}"""
CHOICES = [
    "Do not track me",
    "Do not record when I open emails",
    "Do not record which links I follow",
    "You may record opens and clicks",
    "Unsubscribe",
]


@dataclass
class Place:
    """An edge and the page beside it, of one installation."""

    found: House
    preferences: str
    known: str


def started(settings: Settings, app: Listener) -> tuple[Background, Background]:
    """The page on a socket, and an edge that links to it."""

    async def disclose(stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        await serve(app, host="127.0.0.1", port=0, section="privacy", ready=ready, stop=stop)

    page = Background(disclose)
    own = replace(settings, privacy=replace(settings.privacy, page_url=f"http://localhost:{page.port}"))

    async def answer(stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        log, days = (
            SqliteWriter.open(own.data_folder / "log", "edge-1"),
            SqliteWriter.open_days(own.data_folder / "log", "edge-1"),
        )
        await run(own, own.load_keys(), (log, days), ready=ready, stop=stop)

    edge = Background(answer)
    app.base_url = f"http://localhost:{edge.port}"
    return page, edge


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with house(tmp_path) as found:
        tracking = replace(found.settings.tracking, base_url="http://localhost")
        settings = replace(found.settings, tracking=tracking, edge=replace(found.settings.edge, port=0))
        with listener(settings, found.own.stores) as app:
            page, edge = started(settings, app)
            minter = Minter(settings.load_keys(), "localhost")
            today = datetime.now(UTC).date()
            token = minter.message(Purpose.UNSUBSCRIBE_BODY, _of(found.handle(ADA), today))
            yield Place(found, f"{app.base_url}/p/{token}", f"http://localhost:{page.port}/k/{token}")
            edge.stop()
            page.stop()


def _of(handle: Handle, day: date) -> MessageToken:
    return MessageToken(INDIVIDUAL, 7001, 5, handle, day)


@dataclass
class Visit:
    """A page, and everything the browser complained about or fetched."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def by_keyboard(self, stops: int) -> list[str]:
        """What Tab comes to, each stop with its focus to be seen."""
        reached = []
        for _ in range(stops):
            self.page.keyboard.press("Tab")
            name, is_seen = self.page.evaluate(FOCUS)
            assert is_seen, name
            reached.append(name)
        return reached


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    context = browser.new_context(**getattr(request, "param", BLIND))
    made = Visit(context.new_page())
    made.page.on("console", lambda said: made.complaints.append(said.text))
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.page.on("requestfailed", lambda failed: made.complaints.append(f"{failed.url} {failed.failure}"))
    made.page.on("request", lambda asked: made.asked.append(asked.url))
    yield made
    context.close()


@pytest.mark.parametrize("visit", [{}], indirect=True, ids=["scripts"])  # of axe; the pages have none
@pytest.mark.parametrize("which", ["preferences", "known"])
@pytest.mark.long
def test_both_pages_are_fit_for_everybody_in_light_in_dark_and_on_a_phone(
    visit: Visit, place: Place, which: str
) -> None:
    address = getattr(place, which)
    visit.page.goto(address, wait_until="load")
    look_at(visit.page)
    assert visit.complaints == []
    assert visit.asked == [address]  # nothing is loaded, from here or from elsewhere
    assert visit.page.context.cookies() == []


@pytest.mark.long
@pytest.mark.parametrize("visit", [{**PHONE, **BLIND}], indirect=True, ids=["phone"])
def test_on_a_phone_buttons_are_wide_and_high_enough_for_fingers(visit: Visit, place: Place) -> None:
    for address in (place.preferences, place.known):
        visit.page.goto(address, wait_until="load")
        assert set(visit.page.evaluate(WIDTHS)) == {390}
        boxes = [each.bounding_box() for each in visit.page.locator("button").all()]
        assert len(boxes) == len(CHOICES)
        assert all(box is not None and box["height"] >= 44 and box["width"] >= 300 for box in boxes)  # WCAG 2.2, 2.5.5


@pytest.mark.long
def test_everything_is_reached_by_keyboard_in_the_order_of_the_page(visit: Visit, place: Place) -> None:
    visit.page.goto(place.preferences, wait_until="load")
    assert visit.by_keyboard(6) == [*CHOICES, "What we know from your mail"]
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(place.known)
    assert visit.by_keyboard(6) == [*CHOICES, "Download everything as a file"]
    assert visit.complaints == []


def test_what_is_known_is_read_and_downloaded_without_scripts(visit: Visit, place: Place) -> None:
    visit.page.goto(place.known, wait_until="load")
    text = visit.page.inner_text("main")
    assert "a…@example.com" in text
    assert "2026-11-02 10:01:10 UTC: link followed “Shop”" in text
    assert ADA not in visit.page.content()
    with visit.page.expect_download() as saved:
        visit.page.click("a[download]")
    assert saved.value.suggested_filename == "what-is-known.json"
    assert "a…@example.com" in saved.value.path().read_text(encoding="utf-8")


@pytest.mark.long
def test_tracking_is_withdrawn_where_one_sees_what_it_told_by_keyboard_alone(visit: Visit, place: Place) -> None:
    visit.page.goto(place.known, wait_until="load")
    visit.by_keyboard(1)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(place.preferences)
    assert visit.page.locator("button").count() == 0
    assert "Tracking is off" in visit.page.inner_text("h1")
    assert visit.complaints == []
    place.found.pipeline.work()
    ada = place.found.handle(ADA)
    held = place.found.pipeline.state.held_consents([ada])[ada]
    assert held[Axis.OPENS].state is held[Axis.CLICKS].state is Consent.WITHDRAWN
