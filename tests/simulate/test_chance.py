"""Draws follow what the tables say."""

from statistics import median

from mailwake.simulate.chance import dice, favourite, from_quantiles, geometric, log_normal, part_of

START = [[10, 0.005], [20, 0.027], [43, 0.5], [60, 0.691], [300, 0.974]]


def test_the_same_parts_give_the_same_draws() -> None:
    assert dice(7, "a").random() == dice(7, "a").random() != dice(8, "a").random()


def test_a_log_normal_has_the_median_it_was_given() -> None:
    rng = dice(1)
    assert 14 < median(log_normal(rng, 15.0, 1.1) for _ in range(4_000)) < 16


def test_quantiles_are_met() -> None:
    rng = dice(2)
    draws = [from_quantiles(rng, START) for _ in range(4_000)]
    assert 42 < median(draws) / 0.974 < 48
    assert min(draws) >= 0
    assert max(draws) <= 300


def test_failures_come_after_the_successes_of_a_geometric() -> None:
    rng = dice(3)
    draws = [geometric(rng, 0.25) for _ in range(4_000)]
    assert 0.28 < sum(draws) / len(draws) < 0.39  # 0.25 / 0.75


def test_the_first_links_are_the_favourites() -> None:
    rng = dice(4)
    draws = [favourite(rng, ["a", "b", "c", "d"]) for _ in range(2_000)]
    assert draws.count("a") > draws.count("b") > draws.count("d") > 0


def test_a_part_keeps_the_order_and_is_never_empty() -> None:
    rng = dice(5)
    things = list("abcdefgh")
    assert len(part_of(rng, things, 0.01)) == 1
    half = part_of(rng, things, 0.5)
    assert half == sorted(half)
    assert len(half) == 4
    assert part_of(rng, [], 0.5) == []
