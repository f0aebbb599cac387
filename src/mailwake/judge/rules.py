"""Weights as data: what each piece of evidence is worth, and where that number comes from.

A ruleset is one TOML file. It is never edited after a release; its identity is the hash of its content (comments and
order do not count), and every verdict carries it.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, cast

from mailwake.errors import BadInput

#: The ruleset in force when none is named.
CURRENT = Path(__file__).parent / "rulesets" / "2026-11-28-2.toml"


class Scope(StrEnum):
    """What was fetched: the same network means different things for an image and for a link."""

    OPEN = "open"
    CLICK = "click"


class Cell(NamedTuple):
    """One observation: its name, such as "delay.marketing_from_60", and the fact in words."""

    name: str
    #: words with {} for the details, put together only when told; empty: the ruleset's words for the family
    fact: str = ""
    #: no finer than they are told, so that what is told alike is alike
    details: tuple[object, ...] = ()

    @property
    def code(self) -> str:
        """Its family."""
        return self.name.partition(".")[0]

    def say(self) -> str:
        """The fact in words, as far as it has its own."""
        return self.fact.format(*self.details) if self.details else self.fact


#: A cell of its three parts in one tuple: a third of the time of a call by names.
cell_of = cast("Callable[[tuple[str, str, tuple[object, ...]]], Cell]", partial(tuple.__new__, Cell))


def sum_of(weights: Mapping[str, float], cells: Iterable[Cell], start: float = 0.0) -> float:
    """Log-odds of some cells together, added to a start."""
    total = start
    for each in cells:  # a loop takes half the time of sum()
        total += weights.get(each[0], 0.0)
    return total


@dataclass(frozen=True, kw_only=True)
class Rules:
    """One ruleset, checked. A cell that has no weight says nothing."""

    #: name and content hash, such as "2026-11-5c1d0f2a9b7e"
    id: str
    #: scope to cell to log-odds, with what is known of others
    weights: Mapping[Scope, Mapping[str, float]]
    #: the same for an event by itself, from which reputations are learned
    alone: Mapping[Scope, Mapping[str, float]]
    #: family to words for its cells that have none of their own
    words: Mapping[str, str]
    #: plain numbers: shares, seconds, probabilities, log-odds
    numbers: Mapping[str, float]
    #: ASN to the name of a network of its own
    operators: Mapping[int, str]
    #: country to hours from UTC
    utc_offset: Mapping[str, float]
    #: clients that are link previews
    previews: frozenset[str]


def load_rules(path: Path | None = None) -> Rules:
    """A ruleset from a file, or the current one, which is read once.

    Raises:
        BadInput: the file is missing, is no TOML, lacks a weight, or has a weight without a source.
    """
    return _current() if path is None else _load(path)


@cache
def _current() -> Rules:
    return _load(CURRENT)


def _load(path: Path) -> Rules:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"cannot read the ruleset {path}: {fault}") from None
    try:
        return _check(rules_of(tree), path)
    except KeyError as fault:
        raise BadInput(f"the ruleset {path} is not complete: {fault.args[0]!r} is missing") from None
    except (TypeError, ValueError, AttributeError) as fault:
        raise BadInput(f"the ruleset {path} cannot be used: {fault}") from None


def content_hash(tree: Mapping[str, Any]) -> str:
    """12 hexadecimal digits that change with every value, and with nothing else."""
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.blake2b(canonical, digest_size=6).hexdigest()


def rules_of(tree: Mapping[str, Any]) -> Rules:
    """The rules in a ruleset's TOML, as it was read; see `load_rules`."""
    families = tree["family"]
    for name, entry in families.items():
        if not entry["source"]:
            raise ValueError(f"family {name} has no source")
    numbers = {f"combination.{name}": _finite(value) for name, value in tree["combination"].items()}
    for section in ("mpp", "constants"):
        entries = ((name, entry) for name, entry in tree[section].items() if name != "utc_offset")
        for name, entry in entries:
            if not entry["source"]:
                raise ValueError(f"{section}.{name} has no source")
            numbers[f"{section}.{name}"] = _finite(entry["value"])
    return Rules(
        id=f"{tree['name']}-{content_hash(tree)}",
        weights={scope: _cells(families, scope.value) for scope in Scope},
        alone={scope: _cells(families, f"{scope.value}_alone") for scope in Scope},
        words={name: str(entry["says"]) for name, entry in families.items()},
        numbers=numbers,
        operators={int(asn): str(name) for asn, name in tree["operators"].items()},
        utc_offset={country: _finite(hours) for country, hours in tree["mpp"]["utc_offset"].items()},
        previews=frozenset(tree["classes"]["previews"]),
    )


def _cells(families: Mapping[str, Any], column: str) -> dict[str, float]:
    return {
        f"{family}.{name}": _finite(weight)
        for family, entry in families.items()
        for name, weight in entry.get(column, {}).items()
    }


def _finite(value: str | float) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{value} is no number that can be added up")
    return number


def _check(rules: Rules, path: Path) -> Rules:
    if path != CURRENT:
        missing = set(load_rules().numbers) - set(rules.numbers)
        if missing:
            raise ValueError(f"{min(missing)} is missing")
    for scope in Scope:
        if "base.start" not in rules.weights[scope] or "base.start" not in rules.alone[scope]:
            raise ValueError(f"family.base.{scope} has no start")
    return rules
