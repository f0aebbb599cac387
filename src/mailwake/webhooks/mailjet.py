"""Mailjet's event API.

Source: https://dev.mailjet.com/email/guides/webhooks/ (events and the table of errors). Mailjet signs nothing: basic
auth in the URL.
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call
from mailwake.webhooks.fields import Fields, load_list, reply_in, status_in
from mailwake.webhooks.proofs import check_password as verify
from mailwake.webhooks.told import COMPLAINT, HARD, LISTED, SOFT, Told

__all__ = ["ERRORS", "TYPES", "read", "verify"]

TYPES = {
    # taken by the recipient's server
    "sent": EventType.DELIVERED,
    "open": EventType.OPENED,
    "click": EventType.CLICKED,
    "bounce": EventType.BOUNCED,
    "blocked": EventType.REJECTED,
    "spam": EventType.COMPLAINED,
    "unsub": EventType.UNSUBSCRIBED,
}
ERRORS: dict[str, str | None] = {
    "user unknown": "bad_mailbox",
    "mailbox inactive": "inactive_mailbox",
    "quota exceeded": "mailbox_full",
    # on Mailjet's list: after a bounce, or an unsubscription; which it does not say
    "blacklisted": LISTED,
    "spam reporter": COMPLAINT,
    "invalid domain": "bad_domain",
    "no mail host": "bad_domain",
    "relay/access denied": "relay_denied",
    "greylisted": "rate_limited",
    "typofix": "bad_mailbox",
    "bad or empty template": "content_rejected",
    "error in template language": "content_rejected",
    "sender blocked": "reputation_block",
    "content blocked": "spam_content",
    "policy issue": "policy",
    "system issue": "server_error",
    "protocol issue": "protocol",
    "connection issue": "network",
    "preblocked": LISTED,
    "duplicate in campaign": None,
}


def read(call: Call) -> list[Told]:
    """The events, one or a batch.

    Raises:
        Unreadable: it is neither.
    """
    entries = load_list(call.body)
    if any("Parts" in each or "SpamAssassinScore" in each for each in entries):
        raise Unreadable("this is inbound mail, no event; point Mailjet's Parse API elsewhere")
    return [_told(each) for each in entries]


def _told(entry: Fields) -> Told:
    name, error = entry.text("event"), entry.text("error").lower()
    kind, hard = TYPES.get(name, EventType.UNKNOWN), entry.says("hard_bounce")
    if error == "greylisted" and not hard:
        kind = EventType.DEFERRED
    words = entry.text("comment", "smtp_reply") or error
    hit = name in ("open", "click")
    return Told(
        type=kind,
        name=name,
        at=entry.moment("time"),
        address=entry.text("email"),
        message_id=entry.text("MessageID"),
        category=_category(name, error, hard=bool(hard)),
        status=status_in(words),
        smtp=reply_in(words),
        diagnostic=words,
        is_final=kind is not EventType.DEFERRED,
        ip=entry.text("ip") if hit else "",
        user_agent=entry.text("agent"),
        url=entry.text("url"),
        haystack=entry.haystack("Payload", "CustomID", "url"),
    )


def _category(name: str, error: str, *, hard: bool) -> str | None:
    """The error decides; but what Mailjet calls a soft bounce is none that kills an address, whatever it names."""
    if name not in ("bounce", "blocked"):
        return None
    known = ERRORS.get(error, (HARD if hard else SOFT) if name == "bounce" else None)
    return SOFT if name == "bounce" and not hard and known in ("bad_mailbox", "bad_domain", HARD) else known
