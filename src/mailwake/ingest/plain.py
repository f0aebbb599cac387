"""Bounces without a machine-readable part: a header of Exim and Gmail, and the plain words of older servers.

Deliberately small: an address on a line of its own, with the refusal beside or below it, in a mail that a mail server
wrote. Knowledge about single server products belongs into a table.
"""

from __future__ import annotations

import re
from email.message import Message

from mailwake.ingest.dsn import find_reply, find_status, shorten
from mailwake.ingest.mail import addresses, header, parts, text
from mailwake.ingest.notice import Action, Report

_MAX_LINES = 400
_MAX_RECIPIENTS = 50
_DAEMONS = ("mailer-daemon@", "postmaster@", "mail-daemon@", "mailerdaemon@", "mdaemon@")
_FAILED_SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (?:status notification|failure|failed|has failed)|failure (?:notice|delivery)"
    r"|mail delivery|delivery report|non ?remis|unzustellbar|could not be delivered|nicht zugestellt",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"\bdelay(?:ed)?\b|could not send message for past|still being retried|will (?:keep|continue) (?:on )?(?:re)?trying"
    r"|you do not need to resend|not yet been delivered|warning message only|verz[öo]ger",
    re.IGNORECASE,
)
#: From here on stands our own mail, in which addresses mean nothing.
_RETURNED = re.compile(
    r"^[\s\-=*>]*(?:this is a copy of|below this line|below is a copy|included is a copy|original message"
    r"|the header(?:s)? of the original|returned message|message header follows|unsent message below|received: from"
    r"|return-path:)",
    re.IGNORECASE,
)
_ADDRESS = r"[A-Za-z0-9._%+=&'*/{}|~!#$^-]{1,64}@[A-Za-z0-9.-]{1,253}[A-Za-z0-9]"
#: An address alone at the start of a line, with a colon, a bracket or nothing behind it.
_ADDRESS_LINE = re.compile(
    rf"^[\s*•-]{{0,8}}(?:to:?\s+|user\s+)?<?({_ADDRESS})>?(?:[\s:;,(\[.…-]|$)(.*)$", re.IGNORECASE
)


def read_plain(message: Message) -> list[Report]:
    """The recipients of a bounce that tells them in words; empty where the mail is no bounce."""
    words = _words(message)
    named = addresses(message, "x-failed-recipients")
    if not named and not _is_a_notice(message):
        return []
    action = Action.DELAYED if _is_delay(message, words) else Action.FAILED
    found = _in_text(words)
    if named:
        found = {address: found.get(address, "\n".join(words)) for address in named}
    return [_report(address, action, said) for address, said in list(found.items())[:_MAX_RECIPIENTS]]


def says_delayed(message: Message) -> bool:
    """Whether the subject speaks of a delay, where the machine-readable part does not say."""
    return _DELAYED.search(header(message, "subject")) is not None


def is_from_a_server(message: Message) -> bool:
    """Whether a mail server wrote this, not a person or a vacation program."""
    return any(address.startswith(_DAEMONS) for address in addresses(message, "from"))


def _is_a_notice(message: Message) -> bool:
    if is_from_a_server(message) and says_delayed(message):
        return True
    written_by_one = is_from_a_server(message) or header(message, "return-path") == "<>"
    return written_by_one and _FAILED_SUBJECT.search(header(message, "subject")) is not None


def _is_delay(message: Message, words: list[str]) -> bool:
    return says_delayed(message) or any(_DELAYED.search(line) for line in words)


def _words(message: Message) -> list[str]:
    """The lines of the first text before the returned mail begins."""
    for part in parts(message):
        if part.get_content_type() == "text/plain" and (said := text(part)).strip():
            lines = said.splitlines()[:_MAX_LINES]
            end = next((number for number, line in enumerate(lines) if _RETURNED.match(line[:200])), len(lines))
            return [line[:1_000] for line in lines[:end]]
    return []


def _in_text(lines: list[str]) -> dict[str, str]:
    """Address to the words beside and below it, up to the next address or blank line after them."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in lines:
        match = _ADDRESS_LINE.match(line)
        if match:
            current = found.setdefault(match[1].lower(), [])
            current.append(match[2])
        elif current is not None and line.strip():
            current.append(line)
        elif current is not None and any(said.strip() for said in current):
            current = None
    return {address: "\n".join(said) for address, said in found.items()}


def _report(address: str, action: Action, said: str) -> Report:
    return Report(
        address=address, action=action, status=find_status(said), smtp=find_reply(said), diagnostic=shorten(said)
    )
