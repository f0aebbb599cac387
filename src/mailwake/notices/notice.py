"""What a notice says, before anybody believes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of mail came back."""

    #: somebody gave up delivering
    BOUNCE = "bounce"
    #: somebody is still trying; never counts against an address
    DELAYED = "delayed"
    #: the recipient pressed "report spam", or a provider reports on its behalf
    COMPLAINT = "complaint"
    #: a program answered
    AUTO_REPLY = "auto_reply"
    #: a person answered
    REPLY = "reply"
    #: the mail arrived, and the sender had asked to be told
    SUCCESS_DSN = "success_dsn"
    #: anything else
    NOT_BOUNCE = "not_bounce"


class Action(StrEnum):
    """What became of one recipient. Source: RFC 3464 section 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    #: handed to a system that does not report further
    RELAYED = "relayed"
    #: delivered, and sent on to several others
    EXPANDED = "expanded"


@dataclass(frozen=True, kw_only=True)
class Report:
    """One recipient of a notice."""

    #: address it is about; None where the notice hides it
    address: str | None
    action: Action
    #: address as the sender gave it, where that differs or is told at all
    original: str | None = None
    #: enhanced status code (RFC 3463), such as "5.1.1"
    status: str | None = None
    #: three-digit SMTP reply code
    smtp: str | None = None
    #: words of the server that refused, on one line
    diagnostic: str = ""
    #: host name of the server that refused
    server: str | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One mail that came back, read."""

    kind: Kind
    reports: tuple[Report, ...] = ()
    #: Message-ID of the mail it is about
    original_message_id: str | None = None
    #: of a complaint (RFC 5965 section 7.3): abuse, fraud, virus, opt-out, not-spam, auth-failure, other
    feedback_type: str | None = None
    #: of an automatic answer: what it is, ``auto_reply``, ``challenge`` or ``address_change``
    answer: str | None = None
    #: of a person's answer: the words that ask for no more mail, where they are all it says; None: it does not
    asks_to_leave: str | None = None
    #: address in its From header
    sender: str | None = None
    #: whom the returned mail was for: To and Cc, and the recipient that the first server noted down
    returned_to: tuple[str, ...] = ()
    #: its Date header in microseconds since 1970, UTC; None: missing or unreadable
    dated: int | None = None
