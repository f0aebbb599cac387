"""What became of every request, kept in memory and put beside the log for `doctor` and the metrics.

Every request ends in exactly one of five ways, so ``received = recorded + inert + expired + rejected + unrecorded`` as
soon as all are answered. No counter ever holds a part of the request.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(kw_only=True)
class Counters:
    """One worker's counts since it started."""

    #: requests that came in and were HTTP
    received: int = 0
    #: durable in the log before they were answered
    recorded: int = 0
    #: recognised and on purpose not recorded: tracking was withdrawn, or the mode of the mail forbids it
    inert: int = 0
    #: recognised, answered, and older than `tracking.record_days`
    expired: int = 0
    #: not ours: a bad token, host, path or method
    rejected: int = 0
    #: answered although the log could not keep them
    unrecorded: int = 0
    #: of those, by type of event: left out on purpose, because the log had fallen behind
    shed: Counter[str] = field(default_factory=Counter)
    #: `rejected` by reason
    reasons: Counter[str] = field(default_factory=Counter)

    def reject(self, reason: str) -> None:
        """Count a refusal under a word from a closed set."""
        self.rejected += 1
        self.reasons[reason] += 1

    def report(self, **more: int | str | float) -> dict[str, object]:
        """All counts by name, and what else is worth telling."""
        counts = {name: getattr(self, name) for name in ("received", "recorded", "inert", "expired", "rejected")}
        split = {name: dict(sorted(getattr(self, name).items())) for name in ("shed", "reasons")}
        return {**counts, "unrecorded": self.unrecorded, **split, **more}


def write_report(path: Path, report: dict[str, object]) -> None:
    """Put a report where others read it, in one step.

    Raises:
        OSError: the disk does not take it.
    """
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(report) + "\n", encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)
