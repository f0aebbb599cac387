"""What the crowd can do with a message, and who does it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Doer(StrEnum):
    """Who is behind an action. This is the truth that judgements are held against."""

    PERSON = "person"
    MACHINE = "machine"


class Act(StrEnum):
    """What is done."""

    #: a person reads; nothing is requested, so nobody can see it
    READ = "read"
    #: an image is loaded
    OPEN = "open"
    #: a link is followed
    CLICK = "click"
    #: a scrambled link is tried
    SCRAMBLE = "scramble"
    #: an unsubscribe or preference page is looked at
    LOOK = "look"
    #: the mailbox provider unsubscribes for its user (RFC 8058)
    ONE_CLICK = "one_click"
    #: the page is opened and its button pressed
    BUTTON = "button"
    #: "report spam" is pressed
    COMPLAIN = "complain"


class Visitor(NamedTuple):
    """How a request looks from outside."""

    ip: str
    #: header lines as on the wire, each ended by CR LF
    headers: bytes


NOBODY = Visitor("", b"")


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One thing that somebody does, so many seconds after the message arrived (scanners may be early: below zero)."""

    after_seconds: float
    act: Act
    doer: Doer
    #: who, in a word: the mail program or the vendor
    agent: str
    url: str = ""
    method: str = "GET"
    visitor: Visitor = NOBODY
