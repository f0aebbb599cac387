"""SparkPost (Bird).

Source: https://developers.sparkpost.com/api/webhooks and /api/events; classes of bounces:
https://support.sparkpost.com/docs/deliverability/bounce-classification-codes. SparkPost signs nothing: basic auth,
OAuth 2 or the header X-MessageSystems-Webhook-Token.
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call
from mailwake.webhooks.fields import Fields, load_list, reply_in, status_in
from mailwake.webhooks.proofs import check_password as verify
from mailwake.webhooks.told import AUTO_REPLY, NO_COMPLAINT, SOFT, UNSUBSCRIBE, Told

__all__ = ["CLASSES", "TYPES", "read", "verify"]

TYPES = {
    "injection": EventType.SENT,
    "delivery": EventType.DELIVERED,
    "delay": EventType.DEFERRED,
    "bounce": EventType.BOUNCED,
    "out_of_band": EventType.BOUNCED,
    "spam_complaint": EventType.COMPLAINED,
    "policy_rejection": EventType.REJECTED,
    "generation_failure": EventType.FAILED,
    "generation_rejection": EventType.REJECTED,
    "open": EventType.OPENED,
    "click": EventType.CLICKED,
    "amp_open": EventType.OPENED,
    "amp_click": EventType.CLICKED,
    # the first fetch of a pixel at the top, beside the one that `open` tells of
    "initial_open": EventType.UNKNOWN,
    "amp_initial_open": EventType.UNKNOWN,
    "list_unsubscribe": EventType.UNSUBSCRIBED,
    "link_unsubscribe": EventType.UNSUBSCRIBED,
}
CLASSES: dict[str, str | None] = {
    "1": SOFT,
    "10": "bad_mailbox",
    "20": SOFT,
    "21": "network",
    "22": "mailbox_full",
    "23": "too_large",
    "24": "expired",
    "25": "policy",
    # SparkPost has the address on its list, or the sender asked for it; which of them it does not say
    "26": "policy",
    "30": "bad_mailbox",
    "40": SOFT,
    "50": "reputation_block",
    "51": "reputation_block",
    "52": "spam_content",
    "53": "content_rejected",
    "54": "relay_denied",
    "60": AUTO_REPLY,
    "70": SOFT,
    "80": None,
    "90": UNSUBSCRIBE,
    "100": "challenge",
}
#: Classes that say that it was no bounce.
OTHERWISE = {
    "60": EventType.UNKNOWN,
    "80": EventType.UNKNOWN,
    "90": EventType.UNSUBSCRIBED,
    "100": EventType.UNKNOWN,
}


def read(call: Call) -> list[Told]:
    """The events of a batch; none for the empty ones that SparkPost sends to try the address.

    Raises:
        Unreadable: it is no batch of events on mail that was sent.
    """
    told: list[Told] = []
    for entry in load_list(call.body):
        wrapped = entry.raw("msys")
        if not isinstance(wrapped, dict):
            raise Unreadable("an entry of the batch has no msys")
        if "relay_message" in wrapped:
            raise Unreadable("this is inbound mail, no event; point SparkPost's relay webhook elsewhere")
        told += [_told(Fields(each)) for each in wrapped.values() if isinstance(each, dict) and each]
    return told


def _told(event: Fields) -> Told:
    name, klass = event.text("type"), event.text("bounce_class")
    kind = TYPES.get(name, EventType.UNKNOWN)
    words = event.text("raw_reason", "reason")
    feedback = event.text("fbtype")
    if klass in OTHERWISE and kind is EventType.BOUNCED:
        kind = OTHERWISE[klass]
    if kind is EventType.COMPLAINED and feedback in NO_COMPLAINT:
        kind = EventType.UNKNOWN
    bounced = name in ("bounce", "out_of_band", "policy_rejection", "delay", "generation_rejection")
    hit = kind in (EventType.OPENED, EventType.CLICKED)
    return Told(
        type=kind,
        name=f"{name}/{klass}" if klass else name,
        at=event.moment("timestamp"),
        id=event.text("event_id"),
        address=event.text("raw_rcpt_to", "rcpt_to"),
        message_id=event.text("transmission_id", "message_id"),
        category=CLASSES.get(klass, SOFT if klass else None) if bounced else None,
        status=status_in(words),
        smtp=reply_in(words) or event.text("error_code"),
        diagnostic=words,
        is_final=kind is not EventType.DEFERRED,
        ip=event.text("ip_address") if hit else "",
        user_agent=event.text("user_agent"),
        url=event.text("target_link_url"),
        haystack=event.haystack("rcpt_meta", "target_link_url", "rcpt_tags"),
        feedback_type=feedback,
    )
