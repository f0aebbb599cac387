"""The drawing of a hostile mail in a real Chromium: nothing runs, nothing is asked for, every mark is in sight."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from playwright.sync_api import Dialog, Frame, Page, Route
from tests.clickmap.test_hostile import HOSTILE
from tests.insight import seeding
from tests.web.mails import HTML, mail
from tests.web.test_pages_in_browser import BLIND, PHONE, Open, look_at, opened, served

from mailwake.clickmap.sheet import POLICY, draw
from mailwake.insight.stores import Stores

pytestmark = pytest.mark.browser
__all__ = ["opened"]  # a fixture

MAP = "/campaigns/1/map"


def later(*states: str) -> list[ParameterSet]:
    """These in the long suite alone."""
    return [pytest.param(state, marks=pytest.mark.long) for state in states]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    stores: Stores = seeding.open_stores(tmp_path_factory.mktemp("data"))
    mail(stores, "First")
    mail(stores, "Second", times=0.5)
    yield from served(stores)
    seeding.close(stores)


def frame_of(opened: Open) -> Frame:
    """The mail inside the page."""
    opened.page.wait_for_load_state("load")
    frame = opened.page.frames[1]
    frame.wait_for_load_state("load")
    return frame


@pytest.mark.parametrize(
    "opened", [{}, pytest.param(BLIND, marks=pytest.mark.long)], indirect=True, ids=["scripts", "none"]
)
@pytest.mark.parametrize(
    "state", ["", *(pytest.param(state, marks=pytest.mark.long) for state in ("?layer=machine", "?versus=1002"))]
)
def test_nothing_of_the_mail_runs_or_is_asked_for(opened: Open, url: str, state: str) -> None:
    asked: list[str] = []
    opened.page.on("request", lambda request: asked.append(request.url))
    opened.go(f"{url}{MAP}{state}")
    frame = frame_of(opened)
    opened.page.wait_for_timeout(1_500)  # longer than the mail's refresh
    assert [each for each in asked if not each.startswith((url, "data:image/svg+xml,"))] == []
    assert opened.complaints == []
    assert frame.title() == "Click map"
    assert "/map/mail?" in frame.url
    assert frame.locator("a[href], script, form, input, iframe, svg, base, [onload], [onclick]").count() == 0


@pytest.mark.long
def test_a_click_on_a_link_leads_nowhere(opened: Open, url: str) -> None:
    opened.go(f"{url}{MAP}")
    frame = frame_of(opened)
    before = (opened.page.url, frame.url)
    frame.get_by_text("See the range").click()
    frame.locator('.mw-area[data-mw="4"]').click()
    opened.page.wait_for_timeout(300)
    assert (opened.page.url, frame.url) == before


#: what stands on the mark, and whether something of it is drawn
SEEN = """element => {
  const after = getComputedStyle(element, '::after'), box = element.getBoundingClientRect();
  return {
    says: after.content.replaceAll('"', ''), display: after.display, visibility: after.visibility,
    opacity: after.opacity, width: parseFloat(after.width), height: parseFloat(after.height),
    outline: getComputedStyle(element).outlineStyle, area: box.width * box.height,
  };
}"""


def marks(frame: Frame) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for element in frame.locator("[data-mw]").element_handles():
        found[element.get_attribute("data-mw") or ""] = element.evaluate(SEEN)
    return found


@pytest.mark.parametrize("opened", [{}, PHONE], indirect=True, ids=["wide", "phone"])
@pytest.mark.parametrize("state", ["", "?layer=raw", "?versus=1002"])
@pytest.mark.long
def test_every_mark_is_in_sight_whatever_the_mail_says(opened: Open, url: str, state: str) -> None:
    """The mail hides all marks, and writes its own layer of the same name; ours come first."""
    opened.go(f"{url}{MAP}{state}")
    found = marks(frame_of(opened))
    assert set(found) == {"2", "3", "4", "5", "6", "7", "8"}
    for number, mark in found.items():
        assert mark["says"].startswith(number if number != "2" else "1 (Outlook)"), number
        assert (mark["display"], mark["visibility"], mark["opacity"]) == ("block", "visible", "1")
        assert mark["width"] > 10
        assert mark["height"] >= 10
        assert mark["area"] > 0
        assert mark["outline"] != "none"


@pytest.mark.long
def test_people_machines_and_directions_differ_without_colour(opened: Open, url: str) -> None:
    lines = {}
    for state in ("?layer=human", "?layer=machine", "?layer=raw", "?versus=1002"):
        opened.go(f"{url}{MAP}{state}")
        lines[state] = marks(frame_of(opened))["2"]["outline"]
    assert [lines[f"?layer={layer}"] for layer in ("human", "machine", "raw")] == ["solid", "dotted", "double"]


@pytest.mark.long
def test_boxes_of_an_image_map_lie_where_the_areas_were(opened: Open, url: str) -> None:
    opened.go(f"{url}{MAP}")
    frame = frame_of(opened)
    picture = frame.locator(".mw-picture img").bounding_box()
    assert picture is not None
    for number, left in (("4", 0), ("5", 0.5)):
        box = frame.locator(f'.mw-area[data-mw="{number}"]').bounding_box()
        assert box is not None
        assert abs(box["x"] - picture["x"] - left * picture["width"]) < 1, "also where the picture is drawn smaller"
        assert abs(box["width"] - picture["width"] / 2) < 1
        assert abs(box["height"] - picture["height"]) < 2
        assert abs(box["y"] - picture["y"]) < 1


@pytest.mark.parametrize(
    "state", ["?versus=1002", *(pytest.param(state, marks=pytest.mark.long) for state in ("", "?layer=machine"))]
)
@pytest.mark.long
def test_the_page_is_fit_for_everybody_in_light_in_dark_and_on_a_phone(opened: Open, url: str, state: str) -> None:
    opened.go(f"{url}{MAP}{state}")
    look_at(opened.page)
    assert opened.complaints == []


@pytest.mark.parametrize("opened", [{**PHONE, **BLIND}], indirect=True, ids=["none"])
@pytest.mark.parametrize("state", ["", "?versus=1002"])
@pytest.mark.long
def test_the_page_does_not_scroll_sideways_on_a_phone(opened: Open, url: str, state: str) -> None:
    opened.go(f"{url}{MAP}{state}")
    widths = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"
    assert set(opened.page.evaluate(widths)) == {390}


@pytest.mark.parametrize("opened", [BLIND], indirect=True)
@pytest.mark.long
def test_without_scripts_the_slider_works_by_its_button(opened: Open, url: str) -> None:
    opened.go(f"{url}{MAP}?layer=raw")
    before = marks(frame_of(opened))["6"]["says"]
    opened.page.locator("#step").focus()
    opened.page.keyboard.press("Home")
    opened.page.get_by_role("button", name="Show").click()
    assert "step=0" in opened.page.url
    assert "layer=raw" in opened.page.url
    assert "1 hour" in opened.page.locator("label[for=step]").inner_text()
    assert marks(frame_of(opened))["6"]["says"] != before


@pytest.mark.long
def test_the_slider_moves_the_map_and_its_words_at_once(opened: Open, url: str) -> None:
    opened.go(f"{url}{MAP}")
    with opened.page.expect_response(lambda answer: "/map/mail?" in answer.url and "step=0" in answer.url):
        opened.page.locator("#step").fill("0")
    assert "1 hour" in opened.page.locator("#until").inner_text()
    assert "step=0" in opened.page.url
    assert "step=0" in (opened.page.locator("iframe.mail").get_attribute("src") or "")
    assert opened.page.locator("#step").input_value() == "0"


def test_the_switch_asks_for_pictures_and_nothing_else(opened: Open, url: str) -> None:
    asked: list[str] = []
    opened.page.on("request", lambda request: asked.append(request.url))
    opened.page.route("https://evil.example/**", lambda route: route.abort())
    opened.go(f"{url}{MAP}?pictures=1")
    frame_of(opened)
    outside = sorted(each for each in asked if "evil.example" in each)
    assert outside == ["https://evil.example/hero.png", "https://evil.example/map.png"]


@pytest.mark.long
def test_the_mail_is_the_one_that_was_sent(opened: Open, url: str) -> None:
    opened.go(f"{url}{MAP}")
    frame = frame_of(opened)
    assert b"the autumn range is here" in HTML
    assert "the autumn range is here" in frame.locator("body").inner_text()
    assert frame.locator("table.wide").evaluate("e => getComputedStyle(e).width") == "600px"
    assert "Outlook only" in frame.locator(".mw-beneath").inner_text()


#: what the browser would do if the mail had its way
TRAP = "<script>document.title = 'ran'</script>"


@dataclass
class Watched:
    """What a page tried."""

    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


def watch(page: Page) -> Watched:
    seen = Watched()
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("dialog", lambda dialog: _dismiss(seen, dialog))
    return seen


def _dismiss(seen: Watched, dialog: Dialog) -> None:
    seen.dialogs.append(dialog.message)
    dialog.dismiss()


@pytest.mark.long
def test_the_first_wall_holds_alone(opened: Open) -> None:
    """Hostile mails drawn on a page without any policy, with scripts allowed."""
    seen = watch(opened.page)
    for markup in HOSTILE:
        html = draw(f"<p>mail{markup}{TRAP}".encode(), []).html
        opened.page.set_content(html, wait_until="load")
        assert opened.page.title() == "Click map", markup
        assert opened.page.locator("a[href], area, script, [onerror], [onload]").count() == 0, markup
    opened.page.wait_for_timeout(1_200)
    assert [each for each in seen.asked if not each.startswith("data:image/svg+xml,")] == []
    assert seen.dialogs == []


@pytest.mark.long
def test_the_second_wall_holds_alone(opened: Open) -> None:
    """The same mails as they are, behind the policy alone."""
    seen, page = watch(opened.page), opened.page
    gone_out: list[str] = []  # a browser tells of requests that its policy stops; those do not come here
    mails = {f"http://mail.test/{number}": markup for number, markup in enumerate(HOSTILE)}

    def answer(route: Route) -> None:
        body = f"<title>as sent</title><p>mail{mails[route.request.url]}{TRAP}"
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        route.fulfill(body=body, content_type="text/html; charset=utf-8", headers=headers)

    def let_go(route: Route) -> None:
        gone_out.append(route.request.url)
        route.abort()

    page.route("**/*", let_go)
    page.route("http://mail.test/*", answer)
    for address, markup in mails.items():
        page.goto(address, wait_until="load")
        page.wait_for_timeout(20)
        assert page.title() != "ran", markup
        assert page.url == address
    assert [each for each in gone_out if not each.startswith("data:")] == []
    assert seen.dialogs == []


@pytest.mark.long
def test_without_the_walls_the_same_mails_do_call_home(opened: Open) -> None:
    """So that the tests above would see it."""
    page, gone_out = opened.page, set[str]()

    def let_go(route: Route) -> None:
        gone_out.add(route.request.url)
        route.abort()

    page.route("**evil.example**", let_go)
    seen = watch(page)
    page.route("http://mail.test/", lambda route: route.fulfill(body="<p>", content_type="text/html"))
    page.goto("http://mail.test/")
    titles = list[str]()
    for markup in HOSTILE[:12]:
        page.set_content(f"<p>mail{markup}{TRAP}", wait_until="load")
        titles.append(page.title())
    assert titles.count("ran") > 6
    assert gone_out
    assert seen.dialogs
