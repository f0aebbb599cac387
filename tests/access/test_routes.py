"""Every role against every route, and nobody's address in front of who may not know it (AT-62, AT-73)."""

import asyncio
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from tests.access.house import OURS, ROLES, Browser, House, house_over
from tests.web.conftest import HOSTILE

from mailwake.access.actors import NotAllowed
from mailwake.access.roles import REVEAL, may, permissions
from mailwake.access.routes import line_of, table
from mailwake.audit import routes as audit_routes
from mailwake.entrance import coming, managing
from mailwake.insight.stores import Stores
from mailwake.serving.entry import allowed, take_in
from mailwake.store.access.masked import pseudonym
from mailwake.web.api import guarded
from mailwake.web.app import ROUTERS

#: every route that there is, as the routers have it
ROUTES = sorted(
    {
        (method, route.path)
        for router in (*ROUTERS, audit_routes.router, coming.router, managing.router)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
)
#: what stands in the places of a path
PLACES = {
    "campaign": "2", "delivery": "3000000", "number": "1", "address": "dead0@gmail.com", "name": "Won", "rule": "none",
    "table": "people",
}  # fmt: skip
QUERY = {
    "/person": "?address=person1%40example.com",
    "/api/person": "?address=person1%40example.com",
    "/api/person/hour": "?address=person1%40example.com",
    "/api/export/{table}": "?campaign=2",
    "/api/pack": "?campaign=2",
    "/api/query": "?query=clicked",
    "/api/query/handles": "?query=clicked",
    "/query/people": "?query=clicked",
    "/query/people.csv": "?query=clicked",
    "/query/salesforce.csv": "?query=clicked",
    "/api/workflows/why": "?address=person1%40example.com",
}
#: routes that say no to some who may use them: for what they ask, not for who they are
ADDRESS = re.compile(r"(?:person|reader|dead|left|back|one|p)\d*(?:\.of\d)?(?:@|%40|=40)[\w.]+\.(?:com|example)")


def filled(path: str) -> str:
    for name, value in PLACES.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    assert [f"{method} {path}" for method, path in ROUTES if line_of(method, path) is None] == []
    known = {f"{method.lower()} {path}" for method, path in ROUTES}
    apart = {"get /api/export/campaigns", "get /api/export/links", "get /login/oidc", "get /login/oidc/callback"}
    assert set(table()) - known == apart


def test_a_router_that_does_not_ask_who_may_is_asked_for() -> None:
    """Routers that ask themselves are taken in as they are; no other gets by."""

    class Shut:
        def allow(self, *_given: object, **_named: object) -> None:
            raise NotAllowed("not you")

    forgetful, mindful = APIRouter(), guarded()
    for router, path in ((forgetful, "/forgetful"), (mindful, "/mindful")):
        router.add_api_route(path, lambda: "came in")
    app = FastAPI(dependencies=[Depends(allowed)])
    app.state.gate = Shut()
    for router in (forgetful, mindful):
        take_in(app, router)
    for path in ("/forgetful", "/mindful"):
        with pytest.raises(NotAllowed):
            asyncio.run(_asked(app, path))


async def _asked(app: FastAPI, path: str) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8026") as client:
        await client.get(path)


def test_every_line_needs_permissions_that_there_are() -> None:
    assert {each for line in table().values() for each in line.permissions} <= set(permissions())
    for role in ROLES:
        assert may(role) <= set(permissions())


def test_what_changes_something_is_never_public_but_for_the_log_in() -> None:
    assert [route for route, line in table().items() if line.is_public] == [
        *("get /login", "post /login", "get /login/oidc", "get /login/oidc/callback", "get /health")
    ]


@pytest.fixture(scope="module")
def full(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Browser]]:
    """A browser for each role."""
    with house_over(stores, tmp_path_factory.mktemp("access")) as house:
        yield {role: house.session(house.user(role)) for role in ROLES}


#: the two of whom everything is asked in the short run too
BOTH_ENDS = ("aggregates",)


