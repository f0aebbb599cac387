"""An SPF record, read as a whole before any of it counts.

Source: RFC 7208 sections 4.6.1, 5, 6, 7.1 and 12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

_MACRO = r"%\{(?P<letter>[slodiphv])(?P<digits>[0-9]*)(?P<turned>r?)(?P<marks>[-.+,/_=]*)\}"
MACRO = re.compile(rf"{_MACRO}|%[%_-]", re.IGNORECASE)
_PIECE = r"(?:%\{[slodiphv][0-9]*r?[-.+,/_=]*\}|%[%_-])"
_STRING = re.compile(rf"(?:{_PIECE}|[!-$&-~])*", re.IGNORECASE)
#: what a domain ends in, unless in a macro: a label that is no number
_LAST_LABEL = re.compile(r"(?=[a-z0-9-]*[a-z-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>.*)", re.IGNORECASE | re.DOTALL)
_DIRECTIVE = re.compile(r"(?P<sign>[-+?~]?)(?P<name>[a-z0-9]+)(?P<rest>(?:[:/].*)?)", re.IGNORECASE | re.DOTALL)
_LENGTHS = re.compile(r"(?P<host>.*?)(?:/(?P<four>0|[1-9][0-9]?))?(?://(?P<six>0|[1-9][0-9]{0,2}))?", re.DOTALL)
_NETWORK = re.compile(r"(?P<address>[0-9a-f.:]+)(?:/(?P<bits>0|[1-9][0-9]{0,2}))?", re.IGNORECASE)
_NAMING = ("include", "exists")
#: characters of a term that are shown; who wrote it may have written many
_SHOWN = 80


class Broken(Exception):
    """The record ends in permerror; the text says why, in a few words."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One mechanism of a record."""

    #: "+", "-", "~" or "?"
    sign: str
    #: such as include, lower case
    name: str
    #: the domain as it stands there, macros and all; empty: the record's own
    target: str = ""
    #: of ip4 and ip6
    network: IPv4Network | IPv6Network | None = None
    #: how many leading bits count, of a and mx
    four: int = 32
    six: int = 128


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a record says."""

    terms: tuple[Term, ...]
    #: the domain as it stands there; empty: there is no redirect
    redirect: str


def read(text: str) -> Record:
    """A record by its text.

    Args:
        text: from "v=spf1" on.

    Raises:
        Broken: something in it is no term, wherever it stands.
    """
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for word in text[len("v=spf1") :].split(" "):
        if found := _MODIFIER.fullmatch(word):
            _modify(modifiers, found["name"].lower(), found["value"], word)
        elif word:
            terms.append(_term(word))
    return Record(terms=tuple(terms), redirect=modifiers.get("redirect", ""))


def _modify(modifiers: dict[str, str], name: str, value: str, word: str) -> None:
    known = name in ("redirect", "exp")
    if not (_is_domain(value) if known else _STRING.fullmatch(value)):
        raise _no_term(word) if value or not known else Broken(f"{name}= names no domain")
    if known and name in modifiers:
        raise Broken("it redirects more than once" if name == "redirect" else "it has exp= more than once")
    modifiers[name] = value


def _is_domain(text: str) -> bool:
    """Whether a text may stand where a domain does. Each part of it is looked at once: strangers write records."""
    if not _STRING.fullmatch(text):
        return False
    ends = [found.end() for found in MACRO.finditer(text)]
    if ends and ends[-1] == len(text):
        return True
    _, dot, last = text.removesuffix(".").rpartition(".")
    return bool(dot and _LAST_LABEL.fullmatch(last))


def _term(word: str) -> Term:
    found = _DIRECTIVE.fullmatch(word)
    if not found:
        raise _no_term(word)
    sign, name, rest = found["sign"] or "+", found["name"].lower(), found["rest"]
    if name in ("ip4", "ip6"):
        return Term(sign=sign, name=name, network=_network(rest, int(name[-1]), word))
    if name in ("a", "mx"):
        return _near(sign, name, rest, word)
    if name not in ("all", "ptr", *_NAMING):
        raise Broken(f"there is no mechanism {name[:_SHOWN]}")
    if (name == "all" and rest) or (name in _NAMING and not rest):
        raise _no_term(word)
    return Term(sign=sign, name=name, target=_target(rest, word))


def _near(sign: str, name: str, rest: str, word: str) -> Term:
    """A mechanism of addresses around others; what looks like the length of a prefix is one (section 5.3)."""
    lengths = _LENGTHS.fullmatch(rest)
    assert lengths is not None  # noqa: S101 - every text is a host and no lengths
    four, six = int(lengths["four"] or 32), int(lengths["six"] or 128)
    if four > 32 or six > 128:
        raise _no_term(word)
    return Term(sign=sign, name=name, target=_target(lengths["host"], word), four=four, six=six)


def _target(rest: str, word: str) -> str:
    if rest and not (rest.startswith(":") and _is_domain(rest[1:])):
        raise _no_term(word)
    return rest[1:]


def _network(rest: str, version: int, word: str) -> IPv4Network | IPv6Network:
    """The network of an ip4 or ip6 term; a mask with dots is none (section 5.6)."""
    found = _NETWORK.fullmatch(rest[1:]) if rest.startswith(":") else None
    try:
        network = ip_network(rest[1:], strict=False) if found else None
    except ValueError:
        network = None
    if network is None or network.version != version:
        raise Broken(f"{word[:_SHOWN]} is no network")
    return network


def _no_term(word: str) -> Broken:
    return Broken(f"{word[:_SHOWN]} is no term")
