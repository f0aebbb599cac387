"""The file that a backup cannot undo: who was erased and who withdrew, by handle, one JSON object a line.

It lies beside the data and is shipped elsewhere by whoever runs the installation. After an older state was restored it
says whom to forget again. A line is added and synced before anything is deleted; none is ever changed. It holds no
address: a handle, a time, and of erased people the keyed hash and what is to hold should the address come back.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from mailwake.errors import Unavailable, Unreadable
from mailwake.events import Handle, Micros


class What(StrEnum):
    """What happened to a handle."""

    #: erased: nothing of them comes back, ever
    ERASED = "erased"
    #: nothing more may be recorded of them
    WITHDRAWN = "withdrawn"
    #: what they withdrew, they gave again
    ALLOWED = "allowed"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the file."""

    what: What
    handle: Handle
    at: Micros
    #: of erased people: keyed hash of the address
    digest: str = ""
    #: of erased people: what holds for the address should it come back
    kept: Mapping[str, Any] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the whole file comes to."""

    #: the latest line of everybody who was erased
    erased: Mapping[Handle, Line] = field(default_factory=dict)
    #: since when nothing may be recorded of those who withdrew and did not give it again
    withdrawn: Mapping[Handle, Micros] = field(default_factory=dict)


class Forgotten:
    """The file at its place.

    Args:
        path: made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, lines: list[Line]) -> None:
        """Add lines and sync them.

        Raises:
            Unavailable: they are not kept; nothing may be deleted on the strength of them.
        """
        if not lines:
            return
        text = b"".join(msgspec.json.encode(each) + b"\n" for each in lines)
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "ab", buffering=0) as file:
                if self._is_torn():
                    text = b"\n" + text
                if file.write(text) != len(text):
                    raise OSError(28, "no room")
                os.fsync(file.fileno())
        except OSError as fault:
            raise Unavailable(f"cannot write {self.path}: {fault.strerror}; nobody is erased without it") from fault

    def _is_torn(self) -> bool:
        """Whether a crash left the last line without its end."""
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def standing(self) -> Standing:
        """What it comes to; nothing where there is no file.

        Raises:
            Unreadable: a line in it is none, and it is not one that a crash cut off.
        """
        erased: dict[Handle, Line] = {}
        withdrawn: dict[Handle, Micros] = {}
        for line in self.lines():
            if line.what is What.ERASED:
                erased[line.handle] = line
            elif line.what is What.WITHDRAWN:
                withdrawn[line.handle] = line.at
            else:
                withdrawn.pop(line.handle, None)
        return Standing(erased=erased, withdrawn=withdrawn)

    def take_in(self, lines: list[Line]) -> int:
        """Add what another copy of the file has and this one does not; how many lines that were.

        What is older than this file's last word on somebody stays out: the order of lines decides what holds.

        Raises:
            Unreadable: this file is none.
            Unavailable: the lines are not kept.
        """
        last: dict[tuple[Handle, bool], Micros] = {}
        there: set[bytes] = set()
        for line in self.lines():
            last[line.handle, line.what is What.ERASED] = line.at
            there.add(msgspec.json.encode(line))
        fresh = [line for line in lines if line.at >= last.get((line.handle, line.what is What.ERASED), line.at)]
        raw = {msgspec.json.encode(line): line for line in fresh}
        new = [line for text, line in raw.items() if text not in there]
        self.add(new)
        return len(new)

    def lines(self) -> list[Line]:
        """All of it in its order; nothing where there is no file.

        Raises:
            Unreadable: a line in it is none, and it is not one that a crash cut off.
            Unavailable: it cannot be read.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as fault:
            raise Unavailable(f"cannot read {self.path}: {fault.strerror}") from fault
        found = []
        for number, text in enumerate(raw.split(b"\n"), start=1):
            try:
                found += [msgspec.json.decode(text, type=Line)] if text else []
            except msgspec.DecodeError as fault:
                if not _is_cut(text):
                    raise Unreadable(f"{self.path} line {number} is no line of such a file: {fault}") from None
        return found


def _is_cut(text: bytes) -> bool:
    """Whether a crash cut the line off: it begins as ours do and does not end."""
    return text.startswith(b'{"what":"'[: len(text)]) and not text.endswith(b"}")
