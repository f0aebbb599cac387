"""What was found: a code of `rules.toml`, where, and with which values its sentences are filled."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from importlib import resources

from mailwake.language import say

#: Of the words of a line, so many are shown.
_WORD_CHARS = 120
#: Of the lines with the same, so many are told besides the first.
MOST_LINES = 20


class Severity(StrEnum):
    """How bad it is."""

    #: mail will be refused, taken for spam, or do harm; do not send
    PROBLEM = "problem"
    #: some filters or readers will mind
    WARNING = "warning"
    #: could be better
    ADVICE = "advice"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a code means; every sentence in English, to be said through `say`."""

    severity: Severity
    #: what is the matter, with places for values
    title: str
    #: who minds, and how much
    why: str
    #: what to do
    mend: str
    #: where that is said
    source: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line of the message."""

    #: from 1, of the bytes as they were given
    line: int
    #: the words that it is about, on one line
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that should be mended."""

    code: str
    place: Place
    values: Mapping[str, str] = field(default_factory=dict)
    #: further lines with the same, in order; not all where there are many
    more_lines: tuple[int, ...] = ()

    def also(self, lines: Iterable[int]) -> Finding:
        """The same, of further lines too."""
        more = dict.fromkeys((*self.more_lines, *lines))
        more.pop(self.place.line, None)
        return replace(self, more_lines=tuple(more)[:MOST_LINES])

    @property
    def rule(self) -> Rule:
        """What its code means."""
        return rules()[self.code]

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.rule.severity

    @property
    def title(self) -> str:
        """What is the matter, in the language that is spoken."""
        return say(self.rule.title, **self.values)

    @property
    def why(self) -> str:
        """Who minds, in the language that is spoken."""
        return say(self.rule.why, **self.values)

    @property
    def mend(self) -> str:
        """What to do, in the language that is spoken."""
        return say(self.rule.mend, **self.values)


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Something that could not be looked at."""

    #: what, in English, through `say`
    what: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """In the language that is spoken."""
        return say(self.what, **self.values)


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """Every rule by its code."""
    text = resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8")
    return {
        code: Rule(
            severity=Severity(entry["severity"]),
            title=entry["title"],
            why=entry["why"],
            mend=entry["mend"],
            source=entry["source"],
        )
        for code, entry in tomllib.loads(text).items()
    }


def finding(code: str, line: int, words: str = "", /, **values: object) -> Finding:
    """A finding of a code.

    Args:
        code: of `rules.toml`.
        line: of the message, from 1.
        words: of that line; a stranger's, and made fit to be shown.
        values: for the places of its title.
    """
    shown = {name: printable(str(value)) for name, value in values.items()}
    return Finding(code=code, place=Place(line=line, words=printable(words)), values=shown)


def fold(found: Iterable[Finding], key: Callable[[Finding], object]) -> list[Finding]:
    """What is the same of several is one finding, where it is first, with the lines of the others."""
    kept: dict[object, list[Finding]] = {}
    for each in found:
        kept.setdefault((each.code, key(each)), []).append(each)
    return [first.also(each.place.line for each in rest) for first, *rest in kept.values()]


def printable(text: str, chars: int = _WORD_CHARS) -> str:
    """A stranger's text on one line: no control characters, white space collapsed, not longer than is read."""
    text = " ".join(text[: chars * 4].split())
    text = "".join(char if char.isprintable() else "�" for char in text)
    return text if len(text) <= chars else f"{text[: chars - 1]}…"
