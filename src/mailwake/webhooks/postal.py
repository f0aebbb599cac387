"""Postal.

Source: https://docs.postalserver.io/developer/webhooks (events and bodies). Signatures: RSA over the body, SHA-1 in
X-Postal-Signature and SHA-256 in X-Postal-Signature-256; the public key is at /.well-known/jwks.json, or what
`postal default-dkim-record` shows after `p=`.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call, Secrets
from mailwake.webhooks.fields import Fields, address_in, load_object, reply_in, status_in
from mailwake.webhooks.proofs import check_rsa, header
from mailwake.webhooks.told import SOFT, Told

TYPES: dict[str, tuple[EventType, str | None]] = {
    "MessageSent": (EventType.DELIVERED, None),
    "MessageDelayed": (EventType.DEFERRED, SOFT),
    # any 5xx, so only the words tell
    "MessageDeliveryFailed": (EventType.BOUNCED, None),
    # waits until somebody releases it
    "MessageHeld": (EventType.DEFERRED, None),
    "MessageBounced": (EventType.BOUNCED, None),
    "MessageLinkClicked": (EventType.CLICKED, None),
    "MessageLoaded": (EventType.OPENED, None),
}
#: The older form has no name of the event, only a status.
STATUSES = {
    "Sent": "MessageSent",
    "SoftFail": "MessageDelayed",
    "HardFail": "MessageDeliveryFailed",
    "Held": "MessageHeld",
    "Bounced": "MessageBounced",
}


def verify(call: Call, secrets: Secrets) -> None:
    """RSA over the body; the stronger of two signatures counts.

    Raises:
        Refused: it does not hold.
    """
    keys = [each.encode() for each in secrets.values]
    strong = call.headers.get("x-postal-signature-256", "")
    if strong:
        check_rsa(keys, strong, call.body, hashes.SHA256())
    else:
        check_rsa(keys, header(call, "X-Postal-Signature"), call.body, hashes.SHA1())  # noqa: S303 - Postal's choice


def read(call: Call) -> list[Told]:
    """The event; none for mail that came in, and for what concerns domains.

    Raises:
        Unreadable: it is no event on mail that was sent.
    """
    body = load_object(call.body)
    payload = body.part("payload")
    if "rcpt_to" in body and "message" in body:
        raise Unreadable("this is inbound mail, no event; point Postal's route elsewhere")
    message = payload.part("message") if "message" in payload else payload.part("original_message")
    if message.text("direction") == "incoming":
        return []
    return [_told(body, payload, message)]


def _told(body: Fields, payload: Fields, message: Fields) -> Told:
    name = body.text("event") or _name(payload)
    kind, category = TYPES.get(name, (EventType.UNKNOWN, None))
    words = payload.text("output", "details")
    return Told(
        type=kind,
        name=name,
        at=body.moment("timestamp") or payload.moment("timestamp"),
        id=body.text("uuid"),
        address=address_in(message.text("to")),
        message_id=message.text("id", "message_id"),
        # a bounce is a mail that came back; what it says is in its text, which is not here
        category=SOFT if name == "MessageBounced" else category,
        status=status_in(words),
        smtp=reply_in(words),
        diagnostic=words,
        is_final=kind is not EventType.DEFERRED,
        ip=payload.text("ip_address"),
        user_agent=payload.text("user_agent"),
        url=payload.text("url"),
        haystack=" ".join((payload.haystack("url"), message.haystack("tag", "headers"))),
    )


def _name(payload: Fields) -> str:
    if "status" in payload:
        return STATUSES.get(payload.text("status"), payload.text("status"))
    if "bounce" in payload:
        return "MessageBounced"
    return "MessageLinkClicked" if "url" in payload else ""
