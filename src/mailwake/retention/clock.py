"""Whether the clock can be believed, before anything is removed because it is old.

A clock that jumped makes young things old. What cannot be set, the time since the machine started, is noted beside the
wall clock's; where one ran more than an hour ahead of the other, nothing is removed for a day, in whichever process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from mailwake.files import write_report

FILE = "clock.json"
HOUR = 3_600_000_000
DAY = 24 * HOUR
#: Switched off for so long, a machine may come back with any time.
_LONG_OFF = 30 * DAY


class _Note(msgspec.Struct):
    #: of the machine's start; empty: not known
    boot: str
    #: microseconds since 1970, and since the machine started
    wall: int
    steady: int
    #: until when nothing is removed, by the wall clock as it is now; 0: it is calm
    suspect_until: int = 0


def boot_id() -> str:
    """What names this start of the machine; empty where nothing does."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def since_start() -> int:
    """Microseconds since the machine started, sleep included where the system tells."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000


class Clock:
    """The wall clock of an installation, and whether it jumped.

    Args:
        data: folder of the installation; `clock.json` in it holds what was seen last.
        wall: gives microseconds since 1970.
        steady: gives microseconds since the machine started.
        boot: gives the name of that start.
    """

    def __init__(
        self,
        data: Path,
        *,
        wall: Callable[[], int],
        steady: Callable[[], int] = since_start,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._path, self._wall, self._steady, self._boot = data / FILE, wall, steady, boot

    def is_calm(self) -> bool:
        """Whether things may be removed for their age now; notes what the clocks say. Never fails: it says no."""
        now = _Note(boot=self._boot(), wall=self._wall(), steady=self._steady())
        former = self._read()
        if former is not None:
            now.suspect_until = former.suspect_until + _jump(former, now) if former.suspect_until else 0
            if abs(_jump(former, now)) > HOUR:
                now.suspect_until = now.wall + DAY
            if now.suspect_until <= now.wall:
                now.suspect_until = 0
        try:
            write_report(self._path, msgspec.to_builtins(now))
        except OSError:
            return False
        return not now.suspect_until

    def _read(self) -> _Note | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Note)
        except (OSError, msgspec.DecodeError):
            return None


def _jump(former: _Note, now: _Note) -> int:
    """By how much the wall clock was set since, as far as can be told, microseconds."""
    if former.boot == now.boot and now.steady >= former.steady:
        return (now.wall - now.steady) - (former.wall - former.steady)
    off = now.wall - former.wall - now.steady  # how long the machine was off, if nobody set the clock
    return off if off < 0 or off > _LONG_OFF else 0
