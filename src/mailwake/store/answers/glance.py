"""How far behind the answers are that one page was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
Rows = list[dict[str, Any]]


class Glance:
    """Somebody looks at a page: an answer of any age is better than none, so long as its age is told."""

    def __init__(self) -> None:
        #: the answer to `latest` as it was when the oldest answer was made that was given; None: all are true
        self.latest: Rows | None = None

    def note(self, latest: Rows | None) -> None:
        """An answer was given although something was written since; what was the newest when it was made."""
        if latest and (self.latest is None or _received(latest) < _received(self.latest)):
            self.latest = latest


_LOOKING: ContextVar[Glance | None] = ContextVar("looking", default=None)
#: of what is worked out for whoever comes later, from answers that are as old as programs are given them
_NOTING: ContextVar[Glance | None] = ContextVar("noting", default=None)


def looking() -> Glance | None:
    """Who looks at present, in this request; None: a program, or somebody who rather waits."""
    return _LOOKING.get()


@contextmanager
def glancing() -> Iterator[Glance]:
    """Within it answers of any age are given."""
    glance = Glance()
    token = _LOOKING.set(glance)
    try:
        yield glance
    finally:
        _LOOKING.reset(token)


def with_age(ask: Callable[[], T]) -> tuple[T, Rows | None]:
    """An answer that is kept, with what was the newest when the oldest was made of what it is made of."""
    if looking() is not None:
        with glancing() as own:
            return ask(), own.latest
    noting = Glance()
    token = _NOTING.set(noting)
    try:
        return ask(), noting.latest
    finally:
        _NOTING.reset(token)


def note_behind(latest: Rows | None) -> None:
    """An answer was given although something was written since; what was the newest when it was made."""
    for glance in (_LOOKING.get(), _NOTING.get()):
        if glance is not None:
            glance.note(latest)


def _received(latest: Rows) -> int:
    return latest[0]["received_at"] or 0
