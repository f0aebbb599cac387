"""The org's time: real, shifted or standing still, always asked for here."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache


class Clock:
    """Gives the time of the org; a test may freeze, set or advance it."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen = frozen_at
        self._shift = timedelta()

    def now(self) -> datetime:
        """Aware UTC."""
        return self._frozen or datetime.now(UTC) + self._shift

    @property
    def is_frozen(self) -> bool:
        """Whether time moves only when it is told to."""
        return self._frozen is not None

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, at a time given or at the present one."""
        self._frozen = at or self.now()

    def thaw(self) -> None:
        """Go on from the time shown."""
        self._shift = self.now() - datetime.now(UTC)
        self._frozen = None

    def follow(self) -> None:
        """Show the machine's time again."""
        self._frozen, self._shift = None, timedelta()

    def advance(self, seconds: float) -> None:
        """Move on, frozen or not."""
        if self._frozen:
            self._frozen += timedelta(seconds=seconds)
        else:
            self._shift += timedelta(seconds=seconds)

    def pass_time(self, seconds: float) -> None:
        """Let a slow thing take its time: really, or at once when the clock stands still."""
        if self._frozen:
            self.advance(seconds)
        else:
            time.sleep(seconds)


@lru_cache(maxsize=64)
def _stamped(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def stamp(at: datetime) -> str:
    """A datetime as REST answers it: whole seconds, UTC, without a colon in the zone (every recording)."""
    return _stamped(math.floor(at.timestamp()))


def read_datetime(text: str) -> datetime | None:
    """An ISO 8601 time with a zone, as the API takes it; None when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None
