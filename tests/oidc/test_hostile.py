"""AT-65: what a provider, or somebody between, may try; every one of it ends without an identity."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from tests.oidc.hostile import EC, RSA, Hostile, LogIn, running

from mailwake.errors import Unavailable, Untrusted
from mailwake.oidc.wire import MAX_BYTES, is_safe

OTHER = RSAKey.generate_key(2048, {"kid": "one"}, private=True)


@pytest.fixture
def provider() -> Iterator[Hostile]:
    with running() as made:
        yield made


def refused(login: LogIn, **answer: str) -> str:
    """The word of the refusal."""
    with pytest.raises(Untrusted) as caught:
        login.back(**answer)
    return caught.value.reason


def part(told: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def test_what_is_right_gets_through(provider: Hostile) -> None:
    for key, header in ((RSA, {}), (EC, {"alg": "ES256", "kid": "two"})):
        login = LogIn(provider.flow(), "/person?address=a@example.com")
        provider.codes.add("code")
        provider.sign(provider.claims(login.nonce), key, **header)
        identity, back_to = login.back()
        assert (identity.issuer, identity.subject, identity.email) == (provider.issuer, "ann-1", "Ann@Example.com")
        assert identity.groups == {"mail", "all"}
        assert back_to == "/person?address=a@example.com"


def test_the_code_goes_with_the_secret_of_the_browser_and_ours(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce))
    login.back()
    (form,) = provider.forms
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert (login.query["code_challenge"], login.query["code_challenge_method"]) == (challenge, "S256")
    assert 43 <= len(form["code_verifier"]) <= 128
    assert provider.authorization == ["Basic " + base64.b64encode(b"mailwake:s3cret").decode()]
    assert "client_secret" not in form


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"iss": "https://other.example"}, "issuer"),
        ({"iss": ...}, "issuer"),
        ({"aud": "somebody-else"}, "audience"),
        ({"aud": ...}, "audience"),
        ({"aud": ["mailwake", "other"]}, "audience"),
        ({"aud": ["mailwake", "other"], "azp": "other"}, "audience"),
        ({"azp": "other"}, "audience"),
        ({"aud": {"mailwake": 1}}, "audience"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": ...}, "nonce"),
        ({"nonce": ..., "nonce_supported": False}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": ...}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"exp": int(time.time()) - 3_600}, "expired"),
        ({"exp": ...}, "expired"),
        ({"exp": "tomorrow"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": ...}, "expired"),
        ({"iat": int(time.time()) + 3_600, "exp": int(time.time()) + 7_200}, "expired"),
        ({"iat": int(time.time()) - 3_600}, "expired"),
        ({"nbf": int(time.time()) + 3_600}, "expired"),
    ],
)
def test_claims_that_do_not_hold_are_refused(provider: Hostile, more: dict[str, Any], reason: str) -> None:
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce, **more))
    assert refused(login) == reason


def test_several_audiences_are_fine_where_we_are_the_party(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce, aud=["mailwake", "other"], azp="mailwake"))
    assert login.back()[0].subject == "ann-1"


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "", "HS256", "HS512", "PS256", "EdDSA", "RS1", 7, None])
def test_no_other_algorithm_is_looked_at(provider: Hostile, algorithm: object) -> None:
    login = LogIn(provider.flow())
    token = f"{part({'alg': algorithm, 'kid': 'one'})}.{part(provider.claims(login.nonce))}."
    provider.token = lambda: token
    assert refused(login) == "algorithm"


def test_a_public_key_used_as_a_shared_secret_signs_nothing(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    pem = RSA.as_pem(private=False)
    provider.sign(provider.claims(login.nonce), OctKey.import_key(base64.b64encode(pem)), alg="HS256")
    assert refused(login) == "algorithm"


def test_a_shared_secret_among_the_keys_is_no_key(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    secret = OctKey.generate_key(256, {"kid": "one"})
    provider.keys = [secret.as_dict(private=True)]
    provider.sign(provider.claims(login.nonce))
    assert refused(login) == "key"


@pytest.mark.parametrize("header", [{"alg": "ES256"}, {"kid": "two"}])
def test_a_key_of_another_kind_is_not_used(provider: Hostile, header: dict[str, str]) -> None:
    login = LogIn(provider.flow())
    told = {"alg": "RS256", "kid": "one", **header}
    token = f"{part(told)}.{part(provider.claims(login.nonce))}.{part('signature')}"
    provider.token = lambda: token
    assert refused(login) == "key"


def test_a_key_that_the_token_brings_along_is_nobodys(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    stranger = RSAKey.generate_key(2048, {"kid": "mine"}, private=True)
    told = {"alg": "RS256", "kid": "mine", "jwk": stranger.as_dict(private=False), "jku": f"{provider.url}/evil"}
    from joserfc import jwt
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    token = jwt.encode(told, provider.claims(login.nonce), stranger, registry=registry)
    provider.token = lambda: token
    assert refused(login) == "key"


def test_another_signature_and_changed_claims_are_refused(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce), OTHER)
    assert refused(login) == "signature"
    provider.codes.add("code")
    provider.sign(provider.claims(login.nonce))
    head, _, mac = provider.token().split(".")
    forged = f"{head}.{part(provider.claims(login.nonce, sub='eve'))}.{mac}"
    provider.token = lambda: forged
    assert refused(login) == "signature"


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "a.b.c", "..", 7, None, ["x"], "x" * 20_000, "é.b.c"])
def test_what_is_no_token_is_refused(provider: Hostile, token: object) -> None:
    login = LogIn(provider.flow())
    provider.token = lambda: token
    assert refused(login) == "token"


def test_the_state_of_another_browser_ends_no_log_in(provider: Hostile) -> None:
    flow = provider.flow()
    ours, theirs = LogIn(flow), LogIn(flow)
    provider.sign(provider.claims(theirs.nonce))
    assert refused(ours, state=theirs.query["state"]) == "state"
    for state in ("", "-", "é", "x" * 9_999):
        assert refused(ours, state=state) == "state"
    assert provider.forms == []


def test_a_cookie_that_we_did_not_sign_ends_no_log_in(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    told, mac = login.cookie.split(".")
    stranger = LogIn(provider.flow()).cookie.split(".")
    for cookie in ("", "x", ".", told, f"{told}.", f"{stranger[0]}.{mac}", f"{told}.{stranger[1]}", "é.é", f".{mac}"):
        login.cookie = cookie
        assert refused(login) == "state"
    assert provider.forms == []


def test_a_log_in_is_over_after_ten_minutes(provider: Hostile) -> None:
    now = time.time()
    flow = provider.flow(wall=lambda: now)
    login = LogIn(flow)
    provider.sign(provider.claims(login.nonce))
    now += 601
    assert refused(login) == "state"


def test_a_code_is_good_once(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce))
    login.back()
    assert refused(login) == "code"


@pytest.mark.parametrize("answer", [{"error": "access_denied"}, {"code": "-"}, {"code": ""}, {"code": "x" * 9_999}])
def test_what_the_provider_refuses_is_no_log_in(provider: Hostile, answer: dict[str, str]) -> None:
    assert refused(LogIn(provider.flow()), **answer) == "provider"
    assert provider.forms == []


def test_an_answer_of_another_provider_is_not_brought_to_this_one(provider: Hostile) -> None:
    assert refused(LogIn(provider.flow()), iss="https://other.example") == "issuer"
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    assert refused(LogIn(provider.flow())) == "issuer"
    assert provider.forms == []
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce))
    assert login.back(iss=provider.issuer)[0].subject == "ann-1"


@pytest.mark.parametrize("verified", [False, ..., "true", 1, None])
def test_an_address_that_nobody_vouches_for_is_none(provider: Hostile, verified: object) -> None:
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce, email_verified=verified))
    identity, _ = login.back()
    assert (identity.email, identity.email_verified) == ("", False)
    provider.codes.add("code")
    login = LogIn(provider.flow(domains=frozenset({"example.com"})))
    provider.sign(provider.claims(login.nonce, email_verified=verified))
    assert refused(login) == "domain"


@pytest.mark.parametrize(
    "email",
    ["eve@evil.example", "example.com", "@example.com", "", ..., 7, "a@sub.example.com", "a@example.com@evil.net"],
)
def test_other_domains_stay_out(provider: Hostile, email: object) -> None:
    login = LogIn(provider.flow(domains=frozenset({"example.com"})))
    provider.sign(provider.claims(login.nonce, email=email))
    assert refused(login) == ("domain")


def test_the_same_address_under_another_subject_is_somebody_else(provider: Hostile) -> None:
    found = []
    for subject in ("ann-1", "ann-2"):
        login = LogIn(provider.flow())
        provider.codes.add("code")
        provider.sign(provider.claims(login.nonce, sub=subject))
        found.append(login.back()[0])
    assert found[0].email == found[1].email
    assert (found[0].issuer, found[0].subject) != (found[1].issuer, found[1].subject)


def test_a_discovery_that_speaks_for_another_issuer_is_not_believed(provider: Hostile) -> None:
    provider.metadata = {"issuer": "https://login.example.com"}
    with pytest.raises(Unavailable, match=r"oidc\.issuer"):
        LogIn(provider.flow())


@pytest.mark.parametrize("door", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url", ["http://login.example.com/x", "ftp://127.0.0.1/", "https://", "javascript:alert(1)", None, 7]
)
def test_doors_that_others_could_listen_at_are_not_used(provider: Hostile, door: str, url: object) -> None:
    provider.metadata = {door: url}
    with pytest.raises(Unavailable):
        LogIn(provider.flow())


def test_a_new_key_is_asked_for_once_and_unknown_ones_not_all_day(provider: Hostile) -> None:
    now = 1_000.0
    flow = provider.flow(clock=lambda: now)

    def come(**header: str) -> LogIn:
        login = LogIn(flow)
        provider.codes.add("code")
        provider.sign(provider.claims(login.nonce), EC, alg="ES256", **header)
        return login

    provider.keys = [RSA.as_dict(private=False)]
    assert refused(come(kid="two")) == "key"
    provider.keys.append(EC.as_dict(private=False))
    for number in range(5):
        assert refused(come(kid=f"made up {number}")) == "key"
    assert provider.keys_asked == 1
    now += 31
    assert come(kid="two").back()[0].subject == "ann-1"
    come(kid="two").back()
    assert provider.keys_asked == 2


def test_a_token_without_a_key_name_needs_a_single_key(provider: Hostile) -> None:
    for extra, expected in (([], "ann-1"), ([OTHER.as_dict(private=False) | {"kid": "other"}], "key")):
        flow = provider.flow()
        login = LogIn(flow)
        provider.keys = [RSA.as_dict(private=False), *extra]
        provider.codes.add("code")
        provider.sign(provider.claims(login.nonce), kid="")
        assert (login.back()[0].subject if not extra else refused(login)) == expected


def test_broken_keys_hide_no_good_ones(provider: Hostile) -> None:
    good = provider.keys
    provider.keys = [7, {}, {"kty": "RSA", "kid": "one"}, {"kty": "EC", "crv": "P-0", "x": "", "y": ""}, *good]  # type: ignore[list-item]
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce))
    assert login.back()[0].subject == "ann-1"
    for keys in (None, "x", {"a": 1}):
        provider.keys = keys  # type: ignore[assignment]
        provider.codes.add("code")
        login = LogIn(provider.flow())
        provider.sign(provider.claims(login.nonce))
        assert refused(login) == "key"


def test_a_key_for_encryption_signs_nothing(provider: Hostile) -> None:
    provider.keys = [RSA.as_dict(private=False) | {"use": "enc"}]
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce))
    assert refused(login) == "key"


@pytest.mark.parametrize("status", [500, 502, 429, 301, 302, 307])
def test_a_provider_in_trouble_is_away_and_leads_nowhere_else(provider: Hostile, status: int) -> None:
    login = LogIn(provider.flow())
    provider.sign(provider.claims(login.nonce))
    provider.status = status
    with pytest.raises(Unavailable):
        login.back()
    assert provider.keys_asked == 0


def test_an_answer_without_end_is_cut(provider: Hostile) -> None:
    login = LogIn(provider.flow())
    provider.token = lambda: "x" * (MAX_BYTES + 1)
    with pytest.raises(Unavailable, match="too much"):
        login.back()


def test_hostile_groups_become_plain_names(provider: Hostile) -> None:
    for told, expected in (
        ("mail", {"mail"}),
        (["a", 7, None, {"x": 1}, "b" * 300], {"a"}),
        ({"mail": True}, set()),
        (..., set()),
        (7, set()),
    ):
        login = LogIn(provider.flow())
        provider.codes.add("code")
        provider.sign(provider.claims(login.nonce, groups=told))
        assert login.back()[0].groups == expected


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\/evil", "", "x", "/\n/evil", "/é", "/" * 600],
)
def test_nobody_is_led_to_another_place_afterwards(provider: Hostile, path: str) -> None:
    login = LogIn(provider.flow(), path)
    provider.sign(provider.claims(login.nonce))
    assert login.back()[1] == "/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://login.example.com/x", True),
        ("http://localhost:9000", True),
        ("http://127.0.0.1/", True),
        ("http://[::1]/", True),
        ("http://login.example.com", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost@evil.example", False),
        ("https://user@login.example.com", False),
        ("https://[", False),
        ("file:///etc/passwd", False),
    ],
)
def test_what_may_be_called(url: str, expected: bool) -> None:
    assert is_safe(url) is expected


def test_secrets_stand_in_no_picture_of_a_client(provider: Hostile) -> None:
    flow = provider.flow(secret="canary-secret")
    assert "canary" not in repr(flow)
    assert "canary" not in repr(vars(flow))
    assert isinstance(EC, ECKey)
