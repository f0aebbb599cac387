"""Complaints: the abuse reporting format of RFC 5965."""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser

from mailwake.ingest.mail import header, inner_text, parts
from mailwake.ingest.notice import Action, Report

#: feedback types that say "the recipient does not want this"; the others are about us or about nobody.
#: Source: RFC 5965 section 7.3, RFC 6591 (auth-failure), RFC 6430 (not-spam)
COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "miscategorized", "complaint"})
#: asks to be taken off the list
OPT_OUT = frozenset({"opt-out", "opt-out-list"})


def read_feedback(message: Message) -> tuple[str, list[Report]] | None:
    """The feedback type and the recipients of a complaint; None if it is none.

    A report names the recipients only where the provider does not redact them.
    """
    for part in parts(message):
        if part.get_content_type() == "message/feedback-report":
            fields = HeaderParser().parsestr(inner_text(part).lstrip())
            named = [str(value).strip().strip("<>") for value in fields.get_all("original-rcpt-to", [])]
            reports = [Report(address=address, action=Action.DELIVERED) for address in dict.fromkeys(named) if address]
            return header(fields, "feedback-type").lower() or "abuse", reports
    return None
