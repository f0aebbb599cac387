"""Why mail to an address was refused or is kept back, and who told of it, in words."""

from __future__ import annotations

from mailwake.language import noted, say

#: categories of bounces/rules.toml, which tests/drawing/test_causes.py compares, and what has none
CAUSES = {
    "bad_mailbox": noted("no such mailbox"),
    "bad_domain": noted("no such domain"),
    "inactive_mailbox": noted("mailbox no longer in use"),
    "mailbox_full": noted("mailbox full"),
    "recipient_refused": noted("refused for this recipient"),
    "relay_denied": noted("their server takes no mail for this domain"),
    "forwarded": noted("forwarded to where it was refused"),
    "network": noted("no connection to their server"),
    "expired": noted("tried for days without success"),
    "server_error": noted("their server was in trouble"),
    "unknown": noted("a cause that is not known"),
    "rate_limited": noted("sent too fast"),
    "reputation_block": noted("the sender is blocked"),
    "spam_content": noted("taken for spam"),
    "auth_failure": noted("SPF, DKIM or DMARC failed"),
    "policy": noted("a rule of theirs forbids it"),
    "sender_rejected": noted("the sender’s address is refused"),  # noqa: RUF001 - as on all pages
    "protocol": noted("against a rule of SMTP"),
    "too_large": noted("too large"),
    "content_rejected": noted("an attachment, link or coding is refused"),
    "delivered": noted("it has arrived"),
    "esp_suppressed": noted("on the email provider’s own list"),  # noqa: RUF001 - as on all pages
    "complaint": noted("reported as spam before"),
    "unsubscribe": noted("unsubscribed before"),
    "auto_reply": noted("answered by a program"),
    "address_change": noted("they have a new address"),
    "challenge": noted("asked whether a person wrote"),
    "no_cause": noted("no cause was written down"),
}
#: of events (`events.Source`), and what else puts an address on the list
SOURCES = {
    "edge": noted("by the unsubscribe link or button"),
    "relay": noted("by the answer to our relay"),
    "send": noted("by the answer when it was sent"),
    "bounce": noted("by a report that came as mail"),
    "esp": noted("by the email provider"),
    "api": noted("by another program"),
    "manual": noted("by hand"),
    "import": noted("from a list that was read in"),
}


def cause(category: str) -> str:
    """The cause of a refusal in words."""
    return say(CAUSES.get(category, category.replace("_", " ")))


def told_by(source: str) -> str:
    """Who told of it in words; a source that is not known by its name."""
    return say(SOURCES[source]) if source in SOURCES else say("from %(source)s", source=source)
