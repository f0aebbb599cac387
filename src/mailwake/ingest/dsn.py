"""Delivery status notifications: RFC 3464 in the envelope of RFC 6522, and RFC 6533 for addresses beyond ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message
from email.parser import HeaderParser

from mailwake.ingest.mail import header, inner_text, parts, printable, text
from mailwake.ingest.notice import Action, Kind, Report

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")

#: RFC 3463 section 2: class "." subject "." detail
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
#: RFC 5321 section 4.2.1: a reply code opens the line, or follows the name of its type
_REPLY = re.compile(r"(?:^|[\s;:(\"'#<-])([245][0-5]\d)(?=[\s\-:,#]|$)")
#: RFC 6533 section 3: \x{HEX} stands for a character
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
#: RFC 3461 section 4: "+" and two hex digits stand for a byte
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_FIELD = re.compile(r"^final-recipient:", re.IGNORECASE | re.MULTILINE)
_MAX_REPORTS = 500
_MAX_DIAGNOSTIC_CHARS = 1_000


def read_reports(message: Message) -> list[Report]:
    """What the machine-readable part says about each recipient; empty if there is no such part.

    Servers exist that announce the part and then write its fields as plain text; these are read as well.
    """
    found: list[Report] = []
    for part in parts(message):
        if part.get_content_type() in STATUS_TYPES:
            found.extend(_read_blocks(inner_text(part)))
    if not found and message.get_content_type() == "multipart/report":
        for part in parts(message):
            said = text(part) or (part.preamble or "" if part.is_multipart() else "")
            if _FIELD.search(said):
                found.extend(_read_blocks(said))
    return found[:_MAX_REPORTS]


def kind_of(reports: Iterable[Report]) -> Kind:
    """What the whole notice is: one failure makes it a bounce, else one delay makes it a delay."""
    actions = {report.action for report in reports}
    if Action.FAILED in actions:
        return Kind.BOUNCE
    return Kind.DELAYED if Action.DELAYED in actions else Kind.SUCCESS_DSN


def find_status(text: str) -> str | None:
    """The first enhanced status code in a text."""
    found = _STATUS.search(text)
    return found[1] if found else None


def find_reply(text: str) -> str | None:
    """The first SMTP reply code in a text."""
    found = _REPLY.search(text)
    return found[1] if found else None


def shorten(text: str) -> str:
    """A diagnostic on one line without control characters, at most 1,000 characters."""
    return printable(" ".join(text.split()))[:_MAX_DIAGNOSTIC_CHARS]


def _read_blocks(text: str) -> list[Report]:
    blocks = re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n").strip())
    fields = (HeaderParser().parsestr(block) for block in blocks[: _MAX_REPORTS + 1])
    return [report for block in fields if (report := _read_block(block)) is not None]


def _read_block(block: Message) -> Report | None:
    final, original = _address(header(block, "final-recipient")), _address(header(block, "original-recipient"))
    if final is None and original is None:
        return None
    diagnostic = _diagnostic(header(block, "diagnostic-code"))
    status = find_status(header(block, "status")) or find_status(diagnostic)
    action = _action(header(block, "action"), status)
    if action is None:
        return None
    return Report(
        address=final or original,
        action=action,
        original=original,
        status=status,
        smtp=find_reply(diagnostic),
        diagnostic=diagnostic,
    )


def _address(field: str) -> str | None:
    """``rfc822; <user@example.com> (comment)`` → ``user@example.com``; the type may be missing in the wild."""
    kind, semicolon, value = field.partition(";")
    if not semicolon:
        kind, value = "", field
    value = value.strip().strip("<>").split(" ")[0].rstrip(">")
    if kind.strip().lower() == "utf-8":
        value = _UNITEXT.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), value)
    if kind.strip().lower() == "rfc822" and "@" not in value:
        value = _XTEXT.sub(lambda found: chr(int(found[1], 16)), value)
    return printable(value) or None


def _diagnostic(field: str) -> str:
    """The words behind ``smtp;`` or ``X-Postfix;``."""
    kind, semicolon, value = field.partition(";")
    return shorten(value if semicolon and " " not in kind.strip() else field)


def _action(word: str, status: str | None) -> Action | None:
    """The action as told; where it is missing, the class of the status code (RFC 3463 section 3.1)."""
    try:
        return Action(word.lower().split("(")[0].split(" ")[0].rstrip(";,."))
    except ValueError:
        known = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}
        return known[status[0]] if status else None
