"""`mailwake doctor`: whether people are watched more closely than a month ago; nobody should have to find out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from mailwake.audit.policy import raised
from mailwake.audit.words import Action
from mailwake.cli.doctor import Finding, ok, warning
from mailwake.events import SECOND
from mailwake.settings import Settings
from mailwake.store.audit import Wanted, open_audit

#: How long a change is told. Source: the rule that a raised ceiling is shown for a month, docs/explain/audit.md
DAYS = 30
_LINES = 100


def check_policy(settings: Settings) -> Finding:
    """Nobody raised a ceiling or a period in the last thirty days."""
    told = list(_raises(settings))
    if told:
        return warning("policy", f"raised in the last {DAYS} days: {'; '.join(told)}; mail sent before stays as it was")
    return ok("policy", f"nothing was raised in the last {DAYS} days")


def _raises(settings: Settings) -> Iterator[str]:
    path = settings.data_folder / "state.sqlite"
    if not path.exists():
        return
    since = time.time_ns() // 1_000 - DAYS * 86_400 * SECOND
    with closing(open_audit(path)) as store:
        lines = store.lines(Wanted(action=Action.SETTINGS_CHANGED), limit=_LINES)
    for line in lines:
        if line.at < since or line.before is None or line.after is None:
            continue
        day = f"{datetime.fromtimestamp(line.at / SECOND, UTC):%Y-%m-%d}"
        yield from (f"{each} on {day}" for each in raised(json.loads(line.before), json.loads(line.after)))
