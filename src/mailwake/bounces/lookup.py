"""Which of many phrases a text holds, found in one pass over the text instead of one pass a phrase."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: Phrases are filed by their first eight signs, shorter ones by their first four, so that few share a place.
_LONG, _SHORT = 8, 4
#: so many are looked for one by one sooner than a text beyond ASCII is cut into all its fours
_FEW = 200
#: the first eight signs at each place where a word begins; the word is taken whole, so that it is looked at once
_BEGINNINGS = re.compile(r"(?=([a-z0-9].{7}))[a-z0-9]+")


class Lookup:
    """A set of phrases, ready to be looked for.

    In ASCII text a phrase that begins with a letter or digit begins where a word begins, so that *rbl* is not found in
    *verbless*. Elsewhere, where words are not always apart, it may begin anywhere.

    Args:
        phrases: in lower case.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_start: dict[str, list[str]] = {}
        #: what begins with no letter and no digit, by its first sign, and what is too short, by itself
        self._odd: dict[str, list[str]] = {}
        self._by_four: dict[str, list[str]] = {}
        self._short: list[str] = []
        self._all = tuple(dict.fromkeys(phrases))
        for phrase in self._all:
            (self._by_four.setdefault(phrase[:_SHORT], []) if len(phrase) >= _SHORT else self._short).append(phrase)
            if not phrase.isascii():
                continue
            if len(phrase) < _SHORT or not phrase[0].isalnum():
                self._odd.setdefault(phrase if phrase[0].isalnum() else phrase[0], []).append(phrase)
            else:
                key = phrase[: _LONG if len(phrase) >= _LONG else _SHORT]
                self._by_start.setdefault(key, []).append(phrase)
        self._starts, self._fours = frozenset(self._by_start), frozenset(self._by_four)

    def said_in(self, words: str, starts: frozenset[str] | None = None) -> frozenset[str]:
        """The phrases that stand somewhere in the words.

        Args:
            words: in lower case.
            starts: what `beginnings` found in them, or in a text that they were cut from.
        """
        if not words.isascii():
            return frozenset(self._said_anywhere(words))
        found = [
            phrase
            for start in (beginnings(words) if starts is None else starts) & self._starts
            for phrase in self._by_start[start]
            if phrase in words
        ]
        for start, phrases in self._odd.items():
            if start in words:
                found += [phrase for phrase in phrases if phrase in words]
        return frozenset(found)

    def _said_anywhere(self, words: str) -> Iterator[str]:
        if len(self._all) < _FEW:
            yield from [phrase for phrase in self._all if phrase in words]
            return
        yield from [phrase for phrase in self._short if phrase in words]
        for start in {words[place : place + _SHORT] for place in range(len(words))} & self._fours:
            yield from [phrase for phrase in self._by_four[start] if phrase in words]


def beginnings(words: str) -> frozenset[str]:
    """The first signs of each word."""
    found = _BEGINNINGS.findall(f"{words}       ")
    return frozenset([*found, *[each[:_SHORT] for each in found]])
