"""Tokens are given for the right reasons alone."""

from __future__ import annotations

from typing import Any

import pytest
from emulators.salesforce.tests.conftest import INTEGRATION, Api, assertion, public_pem, signing_key

from salesforce_emulator import Emulator

NOW = 1795694400  # 2026-11-26T12:00:00Z, where the org's clock stands


def claims(**changed: Any) -> dict[str, Any]:
    return {"iss": "key", "sub": INTEGRATION, "aud": "https://login.salesforce.com", "exp": NOW + 120} | changed


def asked(api: Api, told: dict[str, Any], *, key: int = 0, alg: str = "RS256") -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion(signing_key(key), told, alg=alg),
    }
    answered = api.client.post("/services/oauth2/token", data=form)
    return answered.status_code, answered.json()


@pytest.fixture
def signed(api: Api) -> Api:
    api.order("app", client_id="key", certificate=public_pem(signing_key(0)), approved=[INTEGRATION])
    return api


def test_a_signed_assertion_gives_a_token_that_works(signed: Api) -> None:
    status, told = asked(signed, claims())
    assert (status, told["token_type"], told["instance_url"]) == (200, "Bearer", signed.emulator.url)
    assert signed.ask("GET", "/limits", headers={"Authorization": f"Bearer {told['access_token']}"}).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error", "description"),
    [
        ({"aud": "https://example.com"}, "invalid_grant", "audience is invalid"),
        ({"exp": NOW - 600}, "invalid_grant", "assertion is expired"),
        ({"exp": NOW + 3600}, "invalid_grant", "invalid assertion"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": "admin@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
    ],
)
def test_a_wrong_claim_gives_no_token(signed: Api, changed: dict[str, Any], error: str, description: str) -> None:
    assert asked(signed, claims(**changed)) == (400, {"error": error, "error_description": description})


def test_another_key_gives_no_token(signed: Api) -> None:
    assert asked(signed, claims(), key=1)[1]["error_description"] == "invalid assertion"


def test_another_algorithm_gives_no_token(signed: Api) -> None:
    assert asked(signed, claims(), alg="none")[1]["error_description"] == "invalid assertion"


def test_a_revoked_certificate_gives_no_token(signed: Api) -> None:
    signed.order("app", client_id="key", certificate=None, approved=[INTEGRATION])
    assert asked(signed, claims())[1]["error_description"] == "invalid assertion"


def test_the_clock_that_counts_is_the_orgs(signed: Api) -> None:
    signed.order("clock", advance=3600)
    assert asked(signed, claims())[0] == 400
    assert asked(signed, claims(exp=NOW + 3700))[0] == 200


def test_client_credentials_are_for_my_domain_and_need_a_user(api: Api) -> None:
    form = {"grant_type": "client_credentials", "client_id": f"app {INTEGRATION}", "client_secret": "secret"}

    def description(form: dict[str, str], host: str | None = None) -> str:
        answered = api.client.post("/services/oauth2/token", data=form, headers={"Host": host} if host else {})
        assert answered.status_code == 400
        return str(answered.json()["error_description"])

    assert description(form, "login.example.com") == "request not supported on this domain"
    assert description(form | {"client_secret": "other"}) == "invalid client credentials"
    api.order("app", client_id="bare", client_secret="secret")
    assert description(form | {"client_id": "bare"}) == "no client credentials user enabled"


def test_a_session_ends_by_time(api: Api) -> None:
    api.good("GET", "/limits")
    api.order("clock", advance=7300)
    assert api.refused(401, "GET", "/limits") == {
        "message": "Session expired or invalid",
        "errorCode": "INVALID_SESSION_ID",
    }


def test_a_session_ends_by_revocation(api: Api) -> None:
    assert api.client.post("/services/oauth2/revoke", data={"token": api.token}).status_code == 200
    assert api.refused(401, "GET", "/limits")["errorCode"] == "INVALID_SESSION_ID"


def test_an_inactive_user_has_no_session(api: Api) -> None:
    api.order("user", username=INTEGRATION, is_active=False)
    assert api.refused(401, "GET", "/limits")["errorCode"] == "INVALID_SESSION_ID"


def test_the_identity_url_says_who_asks(api: Api) -> None:
    told = api.good("GET", "/services/oauth2/userinfo")
    assert told["preferred_username"] == INTEGRATION
    assert api.client.get(told["sub"]).json()["username"] == INTEGRATION


def test_soap_passwords_are_not_offered(stray: Api) -> None:
    assert stray.client.post("/services/Soap/u/59.0", content=b"<login/>").status_code == 501
    assert stray.client.post("/services/oauth2/token", data={"grant_type": "password"}).status_code == 501
    assert len(stray.org.unknown) == 2


@pytest.mark.parametrize(
    ("version", "status"), [("30.0", 410), ("20.0", 410), ("69.0", 404), ("67.1", 404), ("31.0", 200), ("68.0", 200)]
)
def test_versions_come_and_go(api: Api, version: str, status: int) -> None:
    assert api.ask("GET", f"/services/data/v{version}/limits").status_code == status


def test_versions_have_their_seasons(emulator: Emulator) -> None:
    told = {each["version"]: each["label"] for each in Api(emulator).good("GET", "/services/data")}
    assert (told["31.0"], told["59.0"], told["67.0"], told["68.0"]) == (
        "Summer '14",
        "Winter '24",
        "Summer '26",
        "Winter '27",
    )


def test_tokens_of_a_seed_are_the_same_in_every_run() -> None:
    tokens = set()
    for _ in range(2):
        with Emulator() as one:
            tokens.add(Api(one).token)
    assert len(tokens) == 1
