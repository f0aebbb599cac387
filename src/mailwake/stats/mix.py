"""Why two overall rates differ: other proportions of the parts, or other rates inside them.

Parts may nest: the first factor splits the whole, the next splits each of its parts, and so on. What belongs to both a
changed proportion and a changed rate goes to each by half, so that nothing is left over and neither side is the base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailwake.errors import NotEnoughData
from mailwake.stats.difference import spread
from mailwake.stats.uncertain import Expected

#: A part is named by its level of each factor, outermost first.
Path = tuple[str, ...]
#: Successes and trials of every innermost part.
Parts = Mapping[Path, tuple[Expected, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What one part adds to the difference."""

    #: outer levels first; shorter than there are factors where it speaks of an outer part
    path: Path
    #: by its changed proportion of the part around it
    mix: float
    #: by its changed rate; of an outer part always 0, because it is told by the parts inside
    within: float
    #: of `within`, from chance and from doubt about the counts; proportions are taken as known
    variance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Decomposition:
    """A difference of two rates, second less first, and its parts; they add up to it."""

    #: the difference
    value: float
    #: of each factor, outermost first, by the changed proportions of its levels
    mixes: tuple[float, ...]
    #: by changed rates inside the innermost parts
    within: float
    #: of `within`
    variance: float
    #: every part; the order is that of the names
    effects: tuple[Effect, ...]


#: Of one part on one side: successes and trials.
_Side = tuple[Expected, int]


def decompose(first: Parts, second: Parts) -> Decomposition:
    """The second overall rate less the first, over factors nested in the order of the paths.

    Args:
        first: at least one part; all paths are equally long, at least 1.
        second: the same of the other. A part that only one side has is taken to have the same rate on both, so that
            it counts as a changed proportion.

    Raises:
        NotEnoughData: one side has no trial.
        ValueError: paths differ in length, or counts cannot be.

    Source: Kitagawa 1955, JASA 50, 1168-1194 (the interaction by halves); nested after Das Gupta 1993, Standardization
    and Decomposition of Rates, Bureau of the Census P23-186. Changed proportions count against the average rate
    of the part around, which leaves the sum as it is.
    """
    lengths = {len(path) for path in (*first, *second)}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError("every part needs a level of each factor")
    if any(not 0 <= count.mean <= trials for count, trials in (*first.values(), *second.values())):
        raise ValueError("a part has more successes than trials, or fewer than none")
    whole = [_side(parts, ()) for parts in (first, second)]
    if not all(trials for _, trials in whole):
        raise NotEnoughData("a rate of nothing out of nothing has no parts")
    effects = sorted(_inside((), (first, second), 1.0), key=lambda each: each.path)
    value = whole[1][0].mean / whole[1][1] - whole[0][0].mean / whole[0][1]
    depths = range(1, lengths.pop() + 1)
    return Decomposition(
        value=value,
        mixes=tuple(sum(each.mix for each in effects if len(each.path) == depth) for depth in depths),
        within=sum(each.within for each in effects),
        variance=sum(each.variance for each in effects),
        effects=tuple(effects),
    )


def _inside(path: Path, sides: tuple[Parts, Parts], weight: float) -> list[Effect]:
    """Effects of all parts inside one that both sides have; `weight` is its average proportion of the whole."""
    around = [_side(parts, path) for parts in sides]
    usual, effects, depth = _average(*around), list[Effect](), len(path) + 1
    for name in {each[:depth] for parts in sides for each in parts if each[: len(path)] == path}:
        first, second = (_side(parts, name) for parts in sides)
        if not first[1] and not second[1]:
            continue
        before, after = first[1] / around[0][1], second[1] / around[1][1]
        mix, inner = weight * (after - before) * (_average(first, second) - usual), weight * (before + after) / 2
        within = doubt = 0.0
        inside: list[Effect] = []
        if first[1] and second[1] and not any(name in parts for parts in sides):
            inside = _inside(name, sides, inner)
        elif first[1] and second[1]:
            within = inner * (second[0].mean / second[1] - first[0].mean / first[1])
            doubt = inner**2 * (_spread(first) + _spread(second))
        effects += [Effect(path=name, mix=mix, within=within, variance=doubt), *inside]
    return effects


def _side(parts: Parts, path: Path) -> _Side:
    inside = [each for name, each in parts.items() if name[: len(path)] == path]
    return sum((each for each, _ in inside), start=Expected()), sum(trials for _, trials in inside)


def _average(*sides: _Side) -> float:
    """Of both rates; the only one where a side has none."""
    rates = [count.mean / trials for count, trials in sides if trials]
    return sum(rates) / len(rates)


def _spread(side: _Side) -> float:
    """Variance of the rate, with half a success and half a failure more: that none did it is no certainty."""
    return spread(Expected(mean=side[0].mean + 0.5, variance=side[0].variance), side[1] + 1)
