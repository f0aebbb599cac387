"""Whether a domain lets an address send its mail.

Source: RFC 7208; its limits of ten look-ups and two void ones (section 4.6.4). Macros are not expanded: a record whose
answer depends on one has none here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from mailwake.preflight.names import Names

MOST_LOOKUPS, MOST_VOID = 10, 2
_TERM = re.compile(
    r"(?P<sign>[-+?~]?)(?P<name>[a-z0-9]+)(?::(?P<value>[^/\s]+))?(?P<cidr>(?:/[0-9]+)?(?://[0-9]+)?)", re.IGNORECASE
)
_IP = re.compile(r"(?P<sign>[-+?~]?)ip(?P<version>[46]):(?P<net>[0-9a-f.:/]+)", re.IGNORECASE)
_MODIFIER = re.compile(r"[a-z][a-z0-9_.-]*=\S*", re.IGNORECASE)


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


_SIGNS = {"": Result.PASS, "+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a question."""

    #: None: cannot say
    result: Result | None
    #: what is wrong with the record, or why nothing can be said, in a few words; empty: nothing
    detail: str = ""


class _Broken(Exception):
    """The record ends in permerror."""


class _Unsaid(Exception):
    """The record's answer is not known here."""


def check(domain: str, address: str, names: Names) -> Answer:
    """Whether an address may send for a domain.

    Args:
        domain: of the envelope sender, lower case.
        address: that recipients' servers see; empty: not known, and only the record is looked at.
        names: asks the DNS.

    Raises:
        NoAnswer: nobody can say just now.
    """
    walk = _Walk(names, _seen(address) if address else None)
    try:
        result = walk.record(domain, 0)
    except _Broken as fault:
        return Answer(result=Result.PERMERROR, detail=str(fault))
    except _Unsaid as fault:
        return Answer(result=None, detail=str(fault))
    if address or result is Result.NONE:
        return Answer(result=result or Result.NEUTRAL)
    return Answer(result=None, detail="the sending address is not known")


def _seen(address: str) -> IPv4Address | IPv6Address:
    """An address as SPF judges it: one of IPv4 in the clothes of IPv6 is one of IPv4 (RFC 7208 section 5)."""
    found = ip_address(address)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _understood(terms: list[str]) -> str:
    """Where a record redirects to; empty: nowhere. All of it is read before any of it counts (section 4.6).

    Raises:
        _Broken: a term is none, wherever it stands.
    """
    names = [_understand(term) for term in terms]
    redirects = [term.partition("=")[2] for term in terms if term.lower().startswith("redirect=")]
    if len(redirects) > 1:
        raise _Broken("it redirects more than once")
    if redirects == [""]:
        raise _Broken("redirect= names no domain")
    return redirects[0] if redirects and "all" not in names else ""


def _understand(term: str) -> str:
    """The mechanism of a term; empty: it is a modifier."""
    if network := _IP.fullmatch(term):
        _network(network, term)
        return "ip"
    if _MODIFIER.fullmatch(term):
        return ""
    found = _TERM.fullmatch(term)
    if not found:
        raise _Broken(f"{term} is no term")
    name = found["name"].lower()
    if name not in ("all", "include", "a", "mx", "exists", "ptr"):
        raise _Broken(f"there is no mechanism {name}")
    if (name in ("include", "exists") and not found["value"]) or (name == "all" and found["value"]):
        raise _Broken(f"{term} is no term")
    four, six = _bits(found["cidr"])
    if (found["cidr"] and name not in ("a", "mx")) or int(four or 0) > 32 or int(six or 0) > 128:
        raise _Broken(f"{term} is no term")
    return name


def _network(found: re.Match[str], term: str) -> IPv4Network | IPv6Network:
    """The network of an ip4 or ip6 term; a mask with dots is none (section 5.6)."""
    try:
        network = ip_network(found["net"], strict=False)
    except ValueError:
        raise _Broken(f"{term} is no network") from None
    if network.version != int(found["version"]) or "." in found["net"].partition("/")[2]:
        raise _Broken(f"{term} is no network")
    return network


