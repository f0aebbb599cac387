"""The words of ``formats.toml``, ready to be asked. Substrings only: any text is read in one pass a phrase."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

#: A shorter word may be the end of another.
_WHOLE = 7
#: A shorter word stands in most texts, so that asking for it first saves nothing.
_SHARED = 4
#: Of a line, to know those that cannot begin with one of many.
FIRST_SIGNS = 5

#: a word, and the phrases that hold it
_Groups = tuple[tuple[str, tuple[str, ...]], ...]


class Listed(tuple[str, ...]):  # noqa: SLOT001 - a tuple can have no slots of its own
    """A list of phrases, ready to be looked for in a text.

    Phrases that hold another of the list are left out, and those that share a word are asked for only where that word
    stands; most texts lack most words.
    """

    @cached_property
    def _ascii(self) -> _Groups:
        return _grouped(phrase for phrase in self if phrase.isascii())

    @cached_property
    def _all(self) -> _Groups:
        return _grouped(self)

    def groups(self, words: str) -> _Groups:
        """The phrases that may stand in a text, by the word that they share."""
        return self._ascii if words.isascii() else self._all

    def in_which(self, words: str) -> list[str]:
        """The phrases in a text in lower case, none that holds another."""
        found: list[str] = []
        for shared, phrases in self.groups(words):
            if shared in words:
                found += [phrase for phrase in phrases if phrase in words]
        return found


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """What each list of the file says."""

    returned_holds: Listed
    returned_unless: Listed
    returned_begins: Listed
    #: how each of these begins, and a mail that was kept in a file
    returned_first: frozenset[str]
    servers: Listed
    likely: Listed
    silent: Listed
    failure: Listed
    sure: Listed
    reasons: Listed
    no_notice: Listed
    transcript: Listed
    subject: Listed
    delay_subjects: Listed
    delay: Listed
    delay_unless: Listed
    labels: Listed
    labels_weak: Listed
    others: Listed
    nobody: Listed
    helpers: Listed
    auto_headers: Listed
    auto_precedence: Listed
    auto_subjects: Listed
    auto_holds: Listed
    auto_words: Listed
    challenge_words: Listed
    challenge_hosts: Listed
    challenge_headers: Listed
    address_change: Listed


@cache
def load() -> Phrases:
    """The lists of the package."""
    return read(tomllib.loads(files("mailwake.notices").joinpath("formats.toml").read_text(encoding="utf-8")))


def read(table: Mapping[str, Any]) -> Phrases:
    """The lists of a file, by the names of section and list, or of one of them where that says it.

    Raises:
        KeyError: a list is missing.
    """
    named: dict[str, tuple[str, ...]] = {}
    for section, lists in table.items():
        for key, words in lists.items():
            names = (section,) if key == "phrases" else (key, f"{section}_{key}")
            named.update(dict.fromkeys(names, tuple(words)))
    weak = named["weak"]
    named["labels"], named["labels_weak"], named["others"] = map(
        _whole, (named["labels"] + weak, weak, named["others"])
    )
    named["returned_begins"] += tuple(begin.lower() for begin in named["returned_begins"])
    first = frozenset(begin[:FIRST_SIGNS] for begin in (*named["returned_begins"], "From "))
    listed = [field.name for field in fields(Phrases) if field.name != "returned_first"]
    return Phrases(returned_first=first, **{name: Listed(named[name]) for name in listed})


def _whole(words: Iterable[str]) -> tuple[str, ...]:
    """What stands before an address: short words of scripts with spaces must be whole ones."""
    return tuple(f" {each}" if len(each) < _WHOLE and each.isalpha() and each < "\u0530" else each for each in words)


def _grouped(phrases: Iterable[str]) -> _Groups:
    """The phrases by the word that each shares with most others; by themselves if they share none."""
    told = tuple(dict.fromkeys(phrases))
    least = [each for each in told if not any(other in each for other in told if other is not each)]
    common = Counter(word for each in least for word in set(each.split()))
    groups: dict[str, list[str]] = {}
    for each in least:
        shared = max((word for word in each.split() if len(word) >= _SHARED), key=common.__getitem__, default=each)
        groups.setdefault(shared if common[shared] > 1 else each, []).append(each)
    return tuple((shared, tuple(held)) for shared, held in groups.items())


def says(words: str, phrases: Listed) -> bool:
    """Whether a text in lower case holds one of the phrases."""
    for shared, held in phrases.groups(words):
        if shared in words:
            for phrase in held:
                if phrase in words:
                    return True
    return False
