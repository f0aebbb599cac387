"""Keeps the file: puts in what the ledger and the log say, and writes every half minute even where nothing is new.

What it knows comes from a `Source` that reads the stores. What was just read from the log goes in before it is in the
stores, because a flood of withdrawals takes longer to write down there than readers may wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from mailwake.errors import Unreadable
from mailwake.inert.entries import EVER, NOTHING, Before, Entries, before
from mailwake.inert.file import InertFile, News, pack, replace_file, unpack
from mailwake.inert.reader import microseconds

#: The file is written at least so often while somebody keeps it.
BEAT_SECONDS = 30
#: The stores are asked for what is new at most so often.
LOOK_SECONDS = 0.5
_NEWS_SECONDS = 60
_SECOND = 1_000_000


class Told(NamedTuple):
    """What the stores say that is new."""

    #: handle to what holds now; `NOTHING` where nothing does any more
    changes: Mapping[int, Before]
    #: when each was said that did not come through the mail, microseconds since 1970
    said_at: tuple[int, ...]
    everybody: Before
    #: to ask for what comes after this
    mark: tuple[int, int]


class Source(Protocol):
    """The stores, as the keeper asks them."""

    def told(self, after: tuple[int, int] | None) -> Told:
        """What is new since a mark; None: everything.

        Raises:
            Unavailable: they do not answer.
        """
        ...

    def of(self, handles: Iterable[int]) -> Mapping[int, Before]:
        """What holds of some recipients, of each of them.

        Raises:
            Unavailable: they do not answer.
        """
        ...


class InertKeeper:
    """The one who writes the file. Use from one thread.

    Args:
        path: ``<data>/inert.bin``.
        source: the stores.
        wall: gives microseconds since 1970.
    """

    def __init__(self, path: Path, source: Source, *, wall: Callable[[], int] = microseconds) -> None:
        self._path, self._source, self._wall = path, source, wall
        self._entries = Entries.of({})
        self._everybody = NOTHING
        self._mark: tuple[int, int] | None = None
        self._news = deque[News]()
        self._looked_at = self._written_at = 0
        self._as_of = self._written_as_of = 0
        self._is_new = True

    def __len__(self) -> int:
        """How many recipients are in the set."""
        return len(self._entries)

    @property
    def as_of(self) -> int:
        """All that was said up to then is in the set, as far as the log was read; microseconds since 1970."""
        return self._as_of

    def begin(self) -> None:
        """Write the set as the stores have it; what the log holds beyond is not claimed to be in it.

        Raises:
            Unavailable: the stores do not answer, or the file cannot be written.
        """
        found = read_file(self._path)
        self._as_of = max(self._as_of, 0 if found is None else min(found.head.as_of, self._wall()))
        if self._mark is None and found is not None:
            self._entries = found.entries  # what is in it and not in the stores yet came from the log
        self.look(must=True)
        self.write(must=True)

    def add(self, withdrawn: Iterable[tuple[int, int]]) -> None:
        """Put in what the log says, before the stores have it; handles and `Axes`."""
        changes: dict[int, Before] = {}
        for handle, axes in withdrawn:
            known = changes.get(handle) or self._entries.get(handle) or NOTHING
            changes[handle] = known.joined(before(axes, EVER))
        self._put(changes)

    def correct(self, handles: Iterable[int]) -> None:
        """Let the stores have the last word on some recipients, now that they have heard what `add` did.

        Raises:
            Unavailable: they do not answer.
        """
        self._put(self._source.of(handles))

    def look(self, *, must: bool = False) -> None:
        """Ask the stores for what is new.

        Raises:
            Unavailable: they do not answer.
        """
        now = self._wall()
        if not must and 0 <= now - self._looked_at < LOOK_SECONDS * _SECOND:
            return
        told = self._source.told(self._mark)
        self._put(told.changes)
        if self._mark is not None:
            # It was written down after the last look; what it says of its own time may be long ago.
            self._news += (News(max(said, self._looked_at), now) for said in told.said_at)
            self._is_new |= bool(told.said_at)
        self._is_new |= told.everybody != self._everybody
        self._everybody, self._mark, self._looked_at = told.everybody, told.mark, now

    def passed(self, as_of: int) -> None:
        """The log was read, and what it said put in, up to a moment."""
        self._as_of = max(self._as_of, as_of)

    def write(self, *, must: bool = False) -> bool:
        """Write the file where it has changed, or is due.

        Returns:
            Whether it was written.

        Raises:
            Unavailable: it cannot be written.
        """
        now = self._wall()
        is_due = not 0 <= now - self._written_at < BEAT_SECONDS * _SECOND or self._has_caught_up(now)
        if not (must or is_due or self._is_new or not self._path.exists()):
            return False
        while self._news and now - self._news[0].put_at > _NEWS_SECONDS * _SECOND:
            self._news.popleft()
        content = pack(
            self._entries, written_at=now, as_of=self._as_of, everybody=self._everybody, news=tuple(self._news)
        )
        replace_file(self._path, content)
        self._written_at, self._written_as_of, self._is_new = now, self._as_of, False
        return True

    def _has_caught_up(self, now: int) -> bool:
        """Whether the file is far behind, and need not be any more; readers record nothing while it is."""
        gained = self._as_of - self._written_as_of
        return gained > _SECOND and now - self._written_as_of > 2 * BEAT_SECONDS * _SECOND

    def _put(self, changes: Mapping[int, Before]) -> None:
        new = {handle: said for handle, said in changes.items() if (self._entries.get(handle) or NOTHING) != said}
        if new:
            self._entries = self._entries.merged(new)
            self._is_new = True


def read_file(path: Path) -> InertFile | None:
    """What the file says; None: there is none, or none that can be read."""
    try:
        return unpack(path.read_bytes())
    except (OSError, Unreadable):
        return None


def write_empty(path: Path, *, wall: Callable[[], int] = microseconds) -> bool:
    """Say that nobody has withdrawn, where there is no file yet: nobody has got any mail. Whether there was none.

    Raises:
        Unavailable: it cannot be written.
    """
    if path.exists():
        return False
    now = wall()
    replace_file(path, pack(Entries.of({}), written_at=now, as_of=now, everybody=NOTHING))
    return True
