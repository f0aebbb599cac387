"""What the edge asks at each click: whether the readers of this link go elsewhere."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from mailwake.detours.file import MOST_BYTES, Detour, digest, unpack
from mailwake.detours.signing import Seal
from mailwake.errors import Unreadable


class Standing(StrEnum):
    """What can be said of the file."""

    #: there never was one: nobody is sent elsewhere
    NONE = "none"
    #: it is believed
    GOOD = "good"
    #: there was one, and it is gone
    LOST = "lost"
    #: it was written by nobody with our keys, damaged, or is older than the one before
    REFUSED = "refused"


class Detours(NamedTuple):
    """By place and by target, where readers go; an empty text is the notice."""

    places: dict[tuple[int, int], str]
    targets: dict[str, str]

    @classmethod
    def of(cls, told: tuple[Detour, ...]) -> Detours:
        """Those of a file."""
        places = {(each.template, each.number): each.to for each in told if not each.target}
        return cls(places, {each.target: each.to for each in told if each.target})


_NO_DETOURS = Detours({}, {})


class DetourFile:
    """The file as one process knows it. It never raises: what cannot be believed sends nobody anywhere.

    Args:
        path: ``<data>/detours.json``.
        seal: checks it.

    Attributes:
        standing: what can be said of it.
        why: why it is refused; empty: it is not.
    """

    def __init__(self, path: Path, seal: Seal) -> None:
        self._path, self._seal = path, seal
        self._seen: tuple[int, int, int] | None = None
        self._newest = 0
        self._detours = _NO_DETOURS
        self.standing, self.why = Standing.NONE, ""
        self.reload()

    def __len__(self) -> int:
        """How many detours there are."""
        return len(self._detours.places) + len(self._detours.targets)

    def of(self, template: int, number: int, target: str) -> str | None:
        """Where the readers of a link go instead; empty: they get the notice; None: where its target leads."""
        places, targets = self._detours
        if not places and not targets:
            return None
        found = places.get((template, number))
        return targets.get(digest(target)) if found is None and targets else found

    def reload(self) -> None:
        """Look whether the file has changed, and take it over where it is believed."""
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                seen = (status.st_mtime_ns, status.st_size, status.st_ino)
                if seen != self._seen:
                    self._take(file.read(MOST_BYTES + 1))
                    self._seen = seen
        except FileNotFoundError:
            if self.standing is not Standing.NONE:
                self._lose(Standing.LOST, "it is gone")
        except OSError as fault:
            self._lose(Standing.REFUSED, f"it cannot be read: {fault.strerror}")

    def report(self) -> dict[str, object]:
        """What a process says of it, for whoever watches it."""
        is_bad = self.standing in (Standing.LOST, Standing.REFUSED)
        return {"detours": len(self), "detours_refused": int(is_bad), "detours_standing": self.standing}

    def _take(self, raw: bytes) -> None:
        try:
            told = unpack(raw, self._seal)
        except Unreadable as fault:
            self._lose(Standing.REFUSED, str(fault))
            return
        if told.written_at < self._newest:
            self._lose(Standing.REFUSED, "it is older than the one before it")
            return
        self._newest = told.written_at
        self._detours, self.standing, self.why = Detours.of(told.detours), Standing.GOOD, ""

    def _lose(self, standing: Standing, why: str) -> None:
        self._seen, self._detours = None, _NO_DETOURS
        self.standing, self.why = standing, why
