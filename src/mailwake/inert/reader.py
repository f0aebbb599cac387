"""Asks the set before something is recorded, as a process that records hits does.

Look again every second. While nobody can say who is in the set, every token that names somebody counts as silent:
there is no file, it is damaged, or what it says is older than `STALE_SECONDS`. Answers do not change by any of this.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from enum import StrEnum
from pathlib import Path

from mailwake.errors import Unreadable
from mailwake.inert.entries import EVER, NOTHING, Entries, before
from mailwake.inert.file import HEAD_BYTES, Head, InertFile, read_head, unpack
from mailwake.inert.lag import Lags
from mailwake.inert.tails import Heard, Tail, Tails, folder_of
from mailwake.tokens import EPOCH

#: The keeper writes every half minute; what is thirty times as old is kept no longer, or by somebody far behind.
STALE_SECONDS = 15 * 60
#: Clocks of processes and the way through the log; until so much later an entry of a tail is not forgotten.
_MARGIN = 2_000_000
_SECOND = 1_000_000


class Standing(StrEnum):
    """Whether the set can be asked."""

    #: it is kept
    FRESH = "fresh"
    #: there is no file
    MISSING = "missing"
    #: it cannot be read, or is of an older version
    DAMAGED = "damaged"
    #: nobody keeps it, or somebody who is far behind
    STALE = "stale"


def microseconds() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1_000


class InertSet:
    """What the file says, and the tails of this machine.

    Args:
        path: ``<data>/inert.bin``.
        tail: the name under which this process tells others of withdrawals; None: it takes none.
        wall: gives microseconds since 1970.

    Attributes:
        standing: whether the set can be asked.
        unsure: how often something was kept from being recorded because it could not.
        lags: how long withdrawals took to get here.
    """

    def __init__(self, path: Path, *, tail: str | None = None, wall: Callable[[], int] = microseconds) -> None:
        self._path, self._wall = path, wall
        self._seen: tuple[int, int, int] | None = None
        self._head: Head | None = None
        self._entries = Entries.of({})
        self._everybody = NOTHING
        self._heard: dict[int, Heard] = {}
        self._tails = Tails(folder_of(path))
        self._tail = None if tail is None else Tail(folder_of(path), tail)
        self._began = wall()
        self._news_until = self._began
        self.standing = Standing.MISSING
        self.unsure = 0
        self.lags = Lags()
        self.reload()

    @property
    def closed(self) -> bool:
        """Whether nobody can say who is in the set."""
        return self.standing is not Standing.FRESH

    @property
    def age_seconds(self) -> float | None:
        """How old what it says is; None: it says nothing."""
        return None if self._head is None else (self._wall() - self._head.as_of) / _SECOND

    def __len__(self) -> int:
        """How many recipients there are."""
        return len(self._entries) + sum(self._entries.get(handle) is None for handle in self._heard)

    def holds(self, who: int, issued: date, axes: int) -> bool:
        """Whether nothing may be recorded of a hit.

        Args:
            who: the recipient's handle; else the copy's; 0 where the token names nobody.
            issued: the day on which the token was sealed.
            axes: `Axes` that the hit belongs to.
        """
        everybody = self._everybody
        if everybody is not NOTHING and everybody.holds(_day(issued), axes):
            return True
        if not who:
            return False
        if self.standing is not Standing.FRESH:
            self.unsure += 1
            return True
        said = self._entries.get(who)
        if said is not None and said.holds(_day(issued), axes):
            return True
        heard = self._heard.get(who) if self._heard else None
        return heard is not None and heard.before.holds(_day(issued), axes)

    def is_unsure(self, issued: date, axes: int) -> bool:
        """Whether `holds` says yes to everybody who is named for want of knowledge, and for nothing else."""
        return self.closed and not self._everybody.holds(_day(issued), axes)

    def withdraw(self, handle: int, axes: int, *, said_at: int) -> None:
        """Take a withdrawal that the log has into effect, here at once and elsewhere within a second.

        Args:
            handle: of the recipient.
            axes: `Axes` that are meant.
            said_at: when the request came in, microseconds since 1970.
        """
        heard = Heard(handle, before(axes, EVER), self._wall())
        self._hear(heard)
        self.lags.add(said_at=said_at, known_at=heard.at)
        if self._tail is not None:
            try:
                self._tail.add(heard)
            except OSError:  # the log has it, and the pipeline will tell the others
                return

    def reload(self) -> None:
        """Read what has changed: the file first, because a tail is emptied only when the file holds what it said."""
        self._look_at_file()
        known = 0 if self._head is None else self._head.as_of - _MARGIN
        for heard in self._tails.news():
            if heard.at >= known:  # the set holds what is older
                self._hear(heard)
        if self._heard:
            self._heard = {handle: heard for handle, heard in self._heard.items() if heard.at >= known}
        if self._head is not None and self._tail is not None:
            with suppress(OSError):  # it will be shorter another time
                self._tail.forget(as_of=self._head.as_of - _MARGIN)
        if self.standing in (Standing.FRESH, Standing.STALE):
            self.standing = self._freshness()

    def report(self) -> dict[str, object]:
        """What a process says of the set, for whoever watches it."""
        told: dict[str, object] = {
            "withdrawn": len(self),
            "inert_standing": self.standing,
            "inert_closed": int(self.closed),
            "inert_unsure": self.unsure,
        }
        if self.age_seconds is not None:
            told["inert_age_seconds"] = self.age_seconds
        return told | {"inert_lag": self.lags.report()}

    def close(self) -> None:
        """Let go of the tail; what it says stays."""
        if self._tail is not None:
            self._tail.close()

    def _hear(self, heard: Heard) -> None:
        known = self._heard.get(heard.handle)
        if known is None:
            self._heard[heard.handle] = heard
            if heard.at >= self._began and self._tail is not None:
                self.lags.add(said_at=heard.at, known_at=self._wall())
        elif heard.at > known.at or known.before.joined(heard.before) != known.before:
            joined = known.before.joined(heard.before)
            self._heard[heard.handle] = Heard(heard.handle, joined, max(heard.at, known.at))

    def _look_at_file(self) -> None:
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                seen = (status.st_mtime_ns, status.st_size, status.st_ino)
                if seen == self._seen:
                    return
                self._take(file.read(HEAD_BYTES), file.read)
        except FileNotFoundError:
            self._lose(Standing.MISSING)
        except (OSError, Unreadable):
            self._lose(Standing.DAMAGED)
        else:
            self._seen = seen

    def _take(self, head_bytes: bytes, rest: Callable[[], bytes]) -> None:
        """Take over a file; most of the time only its head is new."""
        head = read_head(head_bytes)
        known = self._head
        body = (head.body_crc, head.entries, head.news)
        if known is None or body != (known.body_crc, known.entries, known.news):
            found = unpack(head_bytes + rest())
            self._entries = found.entries
            self._note(found)
        self._head, self.standing = head, Standing.FRESH
        # the same object, because it is asked about with every hit and comparing is dear
        self._everybody = NOTHING if head.everybody == NOTHING else head.everybody

    def _note(self, found: InertFile) -> None:
        now = self._wall()
        fresh = [piece for piece in found.news if piece.put_at > self._news_until]
        for piece in fresh:
            self.lags.add(said_at=piece.said_at, known_at=now)
        self._news_until = max((piece.put_at for piece in fresh), default=self._news_until)

    def _lose(self, standing: Standing) -> None:
        """Nothing can be said any more; the switch of the installation stays as it was last seen."""
        self._seen = self._head = None
        self._entries = Entries.of({})
        self.standing = standing

    def _freshness(self) -> Standing:
        if self._head is None:
            return self.standing
        now = self._wall()
        ages = (now - self._head.as_of, now - self._head.written_at)
        # One from the future was written by a wrong clock; it would stay fresh for as long as that was wrong.
        is_fresh = all(abs(age) <= STALE_SECONDS * _SECOND for age in ages)
        return Standing.FRESH if is_fresh else Standing.STALE


def _day(issued: date) -> int:
    return min(max((issued - EPOCH).days, 0), EVER - 1)
