"""Since when a rate is worse than it always was, with few false alarms: a series of counts against those before it.

Each count becomes a normal score by its beta-binomial tail, so that rare events alarm no oftener than frequent ones;
scores gather in a one-sided CUSUM, and one count alone suffices where it could hardly come about by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from mailwake.errors import NotEnoughData
from mailwake.stats.drift import LEAST_COUNTS, Cusum, Usual
from mailwake.stats.uncertain import Expected, rate_interval

#: A rate of which nothing was ever seen is taken for half a success, and for as uneven as most are. Judgement.
_NONE_SEEN, _UNEVEN = 0.5, 0.005
#: Counts are taken for at least so uneven: few of them look more alike than they are. Judgement, see the simulation in
#: tests/stats/test_shifts.py.
_LEAST_CORRELATION, _MOST_CORRELATION = 0.002, 0.9
#: Half of the shift to be found and how much has to gather, in standard deviations: by `drift.run_length` about one
#: false alarm in 6,900 counts on this side if scores were exactly normal.
SLACK, LIMIT = 0.5, 7.0
#: A count alone is an alarm from this score on: once in 100,000 by chance.
ALONE = -NormalDist().inv_cdf(1e-5)
_CLOSEST = 1e-15


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """A rate became worse."""

    #: number of the first of the later counts that is part of it, from 0
    start: int
    #: number of the count at which it was noticed
    noticed: int
    #: of the counts before, 0-1
    before: float
    #: lower end of its 95 % interval
    before_low: float
    #: upper end of it
    before_high: float
    #: of the counts since the start together, 0-1
    after: float
    #: lower end of its 95 % interval
    after_low: float
    #: upper end of it
    after_high: float
    #: of the last count, 0-1
    latest: float


def find_shift(
    earlier: Sequence[tuple[int, int]], later: Sequence[tuple[int, int]], *, falls: bool = False
) -> Shift | None:
    """Since when the rate is higher than it was, if it is; None: nothing beyond what is usual.

    Args:
        earlier: (successes, trials) of each count before, oldest first; trials above 0. They are taken for usual.
        later: the same of those in question.
        falls: look for a lower rate instead.

    Raises:
        NotEnoughData: the earlier counts are too few to tell what is usual, or there are no later ones.
    """
    if not later:
        raise NotEnoughData("nothing was counted lately")
    usual = _usual(earlier)
    unsure = 1 / sqrt(len(earlier))  # of the mean of what is usual, in standard deviations
    gathered, start, noticed = Cusum(slack=SLACK + unsure, limit=LIMIT), 0, None
    for number, (successes, trials) in enumerate(later):
        score = _score(usual, successes, trials, falls=falls)
        if gathered.up == 0:
            start = number
        gathered = gathered.after(score)
        if gathered.up > LIMIT or score > ALONE:
            noticed = number
            break
    return None if noticed is None else _shift(earlier, later, start, noticed)


def _usual(earlier: Sequence[tuple[int, int]]) -> Usual:
    done, tried = sum(k for k, _ in earlier), sum(n for _, n in earlier)
    if len(earlier) < LEAST_COUNTS:
        raise NotEnoughData(f"{len(earlier)} counts before do not tell what is usual; it takes {LEAST_COUNTS}")
    if not 0 < done < tried:
        rate = _NONE_SEEN / (tried + 1)
        return Usual(rate=rate if not done else 1 - rate, correlation=_UNEVEN)
    rate = done / tried
    return Usual(rate=rate, correlation=_correlation(earlier, rate))


def _correlation(counts: Sequence[tuple[int, int]], rate: float) -> float:
    """How uneven the counts are, one standard error above what their chi-square tells: few look more alike than they
    are. In closed form, for a page asks it for every provider.

    Source: Williams 1982, Appl. Statist. 31, 144-148, of equal weights; the standard error is chi-square's.
    """
    freedom = len(counts) - 1
    chi_square = sum((k - n * rate) ** 2 / (n * rate * (1 - rate)) for k, n in counts)
    told = (chi_square - freedom + sqrt(2 * freedom)) / max(1, sum(n - 1 for _, n in counts))
    return min(max(told, _LEAST_CORRELATION), _MOST_CORRELATION)


def _score(usual: Usual, successes: int, trials: int, *, falls: bool) -> float:
    """How many standard deviations from usual a normal number so unlikely would be; the middle of the count's own
    probability, so that scores of rare events are 0 on average.
    """
    at_least, above = usual.tail(successes, trials), usual.tail(successes + 1, trials)
    middle = min(max((at_least + above) / 2, _CLOSEST), 1 - _CLOSEST)
    score = -NormalDist().inv_cdf(middle)
    return -score if falls else score


def _shift(earlier: Sequence[tuple[int, int]], later: Sequence[tuple[int, int]], start: int, noticed: int) -> Shift:
    before, before_low, before_high = _pooled(earlier)
    after, after_low, after_high = _pooled(later[start:])
    successes, trials = later[-1]
    return Shift(
        start=start,
        noticed=noticed,
        before=before,
        before_low=before_low,
        before_high=before_high,
        after=after,
        after_low=after_low,
        after_high=after_high,
        latest=successes / trials,
    )


def _pooled(counts: Sequence[tuple[int, int]]) -> tuple[float, float, float]:
    done, tried = sum(k for k, _ in counts), sum(n for _, n in counts)
    interval = rate_interval(Expected(mean=done), tried)
    return done / tried, interval.low, interval.high
