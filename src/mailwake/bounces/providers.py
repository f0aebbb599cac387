"""What single providers mean by their answers, where it differs from what others mean by the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mailwake.bounces.words import Words


class Known(NamedTuple):
    """The rule of a provider that matched."""

    #: provider and rule
    id: str
    category: str
    #: what was found in the words; empty where a code decided
    word: str


class _Rule(NamedTuple):
    id: str
    category: str
    codes: frozenset[str]
    words: tuple[str, ...]
    stage: str | None


class _Provider(NamedTuple):
    servers: tuple[str, ...]
    marks: frozenset[str]
    rules: tuple[_Rule, ...]


class Providers:
    """The rules of all providers.

    Args:
        table: as in ``providers.toml``.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._providers = [
            _Provider(
                tuple(entry["servers"]), frozenset(entry["marks"]), tuple(_rule(name, each) for each in entry["rules"])
            )
            for name, entry in table.items()
        ]

        self._servers = tuple(each for provider in self._providers for each in provider.servers)
        self._marks = frozenset(self.marks())

    def categories(self) -> Iterable[str]:
        """All causes that the rules name."""
        return (rule.category for provider in self._providers for rule in provider.rules)

    def marks(self) -> Iterable[str]:
        """All words that tell a provider by what it says."""
        return (mark for provider in self._providers for mark in provider.marks)

    def find(self, words: Words, marks: frozenset[str], stage: str | None) -> Known | None:
        """The first rule that fits what a known provider said; `marks` are the words of `marks()` that it said."""
        host = f".{words.server}" if words.server else ""
        if self._marks.isdisjoint(marks) and not (host and host.endswith(self._servers)):
            return None
        for provider in self._providers:
            if not (host and host.endswith(provider.servers)) and provider.marks.isdisjoint(marks):
                continue
            for rule in provider.rules:
                word = _fits(rule, words, stage)
                if word is not None:
                    return Known(rule.id, rule.category, word)
        return None


def _rule(provider: str, entry: Mapping[str, Any]) -> _Rule:
    return _Rule(
        f"{provider}.{entry['id']}", entry["category"], frozenset(entry.get("codes", ())),
        tuple(entry.get("words", ())), entry.get("stage"),
    )  # fmt: skip


def _fits(rule: _Rule, words: Words, stage: str | None) -> str | None:
    if rule.stage is not None and rule.stage != stage:
        return None
    if rule.codes and rule.codes.isdisjoint(words.codes):
        return None
    return next((word for word in rule.words if word in words.whole), None) if rule.words else ""
