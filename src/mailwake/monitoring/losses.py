"""What was lost for good, and what was set aside, of the last thirty days.

The sums hold all the same: a record that could not be read is counted as such, which is honest and wakes nobody. The
pipeline counts for ever, so what is new is the difference to the hourly record of the sums (`conservation.jsonl`) of
thirty days ago. Where there is none, nobody can say when it was, and all of it is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailwake.monitoring.conservation import RECORD, Balance, Sum, written_at

#: How long a loss is told.
DAYS = 30
_DAY = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What one writer's log lost lately."""

    writer: str
    #: records that could not be read; they are gone
    damaged: int
    #: records that were set aside in the folder ``dead``; they can be taken up again
    dead: int


def lost_lately(data: Path, sums: Iterable[Balance], *, now: int) -> list[Loss]:
    """The losses of the last thirty days, a writer each that has some.

    Args:
        data: the installation's data folder.
        sums: as they stand.
        now: microseconds since 1970.
    """
    before = _before(data / RECORD, now - DAYS * _DAY)
    known = [
        Loss(writer=each.name, **{what: _grown(each.right, before.get(each.name, {}), what) for what in _WHAT})
        for each in sums
        if each.kind is Sum.PIPELINE
    ]
    return [loss for loss in known if loss.damaged or loss.dead]


_WHAT = ("damaged", "dead")


def _grown(now: object, before: object, what: str) -> int:
    """What came to a count; an event store that was begun anew counts from nothing."""
    new, old = (told.get(what, 0) if isinstance(told, dict) else 0 for told in (now, before))
    return max(0, new - old if isinstance(old, int) else new)


def _before(path: Path, at: int) -> dict[str, object]:
    """How the sums of the pipeline stood at a moment, by writer; empty: nobody wrote it down."""
    try:
        told = json.loads(_line_before(path, at) or b"{}").get("balances", [])
        return {each["name"]: each["right"] for each in told if each["kind"] == Sum.PIPELINE}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _line_before(path: Path, at: int) -> bytes:
    """The last line that was written up to a moment; found by halving, because the file goes back more than a year."""
    found = b""
    with path.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            file.seek(max(0, middle - 1))
            if middle:
                file.readline()  # to the beginning of a line
            line = file.readline()
            if line and written_at(line) <= at:
                found, low = line, file.tell()
            else:
                high = middle
    return found
