"""What providers told, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from mailwake.events import Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class DmarcReport:
    """One aggregate report, without its lines."""

    #: who made it, as it calls itself; nobody proves that
    organisation: str
    #: unique for that organisation (RFC 7489 section 7.2.1.1)
    report_id: str
    #: whose policy it is about, lower case
    domain: str
    #: none, quarantine or reject: what that domain asked for; empty: not told
    policy: str
    begins: Micros
    ends: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class DmarcRow:
    """Copies of one report that share everything."""

    #: address of the server that they came from
    source: str
    #: whose network it is in; None: not known
    operator: str | None
    #: domain in the From header, lower case
    header_from: str
    #: none, quarantine or reject: what was done with them
    disposition: str
    #: whether a DKIM signature held whose domain is that of From
    dkim: bool
    #: the same of SPF and the envelope sender
    spf: bool
    #: 1 or more
    copies: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DmarcSum:
    """Rows of several reports of one organisation, added up."""

    organisation: str
    row: DmarcRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What a domain asked for in the last report on it."""

    domain: str
    policy: str
    #: reports on it
    reports: int
    ends: Micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One thing that a provider's page says of a day."""

    #: google or snds
    source: str
    #: a domain of ours, or the address of a server of ours
    subject: str
    #: YYYY-MM-DD
    day: str
    #: one of those of `mailwake.postmaster.figures`
    name: str
    #: a share, 0-1, or a count; None: it is a word
    value: float | None = None
    #: empty: it is a number; "<": it is below that number
    word: str = ""
