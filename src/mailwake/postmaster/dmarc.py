"""A DMARC aggregate report, from its XML.

What a provider saw of mail that names one of our domains in From: from which servers, how many, and whether it was
signed or sent by whom the domain allows. `policy_evaluated` is read, which says what held for the domain in From
(aligned); `auth_results` says what held for any domain, and that protects nobody.

Source: RFC 7489 section 7.2 and appendix C; RFC 9990, whose elements have a namespace and the disposition `pass`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address

from mailwake.errors import Unreadable
from mailwake.events import SECOND, Micros
from mailwake.postmaster.elements import Fields, read
from mailwake.store.postmaster.rows import DmarcReport, DmarcRow

DAY = 86_400
#: A day of a large sender has some hundreds of servers.
MAX_ROWS = 20_000
#: No provider takes so many copies of one sender a day; a number above it is a mistake or a joke.
MAX_COPIES = 1_000_000_000
#: The first draft was published in January 2012.
FIRST = 1_325_376_000
#: Reports are on a day; some add up a week.
MAX_SPAN = 32 * DAY
_NAME_CHARS = 255
_DISPOSITIONS = {"none": "none", "pass": "none", "quarantine": "quarantine", "reject": "reject"}
_RESULTS = {"pass": True, "fail": False}
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")


@dataclass(frozen=True, kw_only=True)
class Dmarc:
    """A report as it was read."""

    report: DmarcReport
    rows: tuple[DmarcRow, ...]
    #: lines that say what cannot be, such as a count below zero; by reason
    left_out: dict[str, int] = field(default_factory=dict)


def read_dmarc(raw: bytes, *, now: Micros) -> Dmarc:
    """A report, from one XML document.

    Args:
        raw: the document.
        now: reports on times to come are refused.

    Raises:
        Unreadable: it is no report, is hostile, or says of itself what cannot be.
    """
    rows: list[DmarcRow] = []
    left_out: dict[str, int] = {}
    head = read(raw, root="feedback", record="record", each=partial(_take, rows, left_out))
    return Dmarc(report=_report(head, now), rows=tuple(rows), left_out=left_out)


def _take(rows: list[DmarcRow], left_out: dict[str, int], fields: Fields) -> None:
    if len(rows) + sum(left_out.values()) >= MAX_ROWS:
        raise Unreadable(f"it has more than {MAX_ROWS:,} lines")
    try:
        rows.append(_row(fields))
    except _LeftOut as fault:
        left_out[str(fault)] = left_out.get(str(fault), 0) + 1


class _LeftOut(Exception):
    """Why a line is."""


def _row(fields: Fields) -> DmarcRow:
    copies = _number(fields.get("row/count", ""))
    if copies is None or not 1 <= copies <= MAX_COPIES:
        raise _LeftOut("a count that cannot be")
    disposition = _DISPOSITIONS.get(fields.get("row/policy_evaluated/disposition", "").lower())
    dkim = _RESULTS.get(fields.get("row/policy_evaluated/dkim", "").lower())
    spf = _RESULTS.get(fields.get("row/policy_evaluated/spf", "").lower())
    if disposition is None or dkim is None or spf is None:
        raise _LeftOut("no word on what came of it")
    # RFC 7489 calls it identifiers; drafts that some still follow, identities
    named = fields.get("identifiers/header_from") or fields.get("identities/header_from", "")
    domain = domain_of(named)
    if domain is None:
        raise _LeftOut("no domain in From")
    return DmarcRow(
        source=_address(fields.get("row/source_ip", "")),
        operator=None,
        header_from=domain,
        disposition=disposition,
        dkim=dkim,
        spf=spf,
        copies=copies,
    )


def _address(text: str) -> str:
    try:
        found = ip_address(text)
    except ValueError:
        raise _LeftOut("no address of a server") from None
    if "%" in text:
        raise _LeftOut("no address of a server")
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _report(head: Fields, now: Micros) -> DmarcReport:
    domain = domain_of(head.get("policy_published/domain", ""))
    organisation = _plain(head.get("report_metadata/org_name", ""))
    report_id = _plain(head.get("report_metadata/report_id", ""))
    if domain is None or not organisation or not report_id:
        raise Unreadable("it does not say whose it is: domain, organisation or number are missing")
    begins, ends = (_number(head.get(f"report_metadata/date_range/{each}", "")) for each in ("begin", "end"))
    if begins is None or ends is None or not FIRST <= begins <= ends <= begins + MAX_SPAN:
        raise Unreadable("its times cannot be")
    if ends > now // SECOND + 2 * DAY:  # its day is over when it is written, by a clock that may be a day ahead
        raise Unreadable("it is on times to come")
    return DmarcReport(
        organisation=organisation,
        report_id=report_id,
        domain=domain,
        policy=_policy(head.get("policy_published/p", "")),
        begins=Micros(begins * SECOND),
        ends=Micros(ends * SECOND),
    )


def _policy(text: str) -> str:
    return text.lower() if text.lower() in ("none", "quarantine", "reject") else ""


def _number(text: str) -> int | None:
    """A whole number in ASCII digits, with a sign at most; None: it is none, or longer than any that may be."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,15}", text) else None


def domain_of(text: str) -> str | None:
    """A domain in the form that the DNS has, lower case; None where it is none."""
    name = text.strip().lower().rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return name if _DOMAIN.fullmatch(name) else None


def _plain(text: str) -> str:
    return _UNSEEN.sub(" ", text).strip()[:_NAME_CHARS]
