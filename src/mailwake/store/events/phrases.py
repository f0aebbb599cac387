"""The reasons of verdicts in a sixth of their room: each fact's words are kept once, its numbers with the verdict.

``[["delay",-2.17,"5 s after delivery"],["base",0.4,"of every hit"]]`` becomes ``A-2170 5;B400``: letters that stand for
the code and the words, weight in thousandths, the numbers in the words, in order. A text that this form would not hold
to the letter stays as it is, and is known by its bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import duckdb
import msgspec

#: one reason as `msgspec` writes it; a fact with a quote or a backslash stays as it is, and so does one with our mark
_REASON = re.compile(r'"([a-z0-9_]+)",(-?\d+\.\d+),"([^"\\#]{0,200})"', re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_PACKED = re.compile(r"([A-Z]+)(-?[\d.]+)((?: [\d.]+)*)", re.ASCII)
#: in place of a number
_MARK = "#"
#: words are of a closed set, but for names of programs; what comes after so many stays as it is
MOST = 20_000
#: reasons whose other form is kept in memory; nine in ten are one of the last so many
_REMEMBERED = 50_000


class Phrase(NamedTuple):
    """What letters stand for."""

    letters: str
    code: str
    #: with `_MARK` in place of each number
    words: str


class Phrases:
    """Packs and unpacks. One thread packs at a time; any number of threads unpack."""

    def __init__(self, known: Iterable[tuple[str, str, str]] = ()) -> None:
        self._letters: dict[tuple[str, str], str] = {}
        self._told: dict[str, Phrase] = {}
        self._packed: dict[str, str | None] = {}
        self._unpacked: dict[str, str] = {}
        #: those that no transaction has kept yet
        self.fresh: list[Phrase] = []
        for letters, code, words in known:
            self._learn(Phrase(letters, code, words))

    def pack(self, reasons: str) -> str:
        """The reasons in few bytes, or as they are."""
        if not (reasons.startswith("[[") and reasons.endswith("]]")):
            return reasons
        parts = []
        for part in reasons[2:-2].split("],["):
            packed = self._packed[part] if part in self._packed else self._pack(part)
            if packed is None:
                return reasons
            parts.append(packed)
        return ";".join(parts)

    def unpack(self, reasons: str) -> str:
        """The reasons as they were packed, to the letter."""
        if not reasons or not reasons[0].isupper():
            return reasons
        parts = [self._unpacked.get(part) or self._unpack(part) for part in reasons.split(";")]
        return f"[[{'],['.join(parts)}]]"

    def without_facts(self, reasons: str) -> str:
        """Packed, what is packed or not: codes and weights stay, the facts go."""
        if not reasons:
            return reasons
        told = msgspec.json.decode(self.unpack(reasons), type=list[tuple[str, float, str]])
        return self.pack(msgspec.json.encode([(code, weight, "") for code, weight, _ in told]).decode())

    def keep(self) -> None:
        """What is fresh was kept."""
        self.fresh.clear()

    def drop(self) -> None:
        """What is fresh was not kept, and no row has it."""
        if self.fresh:
            for phrase in self.fresh:
                del self._letters[phrase.code, phrase.words], self._told[phrase.letters]
            self._packed.clear()
            self._unpacked.clear()
            self.fresh.clear()

    def _learn(self, phrase: Phrase) -> None:
        self._letters[phrase.code, phrase.words] = phrase.letters
        self._told[phrase.letters] = phrase

    def _pack(self, part: str) -> str | None:
        found = _REASON.fullmatch(part)
        letters = None if found is None else self._letters_of(found[1], _NUMBER.sub(_MARK, found[3]))
        packed = None
        if found is not None and letters is not None:
            packed = " ".join((letters + _thousandths(found[2]), *_NUMBER.findall(found[3])))
        if len(self._packed) >= _REMEMBERED:
            self._packed.clear()
        self._packed[part] = packed
        return packed

    def _letters_of(self, code: str, words: str) -> str | None:
        known = self._letters.get((code, words))
        if known is None and len(self._told) < MOST:
            known = _letters(len(self._told))
            self.fresh.append(Phrase(known, code, words))
            self._learn(self.fresh[-1])
        return known

    def _unpack(self, part: str) -> str:
        found = _PACKED.fullmatch(part)
        if found is None:
            raise ValueError("reasons in a form that is unknown")
        letters, weight, numbers = found.groups()
        phrase = self._told[letters]
        said = phrase.words.split(_MARK)
        fact = "".join(word + number for word, number in zip(said, [*numbers.split(), ""], strict=True))
        if len(self._unpacked) >= _REMEMBERED:
            self._unpacked.clear()
        told = weight if "." in weight else repr(int(weight) / 1_000)
        self._unpacked[part] = unpacked = f'"{phrase.code}",{told},"{fact}"'
        return unpacked


def known_phrases(connection: duckdb.DuckDBPyConnection) -> Phrases:
    """Those that a store keeps."""
    return Phrases(connection.execute("select letters, code, words from phrases").fetchall())


def note_phrases(connection: duckdb.DuckDBPyConnection, phrases: Phrases) -> None:
    """Put the fresh ones into the store, in the transaction of the rows that have them."""
    for phrase in phrases.fresh:
        connection.execute("insert into phrases values (?, ?, ?)", phrase)


def _thousandths(weight: str) -> str:
    """Whole thousandths, where the weight can be made of them again to the letter."""
    whole = round(float(weight) * 1_000)
    return str(whole) if repr(whole / 1_000) == weight else weight


def _letters(number: int) -> str:
    """A, B, ... Z, AA, AB, ... for 0, 1, ..."""
    found, left = "", number + 1
    while left:
        left, digit = divmod(left - 1, 26)
        found = chr(ord("A") + digit) + found
    return found
