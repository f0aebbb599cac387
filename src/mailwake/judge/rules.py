"""Weights as data: what each piece of evidence is worth, and where that number comes from.

A ruleset is one TOML file. It is never edited after a release; its identity is the hash of its content (comments and
order do not count), and every verdict carries it.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from mailwake.errors import BadInput

#: The ruleset in force when none is named.
CURRENT = Path(__file__).parent / "rulesets" / "2026-11.toml"


class Scope(StrEnum):
    """What was fetched: the same network means different things for an image and for a link."""

    OPEN = "open"
    CLICK = "click"


class Term(NamedTuple):
    """One contribution to a verdict: reason code, log-odds, and the fact in words, put together only when told."""

    code: str
    weight: float
    #: words with {} for the details
    fact: str
    details: tuple[object, ...] = ()

    def say(self) -> str:
        """The fact in words."""
        return self.fact.format(*self.details) if self.details else self.fact


class Weight(NamedTuple):
    """What one kind of evidence adds to the log-odds, by scope."""

    click: float
    open: float
    source: str

    def of(self, scope: Scope) -> float:
        """The weight in a scope."""
        return self.open if scope is Scope.OPEN else self.click


class Steps(NamedTuple):
    """Weights for 0, 1, 2, … of something; the last one stands for all more."""

    weights: tuple[float, ...]
    source: str

    def of(self, count: int) -> float:
        """The weight of a count."""
        return self.weights[min(count, len(self.weights) - 1)]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """One ruleset, checked.

    Every weight, step, number and timing has a code that says its section and name, such as ``network.mobile``.
    """

    #: name and content hash, such as "2026-11-5c1d0f2a9b7e"
    id: str
    weights: Mapping[str, Weight]
    steps: Mapping[str, Steps]
    #: plain numbers: shares, seconds, probabilities
    numbers: Mapping[str, float]
    timing_edges: tuple[float, ...]
    #: (scope, stream) to one weight per bin
    timing: Mapping[tuple[Scope, str], tuple[float, ...]]
    #: ASN to the name of a network weight of its own
    operators: Mapping[int, str]
    #: country to hours from UTC
    utc_offset: Mapping[str, float]
    #: clients that are link previews
    previews: frozenset[str]


def load_rules(path: Path | None = None) -> Rules:
    """A ruleset from a file, or the current one.

    Raises:
        BadInput: the file is missing, is no TOML, lacks a weight, or has a weight without a source.
    """
    path = path or CURRENT
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"cannot read the ruleset {path}: {fault}") from None
    try:
        return _check(_rules(tree), path)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadInput(f"the ruleset {path} is not complete: {fault!r}") from None


def content_hash(tree: Mapping[str, Any]) -> str:
    """12 hexadecimal digits that change with every value, and with nothing else."""
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.blake2b(canonical, digest_size=6).hexdigest()


def _rules(tree: Mapping[str, Any]) -> Rules:
    entries = {
        f"{section}.{name}": entry
        for section in ("identity", "headers", "network", "pattern", "witness", "follow", "mpp")
        for name, entry in tree[section].items()
        if name != "utc_offset"
    }
    timing = {(scope, stream): entry for scope in Scope for stream, entry in tree["timing"][scope.value].items()}
    for code, entry in (*entries.items(), *timing.items()):
        if not entry["source"]:
            raise ValueError(f"{code} has no source")
    numbers = {f"combination.{name}": float(value) for name, value in tree["combination"].items()}
    numbers |= {code: float(entry["value"]) for code, entry in entries.items() if "value" in entry}
    return Rules(
        id=f"{tree['name']}-{content_hash(tree)}",
        weights={
            code: Weight(float(entry["click"]), float(entry["open"]), entry["source"])
            for code, entry in entries.items()
            if "click" in entry
        },
        steps={
            code: Steps(_numbers(entry["weights"]), entry["source"])
            for code, entry in entries.items()
            if "weights" in entry
        },
        numbers=numbers,
        timing_edges=_numbers(tree["timing"]["edges_seconds"]),
        timing={place: _numbers(entry["weights"]) for place, entry in timing.items()},
        operators={int(asn): str(name) for asn, name in tree["operators"].items()},
        utc_offset={country: float(hours) for country, hours in tree["mpp"]["utc_offset"].items()},
        previews=frozenset(tree["classes"]["previews"]),
    )


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _check(rules: Rules, path: Path) -> Rules:
    if path != CURRENT:
        reference = load_rules()
        for kind in ("weights", "steps", "numbers"):
            missing = set(getattr(reference, kind)) - set(getattr(rules, kind))
            if missing:
                raise ValueError(f"{min(missing)} is missing")
    bins = len(rules.timing_edges) + 1
    for (scope, stream), weights in rules.timing.items():
        if len(weights) != bins:
            raise ValueError(f"timing.{scope}.{stream} needs {bins} weights, one more than edges")
    for scope in Scope:
        if (scope, "marketing") not in rules.timing:
            raise ValueError(f"timing.{scope}.marketing is missing")
    return rules
