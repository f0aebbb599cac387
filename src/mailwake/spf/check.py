"""Whether a domain lets an address send its mail.

Source: RFC 7208; its limits of ten look-ups and two void ones (section 4.6.4). Held against the suite of tests that
implementers share, see tests/data/spf.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from mailwake.spf.macros import LONGEST_NAME, expand
from mailwake.spf.names import Names, NoAnswer
from mailwake.spf.record import Broken, Record, Term, read

MOST_LOOKUPS, MOST_VOID = 10, 2
_RECORD = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_LONGEST_LABEL = 63


class Result(StrEnum):
    """What a record says (RFC 7208 section 2.6)."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    #: there is no record
    NONE = "none"
    #: the record cannot be understood, or asks for more than servers do
    PERMERROR = "permerror"


_SIGNS = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a question."""

    #: None: cannot say
    result: Result | None
    #: what is wrong with the record, or why nothing can be said, in a few words; empty: nothing
    detail: str = ""


class _Unsaid(Exception):
    """The record's answer is not known here."""


def check(sender: str, address: str, names: Names, helo: str = "") -> Answer:
    """Whether an address may send for the domain of a sender.

    Args:
        sender: of the envelope, or its domain alone.
        address: that recipients' servers see; empty: not known, and only the record is looked at.
        names: asks the DNS.
        helo: the name that the sending host gives itself; empty: not known.

    Raises:
        NoAnswer: nobody can say just now.
    """
    local, _, domain = sender.rpartition("@")
    walk = _Walk(names, _seen(address) if address else None, (local or "postmaster", domain.lower()), helo)
    try:
        result = walk.record(domain.lower())
    except Broken as fault:
        return Answer(result=Result.PERMERROR, detail=str(fault))
    except _Unsaid as fault:
        return Answer(result=None, detail=str(fault))
    if address or result is Result.NONE:
        return Answer(result=result or Result.NEUTRAL)
    return Answer(result=None, detail="the sending address is not known")


def is_open(domain: str, names: Names) -> bool:
    """Whether the record of a domain itself passes everybody, as +all does.

    Raises:
        NoAnswer: nobody can say just now.
    """
    found = [each.decode("latin-1") for each in names.texts(domain.lower())] if _is_name(domain) else []
    try:
        records = [read(text) for text in found if _RECORD.match(text)]
    except Broken:
        return False
    return any(term.name == "all" and term.sign == "+" for record in records for term in record.terms)


def _seen(address: str) -> IPv4Address | IPv6Address:
    """An address as SPF judges it: one of IPv4 in the clothes of IPv6 is one of IPv4 (RFC 7208 section 5)."""
    found = ip_address(address)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_name(name: str) -> bool:
    """Whether the DNS can be asked for a name (RFC 7208 section 4.3)."""
    labels = name.removesuffix(".").split(".")
    return len(labels) > 1 and len(name) <= LONGEST_NAME and all(0 < len(each) <= _LONGEST_LABEL for each in labels)


