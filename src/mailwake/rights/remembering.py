"""Keeps the file beside the data and the state in step, in both directions.

Whoever withdraws is added to the file. Whom the file has and the state does not know as withdrawn is forgotten again:
then an older state was put back, by `mailwake restore` or by hand, and nobody comes back with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mailwake.events import Handle, Micros
from mailwake.rights.erasing import Eraser
from mailwake.rights.forgotten import Forgotten, Line, Standing, What
from mailwake.store.state import Axis, Consent, StateStore

SOURCE = "restore"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What the file said and the state did not know."""

    erased: int
    withdrawn: int


def apply(standing: Standing, state: StateStore, eraser: Eraser) -> Applied:
    """Forget again whom the file says to forget; who gave later what they had withdrawn is left alone.

    Raises:
        Unavailable: a store is away; what was done is done, call again.
    """
    known, there = set(eraser.rights.erased_handles()), state.addresses(standing.erased)
    lines = [line for handle, line in standing.erased.items() if handle not in known or handle in there]
    for line in lines:
        eraser.again(line)
    inert = set(state.inert())
    again = [
        (handle, at)
        for handle, at in standing.withdrawn.items()
        if handle not in inert and not _gave_since(state, handle, at)
    ]
    for handle, at in again:
        state.set_consent(handle, axis=Axis.BOTH, state=Consent.WITHDRAWN, at=at, source=SOURCE)
    return Applied(erased=len(lines), withdrawn=len(again))


def _gave_since(state: StateStore, handle: Handle, at: Micros) -> bool:
    return any(entry.state is Consent.GRANTED and entry.at >= at for entry in state.consents(handle))


@dataclass(kw_only=True)
class Remembering:
    """Looks whether both say the same, when something may have changed.

    Args:
        state: who is inert.
        eraser: forgets again.
        forgotten: the file.
        inert: ``<data>/inert.bin``, which is written anew whenever somebody's standing changes.
        wall: microseconds since 1970.
    """

    state: StateStore
    eraser: Eraser
    forgotten: Forgotten
    inert: Path
    wall: Callable[[], int]
    _known: set[Handle] | None = field(default=None)
    _seen: tuple[int, int, int] | None = field(default=None)

    def look(self) -> int:
        """Add what changed to the file; says how many lines that were.

        Raises:
            Unavailable: the file cannot be written, or a store is away.
        """
        seen = self._stamp()
        if self._known is not None and seen == self._seen:
            return 0
        known = self._begun() if self._known is None else self._known
        now, inert = Micros(self.wall()), set(self.state.inert())
        lines = [Line(what=What.WITHDRAWN, handle=each, at=now) for each in sorted(inert - known)]
        lines += [Line(what=What.ALLOWED, handle=each, at=now) for each in sorted(known - inert)]
        self.forgotten.add(lines)
        self._known, self._seen = inert, seen
        return len(lines)

    def _begun(self) -> set[Handle]:
        """At the start the file is believed first."""
        standing = self.forgotten.standing()
        apply(standing, self.state, self.eraser)
        return set(standing.withdrawn) | set(standing.erased)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self.inert.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
