"""The pages in a real Chromium: without scripts, by keyboard, on a phone, and with a cursor on the charts."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, Request
from tests.insight import seeding
from tests.monitoring.conftest import Installation
from tests.web.conftest import NOW, leavers, troubled
from tests.web.test_notifications import SETTINGS, tell

from mailwake.events import EventType
from mailwake.insight.stores import Stores
from mailwake.monitoring.status import Status
from mailwake.scoring.desk import Desk
from mailwake.serving.server import serve
from mailwake.settings import Settings
from mailwake.store.state import LinkRow
from mailwake.web.app import create_app, look_nowhere

pytestmark = pytest.mark.browser

#: seen in every run: the first page, and the one with most on it
FIRST = (
    "/",
    "/campaigns/2",
)
#: one page of every kind
PAGES = (
    *FIRST,
    "/campaigns/2/people",
    "/campaigns/3/deliveries/3000000",
    "/deliverability",
    "/preflight",
    "/calls",
    "/segments/Clicked%20once",
    "/experiments/Won",
    "/timing",
    "/person?address=person1%40example.com",
    "/compare?c=1&c=2&c=4",
    "/status",
    "/people",
    "/people?q=person1",
    "/settings",
    "/domains",
    "/salesforce",
    "/salesforce/reconcile",
    "/workflows",
    "/campaigns/3/links/1/people?who=machine",
    "/unsubscribes",
    "/suppressions",
    "/consent",
    "/segments",
    "/experiments",
    "/goals/purchase",
    "/campaigns/2/conversions",
    "/bounces",
    "/campaigns/2/definitions",
    "/campaigns/2/pace",
    "/compare",
    "/notifications",
    "/audit",
    "/nowhere",
)
#: the same kinds with other things to show
AGAIN = (
    "/campaigns/1",
    "/campaigns/4",
    "/segments?query=clicked+in+60d",
    "/experiments?people=20000&lift=25&baseline=2",
    "/experiments/Broken",
    "/compare?c=3&c=2&segment=Clicked%20once",
    "/suppressions?address=dead0%40gmail.com",
    "/consent?address=person1%40example.com",
    "/campaigns/2/bounces",
    "/campaigns/2/timing",
    "/compare?c=2&c=3",
    "/campaigns/3",
    "/goals",
)


@pytest.fixture(scope="module")
def url(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served dashboard."""
    tell(stores.state)
    folder = tmp_path_factory.mktemp("installation")
    yield from served(stores, look=troubled(folder), settings=replace(SETTINGS, root=folder))


def served(
    stores: Stores,
    *,
    look: Callable[[], Status] = look_nowhere,
    settings: Settings | None = None,
    now: int = NOW,
    desk: Desk | None = None,
) -> Generator[str, None, None]:
    """Serve from a thread until the test is over."""
    ready: queue.Queue[tuple[str, Any, Any]] = queue.Queue()

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        app = create_app(stores, look=look, settings=settings, wall=lambda: now, desk=desk)
        await serve(app, host="127.0.0.1", port=0, stop=stop, ready=lambda url: ready.put((url, loop, stop)))

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    address, loop, stop = ready.get(timeout=30)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@dataclass
class Open:
    """A page, and everything the browser complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        self.page.goto(address, wait_until="load")


@pytest.fixture
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """A fresh page; parametrize it with options of a browser context."""
    context = browser.new_context(**getattr(request, "param", {}))
    opened = Open(context.new_page())
    opened.page.on("console", lambda said: opened.complaints.append(said.text) if said.type != "log" else None)
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("requestfailed", lambda failed: opened.complaints.extend(_failure(failed)))
    yield opened
    context.close()


def _failure(failed: Request) -> list[str]:
    """What went wrong with a request; one that a newer page made needless did not go wrong."""
    return [] if failed.failure == "net::ERR_ABORTED" else [f"{failed.url} {failed.failure}"]


#: the anchors of a campaign's page
CONTENTS = (
    "From sent to clicked",
    "How many opened, really",
    "The whole list",
    "People and machines",
    "Over time",
    "At equal age",
    "Links",
    "Where it was read",
    "Mailbox providers",
    "What the figures mean",
)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
BLIND = {"java_script_enabled": False}
#: WCAG 2.2, 1.4.3: relative luminance and contrast of each text against what is painted behind it
CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walker.nextNode());) {
    const holder = text.parentElement;
    if (!text.textContent.trim() || holder.closest("svg, script") || !holder.checkVisibility()) continue;
    const pair = [light(parse(getComputedStyle(holder).color)), light(ground(holder))].sort((a, b) => b - a);
    const contrast = (pair[0] + .05) / (pair[1] + .05);
    if (contrast < 4.5) poor.push([text.textContent.trim(), contrast]);
  }
  return poor;
}"""


