"""Postmark.

Source: https://postmarkapp.com/developer/webhooks/webhooks-overview; types of bounces:
https://postmarkapp.com/developer/api/bounce-api#bounce-types. Postmark signs nothing: basic auth, or a header of one's
own.
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call
from mailwake.webhooks.fields import Fields, load_object, reply_in, status_in
from mailwake.webhooks.proofs import check_password as verify
from mailwake.webhooks.told import AUTO_REPLY, COMPLAINT, LISTED, SOFT, UNSUBSCRIBE, Told

__all__ = ["BOUNCES", "RECORDS", "read", "verify"]

RECORDS = {
    "Delivery": EventType.DELIVERED,
    "Open": EventType.OPENED,
    "Click": EventType.CLICKED,
    "SpamComplaint": EventType.COMPLAINED,
}
BOUNCES: dict[str, tuple[EventType, str | None]] = {
    "HardBounce": (EventType.BOUNCED, "bad_mailbox"),
    "Transient": (EventType.DEFERRED, SOFT),
    "Unsubscribe": (EventType.UNSUBSCRIBED, UNSUBSCRIBE),
    "Subscribe": (EventType.UNKNOWN, None),
    "AutoResponder": (EventType.UNKNOWN, AUTO_REPLY),
    "AddressChange": (EventType.UNKNOWN, "address_change"),
    "DnsError": (EventType.DEFERRED, "network"),
    # delivered, then filtered: nobody pressed a button, so no complaint
    "SpamNotification": (EventType.BOUNCED, "spam_content"),
    "OpenRelayTest": (EventType.DEFERRED, SOFT),
    "Unknown": (EventType.UNKNOWN, "unknown"),
    "SoftBounce": (EventType.BOUNCED, SOFT),
    "VirusNotification": (EventType.BOUNCED, "spam_content"),
    "ChallengeVerification": (EventType.UNKNOWN, "challenge"),
    "BadEmailAddress": (EventType.REJECTED, "bad_mailbox"),
    "SpamComplaint": (EventType.COMPLAINED, COMPLAINT),
    "ManuallyDeactivated": (EventType.REJECTED, LISTED),
    "Unconfirmed": (EventType.REJECTED, None),
    "Blocked": (EventType.REJECTED, "reputation_block"),
    "SMTPApiError": (EventType.FAILED, None),
    "InboundError": (EventType.UNKNOWN, None),
    "DMARCPolicy": (EventType.REJECTED, "auth_failure"),
    "TemplateRenderingFailed": (EventType.FAILED, None),
}
#: Why an address was put on Postmark's list. Source: https://postmarkapp.com/developer/webhooks/subscription-change-webhook
SUPPRESSIONS: dict[str, tuple[EventType, str | None]] = {
    "HardBounce": (EventType.BOUNCED, LISTED),
    "SpamComplaint": (EventType.COMPLAINED, COMPLAINT),
    "ManualSuppression": (EventType.UNSUBSCRIBED, UNSUBSCRIBE),
}


def read(call: Call) -> list[Told]:
    """The event.

    Raises:
        Unreadable: it is no event on mail that was sent.
    """
    record = load_object(call.body)
    name = record.text("RecordType")
    if name == "Inbound" or ("FromFull" in record and not name):
        raise Unreadable("this is inbound mail, no event; point Postmark's inbound webhook elsewhere")
    kind, category = _kind(name, record)
    words = record.text("Details") if name in ("Bounce", "Delivery") else ""
    hit = name in ("Open", "Click")
    return [
        Told(
            type=kind,
            name=f"{name}/{record.text('Type')}" if name == "Bounce" else name,
            at=record.moment("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"),
            id=record.text("ID"),
            address=record.text("Recipient", "Email"),
            message_id=record.text("MessageID"),
            category=category,
            status=status_in(words),
            smtp=reply_in(words),
            diagnostic=words or record.text("Description", "SuppressionReason"),
            is_final=kind is not EventType.DEFERRED,
            ip=record.part("Geo").text("IP") if hit else "",
            user_agent=record.text("UserAgent"),
            url=record.text("OriginalLink"),
            # a value of metadata is short there, so our URL stands without its scheme
            haystack=f"https://{record.part('Metadata').text('mailwake')} "
            + record.haystack("Metadata", "OriginalLink"),
        )
    ]


def _kind(name: str, record: Fields) -> tuple[EventType, str | None]:
    if name == "Bounce":
        return BOUNCES.get(record.text("Type"), (EventType.BOUNCED, SOFT))
    if name == "SubscriptionChange":
        # Taking somebody off Postmark's list lifts nothing here.
        known = SUPPRESSIONS.get(record.text("SuppressionReason"))
        return known if known and record.says("SuppressSending") else (EventType.UNKNOWN, None)
    return RECORDS.get(name, EventType.UNKNOWN), None
