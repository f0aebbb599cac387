"""A tracked mail in a real Chromium: it opens, its link lands where it says, and leaving works without scripts."""

import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page
from tests.edge.conftest import KEYS, RunningEdge, StartEdge

from mailwake.compose.copy import Copy
from mailwake.compose.message import instrument_html
from mailwake.compose.options import ComposeOptions
from mailwake.events import EventType, Note
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import MessageToken, Minter

pytestmark = pytest.mark.browser

MAIL = """<!DOCTYPE html><html><body><h1>Planner update</h1>
<p><a href="{target}?plan=a&amp;page=%C3%A4">See the plan</a></p>
<p><a href="{{{{unsubscribe_url}}}}">Unsubscribe</a> <a href="{{{{preferences_url}}}}">Preferences</a></p>
</body></html>"""


class Shop(BaseHTTPRequestHandler):
    """Where the link leads; shows what it was asked for."""

    def do_GET(self) -> None:
        text = f"landed {self.path} referer {self.headers.get('Referer')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/plans"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def edge(start_edge: StartEdge) -> RunningEdge:
    return start_edge(tracking={"base_url": "http://localhost"}, brand={"name": "Larkspur"})


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(**getattr(request, "param", {}))
    yield context.new_page()
    context.close()


def read(page: Page, edge: RunningEdge, target: str, options: ComposeOptions | None = None) -> None:
    """Open the mail as a mail program does."""
    token = MessageToken(INDIVIDUAL, 7, 11, 13, date(2026, 11, 20))
    copy = Copy(minter=Minter(KEYS, "localhost"), base_url=f"http://localhost:{edge.port}", token=token)
    mail = instrument_html(MAIL.format(target=target).encode(), copy, options or ComposeOptions())
    page.set_content(mail.message.decode(), wait_until="load")


BLIND = {"java_script_enabled": False}


@pytest.mark.long
def test_the_pixel_loads_and_the_click_lands_with_every_character(page: Page, edge: RunningEdge, shop: str) -> None:
    read(page, edge, shop)
    assert page.evaluate("document.images[0].naturalWidth") == 1
    page.click("text=See the plan")
    assert page.inner_text("body") == "landed /plans?plan=a&page=%C3%A4 referer None"
    types = [event.type for event in edge.events()]
    assert types == [EventType.OPENED, EventType.CLICKED]
    assert {event.delivery for event in edge.events()} == {11}
    assert page.context.cookies() == []


@pytest.mark.long
def test_a_pixel_that_is_a_background_loads_as_well(page: Page, edge: RunningEdge, shop: str) -> None:
    read(page, edge, shop, ComposeOptions(background_pixel=True))
    assert page.evaluate("document.images.length") == 0
    assert [event.type for event in edge.events()] == [EventType.OPENED]


@pytest.mark.parametrize("page", [BLIND], indirect=True)
@pytest.mark.long
def test_leaving_takes_a_look_and_a_button_without_scripts(page: Page, edge: RunningEdge, shop: str) -> None:
    read(page, edge, shop)
    page.click("text=Unsubscribe")
    assert "Larkspur" in page.inner_text("body")
    assert edge.events()[-1].note is Note.UNSUBSCRIBE_VIEWED
    page.click("button")
    last = edge.events()[-1]
    assert (last.type, last.note, last.recipient) == (EventType.UNSUBSCRIBED, Note.BUTTON, 13)
    assert page.locator("button").count() == 0


@pytest.mark.parametrize("page", [BLIND], indirect=True)
@pytest.mark.long
def test_tracking_is_withdrawn_from_the_preference_page(page: Page, edge: RunningEdge, shop: str) -> None:
    read(page, edge, shop)
    page.click("text=Preferences")
    page.locator("button").first.click()
    assert EventType.CONSENT_WITHDRAWN in [event.type for event in edge.events()]