#: what WCAG 2.2 asks at A and AA, and what axe's authors found good besides
RULES = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
NOTHING_FOUND = "Found 0 accessibility violations:\n"
WIDTHS = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"


@pytest.mark.parametrize(
    "path",
    [*FIRST, *(pytest.param(path, marks=pytest.mark.long) for path in (*PAGES, *AGAIN) if path not in FIRST)],
)
def test_a_page_is_fit_for_everybody_in_light_in_dark_and_on_a_phone(opened: Open, url: str, path: str) -> None:
    """One visit, because each costs a second: no complaint, nothing that axe finds, nothing too wide or too pale."""
    opened.go(url + path)
    look_at(opened.page)
    expected = ["404"] if path == "/nowhere" else []
    assert [said for said in opened.complaints if not any(word in said for word in expected)] == []


def look_at(page: Page) -> None:
    """What axe says of a page, then the contrast of its texts in both colour schemes, then its width on a phone."""
    assert Axe().run(page, options=RULES).generate_report() == NOTHING_FOUND
    assert page.evaluate(CONTRAST) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert page.evaluate(CONTRAST) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(f"() => {WIDTHS}.every(width => width === 390)")  # charts are drawn anew a moment later


@pytest.mark.long
def test_a_short_target_stands_far_enough_from_what_is_below_it(opened: Open, tmp_path: Path) -> None:
    """A link of a few letters does not reach over the 24 px that WCAG 2.2, 2.5.8 asks for; a long one always did."""
    stores = seeding.open_stores(tmp_path)
    links = tuple(
        LinkRow(number=number, href=f"https://a.example/{number}", label=f"{number}", role="cta", tracked=True)
        for number in range(1, 13)
    )
    seeding.crowd(stores, "Short", people=12, links=links)
    with contextlib.contextmanager(served)(stores) as url:
        opened.go(f"{url}/campaigns/1")
        opened.page.locator("#more-links summary").click()
        look_at(opened.page)
    seeding.close(stores)


