"""The file that tells every edge process whose mail must record nothing any more.

Format: the handles, ascending, 8 bytes little-endian each, nothing else. It is replaced as a whole, so that a reader
sees the old one or the new one.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from pathlib import Path
from sys import byteorder

from mailwake.errors import Unavailable
from mailwake.events import Handle


def pack_handles(handles: Iterable[Handle]) -> bytes:
    """The content of the file."""
    packed = array("Q", sorted(set(handles)))
    if byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


class InertFile:
    """The file at its place; written only when its content changes.

    Args:
        path: ``<data>/inert.bin``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content: bytes | None = None

    def put(self, handles: Iterable[Handle]) -> bool:
        """Make the file say this and nothing else.

        Returns:
            Whether it had to change.

        Raises:
            Unavailable: it cannot be written; withdrawals do not reach the edge.
        """
        content = pack_handles(handles)
        if content == self._content and self._path.exists():
            return False
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as fault:
            raise Unavailable(f"cannot write {self._path}: {fault.strerror}; withdrawals cannot take effect") from fault
        self._content = content
        return True
