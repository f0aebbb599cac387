"""Resend.

Source: https://resend.com/docs/webhooks/event-types (events) and https://resend.com/docs/webhooks/emails/bounced
(bounces, with the types of SES); signature: https://docs.svix.com/receiving/verifying-payloads/how-manual
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call, Secrets
from mailwake.webhooks.fields import Fields, address_in, load_object, moment, reply_in, status_in
from mailwake.webhooks.proofs import check_age, check_any, header, hmac_base64, unbase64
from mailwake.webhooks.ses import BOUNCES
from mailwake.webhooks.told import HARD, LISTED, SOFT, Told

TYPES: dict[str, tuple[EventType, str | None]] = {
    "email.sent": (EventType.SENT, None),
    "email.scheduled": (EventType.UNKNOWN, None),
    "email.delivered": (EventType.DELIVERED, None),
    "email.delivery_delayed": (EventType.DEFERRED, SOFT),
    "email.bounced": (EventType.BOUNCED, None),
    "email.complained": (EventType.COMPLAINED, None),
    "email.failed": (EventType.FAILED, None),
    "email.suppressed": (EventType.REJECTED, LISTED),
    "email.opened": (EventType.OPENED, None),
    "email.clicked": (EventType.CLICKED, None),
}


def verify(call: Call, secrets: Secrets) -> None:
    """HMAC over id, signed time and body; of several signatures one has to hold.

    Raises:
        Refused: none does, or the time is older than five minutes.
    """
    name, signed_at, signatures = (header(call, f"svix-{each}") for each in ("id", "timestamp", "signature"))
    keys = [unbase64(each.removeprefix("whsec_")) for each in secrets.values]
    content = f"{name}.{signed_at}.".encode() + call.body
    given = [each.removeprefix("v1,") for each in signatures.split()[:8] if each.startswith("v1,")]
    wanted = [hmac_base64(key, content) for key in keys]
    check_any(next((each for each in given if each in wanted), " ".join(given)), wanted, "the signature")
    check_age(moment(signed_at), call)


def read(call: Call) -> list[Told]:
    """The event; none for what concerns domains.

    Raises:
        Unreadable: it is no event on mail that was sent.
    """
    body = load_object(call.body)
    name, data = body.text("type"), body.part("data")
    if name in ("email.received", "email.inbound"):
        raise Unreadable("this is inbound mail, no event; do not select email.received for this webhook")
    if name.startswith(("contact.", "domain.")):
        return _contact(call, body, data) if name == "contact.updated" and data.says("unsubscribed") else []
    kind, category = TYPES.get(name, (EventType.UNKNOWN, None))
    bounce = data.part("bounce")
    said = " ".join(bounce.texts("diagnosticCode")) or bounce.text("diagnosticCode")
    words = (
        said or bounce.text("message") or data.part("failed").text("reason") or data.part("suppressed").text("message")
    )
    part = data.part("click") if name == "email.clicked" else data.part("open")
    to = data.texts("to")
    return [
        Told(
            type=kind,
            name=name,
            at=body.moment("created_at"),
            id=call.headers.get("svix-id", ""),
            address=address_in(to[0]) if to else "",
            message_id=data.text("email_id"),
            category=_bounce(bounce) if name == "email.bounced" else category,
            status=status_in(said),
            smtp=reply_in(said),
            diagnostic=words,
            is_final=kind is not EventType.DEFERRED,
            ip=part.text("ipAddress"),
            user_agent=part.text("userAgent"),
            url=part.text("link"),
            haystack=" ".join((data.haystack("headers", "tags"), part.haystack("link"))),
        )
    ]


def _bounce(bounce: Fields) -> str:
    kinds = f"{bounce.text('type')}/{bounce.text('subType')}"
    if kinds in BOUNCES:
        return BOUNCES[kinds]
    # Calls of before 2025 have no types, only a sentence for people. Source: recorded calls
    said = bounce.text("message").lower()
    if "suppressed sending" in said:
        return LISTED
    return HARD if "hard bounce" in said or kinds.startswith("Permanent/") else SOFT


def _contact(call: Call, body: Fields, data: Fields) -> list[Told]:
    return [
        Told(
            type=EventType.UNSUBSCRIBED,
            name=body.text("type"),
            at=body.moment("created_at"),
            id=call.headers.get("svix-id", ""),
            address=data.text("email"),
        )
    ]