@pytest.mark.parametrize(
    "role", [role if role in BOTH_ENDS else pytest.param(role, marks=pytest.mark.long) for role in ROLES]
)
def test_a_role_reaches_what_the_table_gives_it_and_nothing_else(full: dict[str, Browser], role: str) -> None:
    """Only whether it is let in is looked at; what an empty form is told is another matter."""
    browser, wrong = full[role], []
    for method, path in ROUTES:
        line = line_of(method, path)
        assert line is not None
        if path in ("/logout", "/sessions", "/login") or "export" in path or line.exports:
            continue
        allowed = set(line.permissions) <= may(role)
        asked = filled(path) + QUERY.get(path, "")
        response = browser.get(asked) if method == "GET" else browser.post(asked, method=method)
        refused = response.status_code == 403
        by_address = "address" in asked + path and REVEAL not in may(role)
        if refused == allowed and not (refused and by_address):
            wrong.append(f"{method} {asked}: {response.status_code}")
    assert wrong == []


@pytest.mark.parametrize(
    "role",
    [
        role if role == "viewer" else pytest.param(role, marks=pytest.mark.long)
        for role in ROLES
        if role not in BOTH_ENDS
    ],
)
def test_a_role_is_refused_what_the_table_does_not_give_it(full: dict[str, Browser], role: str) -> None:
    """What it may reach is asked of all of them in the long run: pages cost more than refusals."""
    for method, path in ROUTES:
        line = line_of(method, path)
        assert line is not None
        if not set(line.permissions) <= may(role):
            asked = filled(path) + QUERY.get(path, "")
            response = full[role].get(asked) if method == "GET" else full[role].post(asked, method=method)
            assert response.status_code == 403, f"{method} {asked}"


@pytest.mark.parametrize(
    "role",
    [
        role if role == "aggregates" else pytest.param(role, marks=pytest.mark.long)
        for role in ROLES
        if REVEAL not in may(role)
    ],
)
def test_no_answer_shows_an_address_to_whoever_may_not_know_people(full: dict[str, Browser], role: str) -> None:
    """Every page and every answer of the API, lists and copies of hostile campaigns too."""
    browser, found, seen = full[role], [], 0
    for method, path in ROUTES:
        if method != "GET" or path in ("/login", "/api/pack", "/api/snapshot"):
            continue
        there = (("1", "1000000"), ("2", "2000004"), ("3", "3000000"))
        of_each = [path.replace("{campaign}", campaign).replace("{delivery}", delivery) for campaign, delivery in there]
        for asked in dict.fromkeys(of_each):  # one that is of no campaign is asked for once
            response = browser.get(filled(asked) + QUERY.get(path, ""))
            seen += response.status_code == 200
            found += [f"{asked}: {each}" for each in ADDRESS.findall(response.text) if "address=person1" not in asked]
    assert seen > 2
    assert found == []