def _bits(cidr: str) -> tuple[str, str]:
    """The lengths of prefixes for IPv4 and IPv6; empty: not said."""
    four, _, six = cidr.partition("//")
    return four.removeprefix("/"), six


class _Walk:
    """One question, with what it has cost so far. Without an address every term is visited and none matches."""

    def __init__(self, names: Names, address: IPv4Address | IPv6Address | None) -> None:
        self.names, self.address = names, address
        self.lookups = self.void = 0

    def record(self, domain: str, depth: int) -> Result | None:
        """What the record of a domain says; None: none of its terms matches."""
        found = [each.decode("latin-1") for each in self.names.texts(domain)]
        records = [text for text in found if re.match(r"v=spf1(?: |\Z)", text, re.IGNORECASE)]
        if not records:
            return Result.NONE
        if len(records) > 1:
            raise _Broken(f"{domain} has {len(records)} SPF records")
        terms = records[0].split()[1:]
        redirect = _understood(terms)
        for term in terms:
            if not _MODIFIER.fullmatch(term) and (result := self.term(term, domain, depth)) is not None:
                return result
        return self.redirected(redirect, depth) if redirect else None

    def redirected(self, domain: str, depth: int) -> Result | None:
        """What another record says in the place of this one."""
        self.pay(domain)
        result = self.record(domain, depth + 1)
        if result is Result.NONE:
            raise _Broken(f"redirect={domain} leads to no record")
        return result

    def term(self, term: str, domain: str, depth: int) -> Result | None:
        """What a term says; None: it does not match."""
        if network := _IP.fullmatch(term):
            return _SIGNS[network["sign"]] if self.within(_network(network, term)) else None
        found = _TERM.fullmatch(term)
        if not found:
            raise _Broken(f"{term} is no term")
        matches = self.matches(found["name"].lower(), found["value"] or domain, found["cidr"], depth)
        return _SIGNS[found["sign"]] if matches else None

    def matches(self, name: str, value: str, cidr: str, depth: int) -> bool:
        """Whether a mechanism matches the address."""
        if name == "all":
            return self.address is not None
        self.pay(value)
        if name == "ptr":
            raise _Unsaid("it uses ptr, which is not looked up here")
        if name == "include":
            return self.included(value, depth)
        hosts = self.names.exchangers(value) if name == "mx" else [value]
        if len(hosts) > MOST_LOOKUPS:
            raise _Broken(f"{value} has more than {MOST_LOOKUPS} MX records")
        addresses = [address for host in hosts for address in self.names.addresses(host)]
        self.void += not addresses
        if self.void > MOST_VOID:
            raise _Broken(f"more than {MOST_VOID} names in it do not exist, such as {value}")
        return bool(addresses) if name == "exists" else any(self.near(address, cidr) for address in addresses)

    def included(self, domain: str, depth: int) -> bool:
        """Whether another record passes the address."""
        if depth > MOST_LOOKUPS:
            raise _Broken("it includes itself")
        result = self.record(domain, depth + 1)
        if result is Result.NONE:
            raise _Broken(f"include:{domain} leads to no record")
        return result is Result.PASS

    def pay(self, name: str) -> None:
        """One more look-up."""
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise _Broken(f"it takes more than {MOST_LOOKUPS} look-ups")
        if "%" in name:
            raise _Unsaid("it uses macros, which are not expanded here")

    def within(self, network: IPv4Network | IPv6Network) -> bool:
        """Whether the address is of a network."""
        return self.address is not None and self.address.version == network.version and self.address in network

    def near(self, address: str, cidr: str) -> bool:
        """Whether the address is of the network around another."""
        four, six = _bits(cidr)
        bits = six if ":" in address else four
        return self.within(ip_network(f"{address}/{bits}" if bits else address, strict=False))
