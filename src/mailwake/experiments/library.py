"""What all experiments together taught: results of the same question, side by side and pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailwake.errors import NotEnoughData
from mailwake.experiments.results import Result
from mailwake.language import say
from mailwake.stats.difference import log_ratio
from mailwake.trials.bestarm import Pooled, pooled


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Experiments on one question, pooled."""

    #: what the second variant had that the first had not
    about: str
    experiments: tuple[str, ...]
    #: average of the logarithms of second rate over first, with its interval; None: cannot say
    effect: Pooled | None
    cannot_say: str | None = None


def library(results: Sequence[Result]) -> tuple[Finding, ...]:
    """Findings by question, most experiments first, of those that are decided and whose split held."""
    told: dict[str, list[tuple[str, tuple[float, float]]]] = {}
    for each in results:
        if each.experiment.decided_at is None or not each.design.about or each.is_blocked:
            continue
        found = told.setdefault(each.design.about, [])
        effect = effect_of(each)
        if effect is not None:
            found.append((each.experiment.name, effect))
    findings = [_finding(about, effects) for about, effects in told.items()]
    return tuple(sorted(findings, key=lambda each: (-len(each.experiments), each.about)))


def effect_of(found: Result) -> tuple[float, float] | None:
    """The logarithm of the second rate over the first, and its variance; None: one of them is 0, or there are more."""
    if len(found.arms) != 2 or not all(each.rate.base for each in found.arms):
        return None
    first, second = found.arms
    effect = log_ratio(first.count, first.rate.base, second.count, second.rate.base)
    return effect if effect is not None and effect[1] > 0 else None


def _finding(about: str, effects: Sequence[tuple[str, tuple[float, float]]]) -> Finding:
    names = tuple(name for name, _ in effects)
    try:
        return Finding(about=about, experiments=names, effect=pooled([effect for _, effect in effects]))
    except NotEnoughData as fault:
        return Finding(about=about, experiments=names, effect=None, cannot_say=say("cannot say: %(why)s", why=fault))
