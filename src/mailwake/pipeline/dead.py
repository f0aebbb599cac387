"""Records that no step could take in, kept with the reason until somebody looks at them.

One file per record, named by its place in the log, so that reading the log again keeps it once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from mailwake.errors import Unavailable
from mailwake.files import replace
from mailwake.pipeline.item import Drop, Item

#: what a file is called while its record is on the way back into the log
_TAKEN = ".taken"


class DeadLetters:
    """The folder of such records.

    Args:
        folder: ``<data>/dead``; made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, item: Item, reason: Drop, problem: str) -> Path:
        """Write a record down, with what was wrong, and say where.

        Raises:
            Unavailable: the folder cannot be written; the record stays in the log and is read again.
        """
        letter = {
            "writer": item.writer,
            "segment": item.segment,
            "index": item.index,
            "written_at": item.written_at,
            "reason": str(reason),
            "problem": problem[:500],
            "record": base64.b64encode(item.record).decode("ascii"),
        }
        path = self._folder / f"{item.writer}-{item.segment:012d}-{item.index:05d}.json"
        try:
            replace(path, msgspec.json.format(msgspec.json.encode(letter)) + b"\n")
        except OSError as fault:
            raise Unavailable(f"cannot write {path}: {fault.strerror}") from fault
        return path


def take_again(folder: Path, append: Callable[[Sequence[bytes]], None]) -> tuple[int, list[str]]:
    """Put records that were set aside back into the log, after whatever they broke was mended.

    Each file is renamed first and removed once its record is in the log again, so that nothing is counted twice: where
    a process dies in between, the renamed file stays for somebody to look at.

    Args:
        folder: ``<data>/dead``.
        append: keeps records in the log, durably or not at all.

    Returns:
        How many went back; names of files that were left as they are, because they are no such file or renamed before.
    """
    done, left = 0, [path.name for path in sorted(folder.glob(f"*{_TAKEN}"))]
    for path in sorted(folder.glob("*.json")):
        record = _record_in(path)
        if record is None:
            left.append(path.name)
            continue
        taken = path.with_suffix(_TAKEN)
        path.replace(taken)
        try:
            append([record])
        except BaseException:
            with suppress(OSError):
                taken.replace(path)
            raise
        taken.unlink()
        done += 1
    return done, left


def _record_in(path: Path) -> bytes | None:
    try:
        letter = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        return base64.b64decode(letter["record"], validate=True)
    except (OSError, KeyError, TypeError, msgspec.DecodeError, binascii.Error):
        return None
