"""Calls as each ESP makes and signs them, with keys of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from tests.ingest.notices import HOST, KEYS

from mailwake.events import SECOND, Micros
from mailwake.tokens import TokenReader
from mailwake.webhooks.call import Call, Secrets

NOW = Micros(1_795_000_000 * SECOND)
SECRET = "s3cret-key"
URL = "https://hooks.example.com/webhooks/mandrill/main"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c3d.pem"
SVIX = "whsec_" + base64.b64encode(b"k" * 24).decode()
FORM = "application/x-www-form-urlencoded"


def call(body: bytes | object, *, content_type: str = "application/json", at: int = NOW, **headers: str) -> Call:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(
        method="POST", url=URL, body=raw, received_at=Micros(at), headers={"content-type": content_type, **named}
    )


def hmac_hex(content: bytes, key: str = SECRET) -> str:
    return hmac.new(key.encode(), content, hashlib.sha256).hexdigest()


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(key: Any) -> str:
    """The public half in one line, as ESPs show it."""
    raw: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


@cache
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(rsa_key().public_key())
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = made.serial_number(7).not_valid_before(start).not_valid_after(start + timedelta(days=900))
    return made.sign(rsa_key(), hashes.SHA256()).public_bytes(Encoding.PEM)


def sign_rsa(content: bytes, digest: hashes.HashAlgorithm) -> str:
    return base64.b64encode(rsa_key().sign(content, padding.PKCS1v15(), digest)).decode()


def sns(message: object, *, version: str = "2", topic: str = TOPIC, **more: str) -> dict[str, str]:
    """An SNS envelope, signed with our key."""
    envelope = {
        "Type": "Notification",
        "MessageId": hashlib.sha256(json.dumps(message).encode()).hexdigest()[:36],
        "TopicArn": topic,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-18T17:58:59.675Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **more,
    }
    names = ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope).encode()
    return {**envelope, "Signature": sign_rsa(text, hashes.SHA1() if version == "1" else hashes.SHA256())}


def _sendgrid(body: object, at: int) -> Call:
    raw, signed_at = json.dumps(body).encode(), str(at // SECOND)
    signature = base64.b64encode(ec_key().sign(signed_at.encode() + raw, ec.ECDSA(hashes.SHA256()))).decode()
    return call(
        raw,
        at=NOW,
        x_twilio_email_event_webhook_signature=signature,
        x_twilio_email_event_webhook_timestamp=signed_at,
    )


def _mailgun(body: object, at: int) -> Call:
    signed_at, token = str(at // SECOND), "t" * 50
    signature = {"timestamp": signed_at, "token": token, "signature": hmac_hex((signed_at + token).encode())}
    return call({"signature": signature, "event-data": body}, at=NOW)


def _resend(body: object, at: int) -> Call:
    raw, signed_at = json.dumps(body).encode(), str(at // SECOND)
    name = "msg_" + hashlib.sha256(raw).hexdigest()[:8]
    content = f"{name}.{signed_at}.".encode() + raw
    signature = base64.b64encode(hmac.digest(b"k" * 24, content, "sha256")).decode()
    return call(raw, at=NOW, svix_id=name, svix_timestamp=signed_at, svix_signature=f"v1,AAAA v1,{signature}")


def mandrill(events: object, *, key: str = SECRET, url: str = URL) -> Call:
    from urllib.parse import urlencode

    text = json.dumps(events)
    signed = hmac.digest(key.encode(), f"{url}mandrill_events{text}".encode(), "sha1")
    raw = urlencode({"mandrill_events": text}).encode()
    return call(raw, content_type=FORM, x_mandrill_signature=base64.b64encode(signed).decode())


def _unisender(body: object, _at: int) -> Call:
    assert isinstance(body, dict)
    raw = json.dumps({**body, "auth": "AUTH"}, separators=(",", ":")).encode()
    digest = hashlib.md5(raw.replace(b"AUTH", SECRET.encode())).hexdigest()
    return call(raw.replace(b"AUTH", digest.encode()))


def _basic(body: object, _at: int) -> Call:
    return call(body, authorization="Basic " + base64.b64encode(SECRET.encode()).decode())


def _hex(name: str) -> Callable[[object, int], Call]:
    def signed(body: object, _at: int) -> Call:
        raw = json.dumps(body).encode()
        made = call(raw)
        return replace(made, headers={**made.headers, name.replace("_", "-"): hmac_hex(raw)})

    return signed


def _postal(body: object, _at: int) -> Call:
    raw = json.dumps(body).encode()
    return call(raw, x_postal_signature=sign_rsa(raw, hashes.SHA1()))


#: How each signs a body at a time.
SIGNED: dict[str, Callable[[Any, int], Call]] = {
    "ses": lambda body, _at: call(sns(body)),
    "sendgrid": _sendgrid,
    "postmark": _basic,
    "mailgun": _mailgun,
    "sparkpost": _basic,
    "mailjet": _basic,
    "brevo": _basic,
    "mandrill": lambda body, _at: mandrill(body),
    "resend": _resend,
    "mailersend": _hex("signature"),
    "postal": _postal,
    "mailtrap": _hex("mailtrap_signature"),
    "unisender-go": _unisender,
}


def secrets(esp: str, *, other: bool = False) -> Secrets:
    """What the calls above are checked with; `other`: after an older one, which no longer signs."""
    right = {"sendgrid": public(ec_key()), "postal": public(rsa_key()), "resend": SVIX}.get(esp, SECRET)
    old = {
        "sendgrid": public(ec.generate_private_key(ec.SECP256R1())) if other else "",
        "postal": public(rsa.generate_private_key(public_exponent=65537, key_size=2048)) if other else "",
        "resend": "whsec_" + base64.b64encode(b"o" * 24).decode(),
    }.get(esp, "old")
    values = (old, right) if other else (right,)
    return Secrets(values=values, topic_arn=TOPIC, fetch=lambda _url: certificate())


ADDRESS = "ann@example.com"


def bounce(esp: str, *, address: str = ADDRESS, haystack: str = "", soft: bool = False) -> Any:
    """The body of one refusal, dead address or full mailbox."""
    words = "452 4.2.2 mailbox full" if soft else "550 5.1.1 no such user"
    time, iso = 1_794_990_000, "2026-11-18T10:00:00Z"
    name = "e2" if soft else "e1"
    bodies: dict[str, Any] = {
        "ses": {
            "notificationType": "Bounce",
            "mail": {
                "messageId": "m1",
                "destination": [address],
                "headers": [{"name": "List-Unsubscribe", "value": f"<{haystack}>"}],
            },
            "bounce": {
                "bounceType": "Transient" if soft else "Permanent",
                "bounceSubType": "General",
                "timestamp": iso,
                "feedbackId": "f1",
                "bouncedRecipients": [{"emailAddress": address, "status": words[4:9], "diagnosticCode": words}],
            },
        },
        "sendgrid": [
            {
                "event": "bounce",
                "email": address,
                "timestamp": time,
                "sg_event_id": name,
                "reason": words,
                "bounce_classification": "Mailbox Unavailable" if soft else "Invalid Address",
                "mailwake": haystack,
            }
        ],
        "postmark": {
            "RecordType": "Bounce",
            "ID": 2 if soft else 1,
            "Type": "SoftBounce" if soft else "HardBounce",
            "Email": address,
            "BouncedAt": iso,
            "Details": words,
            "Metadata": {"mailwake": haystack},
        },
        "mailgun": {
            "event": "failed",
            "severity": "temporary" if soft else "permanent",
            "reason": "bounce",
            "id": name,
            "timestamp": time,
            "recipient": address,
            "delivery-status": {"code": int(words[:3]), "message": words},
            "user-variables": {"mailwake": haystack},
        },
        "sparkpost": [
            {
                "msys": {
                    "message_event": {
                        "type": "bounce",
                        "bounce_class": "22" if soft else "10",
                        "event_id": name,
                        "timestamp": str(time),
                        "rcpt_to": address,
                        "raw_reason": words,
                        "rcpt_meta": {"mailwake": haystack},
                    }
                }
            }
        ],
        "mailjet": [
            {
                "event": "bounce",
                "time": time,
                "MessageID": 8 if soft else 7,
                "email": address,
                "hard_bounce": not soft,
                "error": "quota exceeded" if soft else "user unknown",
                "comment": words,
                "Payload": json.dumps({"mailwake": haystack}),
            }
        ],
        "brevo": {
            "event": "soft_bounce" if soft else "hard_bounce",
            "email": address,
            "ts_epoch": time * 1000,
            "message-id": "<m1>",
            "reason": words,
            "X-Mailin-custom": haystack,
        },
        "mandrill": [
            {
                "event": "soft_bounce" if soft else "hard_bounce",
                "ts": time,
                "_id": "m1",
                "msg": {"email": address, "diag": words, "metadata": {"mailwake": haystack}},
            }
        ],
        "resend": {
            "type": "email.bounced",
            "created_at": iso,
            "data": {
                "email_id": "m1",
                "to": [address],
                "bounce": {
                    "type": "Transient" if soft else "Permanent",
                    "subType": "General",
                    "diagnosticCode": [words],
                },
                "headers": [{"name": "List-Unsubscribe", "value": f"<{haystack}>"}],
            },
        },
        "mailersend": {
            "type": "activity.soft_bounced" if soft else "activity.hard_bounced",
            "data": {
                "id": name,
                "type": "soft_bounced" if soft else "hard_bounced",
                "created_at": iso,
                "email": {"message": {"id": "m1"}, "recipient": {"email": address}, "tags": [haystack]},
                "morph": {"object": "recipient_bounce", "reason": words},
            },
        },
        "postal": {
            "event": "MessageDelayed" if soft else "MessageDeliveryFailed",
            "timestamp": time,
            "uuid": name,
            "payload": {
                "message": {"id": 1, "to": address, "direction": "outgoing", "tag": haystack},
                "status": "SoftFail" if soft else "HardFail",
                "output": words,
            },
        },
        "mailtrap": {
            "events": [
                {
                    "event": "soft bounce" if soft else "bounce",
                    "timestamp": time,
                    "event_id": name,
                    "message_id": "m1",
                    "email": address,
                    "response": words,
                    "custom_variables": {"mailwake": haystack},
                }
            ]
        },
        "unisender-go": {
            "events_by_user": [
                {
                    "events": [
                        {
                            "event_name": "transactional_email_status",
                            "event_data": {
                                "job_id": "m1",
                                "status": "soft_bounced" if soft else "hard_bounced",
                                "email": address,
                                "event_time": "2026-11-18 10:00:00",
                                "metadata": {"mailwake": haystack},
                                "delivery_info": {
                                    "delivery_status": "err_mailbox_full" if soft else "err_user_unknown",
                                    "destination_response": words,
                                },
                            },
                        }
                    ]
                }
            ]
        },
    }
    return bodies[esp]


def reader() -> TokenReader:
    """Reads the tokens of `tests.ingest.notices`."""
    return TokenReader(KEYS, [HOST])
