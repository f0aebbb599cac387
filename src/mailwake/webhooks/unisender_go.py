"""Unisender Go, one event at a time or several.

Source: https://godocs.unisender.ru/web-api-ref#webhook (body, `auth`) and https://godocs.unisender.ru/email-statuses
(statuses). The body is signed with MD5: the API key stands where the signature will be, then its place is taken. So the
signature is checked by putting the key back into the bytes as they came.
"""

from __future__ import annotations

import hashlib
import re

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import MAX_EVENTS, Call, Refused, Secrets
from mailwake.webhooks.fields import Fields, load_object, reply_in, status_in
from mailwake.webhooks.proofs import check_any
from mailwake.webhooks.told import HARD, SOFT, UNSUBSCRIBE, Told

TYPES = {
    "sent": EventType.SENT,
    "delivered": EventType.DELIVERED,
    "opened": EventType.OPENED,
    "clicked": EventType.CLICKED,
    "unsubscribed": EventType.UNSUBSCRIBED,
    "subscribed": EventType.UNKNOWN,
    "spam": EventType.COMPLAINED,
    # they try again for a while; `hard_bounced` follows when they have given up
    "soft_bounced": EventType.DEFERRED,
    "hard_bounced": EventType.BOUNCED,
}
#: Finer statuses. Source: the second page above
STATUSES: dict[str, str] = {
    "err_user_unknown": "bad_mailbox",
    "err_user_inactive": "inactive_mailbox",
    "err_will_retry": SOFT,
    "err_mailbox_discarded": "bad_mailbox",
    "err_mailbox_full": "mailbox_full",
    "err_spam_rejected": "spam_content",
    "err_spam_folder": "spam_content",
    "err_spam_skipped": "reputation_block",
    "err_blacklisted": "reputation_block",
    "err_too_large": "too_large",
    "err_giveup": "expired",
    "err_unsubscribed": UNSUBSCRIBE,
    "err_unreachable": SOFT,
    "err_skip_letter": SOFT,
    "err_domain_inactive": "bad_domain",
    "err_destination_misconfigured": "server_error",
    "err_delivery_failed": SOFT,
    "err_lost": SOFT,
}
_AUTH = re.compile(rb'"auth"\s*:\s*"([0-9a-f]{32})"')


def verify(call: Call, secrets: Secrets) -> None:
    """MD5 over the body with the key in the place of the signature.

    Raises:
        Refused: it does not hold.
    """
    found = _AUTH.findall(call.body)
    if len(found) != 1:
        raise Refused("missing", "the body has no signature in auth, or more than one")
    before, after = call.body.split(found[0], 1)
    digests = [hashlib.md5(before + key.encode() + after, usedforsecurity=False) for key in secrets.values]
    check_any(found[0].decode("ascii"), [each.hexdigest() for each in digests], "the signature")


def read(call: Call) -> list[Told]:
    """The events, of all users in the body.

    Raises:
        Unreadable: it is no report on mail that was sent.
    """
    body = load_object(call.body)
    if "events_by_user" not in body:
        return _entry(body.text("event_name"), body)
    entries = [each for user in body.parts("events_by_user") for each in user.parts("events")]
    if len(entries) > MAX_EVENTS:
        raise Unreadable(f"the body has more than {MAX_EVENTS:,} events")
    return [told for each in entries for told in _entry(each.text("event_name"), each.part("event_data"))]


def _entry(name: str, data: Fields) -> list[Told]:
    if name == "transactional_spam_block":
        return []  # on a whole domain, and on no mail
    status, info = data.text("status"), data.part("delivery_info")
    if not status:
        raise Unreadable("an entry has no status")
    kind, finer = TYPES.get(status, EventType.UNKNOWN), info.text("delivery_status")
    words = info.text("destination_response")
    category: str | None = None
    if kind in (EventType.BOUNCED, EventType.DEFERRED):
        category = STATUSES.get(finer, HARD if kind is EventType.BOUNCED else SOFT)
    return [
        Told(
            type=kind,
            name=f"{status}/{finer}" if finer else status,
            at=data.moment("event_time"),
            address=data.text("email"),
            message_id=data.text("job_id"),
            category=category,
            status=status_in(words),
            smtp=reply_in(words),
            diagnostic=words or finer,
            is_final=kind is not EventType.DEFERRED,
            ip=info.text("ip"),
            user_agent=info.text("user_agent"),
            url=data.text("url"),
            haystack=data.haystack("metadata", "url"),
        )
    ]
