"""Mailgun, today's JSON and the forms of before 2018.

Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads and
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks. The reasons `bounce`,
`suppress-bounce`, `generic` and the codes 605 and 607 stand in its examples and in recorded calls, in no table.
"""

from __future__ import annotations

from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks.call import Call, Refused, Secrets
from mailwake.webhooks.fields import Fields, address_in, form, load_object, moment, reply_in, status_in
from mailwake.webhooks.proofs import check_age, check_any, hmac_hex
from mailwake.webhooks.told import COMPLAINT, HARD, LISTED, SOFT, UNSUBSCRIBE, Told

TYPES = {
    "accepted": EventType.SENT,
    "delivered": EventType.DELIVERED,
    "failed": EventType.BOUNCED,
    "bounced": EventType.BOUNCED,
    "rejected": EventType.REJECTED,
    "dropped": EventType.REJECTED,
    "opened": EventType.OPENED,
    "clicked": EventType.CLICKED,
    "unsubscribed": EventType.UNSUBSCRIBED,
    "complained": EventType.COMPLAINED,
}
REASONS = {
    "bounce": HARD,
    "espblock": "reputation_block",
    "greylisted": "rate_limited",
    "old": "expired",
    "suppress-bounce": LISTED,
    "suppress-complaint": COMPLAINT,
    "suppress-unsubscribe": UNSUBSCRIBE,
}
#: Mailgun's own codes: not sent, because of its list.
CODES = {"605": LISTED, "606": UNSUBSCRIBE, "607": COMPLAINT}


def verify(call: Call, secrets: Secrets) -> None:
    """HMAC over signed time and token, which stand in the body. The body itself is not signed: use HTTPS.

    Raises:
        Refused: it does not hold, or is older than five minutes.
    """
    try:
        signature = _signature(call)
    except Unreadable as fault:
        raise Refused("form", str(fault)) from None
    given, signed_at, token = (signature.text(name) for name in ("signature", "timestamp", "token"))
    if not (given and signed_at and token):
        raise Refused("missing", "signature, timestamp or token are missing from the body")
    check_any(given, [hmac_hex(key, (signed_at + token).encode()) for key in secrets.values], "the signature")
    check_age(moment(signed_at), call)


def read(call: Call) -> list[Told]:
    """The event.

    Raises:
        Unreadable: it is no event on mail that was sent.
    """
    if call.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return [_of_form(call)]
    body = load_object(call.body)
    entry = body.part("event-data")
    if not entry.text("event"):
        raise Unreadable("the body has no event-data")
    return [_of_json(entry, body.part("signature").text("token"))]


def _signature(call: Call) -> Fields:
    if call.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return Fields(dict(form(call)))  # of several with one name the last is Mailgun's own
    return load_object(call.body).part("signature")


def _of_json(entry: Fields, token: str) -> Told:
    name, status = entry.text("event"), entry.part("delivery-status")
    headers = entry.part("message").part("headers")
    words = status.text("message", "description") or entry.part("reject").text("reason")
    severity = entry.text("severity")
    kind = TYPES.get(name, EventType.UNKNOWN)
    if name == "failed" and severity == "temporary":
        kind = EventType.DEFERRED
    category: str | None = None
    if name in ("failed", "rejected"):
        category = CODES.get(status.text("code")) or REASONS.get(entry.text("reason"))
    if kind is EventType.DEFERRED and category in (None, HARD):
        category = SOFT
    message_id = headers.text("message-id")
    return Told(
        type=EventType.REJECTED if category in (LISTED, COMPLAINT, UNSUBSCRIBE) else kind,
        name=f"{name}/{severity}" if severity else name,
        at=entry.moment("timestamp"),
        id=entry.text("id") or token,
        address=entry.text("recipient") or address_in(headers.text("to")),
        message_id=f"<{message_id.strip('<>')}>" if message_id else "",
        category=category,
        status=status_in(status.text("enhanced-code")) or status_in(words),
        smtp=_reply(status.text("code")) or reply_in(words),
        diagnostic=words,
        is_final=kind is not EventType.DEFERRED,
        ip=entry.text("ip"),
        user_agent=entry.part("client-info").text("user-agent"),
        url=entry.text("url"),
        haystack=entry.haystack("user-variables", "url", "message", "tags"),
    )


def _of_form(call: Call) -> Told:
    pairs = form(call)
    last = Fields(dict(pairs))
    # User variables stand among the fields: of two with one name the first is Mailgun's, but for those it signs.
    entry = Fields(dict(reversed(pairs)))
    name = entry.text("event")
    if not name:
        raise Unreadable("this is inbound mail, no event; point Mailgun's route elsewhere")
    words = entry.text("error", "notification", "description")
    code = entry.text("code")
    message_id = entry.text("Message-Id", "message-id")
    return Told(
        type=TYPES.get(name, EventType.UNKNOWN),
        name=name,
        at=last.moment("timestamp"),
        id=last.text("token"),
        address=entry.text("recipient"),
        message_id=f"<{message_id.strip('<>')}>" if message_id else "",
        category=CODES.get(code),  # a code of SMTP says too little; then the words tell
        status=status_in(code) or status_in(words),
        smtp=_reply(code) or reply_in(words),
        diagnostic=words,
        ip=entry.text("ip"),
        user_agent=entry.text("user-agent"),
        url=entry.text("url"),
        haystack=" ".join(value for _, value in pairs),
    )


def _reply(code: str) -> str:
    """The code where it is one of SMTP; Mailgun has its own, such as 498 and 605."""
    return code if len(code) == 3 and reply_in(code) and code not in ("498", "499") else ""
