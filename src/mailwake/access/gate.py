"""Who stands before the dashboard: whether it has accounts at all, and what a request shows of who sends it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from mailwake.access.accounts import Accounts
from mailwake.access.actors import ANYBODY, COMMAND, Actor, Kind, NotAllowed
from mailwake.access.keyform import BEARER, LOCAL
from mailwake.access.limits import Limit
from mailwake.access.programs import Programs
from mailwake.access.recording import LogRecorder, Recorder
from mailwake.access.routes import Line
from mailwake.errors import Misconfigured
from mailwake.events import Micros
from mailwake.store.access import AccessStore

#: files in an hour that one actor may have made
EXPORTS = 5


@dataclass(frozen=True, kw_only=True)
class Approach:
    """What a request shows of who sends it."""

    #: address that it comes from
    peer: str
    #: of a session; empty: none
    cookie: str = field(default="", repr=False)
    #: the header of this name; empty: none
    authorization: str = field(default="", repr=False)


class Gate:
    """Decides who somebody is and what they may; one for each dashboard.

    Args:
        store: who may use it.
        is_required: there is a log-in even while there are no accounts.
        is_secure: browsers reach it by https, so cookies go by https alone.
        proxies: networks whose X-Forwarded-For is believed.
        recorder: takes down what is done and what is refused.
        wall: microseconds since 1970.
        clock: seconds that only ever grow.
        provider: issuer of the identities that are let in; empty: there is none.

    Raises:
        Misconfigured: something is no network.
    """

    def __init__(
        self,
        store: AccessStore,
        *,
        is_required: bool = False,
        is_secure: bool = False,
        proxies: Sequence[str] = (),
        recorder: Recorder | None = None,
        wall: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        provider: str = "",
    ) -> None:
        self.recorder: Recorder = recorder or LogRecorder()
        self.accounts = Accounts(store, self.recorder, wall=wall, clock=clock, provider=provider)
        self.programs = Programs(store, self.recorder, wall=wall, clock=clock)
        self.is_secure = is_secure
        #: what commands of this installation show; it dies with the process
        self.local_secret = secrets.token_urlsafe(32)
        self._store, self._wall = store, wall
        self._is_closed = is_required
        self._exports = Limit(EXPORTS, 3_600.0, clock=clock, what="exports")
        try:
            self._proxies = tuple(ip_network(each) for each in proxies)
        except ValueError as fault:
            raise Misconfigured("web.trusted_proxies", str(fault)) from None

    @property
    def cookie(self) -> str:
        """Name of the session's cookie. Source: RFC 6265bis, section 4.1.3.2, for the prefix."""
        return "__Host-s" if self.is_secure else "s"

    def is_open(self) -> bool:
        """Whether whoever reaches it is owner. What was closed once stays closed until it starts again."""
        if not self._is_closed:
            self._is_closed = self._store.has_users()
        return not self._is_closed

    def known(self, approach: Approach) -> Actor | None:
        """Who it is; None: nobody who may be known.

        Raises:
            TooOften: a key is used too often, or too many are tried.
        """
        told = approach.authorization
        if told.startswith(LOCAL) and secrets.compare_digest(told.encode(), f"{LOCAL}{self.local_secret}".encode()):
            return COMMAND
        if self.is_open():
            return ANYBODY
        if told.startswith(BEARER):
            return self.programs.known(told.removeprefix(BEARER).strip(), approach.peer)
        if told or not approach.cookie:
            return None
        return self.accounts.known(approach.cookie)

    def allow(self, actor: Actor, line: Line | None, *, route: str, shown: str) -> None:
        """Nothing, if somebody may use a route; what is refused and who is shown is taken down.

        Args:
            actor: who.
            line: what the route takes; None: it stands in no table.
            route: method and template of the path.
            shown: whom it shows, as the audit log may name them.

        Raises:
            NotAllowed: they may not.
            TooOften: they had too many files made.
        """
        if actor.kind is Kind.ANYBODY or (line is not None and line.is_public):
            return
        lacking = _lacking(actor, line)
        if lacking is not None:
            self._note(actor, "route", f"route {route}", "denied")
            raise NotAllowed(lacking)
        if line is None or actor.kind is Kind.COMMAND:
            return
        if line.exports:
            self._exports.take(actor.counted_as)
            self._note(actor, "people.export", f"route {route}", "ok")
        if line.reveals and actor.knows_people:
            self._note(actor, "people.read", shown or f"route {route}", "ok")

    def peer_of(self, peer: str, forwarded: str) -> str:
        """From where a request comes: the peer, or whom a named proxy saw."""
        if not self._proxies:
            return peer
        hops = [each.strip() for each in forwarded.split(",")[-16:] if each.strip()]
        while hops and self._is_proxy(peer):
            peer = hops.pop()
        return peer

    def _is_proxy(self, peer: str) -> bool:
        try:
            told = ip_address(peer)
        except ValueError:
            return False
        return any(told in network for network in self._proxies)

    def _note(self, actor: Actor, action: str, told: str, outcome: str) -> None:
        self.recorder.record(actor=actor, action=action, object=told, outcome=outcome, at=Micros(self._wall()))


def _lacking(actor: Actor, line: Line | None) -> str | None:
    """The permission that somebody lacks; empty: nobody may; None: they may."""
    if line is None:
        return ""
    if not line.permissions:
        return None if actor.kind in (Kind.USER, Kind.COMMAND) else ""
    return next((each for each in line.permissions if not actor.may(each)), None)
