"""Amazon SES, through SNS.

Source: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html and
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html (both forms are read); SNS: see
`sns`. Headers of the mail come back where "include original headers" is on, so no metadata is added to mail.
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call
from mailwake.webhooks.fields import Fields, load_object, reply_in, status_in
from mailwake.webhooks.sns import verify
from mailwake.webhooks.told import COMPLAINT, HARD, LISTED, NO_COMPLAINT, SOFT, UNSUBSCRIBE, Told

__all__ = ["BOUNCES", "TYPES", "read", "verify"]

TYPES = {
    "Send": EventType.SENT,
    "Delivery": EventType.DELIVERED,
    "DeliveryDelay": EventType.DEFERRED,
    "Bounce": EventType.BOUNCED,
    "Complaint": EventType.COMPLAINED,
    "Reject": EventType.REJECTED,
    "Open": EventType.OPENED,
    "Click": EventType.CLICKED,
    "Rendering Failure": EventType.FAILED,
    "Subscription": EventType.UNKNOWN,
}
#: type/subtype. Source: the section "bounce types" of the first page; `Permanent/General` is more than unknown users
BOUNCES = {
    "Permanent/General": HARD,
    "Permanent/NoEmail": "bad_mailbox",
    "Permanent/Suppressed": LISTED,
    "Permanent/OnAccountSuppressionList": LISTED,
    "Permanent/UnsubscribedRecipient": UNSUBSCRIBE,
    "Transient/General": SOFT,
    "Transient/MailboxFull": "mailbox_full",
    "Transient/MessageTooLarge": "too_large",
    "Transient/ContentRejected": "spam_content",
    "Transient/AttachmentRejected": "content_rejected",
    "Transient/CustomTimeoutExceeded": "expired",
    "Undetermined/Undetermined": SOFT,
}
#: What SNS says once after a subscription was confirmed.
_GREETING = "Successfully validated SNS topic for Amazon SES event publishing."


def read(call: Call) -> list[Told]:
    """The events of a notification, one for each recipient; none for what SNS says of itself.

    Raises:
        Unreadable: it is no notification of SES on mail that was sent.
    """
    envelope = load_object(call.body)
    if envelope.text("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return []
    raw = envelope.raw("Message")
    # With raw message delivery, or by SQS without an envelope, the body is the notification itself.
    wrapped = isinstance(raw, str)
    if wrapped and str(raw).strip() == _GREETING:
        return []
    event = load_object(str(raw)) if wrapped else envelope
    name = event.text("eventType", "notificationType")
    if name == "Received":
        raise Unreadable("this is inbound mail, no event; publish SES receipt rules to another topic")
    key = "failure" if name == "Rendering Failure" else name[:1].lower() + name[1:]
    return [
        _told(name, event.part("mail"), event.part(key), who, notification=envelope.text("MessageId"))
        for who in _recipients(name, event.part("mail"), event.part(key))
    ]


def _recipients(name: str, mail: Fields, part: Fields) -> list[Fields]:
    if name == "Subscription" and part.text("contactList"):
        return [Fields({"emailAddress": mail.texts("destination")[0]})] if mail.texts("destination") else []
    listed = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients", "DeliveryDelay": "delayedRecipients"}
    if name in listed:
        return part.parts(listed[name])
    addresses = part.texts("recipients") if name == "Delivery" else mail.texts("destination")
    return [Fields({"emailAddress": each}) for each in addresses]


def _told(name: str, mail: Fields, part: Fields, who: Fields, *, notification: str) -> Told:
    words = who.text("diagnosticCode") or part.text("smtpResponse", "reason", "errorMessage", "delayType")
    kind = TYPES.get(name, EventType.UNKNOWN)
    feedback = part.text("complaintFeedbackType")
    category: str | None = None
    if name == "Bounce":
        kinds = f"{part.text('bounceType')}/{part.text('bounceSubType')}"
        category = BOUNCES.get(kinds, HARD if kinds.startswith("Permanent/") else SOFT)
    elif name == "Complaint" and part.text("complaintSubType") == "OnAccountSuppressionList":
        kind, category = EventType.REJECTED, COMPLAINT  # SES did not try: an earlier complaint stands on its list
    elif name == "Complaint":
        kind = EventType.UNKNOWN if feedback in NO_COMPLAINT else kind
    elif name == "Reject":
        category = "content_rejected"
    elif name == "Subscription" and part.part("newTopicPreferences").says("unsubscribeAll"):
        kind = EventType.UNSUBSCRIBED
    is_hit = name in ("Open", "Click")
    return Told(
        type=kind,
        name=name,
        at=part.moment("timestamp") or (mail.moment("timestamp") if name == "Send" else None),
        id=notification or part.text("feedbackId"),
        address=who.text("emailAddress"),
        message_id=mail.text("messageId"),
        category=category,
        status=status_in(who.text("status")) or status_in(words),
        smtp=reply_in(words),
        diagnostic=words,
        is_final=name != "DeliveryDelay",
        ip=part.text("ipAddress") if is_hit else "",
        user_agent=part.text("userAgent") if is_hit else "",
        url=part.text("link"),
        haystack=" ".join((mail.haystack("headers", "tags"), part.haystack("link", "linkTags"))),
        feedback_type=feedback,
    )
