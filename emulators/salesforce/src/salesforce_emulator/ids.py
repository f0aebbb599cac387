"""Record ids: 15 significant characters, 3 more that make them safe where case is lost.

Source: https://help.salesforce.com/s/articleView?id=000385585 (how the 18-character form is computed).
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checksum(short: str) -> str:
    """The three characters that say which of fifteen are upper case, five at a time, first character lowest."""
    return _five(short[:5]) + _five(short[5:10]) + _five(short[10:])


@lru_cache(maxsize=100_000)
def _five(part: str) -> str:
    return _SUFFIX[sum(1 << place for place, char in enumerate(part) if "A" <= char <= "Z")]


def long_id(text: object) -> str | None:
    """An id of 15 or 18 characters in its long form; None when it is none. A wrong checksum makes it none."""
    if not isinstance(text, str) or not _SHAPE.match(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    if checksum(text[:15]) == text[15:]:
        return text
    return restored(text) if text.upper() == text or text.lower() == text else None


def restored(text: str) -> str | None:
    """An 18-character id that lost its case, with its case again; None when the checksum does not fit."""
    suffix, short = text[15:].upper(), ""
    for group, char in enumerate(suffix):
        mask = _SUFFIX.find(char)
        if mask < 0:
            return None
        for place in range(5):
            each = text[group * 5 + place]
            short += each.upper() if mask >> place & 1 else each.lower()
    return short + suffix if checksum(short) == suffix else None


class Numbering:
    """Hands out ids: prefix, instance, and a number of its own per prefix. Numbers are never given twice."""

    def __init__(self, instance: str = "Ab0") -> None:
        self._instance = instance
        self._next: dict[str, int] = defaultdict(lambda: 1)

    def next(self, prefix: str) -> str:
        """A new id of 18 characters."""
        number, self._next[prefix] = self._next[prefix], self._next[prefix] + 1
        digits = ""
        while number:
            number, digit = divmod(number, 62)
            digits = _DIGITS[digit] + digits
        short = prefix + self._instance + digits.rjust(9, "0")
        return short + checksum(short)
