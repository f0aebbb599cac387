"""Which mailbox provider has a domain, what it asks of senders, and whether it tells complaints."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from mailwake.atlas.gateways import gateway_of
from mailwake.insight.stores import Stores


class Usual(msgspec.Struct, frozen=True):
    """Rates of complaints to stay under."""

    watch: float
    limit: float
    source: str


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A row of providers.toml."""

    name: str
    domains: tuple[str, ...] = ()
    #: None here and below: it names none
    watch: float | None = None
    limit: float | None = None
    source: str = ""
    #: reports or none
    loop: str = "reports"
    loop_source: str = ""
    #: where complaints can be learned instead
    where: str = ""


class _Table(msgspec.Struct, frozen=True):
    usual: Usual
    hosts: dict[str, str]
    providers: tuple[Provider, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """What a provider's rate of complaints is held against."""

    #: to stay under, 0-1
    watch: float
    #: never to reach, 0-1
    limit: float
    source: str
    #: False: it names none, so these are the strictest that another does
    is_own: bool
    #: False: it tells complaints to nobody one by one
    is_told: bool
    #: where they can be learned instead; empty where they are told
    where: str


@cache
def table() -> _Table:
    """The table, read once."""
    text = files("mailwake.deliverability").joinpath("providers.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)


@cache
def _by_domain() -> Mapping[str, str]:
    return {domain: each.name for each in table().providers for domain in each.domains}


def thresholds(name: str | None) -> Thresholds:
    """What holds for a provider; of one that is not in the table, what is usual."""
    usual = table().usual
    known = next((each for each in table().providers if each.name == name), Provider(name=name or ""))
    return Thresholds(
        watch=usual.watch if known.watch is None else known.watch,
        limit=usual.limit if known.limit is None else known.limit,
        source=known.source or usual.source,
        is_own=known.limit is not None,
        is_told=known.loop != "none",
        where=known.where,
    )


def providers_of(stores: Stores, domains: Iterable[str]) -> dict[str, str]:
    """Domain to the provider that has it: by name, else by who runs its exchanger, else its exchanger, else itself.

    Only what was looked up is known of exchangers (`mailwake report --domains --look-up`).
    """
    wanted = set(domains)
    known = stores.state.exchangers(wanted)
    places = stores.state.places(wanted)
    found = {}
    for domain in wanted:
        operator = gateway_of(known[domain].hosts) if domain in known else None
        named = None if operator is None else table().hosts.get(operator, operator)
        found[domain] = _by_domain().get(domain) or named or places.get(domain, domain)
    return found
