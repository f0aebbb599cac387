"""Whether units were split as they should have been; if not, no comparison of the parts can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log

from mailwake.errors import NotEnoughData
from mailwake.stats.tails import chi_square_tail

#: Below this p the split is taken for broken. Source: Fabijan et al. 2019, KDD, who alarm at 0.0005.
ALARM = 0.0005
#: How closely around the plan another split is looked for, in units; a decade apart. Judgement.
_HELD = (30.0, 300.0, 3_000.0, 30_000.0)


def split_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely a split so far from the planned one is by chance; for one look.

    Args:
        counts: units of each part, 0 or more; those that were assigned, whatever came of them.
        shares: planned, above 0, in any scale.

    Raises:
        NotEnoughData: there are no units.
        ValueError: fewer than two parts, or one cannot be.

    Source: Pearson 1900, Phil. Mag. 50, 157-175.
    """
    total, planned = sum(counts), _planned(counts, shares)
    value = sum((count - total * share) ** 2 / (total * share) for count, share in zip(counts, planned, strict=True))
    return chi_square_tail(value, len(counts) - 1)


def split_e_value(counts: Sequence[int], shares: Sequence[float], *, held: float = 1_000.0) -> float:
    """Evidence against the planned split, to be looked at all the time: it ever reaches 1 / alpha with alpha at most.

    Args:
        counts: as for `split_p`.
        shares: as for `split_p`.
        held: how closely other splits are looked for around the planned one, in units; above 0.

    Source: Lindon and Malek 2022, NeurIPS, "Anytime-valid inference for multinomial count data"; Dirichlet prior.
    """
    total, planned = sum(counts), _planned(counts, shares)
    evidence = lgamma(held) - lgamma(held + total)
    for count, share in zip(counts, planned, strict=True):
        evidence += lgamma(held * share + count) - lgamma(held * share) - count * log(share)
    return exp(min(evidence, 700.0))


def split_anytime_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely a split so far from the planned one ever is by chance; may be looked at all the time.

    Looks for splits far away and near at once: the mean of evidences is evidence, so few units with a gross fault show
    it as well as many with a small one.

    Args:
        counts: as for `split_p`.
        shares: as for `split_p`.

    Source: as `split_e_value`; Ville 1939 for the bound.
    """
    evidence = sum(split_e_value(counts, shares, held=held) for held in _HELD) / len(_HELD)
    return min(1.0, 1 / evidence) if evidence > 0 else 1.0


def _planned(counts: Sequence[int], shares: Sequence[float]) -> list[float]:
    if len(counts) < 2 or len(counts) != len(shares) or min(counts) < 0 or min(shares) <= 0:
        raise ValueError("a split has two parts or more, and each is planned to be some part")
    if not sum(counts):
        raise NotEnoughData("of nothing there is no split")
    return [share / sum(shares) for share in shares]
