"""Sentences that no list of phrases holds in full: who it is about, and a few words on what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mailwake.bounces.lookup import beginnings

#: as many words may stand between the two; longer ones are no words, and the bound keeps the time linear
_BETWEEN = r"(?:[^\s]{1,40} ){0,5}?"
#: what may follow a name or close a quotation
_AFTER_NAME = "[,:;.!'\")>\\]]{0,3} "
_OPENING = "['\"(<\\[]{0,3}"
_START = 4


class Told(NamedTuple):
    """The family that a refusal belongs to."""

    id: str
    category: str
    #: the words that made it one
    word: str


class _Family(NamedTuple):
    id: str
    category: str
    overrules: bool
    sentence: re.Pattern[str]
    #: first signs of all states; a text without any of them is not searched
    starts: frozenset[str]
    unless: tuple[str, ...]


class Families:
    """All families of the table.

    Args:
        subjects: words for a mailbox and its owner.
        table: as ``family`` in ``rules.toml``.
    """

    def __init__(self, subjects: Iterable[str], table: Iterable[Mapping[str, Any]]) -> None:
        names = tuple(subjects)
        self._subjects = _starts(names)
        self._families = [_family(names, entry) for entry in table]

    def categories(self) -> Iterable[str]:
        """All causes that the families name."""
        return (family.category for family in self._families)

    def find(self, plain: str, starts: frozenset[str], *, overruling: bool) -> Told | None:
        """The first family that the words belong to.

        Args:
            plain: in lower case, without addresses and host names.
            starts: what `beginnings` found in them, or in a text that they were cut from.
            overruling: whether to ask those that stand above status codes, or the others.
        """
        if plain.isascii() and self._subjects.isdisjoint(starts):
            return None
        for family in self._families:
            if family.overrules is not overruling or (plain.isascii() and family.starts.isdisjoint(starts)):
                continue
            found = family.sentence.search(plain)
            if found is not None and not any(word in plain for word in family.unless):
                return Told(family.id, family.category, found[0])
        return None


def _starts(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(start for phrase in phrases for start in beginnings(phrase) if len(start) == _START)


def _family(subjects: tuple[str, ...], entry: Mapping[str, Any]) -> _Family:
    who, after, before = (_any_of(words) for words in (subjects, entry["after"], entry["before"]))
    sentence = (
        rf"(?<!\w)(?:{who}{_AFTER_NAME}{_BETWEEN}{_OPENING}{after}|{before} {_BETWEEN}{_OPENING}{who})(?!\w)"
    )  # fmt: skip
    return _Family(
        entry["id"], entry["category"], entry["overrules"], re.compile(sentence),
        _starts((*entry["after"], *entry["before"])), tuple(entry["unless"]),
    )  # fmt: skip


def _any_of(words: Iterable[str]) -> str:
    """Longest first, so that a short word does not hide a long one."""
    return f"(?:{'|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))})"
