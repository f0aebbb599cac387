"""Several comparisons at once, so that one of them is not significant by their number alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from mailwake.stats.quadrature import nodes
from mailwake.stats.tails import below, normal_density
from mailwake.trials.sequential import passing


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p, in the order given: calling those below alpha errs anywhere with probability alpha at most.

    Source: Holm 1979, Scand. J. Stat. 6, 65-70.
    """
    found, least = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[number]))
        found[number] = least
    return found


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p, in the order given: of those called below alpha a share of alpha at most is false, on average.

    Source: Benjamini and Hochberg 1995, JRSS B 57, 289-300; for independent or positively dependent comparisons.
    """
    found, most = [0.0] * len(p_values), 1.0
    for place, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)):
        most = min(most, p_values[number] * len(p_values) / (len(p_values) - place))
        found[number] = most
    return found


def with_the_best(arms: int) -> int:
    """Among how many comparisons the error is split, so that an arm that is not the best is named it with it at most.

    Whoever is named wrongly was found better than the arm that truly is best; that one is in as many comparisons as
    there are others, whichever it is. All pairs together would be more, and would find less.

    Args:
        arms: two or more; one is named if it is found better than each other.

    Source: Hsu 1984, Ann. Stat. 12, 1136-1144, comparisons with the best; here with Bonferroni's bound.
    """
    return arms - 1


def dunnett_p(z: float, shares: Sequence[float]) -> float:
    """Probability that any of several comparisons with one control reaches |z|, if none differs.

    Args:
        z: of one comparison.
        shares: of each other arm, its units divided by its own and the control's together: 0.5 if equally many.

    Source: Dunnett 1955, JASA 50, 1096-1121, for known variance; comparisons correlate by the root of their shares.
    """
    inside = 0.0
    for x, weight in nodes(-9.0, 9.0, 100):
        within = weight * normal_density(x)
        for share in shares:
            shift, rest = sqrt(share) * x, sqrt(1 - share)
            within *= below((abs(z) - shift) / rest) - below((-abs(z) - shift) / rest)
        inside += within
    return min(1.0, max(0.0, 1 - inside))


def dunnett_critical(shares: Sequence[float], *, alpha: float = 0.05) -> float:
    """The |z| that any comparison with the control reaches with probability alpha, if none differs."""
    return passing(lambda z: alpha - dunnett_p(z, shares), 0.0, 9.0)
