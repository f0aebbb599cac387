"""What the roles wrote about themselves: `serve.json` of the supervisor, and one report of each role.

Read as one reads a letter from a newer or an older version: what is not there, or is not what it should be, is not
known. It is never taken for 0.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

SERVE = "serve.json"
#: Roles are known by these names and no others, so that a name can be a label.
_ROLE = re.compile(r"edge-[0-9]{1,4}|relay|ingest|webhooks|web|work|monitor")
_REPORT = re.compile(
    r"(edge-[0-9]{1,4}|relay|ingest|webhooks|pipeline|notify|salesforce|workflows|links|monitor)\.json"
)
#: Where a role's report has another name than the role.
_WRITES = {"web": "pipeline", "work": "pipeline"}
Number = int | float


@dataclass(frozen=True, kw_only=True)
class Role:
    """A process that `mailwake serve` runs."""

    name: str
    is_ready: bool
    #: microseconds since 1970; None: it is not ready, or does not say
    ready_at: int | None
    #: how often it had to be started again; None: not known
    restarts: int | None

    @property
    def report(self) -> str:
        """Name of the report it writes."""
        return _WRITES.get(self.name, self.name)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one role wrote last."""

    name: str
    facts: Mapping[str, Any]
    #: microseconds since 1970
    written_at: int

    def number(self, *path: str) -> Number | None:
        """The number at a path of names; None: not known."""
        found = self._at(path)
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None

    def text(self, *path: str) -> str | None:
        """The text at a path of names, cut; None: there is none."""
        found = self._at(path)
        return found[:300] if isinstance(found, str) and found else None

    def numbers(self, *path: str) -> dict[str, Number]:
        """All numbers of an object, by name."""
        found = self._at(path)
        names = found if isinstance(found, Mapping) else {}
        told = {name: self.number(*path, name) for name in names}
        return {name: number for name, number in told.items() if number is not None}

    def names(self, *path: str) -> list[str]:
        """Names of an object's members."""
        found = self._at(path)
        return list(found) if isinstance(found, Mapping) else []

    def _at(self, path: tuple[str, ...]) -> object:
        found: object = self.facts
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def read_roles(data: Path) -> tuple[Role, ...] | None:
    """The roles that are being served, in the order they are started; None: nobody serves this folder."""
    facts = _read(data / SERVE)
    if not _lives(facts.get("pid")):
        return None
    told = Report(name="serve", facts=facts, written_at=0)
    return tuple(_role(told, name) for name in told.names("roles") if _ROLE.fullmatch(name))


def _role(told: Report, name: str) -> Role:
    is_ready = told.facts["roles"][name]
    ready_at, restarts = (told.number("roles", name, what) for what in ("ready_at", "restarts"))
    return Role(
        name=name,
        is_ready=isinstance(is_ready, Mapping) and is_ready.get("ready") is True,
        ready_at=None if ready_at is None else int(ready_at),
        restarts=None if restarts is None else int(restarts),
    )


def _lives(pid: object) -> bool:
    """Whether a supervisor still runs: one that was killed leaves its file behind."""
    if type(pid) is not int or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def read_reports(data: Path) -> dict[str, Report]:
    """Every report in the data folder, by name."""
    found = {}
    for path in sorted(data.glob("*.json")):
        name = _REPORT.fullmatch(path.name)
        if name and (facts := _read(path)):
            found[name[1]] = Report(name=name[1], facts=facts, written_at=_written_at(path, facts))
    return found


def _written_at(path: Path, facts: Mapping[str, Any]) -> int:
    told = facts.get("written_at")
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    try:
        return path.stat().st_mtime_ns // 1_000
    except OSError:
        return 0


def _read(path: Path) -> dict[str, Any]:
    try:
        facts = msgspec.json.decode(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}
