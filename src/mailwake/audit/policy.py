"""Which settings are policy: what may be recorded of people, and for how long. Their changes stand in the log."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mailwake.audit.log import AuditLog
from mailwake.audit.words import Action, Actor, ActorKind, Thing
from mailwake.settings import Settings
from mailwake.store.audit import AuditLine

SECTION = Thing("settings", "policy")


def policy_of(settings: Settings) -> dict[str, Any]:
    """The policy fields by their names in mailwake.toml."""
    told = {f"tracking.{name}": value for name, value in asdict(settings.tracking).items()}
    told["log.keep_days"] = settings.log.keep_days
    told["audit.keep_days"] = settings.audit.keep_days
    return told


def note_policy(audit: AuditLog, settings: Settings, *, role: str) -> AuditLine | None:
    """Write down at the start of a role what holds, where it differs from the start before.

    Returns:
        The line, with what held before; None: nothing changed.
    """
    return audit.record_change(
        Action.SETTINGS_CHANGED, Actor(ActorKind.SYSTEM, f"start of {role}"), SECTION, now=policy_of(settings)
    )
