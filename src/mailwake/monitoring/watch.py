"""What the monitor does besides answering: says that it is there, and writes the sums down once an hour."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from mailwake.files import write_report
from mailwake.monitoring.conservation import Balance, record_hour
from mailwake.monitoring.status import WATCHER, Status, look

#: The others' reports are as often.
REPORT_SECONDS = 3.0
#: Asked again within this, the same answer will do; or within ten times what a look took, where it takes long.
REMEMBERED_SECONDS = 1.0
_SHARE = 10
_SECOND = 1_000_000
_HOUR = 3_600 * _SECOND

_log = logging.getLogger(__name__)


def microseconds() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1_000


class Watch:
    """One installation, watched from one event loop.

    Args:
        data: its folder.
        keep_days: see `log.keep_days`.
        clock: gives microseconds since 1970.
    """

    def __init__(self, data: Path, *, keep_days: int, clock: Callable[[], int] = microseconds) -> None:
        self._data, self._keep_days, self._clock = data, keep_days, clock
        self._started = clock()
        self._turn = asyncio.Lock()
        self._known: Status | None = None
        self._remember = 0
        self._hour = 0

    async def status(self) -> Status:
        """What there is to see, hardly older than a second; whoever asks meanwhile waits for the same look."""
        async with self._turn:
            now = self._clock()
            if self._known is None or not 0 <= now - self._known.at < self._remember:
                self._known = await asyncio.to_thread(look, self._data, keep_days=self._keep_days, now=now)
                self._remember = max(int(REMEMBERED_SECONDS * _SECOND), _SHARE * (self._clock() - now))
            return self._known

    def report(self) -> None:
        """Write the monitor's own report."""
        told = {"role": WATCHER, "started_at": self._started, "written_at": self._clock()}
        with contextlib.suppress(OSError):  # a full disk is what this role is there to tell
            write_report(self._data / f"{WATCHER}.json", told)

    async def check_sums(self) -> list[Balance]:
        """Write the sums down when an hour has begun, and say aloud which are broken."""
        now = self._clock()
        if now // _HOUR == self._hour:
            return []
        async with self._turn:
            try:
                broken = await asyncio.to_thread(record_hour, self._data, now)
            except OSError:
                _log.exception("conservation.unrecorded")  # tried again with the next report
                return []
        self._hour = now // _HOUR
        for balance in broken:
            values = {"sum": balance.kind, "name": balance.name, "difference": balance.difference}
            _log.error("conservation.broken", extra={"values": {**values, "left": balance.left, **balance.right}})
        return broken

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until told to stop."""
        while not stop.is_set():
            self.report()
            await self.check_sums()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), REPORT_SECONDS)
