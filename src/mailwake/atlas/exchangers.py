"""Looks up who takes the mail of recipient domains, when somebody asks for it; what is found is kept.

The only place that asks the DNS about recipients. Nothing waits for it: where there is no name server it says so soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mailwake.errors import Misconfigured
from mailwake.events import SECOND, Micros
from mailwake.store.state import Route, StateStore

#: Domains move seldom.
KEEP_MICROS = 30 * 86_400 * SECOND
TIMEOUT_SECONDS = 4.0
#: So many silences after one another, and there is no network.
GIVE_UP_AFTER = 3
#: RFC 1035 section 2.3.4; whatever is longer is no name.
MAX_NAME_CHARS = 253
#: More exchangers than this tell nothing more.
MAX_HOSTS = 10


class NoAnswer(Exception):
    """No name server answered, or it could not say. That is not known, and not "none"."""


class Resolver(Protocol):
    """Asks the DNS."""

    def exchangers(self, domain: str) -> Sequence[str]:
        """Host names that take the domain's mail, most preferred first; empty: it says that it has none.

        Raises:
            NoAnswer: nobody can say just now.
        """
        ...


class RouteResolver(Protocol):
    """Asks the DNS which way mail gets to a domain."""

    def route(self, domain: str) -> tuple[tuple[str, ...], Route]:
        """Its exchangers, most preferred first, and which way mail gets there. May be called by several threads.

        Raises:
            NoAnswer: nobody can say just now.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class LookedUp:
    """What became of a round of questions."""

    #: answered, now kept
    found: int
    #: kept from before, young enough
    fresh: int
    #: nobody could say
    unanswered: int
    #: not asked any more, because nobody answered
    given_up: int


class DnsResolver:
    """`Resolver` on dnspython, with the name servers of this machine.

    Args:
        nameservers: others; for tests.
        port: theirs.
        timeout_seconds: for all attempts on one domain together.

    Raises:
        Misconfigured: dnspython is not installed, or this machine names no name server.
    """

    def __init__(
        self, nameservers: Sequence[str] = (), *, port: int = 53, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        try:
            from dns.exception import DNSException
            from dns.resolver import NXDOMAIN, NoResolverConfiguration
            from dns.resolver import NoAnswer as NoData
            from dns.resolver import Resolver as Stub
        except ImportError:
            raise Misconfigured("--look-up", "install dnspython, which is part of mailwake[server]") from None
        try:
            self._stub = Stub(configure=not nameservers)
        except NoResolverConfiguration:
            raise Misconfigured("--look-up", "this machine names no name server in /etc/resolv.conf") from None
        if nameservers:
            self._stub.nameservers, self._stub.port = list(nameservers), port
        self._stub.lifetime = timeout_seconds
        self._no_name, self._no_data = NXDOMAIN, NoData
        self._faults = (DNSException, OSError, ValueError)

    def exchangers(self, domain: str) -> Sequence[str]:
        """See `Resolver.exchangers`. A null MX (RFC 7505) is none."""
        return self._ranked(domain) or []

    def route(self, domain: str) -> tuple[tuple[str, ...], Route]:
        """See `RouteResolver.route`."""
        hosts = self._ranked(domain)
        if hosts is None:
            return (), self._without(domain)
        return tuple(hosts), Route.EXCHANGERS if hosts else Route.REFUSED

    def _ranked(self, domain: str) -> list[str] | None:
        """Its exchangers; empty: a null MX; None: it has no MX."""
        answer = self._ask(domain, "MX")
        if not isinstance(answer, list):
            return None
        ranked = sorted((int(each.preference), str(each.exchange).rstrip(".").lower()) for each in answer)
        return [host for _, host in ranked if host][:MAX_HOSTS]

    def _without(self, domain: str) -> Route:
        """What a domain without MX has instead."""
        for kind in ("A", "AAAA"):
            answer = self._ask(domain, kind)
            if isinstance(answer, list):
                return Route.ADDRESS
            if answer is Route.NO_DOMAIN:
                return answer
        return Route.NONE

    def _ask(self, domain: str, kind: str) -> list[Any] | Route:
        """Its records of one kind, or what it has instead: no such name, or nothing of this kind."""
        try:
            return list(self._stub.resolve(f"{domain}.", kind, search=False))
        except self._no_name:
            return Route.NO_DOMAIN
        except self._no_data:
            return Route.NONE
        except self._faults as fault:
            raise NoAnswer(type(fault).__name__) from None


def look_up(
    state: StateStore,
    domains: Iterable[str],
    resolver: Resolver,
    *,
    now: Micros,
    each: Callable[[str], None] = lambda _: None,
) -> LookedUp:
    """Ask for every domain that nobody asked for lately, and keep the answers; stops early where nobody answers.

    Args:
        state: where answers are kept.
        domains: lower case, IDNA.
        resolver: asks.
        now: microseconds since 1970.
        each: told of every domain before it is asked for.
    """
    wanted = [domain for domain in domains if len(domain) <= MAX_NAME_CHARS]
    known = state.exchangers(wanted)
    stale = [name for name in wanted if name not in known or now - known[name].looked_up_at >= KEEP_MICROS]
    found = unanswered = silences = 0
    for asked, domain in enumerate(stale):
        if silences == GIVE_UP_AFTER:
            given_up = len(stale) - asked
            return LookedUp(found=found, fresh=len(wanted) - len(stale), unanswered=unanswered, given_up=given_up)
        each(domain)
        try:
            state.put_exchangers(domain, resolver.exchangers(domain), now=now)
        except NoAnswer:
            unanswered, silences = unanswered + 1, silences + 1
        else:
            found, silences = found + 1, 0
    return LookedUp(found=found, fresh=len(wanted) - len(stale), unanswered=unanswered, given_up=0)
