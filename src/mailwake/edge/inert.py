"""Recipients of whom nothing is recorded any more, also from mail they already have.

The pipeline keeps the file: their handles, sorted, 8 bytes little-endian each. The edge looks for a new one every
second and checks it before anything is written. A file that cannot be read counts everybody as withdrawn until it can.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from pathlib import Path


class InertSet:
    """The handles in the file, and those that withdrew here since.

    Args:
        path: the file; missing means that nobody has withdrawn.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._handles = array("Q")
        self._fresh: set[int] = set()
        #: True while the file is damaged
        self.closed = False
        self.reload()

    def __contains__(self, handle: int) -> bool:
        """Whether nothing may be recorded of this recipient."""
        if self.closed or handle in self._fresh:
            return True
        handles = self._handles
        place = bisect_left(handles, handle)
        return place < len(handles) and handles[place] == handle

    def __len__(self) -> int:
        """How many handles there are."""
        return len(self._handles) + len(self._fresh)

    def add(self, handle: int) -> None:
        """Take a withdrawal into effect here at once, before the pipeline has heard of it."""
        self._fresh.add(handle)

    def discard(self, handle: int) -> None:
        """Forget a withdrawal of `add`; what the file says holds until the pipeline writes another."""
        self._fresh.discard(handle)

    def reload(self) -> None:
        """Read the file if it has changed."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._take(array("Q"), None)
            return
        except OSError:
            self.closed = True
            return
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if seen == self._seen and not self.closed:
            return
        handles = self._read()
        if handles is None:
            self.closed = True
        else:
            self._take(handles, seen)

    def _read(self) -> array[int] | None:
        try:
            raw = self._path.read_bytes()
            handles = array("Q", raw)
        except (OSError, ValueError):  # ValueError: not a whole number of handles
            return None
        if sys.byteorder == "big":
            handles.byteswap()
        return handles if list(handles) == sorted(handles) else None

    def _take(self, handles: array[int], seen: tuple[int, int, int] | None) -> None:
        self._handles, self._seen, self.closed = handles, seen, False
        fresh, self._fresh = self._fresh, set()
        self._fresh = {handle for handle in fresh if handle not in self}  # the file speaks for the others now
