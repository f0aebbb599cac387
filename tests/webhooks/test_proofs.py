"""Only who proves it may report: each ESP's own way, and what forgers try."""

import base64
import json
from dataclasses import replace

import pytest
from tests.every import every
from tests.webhooks.calls import (
    CERTIFICATE_URL,
    NOW,
    SECRET,
    SIGNED,
    TOPIC,
    URL,
    bounce,
    call,
    certificate,
    mandrill,
    secrets,
    sns,
)

from mailwake.events import SECOND
from mailwake.webhooks.call import Call, Refused, Secrets
from mailwake.webhooks.esps import ESPS
from mailwake.webhooks.sns import CERTIFICATE_URL as PATTERN

ALL = sorted(ESPS)
BASIC = ("postmark", "sparkpost", "mailjet", "brevo")
TIMED = ("sendgrid", "mailgun", "resend")


def verify(esp: str, made: Call, known: Secrets | None = None) -> None:
    ESPS[esp].verify(made, secrets(esp) if known is None else known)


def refusal(esp: str, made: Call, known: Secrets | None = None) -> str:
    with pytest.raises(Refused) as caught:
        verify(esp, made, known)
    assert SECRET not in str(caught.value)
    return caught.value.reason


def test_every_esp_has_a_signer_here() -> None:
    assert set(SIGNED) == set(ESPS)
    assert len(ESPS) == 13


@every("esp", ALL)
def test_a_genuine_call_is_taken_and_read(esp: str) -> None:
    made = SIGNED[esp](bounce(esp), NOW)
    verify(esp, made)
    assert len(ESPS[esp].read(made)) == 1


@every("esp", ALL)
def test_an_older_secret_beside_the_new_one_does_no_harm(esp: str) -> None:
    verify(esp, SIGNED[esp](bounce(esp), NOW), secrets(esp, other=True))


@every("esp", [esp for esp in ALL if esp not in (*BASIC, "mailgun")])
def test_one_altered_byte_is_noticed(esp: str) -> None:
    made = SIGNED[esp](bounce(esp), NOW)
    body = made.body.replace(b"ann", b"bob")
    assert body != made.body
    assert refusal(esp, replace(made, body=body)) in ("signature", "form")


@every("esp", ALL)
def test_without_its_proof_a_call_is_refused(esp: str) -> None:
    made = SIGNED[esp](bounce(esp), NOW)
    body = made.body if esp not in ("mailgun", "unisender-go") else b"{}"
    body = body.replace(b'"Signature": ', b'"Nothing": ')
    bare = replace(made, headers={"content-type": made.headers["content-type"]}, body=body)
    assert refusal(esp, bare) == "missing"


@every("esp", [esp for esp in ALL if esp != "ses"])
def test_another_secret_is_refused(esp: str) -> None:
    old = Secrets(values=secrets(esp, other=True).values[:1])
    assert refusal(esp, SIGNED[esp](bounce(esp), NOW), old) == "signature"


@every("esp", [esp for esp in ALL if esp != "ses"])
def test_without_any_secret_nobody_gets_in(esp: str) -> None:
    assert refusal(esp, SIGNED[esp](bounce(esp), NOW), Secrets()) == "signature"


@every("esp", TIMED)
@every("seconds", [-301, 301, -86_400])
def test_a_replay_after_five_minutes_is_refused(esp: str, seconds: int) -> None:
    assert refusal(esp, SIGNED[esp](bounce(esp), NOW + seconds * SECOND)) == "stale"


@pytest.mark.parametrize("esp", TIMED)
def test_clocks_may_differ_by_less(esp: str) -> None:
    verify(esp, SIGNED[esp](bounce(esp), NOW - 290 * SECOND))


@every("esp", BASIC)
@every(
    "headers",
    [
        {"authorization": f"Bearer {SECRET}"},
        {"x-mailwake-token": SECRET},
        {"authorization": "basic " + base64.b64encode(SECRET.encode()).decode()},
    ],
)
def test_a_token_serves_where_nothing_is_signed(esp: str, headers: dict[str, str]) -> None:
    made = call(bounce(esp))
    verify(esp, replace(made, headers={**made.headers, **headers}))


@every("esp", BASIC)
@every("value", ["Basic", "Basic ?", "Basic " + base64.b64encode(b"\xff").decode(), "Digest x", "é"])
def test_a_broken_password_is_refused(esp: str, value: str) -> None:
    assert refusal(esp, call(bounce(esp), authorization=value)) in ("missing", "signature")


