"""Files of lines, plain or gzipped, read in pieces: neither a long line nor a large file takes memory.

A plain file may still be written. Its last line counts when its end is there, at the next reading.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path

from mailwake.errors import BadInput

#: Read at once.
PIECE_BYTES = 1 << 20
#: Servers refuse requests longer than 64 kB, so no line that tells of one is longer than this.
MAX_LINE_BYTES = 131_072
#: Stands for a line that is longer.
TOO_LONG = None
_GZIP = b"\x1f\x8b"


def find_logs(paths: Iterable[Path]) -> list[Path]:
    """The files named, and all files in the folders named, by name, each once; hidden ones are passed over.

    Raises:
        BadInput: a path does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inner = (each for each in path.rglob("*") if each.is_file())
            found += sorted(each for each in inner if not any(p.startswith(".") for p in each.relative_to(path).parts))
        elif path.exists():
            found.append(path)
        else:
            raise BadInput(f"there is no {path}")
    first: dict[Path, Path] = {}
    for path in found:
        first.setdefault(path.resolve(), path)
    return [*first.values()]


class LogFile:
    """One file, once through.

    Args:
        file: open for reading.
        is_stream: it ends where its writer ended it, so that its last line needs no line break.

    Attributes:
        unfinished: the last line had no end and was left for the next time.
        damaged: what is wrong with the compressed data, empty when nothing is; all lines before it were given out.
    """

    def __init__(self, file: BufferedReader, *, is_stream: bool = False) -> None:
        self._file, self._is_stream = file, is_stream
        self.unfinished, self.damaged = False, ""

    @property
    def place(self) -> int:
        """How many bytes of the file were read; 0 for a pipe."""
        return self._file.tell() if self._file.seekable() else 0

    def lines(self) -> Iterator[bytes | None]:
        """Every line without its end; `TOO_LONG` for one that cannot be an entry."""
        rest, skips = b"", False
        for piece in self._pieces():
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield TOO_LONG if skips or len(line) > MAX_LINE_BYTES else line.removesuffix(b"\r")
                skips = False
            if len(rest) > MAX_LINE_BYTES:
                rest, skips = b"", True
        if self._is_stream and not self.damaged and (rest or skips):
            yield TOO_LONG if skips else rest
        else:
            self.unfinished = bool(rest) or skips

    def _pieces(self) -> Iterator[bytes]:
        if self._file.peek(2)[:2] != _GZIP:
            while piece := self._file.read1(PIECE_BYTES):
                yield piece
            return
        self._is_stream = True  # nobody goes on writing what is compressed
        packed = gzip.GzipFile(fileobj=self._file)
        try:
            while piece := packed.read1(PIECE_BYTES):
                yield piece
        except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
            self.damaged = str(fault)