class Markup(HTMLParser):
    """What would run, load or lead somewhere on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in ("img", "iframe", "object", "embed", "base", "meta", "link", "script"):
            target = told.get("src") or told.get("href") or ""
            is_ours = target.startswith("/") and not target.startswith("//")
            if not is_ours and not (tag == "meta" and "http-equiv" not in told):
                self.found.append(f"<{tag} {told}>")
        self.found += [f"{name}={value}" for name, value in attrs if name.startswith("on")]
        if (
            (told.get("href") or told.get("action") or "")
            .strip()
            .lower()
            .startswith(("javascript:", "data:", "vbscript:"))
        ):
            self.found.append(f"<{tag} {told}>")


@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.long)], ids=["pages", "all"])
def test_nothing_that_strangers_wrote_becomes_markup_on_any_page(full: dict[str, Browser], is_whole: bool) -> None:
    """AT-59: campaigns, links, subjects, reasons, names and drafts are hostile in every text."""
    pages = 0
    for method, path in ROUTES:
        if method == "GET" and (is_whole or not path.startswith("/api/")):
            answer = full["owner"].get(filled(path) + QUERY.get(path, ""))
            if answer.headers.get("content-type", "").startswith("text/html"):
                pages += 1
                assert Markup(answer.text).found == [], path
    assert pages > 40
    assert Markup("<img src=x onerror=alert(1)>").found


def test_the_crawl_would_find_addresses(full: dict[str, Browser]) -> None:
    """Who may know people is shown them, so an empty search above means something."""
    for path in ("/campaigns/2/people", "/campaigns/3/links/1/people", "/suppressions", "/api/campaigns/2/people"):
        assert ADDRESS.search(full["owner"].get(path).text), path
        assert full["viewer"].get(path).status_code == (403 if path == "/suppressions" else 200)


def test_pseudonyms_are_the_same_on_every_page_and_lead_to_the_person(full: dict[str, Browser], stores: Stores) -> None:
    (handle,) = stores.state.known_handles(["reader3.of1@example.com"]).values()
    name = pseudonym(handle)
    rows = full["viewer"].get("/api/campaigns/2/people?page_size=200").json()["people"]
    assert name in [row["address"] for row in rows]
    assert full["analyst"].get(f"/api/person?address={name}").json()["address"] == name
    assert name in full["analyst"].get(f"/person?address={name}").text


@pytest.mark.parametrize("path", ["/person", "/api/person"])
def test_nobody_is_looked_up_by_address_without_people_read(full: dict[str, Browser], path: str) -> None:
    assert full["viewer"].get(f"{path}?address=person1%40example.com").status_code == 403
    there, not_there = (full["analyst"].get(f"{path}?address={who}%40example.com") for who in ("person1", "nobody99"))
    assert there.status_code == not_there.status_code == 403
    assert there.text == not_there.text
    assert full["editor"].get(f"{path}?address=person1%40example.com").status_code == 200


@pytest.mark.parametrize("path", ["/campaigns/2/people.csv", "/segments/Clicked%20once/people.csv", "/calls.csv"])
def test_lists_of_people_leave_as_files_for_few(full: dict[str, Browser], path: str) -> None:
    assert [full[role].get(path).status_code for role in ("viewer", "analyst", "aggregates", "auditor")] == [403] * 4


def test_who_sees_people_leaves_a_line_that_names_no_address(stores: Stores, house: House) -> None:
    editor = house.session(house.user("editor"))
    assert editor.get("/person?address=person1%40example.com").status_code == 200
    assert editor.get("/campaigns/2/people").status_code == 200
    (handle,) = stores.state.known_handles(["person1@example.com"]).values()
    read = [act for act in house.notes.acts if act.action == "people.read"]
    assert [act.object for act in read] == [f"person {pseudonym(handle)}", "people /campaigns/{campaign}/people 2"]
    assert {act.actor.name for act in read} == {"editor@office.example"}


def test_a_denial_is_taken_down(house: House) -> None:
    assert house.session(house.user("viewer")).get("/suppressions").status_code == 403
    last = house.notes.acts[-1]
    assert (last.action, last.object, last.outcome) == ("route", "route GET /suppressions", "denied")


def test_what_was_kept_for_somebody_who_knows_people_is_not_given_to_others(full: dict[str, Browser]) -> None:
    """Answers are kept a while, and handed to whoever asks next."""
    for path in ("/campaigns/3", "/deliverability", "/", "/bounces", "/campaigns/3/bounces"):
        assert full["owner"].get(path).status_code == 200
        assert not ADDRESS.search(full["viewer"].get(path).text), path


@pytest.mark.long
def test_navigation_leads_nobody_to_a_refusal(full: dict[str, Browser]) -> None:
    for role, browser in full.items():
        page = browser.get("/account").text
        links = re.findall(r'<a href="(/[a-z]*)"', page.partition("</nav>")[0].partition("<nav")[2])
        assert [path for path in links[1:] if browser.get(path).status_code == 403] == [], role
    assert HOSTILE not in page


def test_a_route_without_a_line_is_answered_to_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = house.session(house.user("owner"))
    assert owner.get("/timing").status_code == 200
    monkeypatch.delitem(table(), "get /timing")
    assert owner.get("/timing").status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/api/campaigns", "/nowhere", "/users"])
def test_without_a_session_there_is_the_log_in_and_nothing_else(house: House, path: str, method: str) -> None:
    response = house.asking.get(path, method=method, headers=OURS)
    if path.startswith("/api/"):
        assert response.status_code == 401
        assert response.json()["error"].startswith("show a key")
    else:
        assert response.status_code == 303
        assert response.headers["location"].startswith("/login")


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_ids_of_nothing_are_answered_alike_whatever_they_are(full: dict[str, Browser], role: str) -> None:
    """AT-61: an installation is one tenant; nobody learns from an answer which of other people's numbers exist."""
    asked = 0
    for method, path in ROUTES:
        line = line_of(method, path)
        if method != "GET" or line is None or line.exports or not re.search(r"{(?:campaign|delivery)}", path):
            continue
        told = set()
        for stranger in ("4000000000001", "4000000000002"):
            place = path.replace("{campaign}", stranger).replace("{delivery}", stranger)
            response = full[role].get(filled(place) + QUERY.get(path, ""))
            told.add((response.status_code, response.text.replace(stranger, "…")))
        assert len(told) == 1, path
        ((status, _),) = told
        assert status in ({404, 403} if role == "viewer" else {404}), path
        asked += 1
    assert asked > 15
