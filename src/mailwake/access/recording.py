"""Where it is written down who did what; the room of the audit log gives the real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from mailwake.access.actors import Actor
from mailwake.events import Micros

log = structlog.get_logger(__name__)


class Recorder(Protocol):
    """Takes down one act."""

    def record(
        self,
        *,
        actor: Actor,
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
            object: what it was done to: a kind and an id; never an address of a recipient, a token or an IP.
            outcome: ok, denied or failed.
            before: fields of policy as they were.
            after: the same as they are now.
            at: when.
        """
        ...


class LogRecorder:
    """Writes acts to the log of the role, one line each."""

    def record(
        self,
        *,
        actor: Actor,
        action: str,
        object: str,  # noqa: A002 - the word of audit logs
        outcome: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        at: Micros,
    ) -> None:
        """Take it down; see `Recorder`. Names of colleagues stay out of the log, their numbers are in it."""
        who = actor.key or (actor.user.id if actor.user else "")
        more = {"before": dict(before or {}), "after": dict(after or {})} if before or after else {}
        log.info(
            "access.act", actor=str(actor.kind), who=who, action=action, object=object, outcome=outcome, at=at, **more
        )
