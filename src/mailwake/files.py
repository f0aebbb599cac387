"""Files that are put in place as a whole: whoever reads finds the old one or the new one, also after a crash.

Reports of roles have a way of their own. A full disk is when they matter most, and it takes no new file. So a report is
padded with blanks to whole blocks, and where none can be put in its place, the old one is written over: that takes no
room, because its blocks are there already. A reader may catch such a one half written and then finds no report, or
numbers of two moments; seconds later there is the next.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

#: File systems give room by the block; a report has at least so much to grow into.
_BLOCK_BYTES, _SPARE_BYTES = 4_096, 512


def replace(path: Path, content: bytes) -> None:
    """Put a file in place for good, readable by its owner alone; its folder is made where there is none.

    Raises:
        OSError: the disk does not take it; what was there before is there still.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a file that was synced may lack its name after a crash.

    Raises:
        OSError: the disk does not take it.
    """
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_report(path: Path, report: Mapping[str, object]) -> None:
    """Put a report where others read it, in one step; on a full disk over the one that is there.

    It is not synced: it is written every few seconds, and after a crash the next one is soon there.

    Raises:
        OSError: the disk does not take it either way.
    """
    told = json.dumps(report).encode()
    try:
        _put(path, _padded(told, -(-(len(told) + _SPARE_BYTES) // _BLOCK_BYTES) * _BLOCK_BYTES))
    except OSError as fault:
        _write_over(path, told, fault)


def _padded(told: bytes, size: int) -> bytes:
    return told.ljust(size - 1) + b"\n"


def _put(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    try:
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise


def _write_over(path: Path, told: bytes, fault: OSError) -> None:
    """Change a report in place, in one call and to its last byte."""
    with path.open("r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= len(told):
            raise fault
        file.write(_padded(told, size))
