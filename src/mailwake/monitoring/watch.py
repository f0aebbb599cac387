"""What the monitor does besides answering: watches the disk, and writes the sums down once an hour."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from mailwake.monitoring.conservation import Balance, record_hour
from mailwake.monitoring.disk import PACE_SECONDS, Sample, look_at_disk, samples_of
from mailwake.monitoring.reports import read_reports
from mailwake.monitoring.status import Status, look

#: The others' reports are as often.
REPORT_SECONDS = 3.0
#: Asked again within this, the same answer will do.
REMEMBERED_SECONDS = 1.0
#: A day of samples is 144 of them.
SAMPLE_SECONDS = 600
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
        clock: gives microseconds since 1970.
    """

    def __init__(self, data: Path, *, clock: Callable[[], int] = microseconds) -> None:
        self._data, self._clock = data, clock
        self._started = clock()
        before = samples_of(read_reports(data).get("monitor"))
        self._samples = deque(before, maxlen=2 * PACE_SECONDS // SAMPLE_SECONDS)
        self._turn = asyncio.Lock()
        self._known: Status | None = None
        self._hour = 0

    async def status(self) -> Status:
        """What there is to see, at most a second old; whoever asks meanwhile waits for the same look."""
        async with self._turn:
            now = self._clock()
            if self._known is None or not 0 <= now - self._known.at < REMEMBERED_SECONDS * _SECOND:
                self._known = await asyncio.to_thread(look, self._data, now=now)
            return self._known

    def report(self) -> None:
        """Write the monitor's own report, with the disk's past in it."""
        now = self._clock()
        if not self._samples or now - self._samples[-1].at >= SAMPLE_SECONDS * _SECOND:
            free = look_at_disk(self._data, (), now=now).free_bytes
            if free is not None:
                self._samples.append(Sample(now, free))
        told = {"role": "monitor", "started_at": self._started, "written_at": now, "disk": list(self._samples)}
        with contextlib.suppress(OSError):  # a full disk is what this role is there to tell
            fresh = self._data / "monitor.new"
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(told) + "\n", encoding="utf-8")
            fresh.replace(self._data / "monitor.json")

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
