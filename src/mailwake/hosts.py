"""Which name mail carries, and whose keys seal and read there.

An installation that mails for several brands has a tracking host for each. Every one has keys of its own: a token says
nothing on another host, and whoever got hold of one brand's keys could forge no link of another. What was sealed once
is read for ever, so a host that changes its keys keeps reading with those it had before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from urllib.parse import urlsplit

from mailwake.errors import Misconfigured, Untrusted
from mailwake.sections import Brand, Host
from mailwake.settings import Settings
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Minter, Purpose, ReturnPaths, TokenReader, parse_keys

#: Refusals that another key of the same host may take back.
_OTHER_KEY = frozenset(("seal", "slot"))


class TrackingHost:
    """A name that mail points at.

    Args:
        name: lower case, without port.
        base_url: scheme, name and port.
        brand: how its pages present themselves.
        rings: the keys that seal there, then those that did before.
        bounce_domain: of the envelope senders of its mail; empty: mail keeps its own.
    """

    def __init__(
        self, name: str, base_url: str, *, brand: Brand, rings: Sequence[KeyRing], bounce_domain: str = ""
    ) -> None:
        self.name = name
        self.base_url = base_url
        self.brand = brand
        self.rings = tuple(rings)
        self.bounce_domain = bounce_domain

    @cached_property
    def minter(self) -> Minter:
        """Seals for this host, and remembers the link parts it made."""
        return Minter(self.rings[0], self.name)

    @cached_property
    def return_paths(self) -> ReturnPaths | None:
        """Seals the envelope senders of its mail; None: mail keeps its own."""
        return ReturnPaths(self.rings, self.bounce_domain) if self.bounce_domain else None


class HostReader:
    """Reads tokens of several hosts, each with its own keys alone.

    Args:
        readers: per host, the keys that seal there first.
    """

    def __init__(self, readers: Mapping[str, Sequence[TokenReader]]) -> None:
        self._readers = {host: tuple(several) for host, several in readers.items()}

    def message(self, text: str, host: str, *purposes: Purpose) -> MessageToken:
        """See `TokenReader.message`."""
        *first, last = self._of(host)
        for reader in first:
            try:
                return reader.message(text, host, *purposes)
            except Untrusted as fault:
                if fault.reason not in _OTHER_KEY:
                    raise
        return last.message(text, host, *purposes)

    def reference(self, text: str, host: str) -> tuple[MessageToken, int]:
        """See `TokenReader.reference`."""
        *first, last = self._of(host)
        for reader in first:
            try:
                return reader.reference(text, host)
            except Untrusted as fault:
                if fault.reason not in _OTHER_KEY:
                    raise
        return last.reference(text, host)

    def link(self, text: str, host: str) -> LinkToken:
        """See `TokenReader.link`."""
        *first, last = self._of(host)
        for reader in first:
            try:
                return reader.link(text, host)
            except Untrusted as fault:
                if fault.reason not in _OTHER_KEY:
                    raise
        return last.link(text, host)

    def _of(self, host: str) -> tuple[TokenReader, ...]:
        if host not in self._readers:
            raise Untrusted("host")
        return self._readers[host]


class Hosts:
    """All tracking hosts of an installation.

    Args:
        settings: of the installation.
        keys: its master keys.

    Attributes:
        default: the host of ``tracking.base_url``, for every sender that no other host is for.
        all: every host that is answered for, by name.

    Raises:
        Misconfigured: a host's own keys are missing, short or published.
    """

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        self._settings, self._keys = settings, keys
        self._senders = settings.host_of_sender()
        self.all = {name: self._host(name) for name in sorted(settings.own_hosts)}
        self.default = self.all[settings.tracking_host]

    @classmethod
    def load(cls, settings: Settings) -> Hosts:
        """The hosts with all keys read.

        Raises:
            Misconfigured: keys are missing, short or published.
        """
        return cls(settings, settings.load_keys())

    def of_sender(self, domain: str | None) -> TrackingHost:
        """The host for mail of a From domain: the one that names the domain or the nearest above it.

        Args:
            domain: lower case, IDNA form; None: the message does not say whose it is.
        """
        while domain:
            if domain in self._senders:
                return self.all[self._senders[domain]]
            domain = domain.partition(".")[2]
        return self.default

    def reader(self) -> TokenReader | HostReader:
        """What reads the tokens of all hosts."""
        plain = TokenReader(self._keys, self.all)
        if not self._settings.hosts:
            return plain
        return HostReader(
            {
                name: [plain if ring is self._keys else TokenReader(ring, [name]) for ring in host.rings]
                for name, host in self.all.items()
            }
        )

    def return_paths(self) -> dict[str, ReturnPaths]:
        """What reads envelope senders, by bounce domain."""
        rings: dict[str, list[KeyRing]] = {}
        for host in self.all.values():
            if host.bounce_domain:
                rings.setdefault(host.bounce_domain, []).extend(host.rings)
        return {domain: ReturnPaths(list(dict.fromkeys(each)), domain) for domain, each in rings.items()}

    def _host(self, name: str) -> TrackingHost:
        wanted, brand = self._settings.hosts.get(name, Host()), self._settings.brand
        return TrackingHost(
            name,
            self._base_url(name),
            brand=Brand(
                name=wanted.name or brand.name,
                color=wanted.color or brand.color,
                background=wanted.background or brand.background,
            ),
            rings=self._rings(name),
            bounce_domain=wanted.bounce_domain or self._settings.tracking.bounce_domain,
        )

    def _base_url(self, name: str) -> str:
        base = self._settings.tracking.base_url
        if name == self._settings.tracking_host:
            return base
        url = urlsplit(base)
        return url._replace(netloc=f"{name}:{url.port}" if url.port else name).geturl()

    def _rings(self, name: str) -> list[KeyRing]:
        """What seals on a host first, then all that may have sealed there: its mail has to lead on for ever."""
        settings, rings = self._settings, list[KeyRing]()
        if name in settings.hosts:
            if settings.hosts[name].keys:
                rings.append(_own_keys(settings, name).for_host(name))
            rings.append(self._keys.for_host(name))
        if name not in settings.hosts or name in settings.plain_hosts:
            rings.append(self._keys)
        return rings


def _own_keys(settings: Settings, name: str) -> KeyRing:
    option = f'hosts."{name}".keys'
    try:
        return parse_keys(settings.secret(settings.hosts[name].keys, option))
    except Misconfigured as fault:
        raise Misconfigured(option, str(fault).removeprefix(f"{fault.option}: ")) from None
