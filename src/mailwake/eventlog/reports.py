"""What a role that listens tells of itself, every few seconds, for whoever watches (docs/decisions/0008)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from mailwake.files import write_report

#: How often a role reports.
REPORT_SECONDS = 3.0


@contextlib.asynccontextmanager
async def reporting(
    path: Path,
    role: str,
    facts: Callable[[], Mapping[str, object]],
    *,
    clock: Callable[[], int],
    every_seconds: float = REPORT_SECONDS,
) -> AsyncIterator[None]:
    """Write a role's report at once, every few seconds, and at the end.

    A full disk is passed over: the counts are still in memory, and the next report has them.

    Args:
        path: of the report.
        role: who reports.
        facts: what there is to tell, as of now.
        clock: gives microseconds since 1970.
        every_seconds: between two reports.
    """
    started = clock()

    def write(*, stopped: bool = False) -> None:
        times = {"role": role, "started_at": started, "written_at": clock(), "stopped": int(stopped)}
        with contextlib.suppress(OSError):
            write_report(path, {**times, **facts()})

    async def go_on() -> None:
        while True:
            write()
            await asyncio.sleep(every_seconds)

    writing = asyncio.create_task(go_on())
    try:
        yield
    finally:
        writing.cancel()
        write(stopped=True)
