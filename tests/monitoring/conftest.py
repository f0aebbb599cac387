"""An installation as its roles left it in a folder."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailwake.eventlog import End, notes
from mailwake.eventlog.sqlite import append_now

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND
ENDS = {"received": 10, "recorded": 5, "inert": 1, "unsure": 0, "expired": 1, "rejected": 3, "unrecorded": 0}


@dataclass
class Installation:
    """Writes what the roles write."""

    data: Path

    def write(self, name: str, facts: Any) -> None:
        (self.data / name).write_text(facts if isinstance(facts, str) else json.dumps(facts), encoding="utf-8")

    def serve(self, *roles: str, pid: int | None = None, **told: Any) -> None:
        known = {"pid": 1, "ready": True, "ready_at": NOW - 60 * SECOND, "restarts": 0, "said": "up"} | told
        self.write("serve.json", {"pid": pid or os.getpid(), "ready": True, "roles": dict.fromkeys(roles, known)})

    def report(self, name: str, *, age_seconds: float = 1.0, **facts: Any) -> None:
        written = int(NOW - age_seconds * SECOND)
        self.write(f"{name}.json", {"started_at": NOW - 100 * SECOND, "written_at": written, **facts})

    def edge(self, *, age_seconds: float = 1.0, **facts: Any) -> None:
        log = {"writer": "edge-0", "records_before": 0, "segment": 1, "waiting": 0, "stuck": 0}
        told = {"worker": 0, "stopped": 0, "log": log, "reasons": {"seal": 3}, **ENDS, **facts}
        self.report("edge-0", age_seconds=age_seconds, **told)

    def append(self, writer: str, count: int, *, age_seconds: float = 1.0) -> None:
        at = int(NOW - age_seconds * SECOND)
        append_now(self.data / "log", writer, [b"x"] * count, clock=lambda: at)

    def passed(self, reader: str, *, age_seconds: float = 1.0, **cursors: int) -> None:
        notes.write_passed(
            self.data / "log", reader, {name.replace("_", "-"): End(n, 0) for name, n in cursors.items()}
        )
        at = NOW / SECOND - age_seconds
        os.utime(self.data / "log" / f"{reader}.passed", (at, at))

    def touch_log(self, *, age_seconds: float) -> None:
        """Give the log's files an age, as their system tells it."""
        at = NOW / SECOND - age_seconds
        for path in (self.data / "log").glob("*.log*"):
            os.utime(path, (at, at))


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)
