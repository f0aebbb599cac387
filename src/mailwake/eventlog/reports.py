"""What a role tells of itself: one small file in the data folder, replaced in one step, for whoever watches.

A full disk is when it matters most, and takes no new file. So a report is padded with blanks to whole blocks, and where
none can be put in its place, the old one is written over: that takes no room, because its blocks are there already. A
reader may catch such a one half written and then finds no report, or numbers of two moments; three seconds later there
is the next.

Every room that listens may import this one, so it stands here (docs/decisions/0008).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

#: How often a role reports.
REPORT_SECONDS = 3.0


#: File systems give room by the block; a report has at least so much to grow into.
_BLOCK_BYTES, _SPARE_BYTES = 4_096, 512


def write_report(path: Path, report: Mapping[str, object]) -> None:
    """Put a report where others read it, in one step; on a full disk over the one that is there.

    Raises:
        OSError: the disk does not take it either way.
    """
    told = json.dumps(report).encode()
    try:
        _replace(path, _padded(told, -(-(len(told) + _SPARE_BYTES) // _BLOCK_BYTES) * _BLOCK_BYTES))
    except OSError as fault:
        _write_over(path, told, fault)


def _padded(told: bytes, size: int) -> bytes:
    return told.ljust(size - 1) + b"\n"


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    try:
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def _write_over(path: Path, told: bytes, fault: OSError) -> None:
    """Change a report in place, in one call and to its last byte."""
    with path.open("r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= len(told):
            raise fault
        file.write(_padded(told, size))


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
