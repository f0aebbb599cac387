"""MailerSend, both forms of its payload.

Source: https://developers.mailersend.com/api/v1/webhooks.html (events, signature). The flat form (`data.recipient`,
`data.meta`) and the names `spam_complaints` and `suppressed` are of 2026 and known from public client code alone; the
documentation that could be read describes the older one.
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call, Secrets
from mailwake.webhooks.fields import Fields, load_object, reply_in, status_in
from mailwake.webhooks.proofs import check_any, header, hmac_hex
from mailwake.webhooks.told import HARD, LISTED, SOFT, Told

TYPES: dict[str, tuple[EventType, str | None]] = {
    "sent": (EventType.SENT, None),
    "delivered": (EventType.DELIVERED, None),
    "soft_bounced": (EventType.BOUNCED, SOFT),
    "hard_bounced": (EventType.BOUNCED, HARD),
    "deferred": (EventType.DEFERRED, SOFT),
    "opened": (EventType.OPENED, None),
    "opened_unique": (EventType.OPENED, None),
    "clicked": (EventType.CLICKED, None),
    "clicked_unique": (EventType.CLICKED, None),
    "unsubscribed": (EventType.UNSUBSCRIBED, None),
    "spam_complaint": (EventType.COMPLAINED, None),
    "spam_complaints": (EventType.COMPLAINED, None),
    "suppressed": (EventType.REJECTED, LISTED),
}


def verify(call: Call, secrets: Secrets) -> None:
    """HMAC over the body.

    Raises:
        Refused: it does not hold.
    """
    given = header(call, "Signature")
    check_any(given, [hmac_hex(key, call.body) for key in secrets.values], "the signature")


def read(call: Call) -> list[Told]:
    """The event; none for the test that comes when a webhook is made.

    Raises:
        Unreadable: it is no event on mail that was sent.
    """
    body = load_object(call.body)
    name = body.text("type")
    if name == "webhook.test":
        return []
    if name.startswith("inbound."):
        raise Unreadable("this is inbound mail, no event; point MailerSend's inbound route elsewhere")
    data = body.part("data")
    return [_told(body, data, data.text("type") or name.removeprefix("activity."))]


def _told(body: Fields, data: Fields, name: str) -> Told:
    kind, category = TYPES.get(name, (EventType.UNKNOWN, None))
    mail, morph, meta = data.part("email"), data.part("morph"), data.part("meta")
    words = morph.text("readable_reason", "reason") or meta.text(
        "bounce_reason", "reject_reason", "suppression_reason", "unsubscribe_reason"
    )
    code = meta.text("bounce_code")
    said = f"{code} {words}".strip() if code and code not in words else words
    return Told(
        type=kind,
        name=name,
        at=data.moment("created_at") or body.moment("created_at"),
        id=data.text("id"),
        address=mail.part("recipient").text("email") or data.text("recipient"),
        message_id=mail.part("message").text("id") or data.text("message_id"),
        category=category,
        status=status_in(said),
        smtp=reply_in(said),
        diagnostic=said,
        is_final=kind is not EventType.DEFERRED,
        ip=morph.text("ip") or meta.text("ip"),
        user_agent=morph.text("user_agent") or meta.text("user_agent"),
        url=morph.text("url") or meta.text("url"),
        haystack=" ".join((mail.haystack("tags", "headers"), morph.haystack("url"), data.haystack("meta", "tags"))),
    )
