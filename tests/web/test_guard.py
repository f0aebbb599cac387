"""What every answer carries, and whom the dashboard answers."""

import pytest
from tests.every import every
from tests.web.conftest import Asking

from mailwake.insight.stores import Stores
from mailwake.serving.guard import Guard, open_to_all
from mailwake.web.app import create_app

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

#: as browsers mark what a page of ours sends
OURS = {"Sec-Fetch-Site": "same-origin"}


def guard(host: str) -> Guard:
    async def app(*_: object) -> None: ...

    return Guard(app, host=host)


@every("path", ["/", "/campaigns/1", "/nowhere", "/api/campaigns", "/api/nowhere", "/static/own.css"])
def test_every_answer_forbids_scripts_frames_and_guessing_from_elsewhere(asking: Asking, path: str) -> None:
    headers = asking.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@every("path", ["/", "/campaigns/1", "/campaigns/1/people", "/api/campaigns/1/people", "/nowhere"])
def test_numbers_and_addresses_are_never_kept_by_a_cache(asking: Asking, path: str) -> None:
    assert asking.get(path).headers["cache-control"] == "no-store"


def test_no_answer_opens_the_api_to_other_origins(asking: Asking) -> None:
    response = asking.get("/api/campaigns", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers


def test_no_answer_sets_a_cookie(asking: Asking) -> None:
    assert "set-cookie" not in asking.get("/").headers


@every(
    "host",
    ["127.0.0.1", "127.0.0.1:8026", "localhost", "LOCALHOST:80", "localhost.", "[::1]", "[::1]:8026"],
)
def test_this_machines_own_names_are_answered(host: str) -> None:
    assert guard("127.0.0.1").knows(host)


@every(
    "host",
    [
        "evil.example",
        "evil.example:8026",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "192.0.2.7",
        "",
        ":8026",
        "[::1",
        "[::1]evil.example",
        "localhost:8026:9",
        "127.0.0.1:x",
        "local host",
    ],
)
def test_a_name_that_somebody_pointed_at_us_is_refused(host: str) -> None:
    assert not guard("127.0.0.1").knows(host)


def test_the_configured_name_is_answered_too() -> None:
    assert guard("dash.example.com").knows("dash.example.com:8026")
    assert not guard("dash.example.com").knows("other.example.com")


def test_listening_everywhere_answers_addresses_and_no_foreign_names() -> None:
    assert guard("0.0.0.0").knows("192.0.2.7:8026")
    assert guard("::").knows("[2001:db8::7]:8026")
    assert not guard("0.0.0.0").knows("evil.example")


def test_a_foreign_name_gets_no_data_and_is_told_what_to_use(asking: Asking) -> None:
    response = asking.get("/api/campaigns", headers={"Host": "evil.example"})
    assert response.status_code == 421
    assert "mailwake web" in response.text
    assert response.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(("host", "is_open"), [("127.0.0.1", False), ("localhost", False), ("::1", False)])
def test_loopback_is_closed_to_others(host: str, is_open: bool) -> None:
    assert open_to_all(host) is is_open


@every("host", ["0.0.0.0", "::", "", "192.0.2.7", "dash.example.com"])
def test_every_other_address_is_open_to_others(host: str) -> None:
    assert open_to_all(host)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_but_the_form_of_unsubscribes_changes_anything(asking: Asking, method: str) -> None:
    for path in ("/", "/campaigns/1", "/campaigns/1/people", "/status", "/api/campaigns", "/api/campaigns/1"):
        assert asking.get(path, method=method, headers=OURS).status_code == 405
    assert method == "POST" or asking.get("/unsubscribes", method=method, headers=OURS).status_code == 405


@every("method", ["POST", "PUT", "PATCH", "DELETE", "NONSENSE"])
@every(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1:8026.evil.example"},
        {"Origin": "http://evil.example@127.0.0.1:8026"},
        {"Origin": "127.0.0.1:8026"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8026"},
        {"Referer": "http://127.0.0.1:8026/unsubscribes"},
    ],
)
def test_what_no_page_of_ours_has_sent_changes_nothing(asking: Asking, method: str, headers: dict[str, str]) -> None:
    response = asking.get("/unsubscribes", method=method, headers=headers)
    assert response.status_code == 403
    assert response.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "http://127.0.0.1:8026"},
        {"Origin": "https://127.0.0.1:8026"},
    ],
    ids=["fetch metadata", "without an origin", "an old browser", "behind a proxy that ends TLS"],
)
def test_a_form_of_our_own_page_is_let_through(asking: Asking, headers: dict[str, str]) -> None:
    assert asking.get("/", method="POST", headers=headers).status_code == 405


def test_a_failure_inside_carries_the_headers_too(stores: Stores) -> None:
    class Broken:
        def ask(self, *_: object, **__: object) -> None:
            raise RuntimeError("secret detail")

    broken = Stores(state=stores.state, events=Broken(), zone=stores.zone)  # type: ignore[arg-type]  # a store that fails
    for path in ("/", "/api/campaigns"):
        response = Asking(create_app(broken)).get(path)
        assert response.status_code == 500
        assert "secret detail" not in response.text
        assert response.headers["content-security-policy"] == POLICY
