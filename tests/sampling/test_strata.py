"""The rate of a whole list from those of it who can be seen: right where consent goes by group, honest elsewhere."""

import random

import pytest

from mailwake.sampling.strata import Stratum, TooFewSeen, Unseen, poststratified
from mailwake.stats.rates import wilson_interval
from mailwake.stats.uncertain import Expected


def stratum(name: str, size: int, seen: int, having: float, *, doubt: float = 0.0) -> Stratum:
    return Stratum(name=name, size=size, seen=seen, having=Expected(mean=having, variance=doubt))


def test_one_stratum_that_is_seen_whole_is_the_rate_itself() -> None:
    found = poststratified([stratum("all", 400, 400, 100)])
    wilson = wilson_interval(100, 400)
    assert (found.rate, found.seen, found.size) == (0.25, 400, 400)
    assert found.interval.low == pytest.approx(wilson.low, abs=1e-3)
    assert found.interval.high == pytest.approx(wilson.high, abs=1e-3)


def test_strata_count_by_their_size_and_not_by_who_is_seen() -> None:
    """By hand: 3/4 of the list open at 0.1 and 1/4 at 0.5, but nine in ten of those seen are of the second."""
    found = poststratified([stratum("few agree", 3_000, 100, 10), stratum("most agree", 1_000, 900, 450)])
    assert found.rate == pytest.approx(0.75 * 0.1 + 0.25 * 0.5)
    assert found.interval.low < found.rate < found.interval.high


def test_the_variance_is_that_of_the_formula() -> None:
    """By hand: var = 0.75² · 0.1040(1-0.1040)/100 + 0.25² · 0.5(1-0.5)/900, with one half added to both sides."""
    found = poststratified([stratum("a", 3_000, 100, 10), stratum("b", 1_000, 900, 450)])
    near = 10.5 / 101
    deviation = (0.75**2 * near * (1 - near) / 100 + 0.25**2 * 0.25 / 900) ** 0.5
    assert found.interval.high - found.interval.low == pytest.approx(2 * 1.96 * deviation, rel=0.02)


def test_doubt_about_those_seen_widens_the_interval_and_moves_no_rate() -> None:
    sure = poststratified([stratum("a", 900, 300, 60)])
    unsure = poststratified([stratum("a", 900, 300, 60, doubt=40.0)])
    assert sure.rate == unsure.rate
    assert unsure.interval.low < sure.interval.low < sure.interval.high < unsure.interval.high


@pytest.mark.parametrize(("size", "seen"), [(400, 49), (1_000, 99), (0, 0)])
def test_too_few_seen_say_nothing_of_the_others(size: int, seen: int) -> None:
    with pytest.raises(TooFewSeen):
        poststratified([stratum("a", size, seen, 5 if seen else 0)])


def test_a_large_group_of_which_nobody_is_seen_is_named() -> None:
    with pytest.raises(Unseen) as told:
        poststratified([stratum("gmail.com", 500, 0, 0), stratum("b", 1_000, 900, 90)])
    assert (told.value.name, told.value.size) == ("gmail.com", 500)


def test_a_small_group_of_which_nobody_is_seen_may_all_or_none_of_them_have_it() -> None:
    whole = poststratified([stratum("b", 960, 900, 90)])
    found = poststratified([stratum("a", 40, 0, 0), stratum("b", 960, 900, 90)])
    assert found.rate == whole.rate
    assert found.interval.low == pytest.approx(whole.interval.low * 0.96)
    assert found.interval.high == pytest.approx(whole.interval.high * 0.96 + 0.04)


def test_thin_strata_speak_together() -> None:
    thin = [stratum(f"d{n}", 10, 2, 1) for n in range(20)]
    found = poststratified([*thin, stratum("b", 800, 400, 40)])
    assert found.rate == pytest.approx(0.2 * 0.5 + 0.8 * 0.1)


def test_nobody_and_everybody_keep_an_interval_with_a_width() -> None:
    none, everybody = (poststratified([stratum("a", 900, 300, having)]) for having in (0, 300))
    assert (none.interval.low, none.rate) == (0.0, 0.0)
    assert 0 < none.interval.high < 0.05
    assert (everybody.interval.high, everybody.rate) == (1.0, 1.0)
    assert 0.95 < everybody.interval.low < 1


def test_the_interval_covers_the_truth_where_consent_goes_by_group_and_the_plain_rate_does_not() -> None:
    """400 lists of 4,000, three groups that open and agree to be watched at rates of their own (a simulation)."""
    groups, dice = ((0.5, 0.08, 0.2), (0.3, 0.3, 0.5), (0.2, 0.55, 0.9)), random.Random(8)
    truth, covered, plain = sum(share * rate for share, rate, _ in groups), 0, 0
    for _ in range(400):
        strata = []
        for number, (share, rate, agrees) in enumerate(groups):
            size = round(4_000 * share)
            seen = sum(dice.random() < agrees for _ in range(size))
            strata.append(stratum(str(number), size, seen, sum(dice.random() < rate for _ in range(seen))))
        found = poststratified(strata)
        covered += found.interval.low <= truth <= found.interval.high
        naive = wilson_interval(sum(each.having.mean for each in strata), found.seen)
        plain += naive.low <= truth <= naive.high
    assert 0.92 <= covered / 400 <= 0.98
    assert plain == 0
