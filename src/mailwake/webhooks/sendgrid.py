"""SendGrid's event webhook.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event (events) and
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call, Secrets
from mailwake.webhooks.fields import Fields, load_list, moment, reply_in, status_in
from mailwake.webhooks.proofs import check_age, check_ecdsa, header
from mailwake.webhooks.told import COMPLAINT, LISTED, SOFT, UNSUBSCRIBE, Told

TYPES = {
    "processed": EventType.SENT,
    "deferred": EventType.DEFERRED,
    "delivered": EventType.DELIVERED,
    "bounce": EventType.BOUNCED,
    # an old name of a bounce that SendGrid does not put on its list
    "blocked": EventType.BOUNCED,
    "dropped": EventType.REJECTED,
    "open": EventType.OPENED,
    "click": EventType.CLICKED,
    "spamreport": EventType.COMPLAINED,
    "unsubscribe": EventType.UNSUBSCRIBED,
    "group_unsubscribe": EventType.UNSUBSCRIBED,
}
#: Source: https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications
CLASSIFICATIONS = {
    "invalid address": "bad_mailbox",
    "technical": SOFT,
    "content": "spam_content",
    "reputation": "reputation_block",
    "frequency/volume": "rate_limited",
    "frequency or volume too high": "rate_limited",
    "mailbox unavailable": SOFT,
    "unclassified": SOFT,
}
#: The reasons of a drop in full, because "Invalid SMTPAPI header" says nothing of the address. Source: the event
#: `dropped` in the first page above
DROPS = {
    "bounced address": LISTED,
    "spam reporting address": COMPLAINT,
    "unsubscribed address": UNSUBSCRIBE,
    "invalid": "bad_mailbox",
    "invalid address": "bad_mailbox",
    "spam content": "spam_content",
}


def verify(call: Call, secrets: Secrets) -> None:
    """ECDSA over signed time and body.

    Raises:
        Refused: it does not hold, or is older than five minutes.
    """
    signature = header(call, "X-Twilio-Email-Event-Webhook-Signature")
    signed_at = header(call, "X-Twilio-Email-Event-Webhook-Timestamp")
    check_ecdsa([each.encode() for each in secrets.values], signature, signed_at.encode() + call.body)
    check_age(moment(signed_at), call)


def read(call: Call) -> list[Told]:
    """The events of a batch.

    Raises:
        Unreadable: it is no batch of events.
    """
    if call.content_type == "multipart/form-data":
        raise Unreadable("this is inbound mail, no event; point SendGrid's Inbound Parse elsewhere")
    return [_told(each) for each in load_list(call.body)]


def _told(entry: Fields) -> Told:
    name = entry.text("event")
    words = entry.text("reason", "response")
    return Told(
        type=TYPES.get(name, EventType.UNKNOWN),
        name=name,
        at=entry.moment("timestamp"),
        id=entry.text("sg_event_id"),
        address=entry.text("email"),
        message_id=entry.text("sg_message_id", "smtp-id"),
        category=_category(name, entry, words),
        status=entry.text("status") if status_in(entry.text("status")) else status_in(words),
        smtp=reply_in(words),
        diagnostic=words,
        is_final=name != "deferred",
        ip=entry.text("ip") if name in ("open", "click") else "",
        user_agent=entry.text("useragent"),
        url=entry.text("url"),
        haystack=entry.haystack("mailwake", "url"),
    )


def _category(name: str, entry: Fields, words: str) -> str | None:
    if name == "dropped":
        return DROPS.get(words.lower().partition(" (")[0])
    if name not in ("bounce", "blocked"):
        return None
    # The classification says what the class digit of the status does not: whether the address is dead.
    said = entry.text("bounce_classification").lower()
    return CLASSIFICATIONS.get(said, SOFT if said or "blocked" in (name, entry.text("type")) else None)
