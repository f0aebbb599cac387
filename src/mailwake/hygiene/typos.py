"""Which domain was probably meant: by slips of the finger, against large providers and the list's own domains.

A suggestion is all that it is: nobody's address is ever changed by it. What is counted: a letter too many, too few or
another one (1), a neighbour on the keyboard, a doubled letter or two letters swapped (0.5).

Source: Damerau, "A technique for computer detection and correction of spelling errors", CACM 7 (1964), on which slips
are common; optimal string alignment for the distance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache

from mailwake.hygiene.known import known

#: more than one slip of the worst kind is another name
MOST_SLIPS = 1.0
#: of a short name every neighbour is another one that exists
LEAST_LETTERS = 6
#: so many of the list are at a domain, and it counts as one that the list uses often
OFTEN = 20
_LIGHT = 0.5
_ROWS = ("1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm,.")


@cache
def _neighbours() -> frozenset[tuple[str, str]]:
    """Keys beside each other, also across rows, on the layout that most have; y and z are swapped on others."""
    place = {key: (row, column + row * 0.5) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}
    return frozenset(
        (one, other)
        for one, (row, column) in place.items()
        for other, (row_2, column_2) in place.items()
        if one != other and abs(row - row_2) <= 1 and abs(column - column_2) <= 1
    ) | {("y", "z"), ("z", "y")}


def slips(typed: str, meant: str) -> float:
    """How far one name is from another."""
    before: list[float] = []
    above = [float(place) for place in range(len(meant) + 1)]
    for row, letter in enumerate(typed, 1):
        here = [float(row)]
        for column, wanted in enumerate(meant, 1):
            more = _LIGHT if row > 1 and typed[row - 2] == letter else 1.0
            less = _LIGHT if column > 1 and meant[column - 2] == wanted else 1.0
            other = 0.0 if letter == wanted else _LIGHT if (letter, wanted) in _neighbours() else 1.0
            best = min(above[column] + more, here[column - 1] + less, above[column - 1] + other)
            if row > 1 and column > 1 and (letter, typed[row - 2]) == (meant[column - 2], wanted) and other:
                best = min(best, before[column - 2] + _LIGHT)
            here.append(best)
        before, above = above, here
    return above[-1]


@lru_cache(maxsize=200_000)
def _letters(name: str) -> int:
    """The letters of a name, each a bit of 64: a look at those spares most comparisons."""
    return sum(1 << bit for bit in {ord(letter) % 64 for letter in name})


def _may_be(typed: str, meant: str) -> bool:
    """Whether one may be a slip of the other at all: two slips at most, of which each changes two letters at most."""
    return abs(len(typed) - len(meant)) <= 2 and (_letters(typed) ^ _letters(meant)).bit_count() <= 4


def often(counts: Mapping[str, int]) -> list[str]:
    """Domains that a list uses often.

    Args:
        counts: domain to how many of the list are there.
    """
    return [domain for domain, people in counts.items() if people >= OFTEN]


def meant(domain: str, candidates: Iterable[str], *, right: Collection[str] = ()) -> str | None:
    """The domain that was probably meant; None: none is near enough, or several are as near.

    Args:
        domain: as typed.
        candidates: domains that it may have been.
        right: domains that are surely no slips.
    """
    if domain in right or domain in known().providers or len(domain) < LEAST_LETTERS:
        return None
    near = [each for each in candidates if each != domain and _may_be(domain, each)]
    ranked = sorted((slips(domain, each), each) for each in near)
    if not ranked or ranked[0][0] > MOST_SLIPS:
        return None
    is_alone = len(ranked) == 1 or ranked[1][0] > ranked[0][0]
    return ranked[0][1] if is_alone else None
