"""Look through a list: every address against how it is written, its domain, and what is remembered here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mailwake.errors import BadInput
from mailwake.hygiene.answers import Finding, Group, Hygiene, Line
from mailwake.hygiene.known import is_disposable, is_role, known, mailbox
from mailwake.hygiene.memory import Own
from mailwake.hygiene.syntax import fault, is_quoted
from mailwake.hygiene.typos import meant, often
from mailwake.hygiene.words import KINDS, LEAVE_OUT, LOOK_AT, SEVERITIES
from mailwake.merge.people import People, Skipped
from mailwake.store.state import Exchangers, Route, address_key, split_address

#: what the DNS says, to what is found
_ROUTES = {
    Route.NO_DOMAIN: "no_domain",
    Route.REFUSED: "refused",
    Route.NONE: "no_server",
    Route.ADDRESS: "address_only",
}
_TAKES_MAIL = (Route.EXCHANGERS, Route.ADDRESS)


@dataclass(kw_only=True)
class _List:
    """What is known of the whole list while its lines are looked through."""

    #: domains that it uses often
    common: frozenset[str]
    routes: Mapping[str, Exchangers]
    own: Own
    #: mailbox to the first line that leads there
    seen: dict[str, int] = field(default_factory=dict, repr=False)
    #: domain to the one that was probably meant
    meant: dict[str, str | None] = field(default_factory=dict)


def domains_of(listed: People) -> Counter[str]:
    """Domain, lower case and IDNA, to how many of the list are there; lines that get no mail are left out."""
    return Counter(split_address(person.address)[1] for person in listed.people)


def look_through(listed: People, own: Own, routes: Mapping[str, Exchangers]) -> Hygiene:
    """Every line with what is to be said of it.

    Args:
        listed: as `merge.people` read it; what it skips is named here with what is wrong, so that the two never differ.
        own: what is remembered of its addresses.
        routes: what the DNS said of its domains; of those that are missing nobody knows.
    """
    counts = domains_of(listed)
    whole = _List(common=frozenset(often(counts)), routes=routes, own=own)
    lines = [Line(line=each.line, address=each.address, findings=(_skipped(each),)) for each in listed.skipped]
    for person in listed.people:
        found = tuple(_findings(person.address, person.line, whole))
        if found:
            lines.append(Line(line=person.line, address=person.address, findings=found))
    lines.sort(key=lambda line: line.line)
    return _told(lines, len(listed.people) + len(listed.skipped), counts, routes)


def _told(lines: list[Line], addresses: int, counts: Mapping[str, int], routes: Mapping[str, Exchangers]) -> Hygiene:
    codes = Counter(code for line in lines for code in {found.code for found in line.findings})
    worst = Counter(_worst(line) for line in lines)
    leave_out, look_at = worst[LEAVE_OUT], worst[LOOK_AT]
    groups = [
        Group(code=code, severity=kind.severity, label=kind.label, mend=kind.mend, addresses=codes[code])
        for code, kind in KINDS.items()
        if codes[code]
    ]
    return Hygiene(
        addresses=addresses,
        fine=addresses - leave_out - look_at,
        leave_out=leave_out,
        look_at=look_at,
        domains=len(counts),
        domains_known=sum(domain in routes for domain in counts),
        groups=tuple(groups),
        lines=tuple(lines),
    )


def _worst(line: Line) -> str:
    severities = {found.severity for found in line.findings}
    return next(each for each in SEVERITIES if each in severities)


def _found(code: str, detail: str = "", suggestion: str = "") -> Finding:
    return Finding(code=code, severity=KINDS[code].severity, detail=detail, suggestion=suggestion)


def _skipped(skipped: Skipped) -> Finding:
    """Why a line gets no mail, said as exactly as can be."""
    if skipped.reason.startswith("the same address"):
        return _found("duplicate", skipped.reason)
    if is_quoted(skipped.address) and not fault(skipped.address):
        return _found("syntax", "a name in quotes is right, but few servers take it, and `mailwake send` does not")
    return _found("syntax", fault(skipped.address) or skipped.reason)


def _findings(address: str, line: int, whole: _List) -> Iterator[Finding]:
    if wrong := fault(address):
        yield _found("syntax", wrong)
        return
    local, domain = split_address(address)
    yield from _of_domain(local, domain, whole)
    if address in whole.own.suppressed:
        yield _found("suppressed", whole.own.suppressed[address])
    elif address in whole.own.refused:
        count, cause = whole.own.refused[address]
        yield _found("bouncing", f"{count:,} times, last: {cause}")
    if is_role(local):
        yield _found("role")
    first = whole.seen.setdefault(_mailbox(address), line)
    if first != line:
        yield _found("same_mailbox", f"line {first}")


def _mailbox(address: str) -> str:
    try:
        return mailbox(address_key(address))
    except BadInput:  # not one that two lines could share
        return address


def _of_domain(local: str, domain: str, whole: _List) -> Iterator[Finding]:
    row = whole.routes.get(domain)
    route = row.route if row is not None else None
    if domain not in whole.meant:
        whole.meant[domain] = _meant(domain, route, whole.common)
    if better := whole.meant[domain]:
        yield _found("typo", f"{better}?", f"{local}@{better}")
    if is_disposable(domain, whole.own.disposable):
        yield _found("disposable")
    if route in _ROUTES:
        yield _found(_ROUTES[route])
    if route is None:
        yield _found("unanswered")
    if domain in whole.own.catch_all:
        yield _found("catch_all")


def _meant(domain: str, route: Route | None, common: frozenset[str]) -> str | None:
    """What was probably meant.

    A domain that takes mail may still be a slip of a large provider's name, which others registered to catch such mail;
    of a domain of the list's own it is then more likely a neighbour.
    """
    if found := meant(domain, known().providers, right=common):
        return found
    return None if route in _TAKES_MAIL else meant(domain, common, right=common)
