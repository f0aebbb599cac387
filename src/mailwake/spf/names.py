"""What the DNS says, asked by whoever tests can replace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mailwake.errors import Misconfigured

TIMEOUT_SECONDS = 4.0


class NoAnswer(Exception):
    """No name server answered, or it could not say. That is not known, and not "none"."""


class Names(Protocol):
    """Asks the DNS. Every question may raise `NoAnswer`; empty: there is no such record."""

    def texts(self, name: str) -> Sequence[bytes]:
        """Each TXT record of a name, its pieces joined."""
        ...

    def addresses(self, name: str) -> Sequence[str]:
        """Its A and AAAA records."""
        ...

    def exchangers(self, name: str) -> Sequence[str]:
        """The hosts of its MX records."""
        ...

    def pointers(self, name: str) -> Sequence[str]:
        """The hosts of the PTR records of a name such as 7.113.0.203.in-addr.arpa."""
        ...


class Dns:
    """`Names` on dnspython, with the name servers of this machine.

    Raises:
        Misconfigured: dnspython is not installed, or this machine names no name server.
    """

    def __init__(self) -> None:
        try:
            from dns.exception import DNSException
            from dns.resolver import NXDOMAIN, NoResolverConfiguration, Resolver
            from dns.resolver import NoAnswer as NoData
        except ImportError:
            raise Misconfigured("preflight", "install dnspython, which is part of mailwake[server]") from None
        try:
            self._stub = Resolver()
        except NoResolverConfiguration:
            how = 'look without the network: --offline, or [preflight] gate = "show"'
            raise Misconfigured("preflight", f"this machine names no name server; {how}") from None
        self._stub.lifetime = TIMEOUT_SECONDS
        self._none, self._faults = (NXDOMAIN, NoData), (DNSException, OSError, ValueError)

    def texts(self, name: str) -> Sequence[bytes]:
        """See `Names.texts`."""
        return [b"".join(each.strings) for each in self._records(name, "TXT")]  # type: ignore[attr-defined]

    def addresses(self, name: str) -> Sequence[str]:
        """See `Names.addresses`."""
        return [str(each) for kind in ("A", "AAAA") for each in self._records(name, kind)]

    def exchangers(self, name: str) -> Sequence[str]:
        """See `Names.exchangers`."""
        return [str(each).rpartition(" ")[2].rstrip(".").lower() for each in self._records(name, "MX")]

    def pointers(self, name: str) -> Sequence[str]:
        """See `Names.pointers`."""
        return [str(each).rstrip(".").lower() for each in self._records(name, "PTR")]

    def _records(self, name: str, kind: str) -> list[object]:
        try:
            return list(self._stub.resolve(f"{name.rstrip('.')}.", kind, search=False))
        except self._none:
            return []
        except self._faults as fault:
            raise NoAnswer(type(fault).__name__) from None


def takes_mail(domain: str, names: Names) -> bool:
    """Whether mail for a domain has somewhere to go: its MX, or itself where it has none; "." says that it has not.

    Source: RFC 5321 section 5.1, RFC 7505.

    Raises:
        NoAnswer: nobody can say just now.
    """
    hosts = names.exchangers(domain)
    return any(hosts) if hosts else bool(names.addresses(domain))
