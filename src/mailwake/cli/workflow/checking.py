"""What `mailwake doctor` says of rules."""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.cli.doctor import Finding, ok, problem, warning
from mailwake.settings import Settings
from mailwake.workflows.desk import rules_of


def check_rules(settings: Settings) -> Iterator[Finding]:
    """Whether every file in the folder of rules can be used; nothing where there is none."""
    found = rules_of(settings)
    for file, fault in found.bad.items():
        yield problem("rules", f"{file} cannot be used: {fault}")
    if found.good and not settings.workflows.enabled:
        yield warning("rules", f"{len(found.good):,} rules do nothing, because workflows.enabled is false")
    elif found.good:
        yield ok("rules", f"{len(found.good):,} can be used; `mailwake workflow list` tells what they did")