@pytest.mark.parametrize(
    ("peer", "ok"), [("192.0.2.7", True), ("198.51.100.1", False), ("", False), ("nonsense", False)]
)
def test_named_networks_are_the_only_ones(peer: str, ok: bool) -> None:
    known = replace(secrets("postmark"), networks=("192.0.2.0/24",))
    made = replace(SIGNED["postmark"](bounce("postmark"), NOW), peer=peer)
    if ok:
        verify("postmark", made, known)
    else:
        assert refusal("postmark", made, known) == "source"


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_signatures_of_sns_are_checked(version: str) -> None:
    envelope = sns(bounce("ses"), version=version)
    verify("ses", call(envelope))
    assert refusal("ses", call({**envelope, "Message": envelope["Message"] + " "})) == "signature"
    assert refusal("ses", call({**envelope, "SignatureVersion": "12"[version == "1"]})) == "signature"


def test_another_topic_is_refused_however_well_it_is_signed() -> None:
    assert refusal("ses", call(sns(bounce("ses"), topic=TOPIC + "x"))) == "source"
    assert refusal("ses", call(sns(bounce("ses"))), replace(secrets("ses"), topic_arn="")) == "source"


@every(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
        "https://evil.example/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem?x=1",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem#x",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.crt",
        "https://sns.eu-west-1.amazonaws.com/a/../SimpleNotificationService-0a.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0a.pem",
        "",
    ],
)
def test_a_certificate_comes_from_amazon_or_is_not_fetched(url: str) -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return certificate()

    known = replace(secrets("ses"), fetch=fetch)
    assert refusal("ses", call({**sns(bounce("ses")), "SigningCertURL": url}), known) == "source"
    assert asked == []


def test_the_regions_of_china_and_of_governments_are_amazon_too() -> None:
    assert PATTERN.fullmatch(CERTIFICATE_URL)
    for host in (
        "sns.cn-north-1.amazonaws.com.cn",
        "sns.us-gov-west-1.amazonaws.com",
        "sns.ap-southeast-2.amazonaws.com",
    ):
        assert PATTERN.fullmatch(f"https://{host}/SimpleNotificationService-{'a' * 32}.pem")


@pytest.mark.parametrize("pem", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"])
def test_a_certificate_that_is_none_is_refused(pem: bytes) -> None:
    assert refusal("ses", call(sns(bounce("ses"))), replace(secrets("ses"), fetch=lambda _: pem)) == "setup"


def test_header_and_body_of_sns_have_to_agree() -> None:
    assert refusal("ses", call(sns(bounce("ses")), x_amz_sns_message_type="SubscriptionConfirmation")) == "form"
    assert refusal("ses", call(sns(bounce("ses")), x_amz_sns_message_id="another")) == "form"


def test_mandrill_signs_the_public_url() -> None:
    assert refusal("mandrill", replace(mandrill(bounce("mandrill")), url=URL + "/")) == "signature"


def test_the_first_test_of_mandrill_is_taken_and_says_nothing() -> None:
    first = mandrill([], key="test-webhook")
    verify("mandrill", first)
    assert ESPS["mandrill"].read(first) == []


def test_the_key_of_that_test_opens_nothing_else() -> None:
    assert refusal("mandrill", mandrill(bounce("mandrill"), key="test-webhook")) == "signature"


def test_a_second_auth_in_the_body_does_not_hide_a_forgery() -> None:
    made = SIGNED["unisender-go"](bounce("unisender-go"), NOW)
    doubled = made.body[:-1] + b',"auth":"' + b"0" * 32 + b'"}'
    assert refusal("unisender-go", replace(made, body=doubled)) == "missing"


@every("esp", ["sendgrid", "postal", "resend"])
@every("signature", ["", "?", "AAAA", "v1,", "é", "A" * 5_000])
def test_a_broken_signature_is_refused(esp: str, signature: str) -> None:
    made = SIGNED[esp](bounce(esp), NOW)
    name = next(name for name in made.headers if name.endswith("signature"))
    assert refusal(esp, replace(made, headers={**made.headers, name: signature})) in ("signature", "missing", "form")


@pytest.mark.parametrize("esp", ["sendgrid", "postal"])
@pytest.mark.parametrize("key", ["nonsense", "AAAA"])
def test_a_key_that_is_none_is_the_operators_to_mend(esp: str, key: str) -> None:
    assert refusal(esp, SIGNED[esp](bounce(esp), NOW), Secrets(values=(key,))) == "setup"


def test_what_is_secret_hides_itself() -> None:
    made = SIGNED["postmark"](bounce("postmark"), NOW)
    assert SECRET not in repr(secrets("postmark"))
    assert "ann@example.com" not in repr(made)
    assert "authorization" not in repr(made)
    assert "ann@example.com" not in repr(ESPS["postmark"].read(made))
    assert json.loads(made.body)


@every(("signed", "told"), [("1", "2"), ("2", "1"), ("2", "0"), ("2", ""), ("2", "none")])
def test_a_signature_of_sns_holds_for_the_version_it_was_made_in_alone(signed: str, told: str) -> None:
    """AT-46: nobody can say that a weaker digest was meant."""
    envelope = {**sns(bounce("ses"), version=signed), "SignatureVersion": told}
    assert refusal("ses", call(envelope)) in ("signature", "missing")