class _Walk:
    """One question, with what it has cost so far. Without an address every term is visited and none matches."""

    def __init__(
        self, names: Names, address: IPv4Address | IPv6Address | None, sender: tuple[str, str], helo: str
    ) -> None:
        self.names, self.address, self.sender, self.helo = names, address, sender, helo
        self.lookups = self.void = 0

    def record(self, domain: str) -> Result | None:
        """What the record of a domain says; None: none of its terms matches."""
        found = [each.decode("latin-1") for each in self.names.texts(domain)] if _is_name(domain) else []
        records = [text for text in found if _RECORD.match(text)]
        if not records:
            return Result.NONE
        if len(records) > 1:
            raise Broken(f"{domain} has {len(records)} SPF records")
        return self.evaluated(read(records[0]), domain)

    def evaluated(self, record: Record, domain: str) -> Result | None:
        """What the first term that matches says, or the record that this one leads on to."""
        for term in record.terms:
            if self.matches(term, domain):
                return _SIGNS[term.sign]
        if not record.redirect or any(term.name == "all" for term in record.terms):
            return None
        self.pay()
        target = self.target(record.redirect, domain)
        result = self.record(target)
        if result is Result.NONE:
            raise Broken(f"redirect={target} leads to no record")
        return result

    def matches(self, term: Term, domain: str) -> bool:
        """Whether a mechanism matches the address."""
        if term.network is not None:
            return self.within(term.network)
        if term.name == "all":
            return self.address is not None
        self.pay()
        try:
            target = self.target(term.target, domain) if term.target else domain
        except _Unsaid:
            if self.address is None:
                return False
            raise
        if term.name == "include":
            return self.included(target)
        return self.points_to(target) if term.name == "ptr" else self.near(term, target)

    def included(self, domain: str) -> bool:
        """Whether another record passes the address."""
        result = self.record(domain)
        if result is Result.NONE:
            raise Broken(f"include:{domain} leads to no record")
        return result is Result.PASS

    def near(self, term: Term, target: str) -> bool:
        """Whether the address is of the networks around those of a name or of its MX; `exists` asks for any of IPv4."""
        hosts = self.exchangers(target) if term.name == "mx" else [target]
        found = [ip_address(each) for host in hosts if _is_name(host) for each in self.names.addresses(host)]
        version = 4 if term.name == "exists" else self.address.version if self.address else 0
        found = [each for each in found if not version or each.version == version]
        self.void += not found
        if self.void > MOST_VOID:
            raise Broken(f"more than {MOST_VOID} names in it do not exist, such as {target}")
        if term.name == "exists" or self.address is None:
            return bool(found) and self.address is not None
        bits = term.four if version == 4 else term.six
        return any(self.within(ip_network((each, bits), strict=False)) for each in found)

    def exchangers(self, target: str) -> list[str]:
        """The hosts of the MX records of a name."""
        found = list(self.names.exchangers(target)) if _is_name(target) else []
        if len(found) > MOST_LOOKUPS:
            raise Broken(f"{target} has more than {MOST_LOOKUPS} MX records")
        return found

    def points_to(self, domain: str) -> bool:
        """Whether a name of the address, which itself leads back to it, is of a domain (section 5.5)."""
        return any(name == domain.lower() or name.endswith(f".{domain.lower()}") for name in self.own_names())

    def own_names(self) -> list[str]:
        """The names of the address that lead back to it, of the first ten; what does not answer has none."""
        if self.address is None:
            return []
        try:
            found = [name.rstrip(".").lower() for name in self.names.pointers(self.address.reverse_pointer)]
        except NoAnswer:
            return []
        return [name for name in found[:MOST_LOOKUPS] if self.leads_back(name)]

    def leads_back(self, name: str) -> bool:
        """Whether the address is one of a name's."""
        try:
            return any(ip_address(each) == self.address for each in self.names.addresses(name))
        except NoAnswer:
            return False

    def target(self, text: str, domain: str) -> str:
        """A domain as it stands in a record, with its macros replaced (section 7.2)."""
        local, sending = self.sender
        values: dict[str, Callable[[], str]] = {
            "s": lambda: f"{local}@{sending}",
            "l": lambda: local,
            "o": lambda: sending,
            "d": lambda: domain,
            "i": self.dotted,
            "p": lambda: self.own_name(domain),
            "v": lambda: "in-addr" if self.known().version == 4 else "ip6",
            "h": self.greeting,
        }
        return expand(text, values)

    def known(self) -> IPv4Address | IPv6Address:
        """The address, which a macro asks for."""
        if self.address is None:
            raise _Unsaid("the sending address is not known")
        return self.address

    def dotted(self) -> str:
        """The address, of IPv6 digit by digit."""
        address = self.known()
        return str(address) if address.version == 4 else ".".join(address.exploded.replace(":", ""))

    def own_name(self, domain: str) -> str:
        """The best of the names of the address: the domain itself, one below it, any (section 7.3)."""
        self.known()
        names = self.own_names()
        below = [name for name in names if name.endswith(f".{domain}")]
        return domain if domain in names else (below or names or ["unknown"])[0]

    def greeting(self) -> str:
        """The name that the sending host gives itself."""
        if not self.helo:
            raise _Unsaid("it asks for the name that the sending host gives itself, which is not known here")
        return self.helo

    def pay(self) -> None:
        """One more look-up."""
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise Broken(f"it takes more than {MOST_LOOKUPS} look-ups")

    def within(self, network: IPv4Network | IPv6Network) -> bool:
        """Whether the address is of a network."""
        return self.address is not None and self.address.version == network.version and self.address in network