@pytest.mark.parametrize("opened", [{"timezone_id": "America/New_York"}], indirect=True)
@pytest.mark.long
def test_a_browser_is_offered_its_own_time_zone_and_keeps_it(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(f"{url}/timing")
    page.get_by_role("button", name="America/New_York").click()
    page.wait_for_url("**/timing")
    assert "times in America/New_York" in page.locator("#stamp").inner_text()
    opened.go(f"{url}/campaigns/2")
    assert "times in America/New_York" in page.locator("#stamp").inner_text()
    assert opened.complaints == []


@pytest.mark.parametrize("opened", [BLIND], indirect=True)
@pytest.mark.long
def test_without_scripts_a_zone_is_typed_and_menus_open(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(f"{url}/timing")
    page.fill("#zone-name", "Asia/Tokyo")
    page.press("#zone-name", "Enter")
    assert "times in Asia/Tokyo" in page.locator("#stamp").inner_text()
    page.locator(".groups summary", has_text="Delivery").click()
    page.locator(".groups a", has_text="Bounces").click()
    assert page.url.endswith("/bounces")


def test_axe_would_find_what_is_wrong(opened: Open) -> None:
    opened.page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=x><p style='color:#bbb'>pale")
    assert Axe().run(opened.page, options=RULES).generate_snapshot().count("\n") == 1


@pytest.mark.parametrize("opened", [{**PHONE, **BLIND}], indirect=True, ids=["no scripts"])
@pytest.mark.long
def test_without_scripts_no_page_scrolls_sideways_on_a_phone(opened: Open, url: str) -> None:
    for path in (*PAGES, *AGAIN):
        opened.go(url + path)
        assert set(opened.page.evaluate(WIDTHS)) == {390}, path


@pytest.mark.parametrize("opened", [BLIND], indirect=True)
def test_without_scripts_the_charts_are_drawn_and_the_forms_work(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(f"{url}/campaigns/2")
    drawing = page.locator("#series-opened > svg").first
    assert drawing.is_visible()
    assert drawing.locator("rect").count() > 5
    assert page.locator(".drawn").count() == 0
    page.goto(f"{url}/campaigns/2/people")
    page.select_option("#outcome", "clicked_human")
    page.click("button[type=submit]")
    assert "outcome=clicked_human" in page.url
    assert "clicked by people" in page.locator("#people h2").inner_text()


def test_with_scripts_a_chart_reads_the_column_under_the_cursor(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(f"{url}/campaigns/2")
    page.wait_for_selector("#series-opened .drawn canvas")
    assert not page.locator("#series-opened > svg").first.is_visible()
    page.locator("#series-opened .u-over").scroll_into_view_if_needed()
    over = page.locator("#series-opened .u-over").bounding_box()
    assert over is not None
    page.mouse.move(over["x"] + 2, over["y"] + 20)
    page.wait_for_function("() => document.querySelector('#series-opened .readout').textContent.includes('16 Nov')")
    said = page.locator("#series-opened .readout").inner_text()
    first = page.locator("#table-opened tbody tr").first.locator("td").first.text_content()
    assert f"● people {first}" in said


@pytest.mark.long
def test_narrowing_a_list_swaps_the_list_alone_and_changes_the_address(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(f"{url}/campaigns/2/people")
    page.evaluate("document.querySelector('h1').dataset.kept = 'yes'")
    page.select_option("#outcome", "bounced")
    page.wait_for_url("**/people?outcome=bounced")
    page.wait_for_function("() => document.querySelector('#people h2').textContent.includes('bounced')")
    assert page.locator("h1").get_attribute("data-kept") == "yes"
    page.reload()
    assert "bounced" in page.locator("#people h2").inner_text()
    assert opened.complaints == []


@pytest.mark.long
def test_the_keyboard_reaches_skip_link_navigation_and_numbers_in_that_order(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(f"{url}/campaigns/2")
    reached = []
    tiles = [(each.text_content() or "").strip() for each in page.locator(".tiles a").all()]
    assert tiles
    for _ in range(12 + len(tiles) + len(CONTENTS)):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    delivered = page.locator(".funnel tbody tr").nth(1).locator("a").inner_text()
    assert reached == [
        "Skip to the numbers",
        "Mailwake",
        *("Campaigns", "People", "Delivery", "Connections", "Installation"),
        "other time zone",
        "Campaigns",
        "Compare with the one before, By hand",
        *tiles,
        *CONTENTS,
        "130",
        delivered,
    ]


@pytest.mark.long
def test_what_the_keyboard_is_on_is_seen(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(url)
    page.keyboard.press("Tab")
    box = page.locator(".skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    for _ in range(2):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


@pytest.mark.long
def test_the_skip_link_leads_past_the_navigation(opened: Open, url: str) -> None:
    page = opened.page
    opened.go(url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_hostile_campaign_runs_nothing(opened: Open, url: str) -> None:
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    opened.page.on("dialog", dismiss)
    opened.go(f"{url}/campaigns/3")
    opened.go(url)
    assert asked == []
    assert opened.complaints == []


@pytest.mark.long
def test_an_open_page_takes_in_new_numbers_and_keeps_what_the_reader_opened(
    browser: Browser, opened: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stores = seeding.open_stores(tmp_path_factory.mktemp("live"))
    seeding.by_hand(stores)
    serving = served(stores)
    page = opened.page
    opened.go(f"{next(serving)}/campaigns/1")
    page.locator("#table-opened summary").click()
    before = page.locator(".tile.human .base strong").first.inner_text()
    late = seeding.sending(stores, "By hand", start=seeding.START + timedelta(hours=30))
    late.people([f"person{number}@example.com" for number in range(10)])
    late.add(EventType.OPENED, 4, 0, id=77, **seeding.HUMAN)
    late.write()
    page.wait_for_function("was => document.querySelector('.tile.human .base strong').textContent !== was", arg=before)
    assert (before, page.locator(".tile.human .base strong").first.inner_text()) == ("2", "3")
    assert page.locator("#table-opened").get_attribute("open") is not None
    page.wait_for_selector("#series-opened .drawn canvas")
    assert page.locator("#series-opened .drawn").count() == 1
    assert opened.complaints == []
    page.goto("about:blank")
    next(serving, None)
    seeding.close(stores)


@pytest.mark.long
def test_an_open_status_page_looks_again_and_keeps_what_the_reader_opened(
    opened: Open, stores: Stores, tmp_path: Path
) -> None:
    look, page = troubled(tmp_path), opened.page
    with contextlib.closing(served(stores, look=look)) as serving:
        opened.go(f"{next(serving)}/status")
        page.locator("#more-sums summary").click()
        assert "4 things have to be seen to" in page.locator(".lead").inner_text()
        Installation(tmp_path).report("relay")
        page.wait_for_function("() => document.querySelector('.lead').textContent.includes('3 things')")
        assert page.locator("#more-sums").get_attribute("open") is not None
        assert opened.complaints == []
        page.goto("about:blank")


@pytest.mark.parametrize("opened", [{}, BLIND], indirect=True, ids=["scripts", "no scripts"])
@pytest.mark.long
def test_an_incident_is_restored_by_its_own_form_and_enter_in_the_reason_does_nothing(
    opened: Open, tmp_path: Path
) -> None:
    stores, page = seeding.open_stores(tmp_path), opened.page
    seeding.sending(stores, "Autumn")
    leavers(stores)
    serving = served(stores)
    opened.go(f"{next(serving)}/unsubscribes")
    page.fill("#why-8001", "their gateway")
    page.press("#why-8001", "Enter")
    assert len(stores.state.held_unsubscribes()) == 61
    page.click("text=Restore all 60")
    page.wait_for_selector("#why-8001", state="detached")
    assert len(stores.state.held_unsubscribes()) == 1
    assert "their gateway" in page.locator("main").inner_text()
    assert opened.complaints == []
    page.goto("about:blank")
    next(serving, None)
    seeding.close(stores)


@pytest.mark.long
def test_a_query_is_answered_while_one_writes(opened: Open, url: str) -> None:
    opened.go(f"{url}/segments")
    opened.page.locator("#query").press_sequentially("opened as anybody")
    opened.page.get_by_text("People who opened a mail, whoever did it.").wait_for()
    opened.page.locator("#query").press_sequentially(" and boun")
    opened.page.get_by_text("did you mean 'bounced'?").wait_for()
    assert opened.page.evaluate("document.activeElement.id") == "query"
    assert opened.page.evaluate("document.querySelector('#following option').value") == "opened as anybody and bounced"
    assert opened.complaints == []


@pytest.mark.long
def test_a_message_is_judged_by_the_form_alone_and_its_findings_are_fit_for_everybody(opened: Open, url: str) -> None:
    opened.go(url + "/preflight")
    opened.page.fill(
        "#text", "From: a@example.com\nSubject: Dear *|FNAME|*\nContent-Type: text/html\n\n<a href='#'>x</a>"
    )
    opened.page.check("#offline")
    opened.page.click("text=Look at it")
    assert "A merge tag is left over" in opened.page.inner_text("table")
    look_at(opened.page)
    assert opened.complaints == []
