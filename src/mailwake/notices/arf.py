"""Complaints: the abuse reporting format of RFC 5965."""

from __future__ import annotations

import re

from mailwake.notices.mail import Part, addresses, header, parts, printable, read_fields, text
from mailwake.notices.notice import Action, Report

#: feedback types that say "the recipient does not want this"; the others are about us or about nobody.
#: Source: RFC 5965 section 7.3, RFC 6591 (auth-failure), RFC 6430 (not-spam)
COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "miscategorized", "complaint"})
#: asks to be taken off the list
OPT_OUT = frozenset({"opt-out", "opt-out-list"})
#: What providers write about before the format existed, or beside it: the subject of Microsoft's junk mail reports, and
#: who sends them. Source: sendersupport.olc.protection.outlook.com, Junk Email Reporting Program
_JMRP = re.compile(r"complaint about message from \S", re.IGNORECASE)
_REPORTERS = ("staff@hotmail.com", "scomp@aol.net", "staff@outlook.com")
_MAX_NAMED = 100


def read_feedback(message: Part) -> tuple[str, list[Report]] | None:
    """The feedback type and the recipients of a complaint; None if it is none.

    A report names the recipients only where the provider does not redact them.
    """
    for part in message.own:
        if part.kind == "message/feedback-report":
            fields = read_fields(text(part).lstrip())
            told = fields.get("feedback-type", [""])[0].lower().split()
            return (told[0] if told else "abuse"), _named(message, fields)
    if _is_a_report(message):
        return "abuse", _named(message, {})
    return None


def _is_a_report(message: Part) -> bool:
    """Whether a provider complains in a form of its own, with the mail enclosed."""
    if "feedback-report" in message.first("content-type"):
        return True
    if not any(part.kind == "message/rfc822" for part in message.own):
        return False
    if any(each in _REPORTERS for each in addresses(message, "from")):
        return True
    return _JMRP.match(header(message, "subject")) is not None


def _named(message: Part, fields: dict[str, list[str]]) -> list[Report]:
    values = fields.get("original-rcpt-to", []) or fields.get("removal-recipient", [])
    values = values or [
        value for part in parts(message) for value in part.get_all("x-hmxmroriginalrecipient")[:_MAX_NAMED]
    ]
    found = [printable(value).rpartition(";")[2].strip().strip("<>") for value in values[:_MAX_NAMED] if "@" in value]
    return [Report(address=address, action=Action.DELIVERED) for address in dict.fromkeys(found) if address]
