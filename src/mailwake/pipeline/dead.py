"""Records that no step could take in, kept with the reason until somebody looks at them.

One file per record, named by its place in the log, so that reading the log again keeps it once.
"""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec

from mailwake.errors import Unavailable
from mailwake.pipeline.item import Drop, Item


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
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.touch(mode=0o600)
            part.write_bytes(msgspec.json.format(msgspec.json.encode(letter)) + b"\n")
            part.replace(path)
        except OSError as fault:
            raise Unavailable(f"cannot write {path}: {fault.strerror}") from fault
        return path
