"""Takes down what other rooms did: log-ins, accounts, keys; they say it in their own words and know nothing of this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mailwake.audit.log import AuditLog
from mailwake.audit.words import Actor, ActorKind, Outcome, Thing
from mailwake.events import Micros

#: what requests did is written down around them, by `watching`; twice would be once too often
_WATCHED = frozenset({"route", "people.read", "people.export"})
_KINDS = {"command": ActorKind.COMMAND_LINE, "anybody": ActorKind.UNNAMED}


class Somebody(Protocol):
    """Who did something, as other rooms know them."""

    @property
    def kind(self) -> str:
        """user, key, command or anybody."""
        ...

    @property
    def name(self) -> str:
        """As lists show them."""
        ...


class Taker:
    """Writes lines for rooms that say what they do.

    Args:
        audit: the log.
    """

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def record(
        self,
        *,
        actor: Somebody,
        action: str,
        object: str,  # noqa: A002 - the word of audit logs
        outcome: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        at: Micros,
    ) -> None:
        """Take it down.

        Args:
            actor: who.
            action: such as ``user.role``.
            object: what it was done to: a kind, a space and a name.
            outcome: ok, denied or failed.
            before: fields of policy as they were.
            after: the same as they are now.
            at: when, as that room knows it; the line has its own time.

        Raises:
            Unavailable: it cannot be written; what was to be done must not be called done.
        """
        del at
        if action in _WATCHED:
            return
        kind, _, name = object.partition(" ")
        told, ended = actor_named(actor), Outcome(outcome)
        self._audit.record(action, told, Thing(kind, name), outcome=ended, before=before, after=after)


def actor_named(actor: Somebody) -> Actor:
    """The same in this room's words; also for `Noted.actor`, once a request is known to be somebody's."""
    return Actor(_KINDS.get(str(actor.kind)) or ActorKind(str(actor.kind)), actor.name)
