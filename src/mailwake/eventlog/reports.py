"""What a role tells of itself: one small file in the data folder, replaced in one step, for whoever watches.

Every room that listens may import this one, so it stands here (docs/decisions/0008).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

#: How often a role reports.
REPORT_SECONDS = 3.0


def write_report(path: Path, report: Mapping[str, object]) -> None:
    """Put a report where others read it, in one step.

    Raises:
        OSError: the disk does not take it.
    """
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(report) + "\n", encoding="utf-8")
    fresh.replace(path)


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
