"""Delivery status notifications: RFC 3464 in the envelope of RFC 6522, and RFC 6533 for addresses beyond ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailwake.notices.mail import Part, decoded, printable, text
from mailwake.notices.notice import Action, Kind, Report

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})

#: RFC 3463 section 2: class "." subject "." detail. Here and below the digit stands first, what may not stand before it
#: second: so a text is skimmed for the digits, which is several times faster.
_STATUS = re.compile(r"[245](?<![\d.][245])\.\d{1,3}\.\d{1,3}(?![\d.]|-\d)")
#: RFC 5321 section 4.2.1: a reply code opens the line, or follows the name of its type
_REPLY = re.compile(r"[245](?<![^\s;:(\"'#<-][245])[0-5]\d(?=[\s\-:,#]|$)")
#: RFC 6533 section 3: \x{HEX} stands for a character
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
#: RFC 3461 section 4: "+" and two hex digits stand for a byte
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
#: the same for the two signs of an address that have no other form there
_XTEXT_MUST = re.compile(r"\+(2B|3D)")
FIELDS = re.compile(r"^[ \t]{0,8}(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,40})[ \t]*:(.*)")
#: RFC 987, RFC 2156: an Internet address inside an X.400 one
_X400 = re.compile(r"rfc-?822=([^/;\s]{1,256}?)\(a\)([^/;\s]{1,253})", re.IGNORECASE)
#: A recipient begins anew with each of these.
_OPENING = ("final-recipient", "original-recipient", "x-actual-recipient")
_SINGLE = (*_OPENING, "action", "status")
_MAX_REPORTS = 100
_MAX_LINES = 2_000
_MAX_DIAGNOSTIC_CHARS = 1_000


def read_reports(own: Iterable[Part]) -> list[Report]:
    """What the machine-readable parts among these say about each recipient; empty if there is no such part.

    Servers exist that announce the part and then write its fields as plain text; `read_fields_in` is for those.
    """
    found: list[Report] = []
    for part in own:
        if part.kind in STATUS_TYPES and not part.inside:
            found.extend(read_fields_in(text(part)))
            if len(found) >= _MAX_REPORTS:
                break
    return found[:_MAX_REPORTS]


def kind_of(reports: Iterable[Report]) -> Kind:
    """What the whole notice is: one failure makes it a bounce, else one delay makes it a delay."""
    actions = {report.action for report in reports}
    if Action.FAILED in actions:
        return Kind.BOUNCE
    return Kind.DELAYED if Action.DELAYED in actions else Kind.SUCCESS_DSN


def find_status(text: str) -> str | None:
    """The first enhanced status code in a text, one that names a cause before one that names none."""
    found = _STATUS.findall(text)
    return next((code for code in found if not is_vague(code)), found[0] if found else None)


def is_vague(status: str) -> bool:
    """Whether a status says no more than success or failure (RFC 3463 section 3.1: X.0.0)."""
    return status.endswith(".0.0")


def find_reply(text: str) -> str | None:
    """The first SMTP reply code in a text, a refusal before what servers say while all is well."""
    found = _REPLY.findall(text)
    return next((code for code in found if code[0] != "2"), found[0] if found else None)


def shorten(text: str) -> str:
    """A diagnostic on one line without control characters, at most 1,000 characters."""
    return printable(" ".join(text[: 4 * _MAX_DIAGNOSTIC_CHARS].split()))[:_MAX_DIAGNOSTIC_CHARS]


def read_fields_in(words: str) -> list[Report]:
    """The recipients in a text of fields; blank lines and the order of the fields are taken as they come."""
    found = [report for block in _blocks(words) if (report := _read_block(block)) is not None]
    return found[:_MAX_REPORTS]


def _blocks(words: str) -> Iterator[dict[str, str]]:
    """The fields of one recipient after the other.

    A blank line ends a recipient that is complete; a field that can stand only once ends the one before it.
    """
    block: dict[str, str] = {}
    last = ""
    for line in words.replace("\r\n", "\n").split("\n", _MAX_LINES)[:_MAX_LINES]:
        field = _LINE.match(line) or _LINE.match(line.lstrip())
        if field is None or (line[:1].isspace() and field[1].lower() not in _SINGLE):
            if not line.strip() and _is_complete(block):
                yield block
                block = {}
            elif last and line.strip():
                block[last] = f"{block.get(last, '')} {line.strip()}"
            continue
        last = field[1].lower()
        if last in block and last in _SINGLE:
            yield block
            block = {}
        block.setdefault(last, field[2].strip())
    yield block


def _is_complete(block: dict[str, str]) -> bool:
    return any(name in block for name in _OPENING) and ("action" in block or "status" in block)


def _read_block(block: dict[str, str]) -> Report | None:
    final, original, actual = (_address(block.get(name, "")) for name in _OPENING)
    if final is None and original is None and actual is None:
        return None
    diagnostic = _diagnostic(block.get("diagnostic-code", ""))
    supplement = block.get("x400-supplementary-info") or block.get("x-supplementary-info")
    if supplement:
        diagnostic = shorten(f"{diagnostic} {supplement}")
    status = find_status(block.get("status", "")[:200])
    if status is None or is_vague(status):
        status = find_status(diagnostic) or status
    action = _action(block.get("action", ""), status)
    if action is None:
        return None
    # The original is the one that the sender named (RFC 3464 section 2.3.1); the other may be an alias behind it.
    ranked = (original, final, actual) if (original or "").lower() != (final or "").lower() else (final,)
    known = (each for each in ranked if each is not None and is_address(each))
    return Report(
        address=next(known, final or original or actual),
        action=action,
        original=original,
        status=status,
        smtp=find_reply(diagnostic),
        diagnostic=diagnostic,
        server=_server(block.get("remote-mta", "")),
    )


def is_address(value: str) -> bool:
    """Whether this is an address of the Internet, not the path of a mailbox or a name in another system."""
    local, at, domain = value.rpartition("@")
    return bool(local and at and domain) and not value.startswith(("/", "|", "\\"))


def _address(field: str) -> str | None:
    """``rfc822; <user@example.com> (comment)`` → ``user@example.com``; the type may be missing in the wild."""
    kind, semicolon, value = field[:1_000].partition(";")
    kind = kind.strip().lower() if semicolon else ""
    value = value if semicolon else field[:1_000]
    # An encoded word is no part of an address (RFC 2047 section 5); where a server writes one there, it is the address.
    value = printable(value) if "?=@" in value else decoded(value)
    inside = _X400.search(value) if "822=" in value and "(a)" in value.lower() else None
    if inside:
        return printable(f"{inside[1]}@{inside[2]}")
    bracket = value.rfind("<")
    if bracket >= 0 and "@" in value[bracket:]:
        value = value[bracket + 1 :]
    value = value.strip().strip("<>").split(" ")[0].split(">")[0].strip("\"'").removeprefix("mailto:")
    if kind == "utf-8":
        value = _UNITEXT.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), value)
    if kind == "rfc822":
        escaped = _XTEXT if "@" not in value else _XTEXT_MUST
        value = escaped.sub(lambda found: chr(int(found[1], 16)), value)
    return printable(value) or None


def _diagnostic(field: str) -> str:
    """The words behind ``smtp;`` or ``X-Postfix;``."""
    kind, semicolon, value = field[: 4 * _MAX_DIAGNOSTIC_CHARS].partition(";")
    words = value if semicolon and " " not in kind.strip() else field
    return shorten(decoded(words[: 2 * _MAX_DIAGNOSTIC_CHARS]) if "=?" in words else words)


def _server(field: str) -> str | None:
    """``dns; mx.example.com [192.0.2.1]`` → ``mx.example.com``."""
    name = field[:300].rpartition(";")[2].strip().split(" ")[0].split("(")[0].split("[")[0].rstrip(".").lower()
    return printable(name) if "." in name else None


def _action(word: str, status: str | None) -> Action | None:
    """The action as told; where it is missing, the class of the status code (RFC 3463 section 3.1)."""
    try:
        return Action(word.strip().lower().split("(")[0].split(" ")[0].rstrip(";,."))
    except ValueError:
        known = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}
        return known[status[0]] if status else None
