"""What is said when a query cannot be understood: where, what would do, and the nearest word."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from mailwake.errors import BadInput
from mailwake.language import say


class Unclear(BadInput):
    """A query cannot be understood.

    Attributes:
        problem: what is wrong, in a sentence without the place.
        at: place of the trouble, characters from 0.
        expected: what would have been understood there.
        nearest: which of these was perhaps meant; empty: none is near.
    """

    def __init__(self, problem: str, *, at: int, expected: Sequence[str] = (), nearest: str = "") -> None:
        hint = say("; did you mean %(word)s?", word=repr(nearest)) if nearest else ""
        wanted = say("; expected: %(words)s", words=", ".join(expected)) if expected else ""
        super().__init__(say("at character %(place)s: %(problem)s", place=at + 1, problem=f"{problem}{hint}{wanted}"))
        self.problem = problem
        self.at = at
        self.expected = tuple(expected)
        self.nearest = nearest


def nearest(word: str, known: Sequence[str]) -> str:
    """The known word that is most like this one; empty: none is."""
    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), "")


def pointed(query: str, fault: Unclear) -> str:
    """The line with the trouble and a mark under its place, for a terminal."""
    start = query.rfind("\n", 0, fault.at) + 1
    line = query[start:].partition("\n")[0]
    return f"{line}\n{' ' * (fault.at - start)}^"
