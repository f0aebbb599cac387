"""The time by which quiet is measured: that of the events, so that reading the log again comes to the same end.

A delivery settles when nothing happened to it for a while. Measured by the wall clock, a backlog of a day would settle
everything at once; measured by the newest event, it settles exactly as it did live. Only when no records come any more
does the wall clock take over.
"""

from __future__ import annotations

from mailwake.events import SECOND, Micros

#: Writers' segments arrive this much out of order at most.
LAG = 10 * SECOND
#: After this much without records the wall clock takes over.
IDLE = 2 * SECOND
#: In a demo a week passes in seconds, so that an hour of it is over in a few milliseconds.
DEMO_LAG = 6 * 3600 * SECOND
DEMO_IDLE = 60 * SECOND


class EventClock:
    """Follows the events.

    Args:
        lag: how late an event may come, in its own time.
        idle: how long nothing must have come before `wall` counts, in real time.
    """

    def __init__(self, *, lag: int = LAG, idle: int = IDLE) -> None:
        self._lag = lag
        self._idle = idle
        self._latest = 0

    def saw(self, at: Micros) -> None:
        """An event of this time was read."""
        self._latest = max(self._latest, at)

    def settled_until(self) -> Micros:
        """Nothing that happened before this time is still to come."""
        return Micros(self._latest - self._lag)

    def nothing_came(self, *, wall: Micros, quiet: int) -> None:
        """No records are waiting.

        Args:
            wall: the time now.
            quiet: microseconds since the last record.
        """
        if quiet >= self._idle:
            self.saw(wall)
