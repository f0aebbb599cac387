"""Log-in and the pages of accounts in a real Chromium, over a real socket."""

import asyncio
import queue
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.access.house import PASSWORD, House, house_over
from tests.access.test_routes import ADDRESS
from tests.web.test_pages_in_browser import PHONE, Open, look_at, opened

from mailwake.access.actors import COMMAND
from mailwake.access.programs import Wanted
from mailwake.insight.stores import Stores
from mailwake.serving.server import serve

__all__ = ["opened"]
pytestmark = pytest.mark.browser


@pytest.fixture
def place(stores: Stores, tmp_path: Path) -> Iterator[tuple[str, House]]:
    """A served dashboard that asks who somebody is."""
    ready: queue.Queue[tuple[str, Any, Any]] = queue.Queue()
    with house_over(stores, tmp_path) as house:

        async def run() -> None:
            stop, loop = asyncio.Event(), asyncio.get_running_loop()
            await serve(
                house.asking.app, host="127.0.0.1", port=0, stop=stop, ready=lambda url: ready.put((url, loop, stop))
            )

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        url, loop, stop = ready.get(timeout=30)
        try:
            yield url, house
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.long
def test_somebody_comes_in_by_the_right_password_and_leaves_again(opened: Open, place: tuple[str, House]) -> None:
    url, house = place
    house.user("owner", "ann@office.example")
    page = opened.page
    opened.go(f"{url}/campaigns/2")
    assert page.url.startswith(f"{url}/login?return_to=")
    log_in(page, "ann@office.example", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Name, password and code do not belong together.")
    log_in(page, "ann@office.example")
    page.wait_for_url(f"{url}/campaigns/2")
    expect(page.locator("footer")).to_contain_text("Logged in as ann@office.example")
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("s", True, "Lax")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{url}/login")
    assert page.context.cookies() == []
    page.go_back()
    opened.go(f"{url}/")
    assert page.url == f"{url}/login"
    assert [said for said in opened.complaints if "401" not in said] == []


@pytest.mark.long
def test_a_viewer_sees_no_address_on_any_page(opened: Open, place: tuple[str, House]) -> None:
    url, house = place
    house.user("viewer", "vic")
    page = opened.page
    opened.go(f"{url}/login")
    log_in(page, "vic")
    page.wait_for_url(f"{url}/")
    assert page.locator("nav").get_by_role("link", name="Suppressions").count() == 0
    for path in ("/", "/campaigns/2", "/campaigns/2/people", "/campaigns/3/links/1/people", "/segments/Clicked%20once"):
        opened.go(url + path)
        assert not ADDRESS.search(page.content()), path
    opened.go(f"{url}/campaigns/2/people")
    assert re.search(r"person-[a-z2-7]{13}", page.inner_text("main"))
    opened.go(f"{url}/person?address=person1%40example.com")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not for you")
    opened.go(f"{url}/suppressions")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not for you")


@pytest.mark.long
def test_an_owner_makes_an_account_and_a_key_and_ends_both(opened: Open, place: tuple[str, House]) -> None:
    url, house = place
    house.user("owner", "ann")
    page = opened.page
    opened.go(f"{url}/login?return_to=/users")
    log_in(page, "ann")
    page.wait_for_url(f"{url}/users")
    page.get_by_label("Name or e-mail address").fill("ben@office.example")
    page.locator("#role").select_option("analyst")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#new-password")).to_have_text(re.compile(r"[a-z2-9-]{23}"))
    row = page.locator("tr", has_text="ben@office.example")
    row.locator("select").select_option("viewer")
    row.get_by_role("button", name="Give the role").click()
    expect(page.locator("tr", has_text="ben@office.example")).to_contain_text("viewer · a password")
    assert house.gate.accounts.named("ben@office.example").role == "viewer"
    opened.go(f"{url}/keys")
    page.get_by_label("Name").fill("shop")
    page.get_by_label("Scopes").fill("stats:read")
    page.get_by_role("button", name="Make").click()
    expect(page.locator("#new-key")).to_have_text(re.compile(r"mwk_live_\w{8}_\w{43}_\w{6}"))
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("tbody tr")).to_contain_text("revoked by ann")
    opened.go(f"{url}/users")
    row = page.locator("tr", has_text="ben@office.example")
    row.get_by_label("I am sure").check()
    row.get_by_role("button", name="Remove").click()
    expect(page.locator("tr", has_text="ben@office.example")).to_have_count(0)
    assert opened.complaints == []


@pytest.mark.long
def test_forms_of_other_pages_work_with_a_session(opened: Open, place: tuple[str, House]) -> None:
    url, house = place
    house.user("editor", "eve")
    page = opened.page
    opened.go(f"{url}/login?return_to=/goals")
    log_in(page, "eve")
    page.get_by_label("Name", exact=True).fill("in-a-browser")
    page.get_by_role("button", name="Make").click()
    expect(page.locator("tr", has_text="in-a-browser")).to_contain_text("eve")
    page.locator("tr", has_text="in-a-browser").get_by_role("button", name="Delete").click()
    expect(page.locator("tr", has_text="in-a-browser")).to_have_count(0)


@pytest.mark.parametrize(
    "path",
    ["/login", "/users", *(pytest.param(path, marks=pytest.mark.long) for path in ("/account", "/sessions", "/keys"))],
)
@pytest.mark.long
def test_the_pages_of_accounts_are_fit_for_everybody(opened: Open, place: tuple[str, House], path: str) -> None:
    url, house = place
    owner = house.session(house.user("owner", "ann"))
    house.gate.programs.make(COMMAND, Wanted(name="shop", scopes=("stats:read",)))
    if path != "/login":
        opened.page.context.add_cookies([{"name": "s", "value": owner.token, "url": url}])
    opened.go(url + path)
    assert opened.page.url == url + path
    look_at(opened.page)
    assert opened.complaints == []


@pytest.mark.parametrize("opened", [{**PHONE, "java_script_enabled": False}], indirect=True, ids=["no scripts"])
@pytest.mark.long
def test_without_scripts_somebody_comes_in_on_a_phone(opened: Open, place: tuple[str, House]) -> None:
    url, house = place
    house.user("owner", "ann")
    opened.go(f"{url}/login?return_to=/sessions")
    log_in(opened.page, "ann")
    opened.page.wait_for_url(f"{url}/sessions")
    expect(opened.page.locator("tbody tr")).to_have_count(1)
