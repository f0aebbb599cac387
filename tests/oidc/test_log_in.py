"""A browser's way through a real provider on loopback and back, over sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx2
import oidc_provider_mock
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from tests.conftest import KEY
from tests.every import every

from mailwake.errors import Misconfigured, Unavailable
from mailwake.oidc.checking import Identity
from mailwake.oidc.opening import flow_of
from mailwake.oidc.routes import CALLBACK, router_of
from mailwake.settings import parse
from mailwake.tokens import format_key

#: the provider's own words to its authors
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ANN = {"email": "ann@example.com", "email_verified": True, "groups": ["mail-admins"]}
EVE = {"email": "eve@evil.example", "email_verified": True}


@dataclass
class House:
    """A dashboard with nothing but the log-in, and a real provider."""

    url: str
    provider: str
    arrived: list[Identity] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def browser(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, trust_env=False, timeout=20)

    def out(self, browser: httpx2.Client, path: str = "/login/oidc?next=/timing") -> str:
        """To the provider; where it wants the browser."""
        answer = browser.get(path)
        assert answer.status_code == 303
        return answer.headers["location"]

    def consent(self, where: str, who: str) -> str:
        """Ann says there who she is; where she is sent to."""
        answer = httpx2.post(where, data={"sub": who}, trust_env=False, timeout=20)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def on_login(self, identity: Identity, _: Request, back_to: str) -> Response:
        self.arrived.append(identity)
        return RedirectResponse(back_to, status_code=303)

    def on_refusal(self, reason: str, _: Request) -> Response:
        self.refused.append(reason)
        return PlainTextResponse("not let in\n", status_code=403)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    users = [oidc_provider_mock.User(sub="ann", claims=ANN), oidc_provider_mock.User(sub="eve", claims=EVE)]
    with oidc_provider_mock.run_server_in_thread(require_nonce=True, user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def house(provider: str, tmp_path: Path) -> Iterator[House]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    (tmp_path / "keys").write_text(format_key(1, KEY, date(2026, 12, 1)))
    (tmp_path / "secret").write_text("s3cret")
    oidc = {"issuer": provider, "client_id": "mailwake", "client_secret": "file:secret", "domains": ["Example.com"]}
    settings = parse({"keys": {"ref": "file:keys"}, "oidc": oidc}, root=tmp_path)
    built = House(url, provider)
    flow = flow_of(settings, public_url=url)
    assert flow is not None
    app = FastAPI()
    app.include_router(router_of(flow, on_login=built.on_login, on_refusal=built.on_refusal))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield built
    server.should_exit = True
    thread.join()
    listener.close()


def test_somebody_whom_the_provider_knows_comes_in_and_where_they_wanted(house: House) -> None:
    with house.browser() as browser:
        back = house.consent(house.out(browser), "ann")
        assert back.startswith(house.url + CALLBACK)
        answer = browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/timing")
    (identity,) = house.arrived
    assert (identity.issuer, identity.subject) == (house.provider, "ann")
    assert (identity.email, identity.email_verified) == ("ann@example.com", True)
    assert identity.groups == {"mail-admins"}


def test_the_cookie_is_for_this_log_in_alone(house: House) -> None:
    with house.browser() as browser:
        answer = browser.get("/login/oidc")
        told = answer.headers["set-cookie"].lower()
        assert "httponly" in told
        assert "samesite=lax" in told
        assert "max-age=600" in told
        back = house.consent(answer.headers["location"], "ann")
        browser.get(back)
        assert not browser.cookies
        assert browser.get(back).status_code == 403
    assert house.refused == ["state"]
    assert len(house.arrived) == 1


def test_the_same_answer_of_the_provider_is_good_once_even_with_the_cookie(house: House) -> None:
    with house.browser() as browser:
        back = house.consent(house.out(browser), "ann")
        kept = dict(browser.cookies)
        browser.get(back)
        browser.cookies.update(kept)
        assert browser.get(back).status_code == 403
    assert house.refused == ["code"]


def test_another_browser_cannot_end_what_this_one_began(house: House) -> None:
    """Eve sends Ann a link that would log Ann in as Eve."""
    with house.browser() as eve, house.browser() as ann:
        back = house.consent(house.out(eve), "eve")
        house.out(ann)
        assert ann.get(back).status_code == 403
    with house.browser() as nobody:
        assert nobody.get(back).status_code == 403
    assert house.refused == ["state", "state"]
    assert house.arrived == []


def test_other_domains_and_those_who_change_their_mind_stay_out(house: House) -> None:
    with house.browser() as browser:
        assert browser.get(house.consent(house.out(browser), "eve")).status_code == 403
        where = house.out(browser)
        denied = httpx2.post(where, data={"sub": "ann", "action": "deny"}, trust_env=False, timeout=20)
        assert browser.get(denied.headers["location"]).status_code == 403
    assert house.refused == [
        "domain",
        "state",
    ]  # with its refusal this provider does not say to which log-in it belongs


def test_what_is_said_twice_is_not_chosen_from(house: House) -> None:
    with house.browser() as browser:
        back = house.consent(house.out(browser), "ann")
        assert browser.get(back + "&state=x").status_code == 403
    assert house.refused == ["state"]


@every(
    ("oidc", "option"),
    [
        ({"client_id": ""}, "oidc.client_id"),
        ({"issuer": "http://login.example.com"}, "oidc.issuer"),
        ({"scopes": ["email"]}, "oidc.scopes"),
        ({"client_secret": "env:NOBODY_SETS_THIS"}, "oidc.client_secret"),
        ({"token_url": "https://login.example.com/token"}, "oidc.authorization_url"),
    ],
)
def test_settings_that_cannot_be_name_their_option(tmp_path: Path, oidc: dict[str, object], option: str) -> None:
    told = {"issuer": "https://login.example.com", "client_id": "mailwake", **oidc}
    with pytest.raises(Misconfigured) as caught:
        flow_of(parse({"oidc": told}, root=tmp_path), public_url="https://mail.example.com")
    assert caught.value.option == option


def test_without_a_provider_there_is_no_log_in_by_one(tmp_path: Path) -> None:
    assert flow_of(parse({}, root=tmp_path), public_url="https://mail.example.com") is None


def test_doors_that_the_settings_name_are_used_without_asking(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(format_key(1, KEY, date(2026, 12, 1)))
    doors = {f"{name}_url": f"https://login.example.com/{name}" for name in ("authorization", "token", "keys")}
    told = {"issuer": "https://login.example.com", "client_id": "mailwake", **doors}
    flow = flow_of(parse({"keys": {"ref": "file:keys"}, "oidc": told}, root=tmp_path), public_url="https://m.example")
    assert flow is not None
    uri, _ = flow.begin()
    assert uri.startswith("https://login.example.com/authorization?")
    assert flow.cookie == "__Host-oidc"


def test_a_provider_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(format_key(1, KEY, date(2026, 12, 1)))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = {"issuer": f"http://127.0.0.1:{port}", "client_id": "mailwake"}
    flow = flow_of(parse({"keys": {"ref": "file:keys"}, "oidc": told}, root=tmp_path), public_url="https://m.example")
    assert flow is not None
    with pytest.raises(Unavailable, match="does not answer"):
        flow.begin()
