"""Lines of the pages of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mailwake.access.actors import Actor
from mailwake.drawing import figures
from mailwake.events import SECOND, Micros
from mailwake.language import say
from mailwake.store.access import Key, Session, User


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionLine:
    """One browser that is logged in."""

    #: names the session, and opens nothing
    id: str
    name: str
    agent: str
    since: str
    seen: str
    #: the one that looks
    is_this: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyLine:
    """One key."""

    id: str
    name: str
    scopes: str
    networks: str
    made: str
    expires: str
    used: str
    #: empty: it is good
    ended: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UserLine:
    """One colleague."""

    id: int
    name: str
    role: str
    how: str
    made: str
    seen: str


def short(hashed: bytes) -> str:
    """The name of a session: part of its hash, from which nobody gets to the session."""
    return hashed[:8].hex()


def session(each: Session, name: str, actor: Actor, zone: ZoneInfo) -> SessionLine:
    """The line of a session."""
    return SessionLine(
        id=short(each.hash),
        name=name,
        agent=each.agent or say("a browser that does not say what it is"),
        since=_moment(each.made_at, zone),
        seen=_moment(each.seen_at, zone),
        is_this=each.hash == actor.session,
    )


def key(each: Key, zone: ZoneInfo, *, is_good: bool) -> KeyLine:
    """The line of a key."""
    ended = "" if is_good else say("ended")
    if each.revoked_at is not None:
        ended = say(
            "revoked by %(who)s, %(when)s", who=each.revoked_by or say("somebody"), when=_moment(each.revoked_at, zone)
        )
    return KeyLine(
        id=each.id,
        name=each.name,
        scopes=", ".join(each.scopes),
        networks=", ".join(each.networks),
        made=say("%(when)s by %(who)s", when=_moment(each.created_at, zone), who=each.made_by),
        expires=_moment(each.expires_at, zone),
        used=say("never") if each.used_at is None else _moment(each.used_at, zone),
        ended=ended,
    )


def user(each: User, zone: ZoneInfo) -> UserLine:
    """The line of a colleague."""
    if each.password is not None:
        how = say("a password, to be changed at the first log-in") if each.must_change else say("a password")
    else:
        how = each.issuer or say("invited, not come yet")
    return UserLine(
        id=each.id,
        name=each.name,
        role=each.role,
        how=how,
        made=say("%(when)s by %(who)s", when=_moment(each.created_at, zone), who=each.made_by),
        seen=say("never") if each.seen_at is None else _moment(each.seen_at, zone),
    )


def _moment(at: Micros, zone: ZoneInfo) -> str:
    return figures.moment(datetime.fromtimestamp(at / SECOND, UTC), zone)
