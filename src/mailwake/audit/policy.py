"""Which settings are policy: what may be recorded of people, and for how long. Their changes stand in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mailwake.audit.log import AuditLog
from mailwake.audit.words import Action, Actor, ActorKind, Thing
from mailwake.modes import Mode
from mailwake.settings import Settings
from mailwake.store.audit import AuditLine

SECTION = Thing("settings", "policy")
_PRIVACY = ("on_withdrawal", "individual_days", "deliverability_days", "set_aside_days", "unread_days", "nightly")
#: longer is more
_PERIODS = (
    "tracking.record_days", "tracking.keep_raw_days", "privacy.individual_days", "privacy.deliverability_days",
    "privacy.set_aside_days", "privacy.unread_days", "log.keep_days",
)  # fmt: skip
_IN_FORCE = "in force: "


def policy_of(settings: Settings) -> dict[str, Any]:
    """The policy fields by their names in mailwake.toml."""
    told = {f"tracking.{name}": value for name, value in asdict(settings.tracking).items()}
    told |= {f"privacy.{name}": getattr(settings.privacy, name) for name in _PRIVACY}
    told |= {f"in force: {name}": mode for name, mode in _in_force(settings).items()}
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


def raised(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Where people are watched more closely after a change than before, or what is known of them stays for longer.

    Args:
        before: policy fields, as a line of the log has them.
        after: the same as they are since.

    Returns:
        Such as ``clicks from aggregate to individual``.
    """
    modes = [name for name in after if name.startswith(_IN_FORCE) and name in before]
    closer = [name for name in modes if _is_closer(before[name], after[name])]
    told = [_more(name.removeprefix(_IN_FORCE), before[name], after[name]) for name in closer]
    periods = [name for name in _PERIODS if name in before and name in after and after[name] > before[name]]
    return (*told, *(_more(name, f"{before[name]} days", f"{after[name]} days") for name in periods))


def _is_closer(before: str, after: str) -> bool:
    return Mode.from_word(after) > Mode.from_word(before)


def _more(name: str, before: str, after: str) -> str:
    return f"{name} from {before} to {after}"


def _in_force(settings: Settings) -> dict[str, str]:
    """What opens and clicks may record, whichever option says so."""
    most, unknown = settings.ceiling, settings.unknown_consent
    return {
        "opens": most.opens.word,
        "clicks": most.clicks.word,
        "opens of people who were never asked": min(most.opens, unknown.opens).word,
        "clicks of people who were never asked": min(most.clicks, unknown.clicks).word,
    }
