"""What a message is judged against: who sends it how, and whom may be asked about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict
from urllib.parse import urlsplit

from mailwake.compose.options import ComposeOptions
from mailwake.errors import Untrusted
from mailwake.hosts import HostReader, Hosts
from mailwake.settings import Settings
from mailwake.spf.names import Dns, Names
from mailwake.tokens import MessageToken, Purpose, TokenReader
from mailwake.visiting.asking import Wall
from mailwake.visiting.visitor import Visitor

#: what the message part of each kind of address is sealed for
_PURPOSES = {
    "c": (Purpose.READ,),
    "o": (Purpose.READ,),
    "u": (Purpose.UNSUBSCRIBE_BODY, Purpose.UNSUBSCRIBE_HEADER),
    "p": (Purpose.UNSUBSCRIBE_BODY,),
}


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The tracking hosts whose links we can open by ourselves."""

    hosts: Hosts
    reader: TokenReader | HostReader

    @classmethod
    def of(cls, hosts: Hosts) -> Installation:
        """That of some hosts."""
        return cls(hosts=hosts, reader=hosts.reader())

    def target(self, url: str) -> str | None:
        """Where a tracked link of ours leads, without asking anybody; None: it is none, or a decoy."""
        host, kind, rest = _split(url)
        if host not in self.hosts.all or kind != "c":
            return None
        try:
            return self.reader.link(rest.partition("/")[2], host).target or None
        except Untrusted:
            return None

    def holds(self, url: str) -> bool:
        """Whether an address of ours, of whatever kind, can be opened; decoys can."""
        host, kind, rest = _split(url)
        if self.message(url, *_PURPOSES.get(kind, ())) is None:
            return False
        try:
            return kind != "c" or bool(self.reader.link(rest.partition("/")[2], host))
        except Untrusted:
            return False

    def message(self, url: str, *purposes: Purpose) -> MessageToken | None:
        """The copy that an address of ours names; None: it names none."""
        host, _, rest = _split(url)
        try:
            return self.reader.message(rest.partition("/")[0], host, *purposes)
        except Untrusted:
            return None


def _split(url: str) -> tuple[str, str, str]:
    """(host, what kind of address it is, the sealed parts)."""
    parts = urlsplit(url)
    _, _, path = parts.path.partition("/")
    kind, _, rest = path.partition("/")
    return (parts.hostname or "").lower(), kind, rest


def around_installation(settings: Settings, hosts: Hosts, *, now: datetime, online: bool) -> Surroundings:
    """How mail of an installation leaves; what else is known of a message is put in with `dataclasses.replace`.

    Args:
        settings: of the installation.
        hosts: its tracking hosts.
        now: when.
        online: the DNS may be asked, links followed, and the one-click endpoint tried.

    Raises:
        Misconfigured: the DNS cannot be asked from here.
    """
    return Surroundings(
        now=now,
        options=ComposeOptions.from_settings(settings),
        installation=Installation.of(hosts),
        hosts={name: host.base_url for name, host in hosts.all.items()},
        sending_address=settings.preflight.sending_address,
        **(online_ways(allow_private=settings.preflight.allow_private) if online else {}),
    )


class Ways(TypedDict, total=False):
    """Whom may be asked."""

    names: Names
    visitor: Visitor
    wall: Wall


def online_ways(*, allow_private: bool = False) -> Ways:
    """Everybody may be asked.

    Raises:
        Misconfigured: the DNS cannot be asked from here.
    """
    wall = Wall(allow_private=allow_private)
    return {"names": Dns(), "visitor": Visitor(wall), "wall": wall}


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """How the message will leave."""

    now: datetime
    options: ComposeOptions = field(default_factory=ComposeOptions)
    #: None: none is known, and all hosts are strangers'
    installation: Installation | None = None
    #: tracking hosts and their base URLs
    hosts: Mapping[str, str] = field(default_factory=dict)
    #: it is nobody's bulk mail, and needs no way to unsubscribe
    is_transactional: bool = False
    #: whoever takes it next signs it
    signed_later: bool = False
    #: the envelope sender; empty: what Return-Path says, else the From address
    envelope_sender: str = ""
    #: the address that recipients' servers will see; empty: not known
    sending_address: str = ""
    #: asks the DNS; None: nobody is asked
    names: Names | None = None
    #: follows links; None: none is followed
    visitor: Visitor | None = None
    #: for the one request that is no visit: Gmail's POST; None: it is not played
    wall: Wall | None = None
    #: told of each thing that is about to be asked for over the network
    each: Callable[[str], None] = lambda _: None
