"""The disk that the data folder is on: room now, and how long it lasts."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from mailwake.monitoring.backlog import room

#: Below this much free space the log may soon be unable to keep a hit.
FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Disk:
    """What there is to say of it."""

    #: None: the folder cannot be looked at
    free_bytes: int | None = None
    size_bytes: int | None = None
    #: what the log takes up of it at the pace of the last day; None: not known yet
    log_bytes_per_day: float | None = None
    #: until the disk is full at that pace; None: not known, or never, because old files go before
    days_left: float | None = None

    @property
    def has_room(self) -> bool | None:
        """Whether there is enough for what comes next; None: not known."""
        return None if self.free_bytes is None else self.free_bytes >= FREE_BYTES


def look_at_disk(data: Path, *, keep_days: int, now: int) -> Disk:
    """Room now, and the outlook.

    Args:
        data: a folder on the disk.
        keep_days: see `log.keep_days`.
        now: microseconds since 1970.
    """
    try:
        size, found = shutil.disk_usage(data).total, room(data, keep_days=keep_days, now=now)
    except OSError:
        return Disk()
    return Disk(
        free_bytes=found.free_bytes,
        size_bytes=size,
        log_bytes_per_day=found.bytes_per_day,
        days_left=found.days_left,
    )
