"""Weights moved as far as an installation's own history proves them wrong, written as a new ruleset.

The ruleset that it starts from is never edited. Source: machine learning as in `mailwake.stats.logistic`; which labels
there are and whom they leave out is told by `mailwake.history.labels`.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mailwake.errors import BadInput, NotEnoughData
from mailwake.history.labels import Harvest, Labelled
from mailwake.judge.rules import Rules, Scope, rules_of
from mailwake.stats.calibration import Claim, Correction, calibration_error, fit_correction
from mailwake.stats.logistic import Outcome, fit_around, log_odds

#: Fewer labels of either kind prove nothing.
LEAST_LABELS = 50
#: A weight that is not there yet needs so many labelled events.
LEAST_EVENTS = 40
#: How far a weight may wander by itself, in log-odds. Source: judgement; most weights are between -2 and 2.
DEVIATION = 0.5
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """What a fit of one scope came to."""

    scope: Scope
    people: int
    machines: int
    weights: Mapping[str, float]
    correction: Correction
    #: on the held-out half, 0-1, with people at the share that the rules in force expect
    error_before: float
    error_after: float


def fit(rules: Rules, found: Harvest) -> list[Fitted]:
    """The weights of opens and of clicks, each where there are labels enough.

    Raises:
        NotEnoughData: there are for neither.
    """
    fitted = [each for scope in Scope if (each := _fit(rules, found, scope)) is not None]
    if not fitted:
        raise NotEnoughData(
            f"history has fewer than {LEAST_LABELS} labels of people or of machines, for opens and for clicks alike; "
            "the ruleset in force stays the best there is"
        )
    return fitted


def _fit(rules: Rules, found: Harvest, scope: Scope) -> Fitted | None:
    labelled = [each for each in found.labelled if each.scope is scope]
    counts = Counter(each.human for each in labelled)
    halves = Counter((each.human, each.held_out) for each in labelled)
    if min(counts[True], counts[False]) < LEAST_LABELS or len(halves) < 4:
        return None
    total, n = found.expected[scope]
    weigh = _weights_of_kinds(total / n, counts)
    prior = dict(rules.weights[scope])
    families = set(rules.words)
    usable = {
        name
        for name, times in Counter(cell for each in labelled for cell in each.cells).items()
        if name in prior or (times >= LEAST_EVENTS and name.partition(".")[0] in families)
    }
    cells = {id(each): tuple(cell for cell in each.cells if cell in usable) for each in labelled}
    outcomes = [Outcome(cells[id(each)], each.human, weigh[each.human]) for each in labelled if not each.held_out]
    held_out = [each for each in labelled if each.held_out]

    def claims(weights: Mapping[str, float]) -> list[Claim]:
        return [Claim(log_odds(weights, cells[id(each)]), each.human, weigh[each.human]) for each in held_out]

    moved = fit_around(prior, outcomes, deviation=DEVIATION)
    correction = fit_correction(claims(moved))
    weights = {name: round(value, 3) for name, value in _corrected(moved, correction, labelled, prior).items()}
    return Fitted(
        scope=scope,
        people=counts[True],
        machines=counts[False],
        weights=weights,
        correction=correction,
        error_before=calibration_error(claims(prior)),
        error_after=calibration_error(claims(weights)),
    )


def _weights_of_kinds(share: float, counts: Counter[bool]) -> dict[bool, float]:
    """How much a label of a person and of a machine counts: people get their share, and none counts more than one."""
    each = {True: share / counts[True], False: (1 - share) / counts[False]}
    most = max(each.values())
    return {human: max(weight / most, 1e-3) for human, weight in each.items()}


def _corrected(
    weights: Mapping[str, float], correction: Correction, labelled: Sequence[Labelled], prior: Mapping[str, float]
) -> dict[str, float]:
    """Temperature within the weights, offset within the start; families that no label shows stay as they are."""
    shown = {cell.partition(".")[0] for each in labelled for cell in each.cells}
    found = {
        name: value * correction.factor if name.partition(".")[0] in shown else prior[name]
        for name, value in weights.items()
    }
    found["base.start"] += correction.offset
    return found


def ruleset(tree: Mapping[str, Any], fitted: Sequence[Fitted], *, today: date) -> str:
    """A new ruleset as TOML.

    Args:
        tree: the one it started from, as it was read.
        fitted: what replaces its weights.
        today: for its name and source.
    """
    new = copy.deepcopy(dict(tree))
    new["name"] = f"{tree['name']}-refit-{today}"
    for each in fitted:
        for name, weight in each.weights.items():
            family, _, cell = name.partition(".")
            column = new["family"][family].setdefault(each.scope.value, {})
            if column.get(cell, 0.0) != weight:
                column[cell] = weight
                new["family"][family]["source"] = f"fitted to this installation's history, {today}"
    rules_of(new)
    return "".join(_toml(new))


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        BadInput: it is; a ruleset is never edited.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(
            f"{path} is there already, and a ruleset is never edited; name another file with --out"
        ) from None
    except OSError as fault:
        raise BadInput(f"cannot write {path}: {fault}") from None


def _toml(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """A tree of tables, texts, numbers and lists of these; plain values come before tables, as TOML wants it."""
    plain = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    if path and (plain or not tree):
        yield f"\n[{'.'.join(path)}]\n"
    yield from (f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in plain.items())
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _toml(value, (*path, _key(key)))


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
