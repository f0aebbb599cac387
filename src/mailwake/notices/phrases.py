"""The words of ``formats.toml``, ready to be asked. Substrings only: any text is read in one pass a phrase."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

#: A shorter word may be the end of another.
_WHOLE = 7


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """What each list of the file says."""

    returned_holds: tuple[str, ...]
    returned_unless: tuple[str, ...]
    returned_begins: tuple[str, ...]
    servers: tuple[str, ...]
    likely: tuple[str, ...]
    silent: tuple[str, ...]
    failure: tuple[str, ...]
    sure: tuple[str, ...]
    reasons: tuple[str, ...]
    no_notice: tuple[str, ...]
    transcript: tuple[str, ...]
    subject: tuple[str, ...]
    delay_subjects: tuple[str, ...]
    delay: tuple[str, ...]
    delay_unless: tuple[str, ...]
    labels: tuple[str, ...]
    labels_weak: tuple[str, ...]
    others: tuple[str, ...]
    nobody: tuple[str, ...]
    helpers: tuple[str, ...]
    auto_headers: tuple[str, ...]
    auto_precedence: tuple[str, ...]
    auto_subjects: tuple[str, ...]
    auto_words: tuple[str, ...]
    challenge_words: tuple[str, ...]
    challenge_hosts: tuple[str, ...]
    challenge_headers: tuple[str, ...]
    address_change: tuple[str, ...]


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
    return Phrases(**{field.name: named[field.name] for field in fields(Phrases)})


def _whole(words: Iterable[str]) -> tuple[str, ...]:
    """What stands before an address: short words of scripts with spaces must be whole ones."""
    return tuple(f" {each}" if len(each) < _WHOLE and each.isalpha() and each < "\u0530" else each for each in words)


@cache
def _ascii(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(str.isascii, phrases))


def says(words: str, phrases: tuple[str, ...]) -> bool:
    """Whether a text in lower case holds one of the phrases."""
    for phrase in _ascii(phrases) if words.isascii() else phrases:  # noqa: SIM110 - a generator costs a third more
        if phrase in words:
            return True
    return False
