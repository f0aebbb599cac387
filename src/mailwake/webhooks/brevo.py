"""Brevo (once Sendinblue), transactional and marketing webhooks.

Source: https://developers.brevo.com/docs/transactional-webhooks and /docs/marketing-webhooks; how a call proves itself:
https://developers.brevo.com/docs/secure-webhooks (basic auth, bearer token, own headers, networks).
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call
from mailwake.webhooks.fields import Fields, load_list, reply_in, status_in
from mailwake.webhooks.proofs import check_password as verify
from mailwake.webhooks.told import HARD, LISTED, SOFT, Told

__all__ = ["TYPES", "read", "verify"]

TYPES: dict[str, tuple[EventType, str | None]] = {
    "request": (EventType.SENT, None),
    "delivered": (EventType.DELIVERED, None),
    "deferred": (EventType.DEFERRED, SOFT),
    "soft_bounce": (EventType.BOUNCED, SOFT),
    "hard_bounce": (EventType.BOUNCED, HARD),
    "invalid_email": (EventType.BOUNCED, "bad_mailbox"),
    "blocked": (EventType.REJECTED, LISTED),
    "error": (EventType.FAILED, None),
    "spam": (EventType.COMPLAINED, None),
    "opened": (EventType.OPENED, None),
    "unique_opened": (EventType.OPENED, None),
    "proxy_open": (EventType.OPENED, None),
    "unique_proxy_open": (EventType.OPENED, None),
    "click": (EventType.CLICKED, None),
    "unsubscribe": (EventType.UNSUBSCRIBED, None),
    "unsubscribed": (EventType.UNSUBSCRIBED, None),
    "list_addition": (EventType.UNKNOWN, None),
}


def read(call: Call) -> list[Told]:
    """The event, or a batch where that is switched on.

    Raises:
        Unreadable: it is no event on mail that was sent.
    """
    entries = load_list(call.body)
    if any("items" in each for each in entries):
        raise Unreadable("this is inbound mail, no event; point Brevo's inbound webhook elsewhere")
    return [_told(each) for each in entries]


def _told(entry: Fields) -> Told:
    name, words = entry.text("event"), entry.text("reason")
    kind, category = TYPES.get(name.lower(), (EventType.UNKNOWN, None))
    hit = kind in (EventType.OPENED, EventType.CLICKED)
    return Told(
        type=kind,
        name=name,
        # the other times are in the zone of the account; this one is UTC, in milliseconds
        at=entry.moment("ts_epoch", "ts_event", "ts"),
        address=entry.text("email"),
        message_id=entry.text("message-id"),
        category=category,
        status=status_in(words),
        smtp=reply_in(words),
        diagnostic=words,
        is_final=kind is not EventType.DEFERRED,
        ip=entry.text("ip") if hit else "",
        user_agent=entry.text("user_agent"),
        url=entry.text("link", "URL"),
        haystack=entry.haystack("X-Mailin-custom", "link", "tags", "tag"),
    )
