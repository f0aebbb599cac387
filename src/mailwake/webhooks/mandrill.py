"""Mandrill (Mailchimp Transactional).

Source: https://mailchimp.com/developer/transactional/docs/webhooks/ and
https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/ (signature, first test). The
reasons of a reject are those of https://mailchimp.com/developer/transactional/docs/reputation-rejections/. When a
webhook is made, an empty batch comes that is signed with the key `test-webhook`; it is answered and says nothing.
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call, Refused, Secrets
from mailwake.webhooks.fields import Fields, form, load_list, reply_in, status_in
from mailwake.webhooks.proofs import check_any, header, hmac_base64
from mailwake.webhooks.told import COMPLAINT, HARD, LISTED, SOFT, UNSUBSCRIBE, Told

TYPES: dict[str, tuple[EventType, str | None]] = {
    "send": (EventType.SENT, None),
    "delivered": (EventType.DELIVERED, None),
    "deferral": (EventType.DEFERRED, SOFT),
    "hard_bounce": (EventType.BOUNCED, HARD),
    "soft_bounce": (EventType.BOUNCED, SOFT),
    "open": (EventType.OPENED, None),
    "click": (EventType.CLICKED, None),
    "spam": (EventType.COMPLAINED, None),
    "unsub": (EventType.UNSUBSCRIBED, None),
    "reject": (EventType.REJECTED, None),
    "blacklist": (EventType.UNKNOWN, None),
    "whitelist": (EventType.UNKNOWN, None),
}
REJECTS: dict[str, str | None] = {
    "hard-bounce": LISTED,
    "soft-bounce": SOFT,
    "spam": COMPLAINT,
    "unsub": UNSUBSCRIBE,
    "invalid": "bad_mailbox",
    "invalid-sender": "sender_rejected",
    "unsigned": "auth_failure",
    "custom": None,
    "rule": None,
    "test-mode-limit": None,
}
#: Mandrill's own words for a bounce. The page on webhooks lists some of them; the rest are known from recorded calls
BOUNCES = {
    "bad_mailbox": "bad_mailbox",
    "invalid_domain": "bad_domain",
    "mailbox_full": "mailbox_full",
    "dns_failure": "network",
    "timeout": "expired",
    "spam": "spam_content",
    "relaying_denied": "relay_denied",
}
_TEST_KEY = b"test-webhook"


def verify(call: Call, secrets: Secrets) -> None:
    """HMAC over the public URL and the sorted fields of the form.

    Raises:
        Refused: it does not hold.
    """
    signature = header(call, "X-Mandrill-Signature")
    try:
        fields = dict(form(call))
    except Unreadable as fault:
        raise Refused("form", str(fault)) from None
    signed = (call.url + "".join(name + fields[name] for name in sorted(fields))).encode()
    keys = [each.encode() for each in secrets.values]
    if fields.get("mandrill_events", "").strip() == "[]":
        keys.append(_TEST_KEY)
    check_any(signature, [hmac_base64(key, signed, "sha1") for key in keys], "the signature, or public_url,")


def read(call: Call) -> list[Told]:
    """The events of a batch.

    Raises:
        Unreadable: it is no batch of events on mail that was sent.
    """
    fields = dict(form(call))
    if "mandrill_events" not in fields:
        raise Unreadable("the form has no field mandrill_events")
    entries = load_list(fields["mandrill_events"])
    kept = [each for each in entries if each.text("event") != "inbound"]
    if entries and not kept:
        raise Unreadable("this is inbound mail, no event; point Mandrill's inbound webhook elsewhere")
    return [_told(each) for each in kept]


def _told(entry: Fields) -> Told:
    name, message = entry.text("event", "type"), entry.part("msg")
    reject = entry.part("reject") if "reject" in entry else message.part("reject")
    kind, category = TYPES.get(name, (EventType.UNKNOWN, None))
    words = message.text("diag") or _smtp_words(message) or reject.text("detail", "reason")
    if name == "reject":
        category = REJECTS.get(reject.text("reason"))
    elif name in ("hard_bounce", "soft_bounce") and not words:
        category = _bounce(message.text("bounce_description"), category)
    hit = name in ("open", "click")
    return Told(
        type=kind,
        name=name,
        at=entry.moment("ts"),
        address=message.text("email") or reject.text("email"),
        message_id=entry.text("_id") or message.text("_id"),
        category=category,
        status=status_in(words),
        smtp=reply_in(words),
        diagnostic=words or message.text("bounce_description"),
        is_final=kind is not EventType.DEFERRED,
        ip=entry.text("ip") if hit else "",
        user_agent=entry.text("user_agent"),
        url=entry.text("url"),
        haystack=" ".join((message.haystack("metadata", "tags"), entry.haystack("url"))),
    )


def _bounce(described: str, category: str | None) -> str | None:
    """The cause that Mandrill names; it is no harder than the event's name."""
    known = BOUNCES.get(described, category)
    return category if category == SOFT and known in ("bad_mailbox", "bad_domain") else known


def _smtp_words(message: Fields) -> str:
    tried = message.parts("smtp_events")
    return tried[-1].text("diag") if tried else ""
