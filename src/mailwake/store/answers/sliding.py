"""Times that move on with the clock, so that a question on the last days is known again tomorrow."""

from __future__ import annotations


class Sliding(int):
    """A number that stands for a time told from now, such as a week ago.

    Args:
        value: microseconds since 1970.
        which: what of the asker's it is, such as ``7d``; the same question with the same words is the same window,
            which has moved on when the values differ.
    """

    which: str

    def __new__(cls, value: int, which: str) -> Sliding:
        """As the class says."""
        made = super().__new__(cls, value)
        made.which = which
        return made


def back(now: int, micros: int) -> int:
    """So long before a time; where that slides, what comes out slides along."""
    return Sliding(now - micros, f"{now.which} - {micros}") if isinstance(now, Sliding) else now - micros
