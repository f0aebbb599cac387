"""Mailtrap.

Source: https://docs.mailtrap.io/email-api-smtp/advanced/webhooks (events); signature: HMAC-SHA256 of the body in
hexadecimal in the header Mailtrap-Signature, as Mailtrap's own clients check it
(https://github.com/mailtrap/mailtrap-ruby/pull/110).
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import MAX_EVENTS, Call, Secrets
from mailwake.webhooks.fields import Fields, load_object, reply_in, status_in
from mailwake.webhooks.proofs import check_any, header, hmac_hex
from mailwake.webhooks.told import HARD, SOFT, Told

TYPES: dict[str, tuple[EventType, str | None]] = {
    "delivery": (EventType.DELIVERED, None),
    "open": (EventType.OPENED, None),
    "click": (EventType.CLICKED, None),
    "unsubscribe": (EventType.UNSUBSCRIBED, None),
    "spam": (EventType.COMPLAINED, None),
    "soft bounce": (EventType.DEFERRED, SOFT),
    "bounce": (EventType.BOUNCED, HARD),
    # Mailtrap holds mail back from an account; it may go out later
    "suspension": (EventType.DEFERRED, None),
    "reject": (EventType.REJECTED, None),
}
#: What `bounce_category` says. The documentation names the field and no words of it; these stand in its examples
CATEGORIES = {"invalid_recipient": "bad_mailbox", "spam": "spam_content", "mailbox_full": "mailbox_full"}


def verify(call: Call, secrets: Secrets) -> None:
    """HMAC over the body.

    Raises:
        Refused: it does not hold.
    """
    given = header(call, "Mailtrap-Signature")
    check_any(given, [hmac_hex(key, call.body) for key in secrets.values], "the signature")


def read(call: Call) -> list[Told]:
    """The events of a batch.

    Raises:
        Unreadable: it is no batch of events on mail that was sent.
    """
    body = load_object(call.body)
    raw = body.raw("events")
    if not isinstance(raw, list) or len(raw) > MAX_EVENTS:
        raise Unreadable("the body has no list of events, or too long a one")
    entries = body.parts("events")
    if any(each.text("event").startswith("inbound") for each in entries):
        raise Unreadable("this is inbound mail, no event; point Mailtrap's inbound webhook elsewhere")
    return [_told(each) for each in entries]


def _told(entry: Fields) -> Told:
    name = entry.text("event")
    kind, category = TYPES.get(name, (EventType.UNKNOWN, None))
    words = entry.text("response", "reason")
    if name == "bounce":
        category = CATEGORIES.get(entry.text("bounce_category").lower().replace(" ", "_"), category)
    hit = name in ("open", "click")
    return Told(
        type=kind,
        name=name,
        at=entry.moment("timestamp"),
        id=entry.text("event_id"),
        address=entry.text("email"),
        message_id=entry.text("message_id"),
        category=category,
        status=status_in(words),
        smtp=entry.text("response_code") if reply_in(entry.text("response_code")) else reply_in(words),
        diagnostic=words,
        is_final=kind is not EventType.DEFERRED,
        ip=entry.text("ip") if hit else "",
        user_agent=entry.text("user_agent"),
        url=entry.text("url"),
        haystack=entry.haystack("custom_variables", "url", "category"),
    )
