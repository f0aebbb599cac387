"""Keys of programs: shown once, for named permissions, with an end, and never for more than their maker may."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from mailwake.access.actors import Actor, Kind
from mailwake.access.keyform import id_in, key_hash, new_key
from mailwake.access.limits import Limit
from mailwake.access.recording import Recorder
from mailwake.access.roles import OWNER, may, scopes_named, whole
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.store.access import AccessStore, Key

DAY = 86_400 * SECOND
DAYS, MOST_DAYS, OVERLAP_HOURS = 365, 3_650, 24
#: a key that was used this lately is not noted again
_NOTE_AFTER = 60 * SECOND
_MAX_NAME, _MAX_NETWORKS = 100, 50
#: in a minute: calls with one key, and calls from one address with what is no key of ours
CALLS, GUESSES = 600, 30


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a key is to be."""

    name: str
    scopes: Sequence[str]
    days: int = DAYS
    #: it is taken from these alone; empty: from anywhere
    networks: Sequence[str] = ()
    env: str = "live"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A new key, whose text is told once and kept nowhere."""

    text: str = field(repr=False)
    key: Key


class Programs:
    """The keys of an installation.

    Args:
        store: where they are kept.
        recorder: takes down what is done.
        wall: microseconds since 1970.
        clock: seconds that only ever grow.
    """

    def __init__(
        self, store: AccessStore, recorder: Recorder, *, wall: Callable[[], int], clock: Callable[[], float]
    ) -> None:
        self.store, self._recorder, self._wall = store, recorder, wall
        self._calls = Limit(CALLS, 60.0, clock=clock, what="calls with one key")
        self._guesses = Limit(GUESSES, 60.0, clock=clock, what="calls with what is no key")

    def known(self, text: str, peer: str) -> Actor | None:
        """Who a key is; None: it is none of ours, has ended, or comes from elsewhere.

        Raises:
            TooOften: too many calls.
        """
        number = id_in(text)
        key = None if number is None else self.store.key(number)
        is_ours = key is not None and secrets.compare_digest(key.hash, key_hash(text))
        if key is None or not is_ours or not self.lasts(key) or not _is_from(peer, key.networks):
            self._guesses.take(peer)
            return None
        self._calls.take(key.id)
        now = self._now()
        if key.used_at is None or now - key.used_at >= _NOTE_AFTER:
            self.store.use_key(key.id, now)
        return self._actor(key)

    def lasts(self, key: Key) -> bool:
        """Whether a key is still good."""
        return key.revoked_at is None and self._now() < key.expires_at

    def make(self, by: Actor, wanted: Wanted) -> Made:
        """A key.

        Raises:
            BadInput: something of it cannot be.
            NotAllowed: it would be for more than its maker may.
        """
        by.need("keys:write")
        scopes = scopes_named(wanted.scopes)
        for scope in scopes:
            by.need(scope)
        return self._made(by, wanted, scopes)

    def rotate(self, by: Actor, number: str, *, hours: int = OVERLAP_HOURS) -> Made:
        """A key like another one, which ends some hours later.

        Args:
            by: who does it.
            number: id of the former key.
            hours: for which both are good, 0 to 720.

        Raises:
            BadInput: there is no such key of theirs, it has ended, or the hours cannot be.
            NotAllowed: it is somebody else's, and for more than one may oneself.
        """
        former = self._own(by, number)
        for scope in former.scopes if by.user is None or former.user != by.user.id else ():
            by.need(scope)
        if not self.lasts(former):
            raise BadInput(f"the key {number} has ended; make another one")
        if not 0 <= hours <= 720:
            raise BadInput("both keys may be good for 0 to 720 hours")
        days = max(1, round((former.expires_at - former.created_at) / DAY))
        wanted = Wanted(name=former.name, scopes=former.scopes, days=days, networks=former.networks, env=former.env)
        until = Micros(self._now() + hours * 3_600 * SECOND)
        return self._made(by, wanted, former.scopes, former=former, until=until)

    def revoke(self, by: Actor, number: str) -> None:
        """End a key for good.

        Raises:
            BadInput: there is no such key of theirs, or it has ended.
        """
        key = self._own(by, number)
        if not self.store.revoke_key(key.id, at=self._now(), by=by.name):
            raise BadInput(f"the key {number} was revoked already")
        self._recorder.record(actor=by, action="key.revoke", object=f"key {key.id}", outcome="ok", at=self._now())

    def shown_to(self, by: Actor) -> list[Key]:
        """The keys that somebody may see, the newest first."""
        if by.may("keys:admin"):
            return self.store.keys()
        return [] if by.user is None else self.store.keys(by.user.id)

    def _made(
        self,
        by: Actor,
        wanted: Wanted,
        scopes: tuple[str, ...],
        *,
        former: Key | None = None,
        until: Micros | None = None,
    ) -> Made:
        name = wanted.name.strip()
        if not name or len(name) > _MAX_NAME or not name.isprintable():
            raise BadInput(f"a key has a name of 1 to {_MAX_NAME} characters, such as the program that uses it")
        if not 1 <= wanted.days <= MOST_DAYS:
            raise BadInput(f"a key is good for 1 to {MOST_DAYS} days")
        (text, number), now = new_key(wanted.env), self._now()
        key = Key(
            id=number,
            hash=key_hash(text),
            env=wanted.env,
            name=name,
            user=former.user if former else (by.user.id if by.user else None),
            scopes=scopes,
            networks=_networks(wanted.networks),
            created_at=now,
            made_by=by.name,
            expires_at=Micros(now + wanted.days * DAY),
        )
        self.store.add_key(key, instead=former.id if former else None, until=until)
        told = {"scopes": list(scopes), "former": former.id if former else ""}
        self._recorder.record(actor=by, action="key.make", object=f"key {number}", outcome="ok", after=told, at=now)
        return Made(text=text, key=key)

    def _own(self, by: Actor, number: str) -> Key:
        key = self.store.key(number)
        is_own = key is not None and by.user is not None and key.user == by.user.id and by.may("keys:write")
        if key is None or not (is_own or by.may("keys:admin")):
            raise BadInput(f"there is no key {number[:20]!r} of yours")
        return key

    def _actor(self, key: Key) -> Actor | None:
        """A key whose maker may less than before may less as well."""
        user = None if key.user is None else self.store.user(key.user)
        if key.user is not None and user is None:
            return None
        allowed = may(OWNER if user is None else user.role)
        name = f"key {key.name}"
        return Actor(kind=Kind.KEY, name=name, permissions=allowed & whole(key.scopes), user=user, key=key.id)

    def _now(self) -> Micros:
        return Micros(self._wall())


def _networks(given: Sequence[str]) -> tuple[str, ...]:
    """Networks in their usual form.

    Raises:
        BadInput: one is none, or there are too many.
    """
    told = [each.strip() for each in given if each.strip()]
    if len(told) > _MAX_NETWORKS:
        raise BadInput(f"a key has at most {_MAX_NETWORKS} networks")
    try:
        return tuple(str(ip_network(each, strict=False)) for each in told)
    except ValueError as fault:
        raise BadInput(f"{fault}; write a network such as 192.0.2.0/24") from None


def _is_from(peer: str, networks: Sequence[str]) -> bool:
    if not networks:
        return True
    try:
        told = ip_address(peer)
    except ValueError:
        return False
    return any(told in ip_network(network) for network in networks)
