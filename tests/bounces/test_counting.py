"""Counted refusals: so many days, so far apart, and never across mail that arrived."""

import tomllib
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.bounces.counting import DAY, HOUR, Storm, Strike, Thresholds
from mailwake.events import Micros

LIMITS = Thresholds.load()
START = 1_793_613_600_000_000


def on_days(category: str, *days: float) -> list[Strike]:
    return [Strike(Micros(round(START + day * DAY)), category) for day in days]


@every(
    ("category", "days", "dead"),
    [
        ("inactive_mailbox", (0,), False),
        ("inactive_mailbox", (0, 0.01), False),
        ("inactive_mailbox", (0, 1.1), True),
        ("inactive_mailbox", (0, 31), False),
        ("mailbox_full", (0, 1, 2, 3), False),
        ("mailbox_full", (0, 5, 9, 14.5), True),
        ("mailbox_full", (0, 7, 14.5), False),
        ("recipient_refused", (0, 4, 8, 12, 15.1), True),
        ("relay_denied", (0, 3, 7.1), True),
        ("relay_denied", (0, 3, 6), False),
        ("rate_limited", tuple(range(60)), False),
        ("auth_failure", tuple(range(60)), False),
        ("spam_content", tuple(range(60)), False),
    ],
)
def test_it_takes_so_many_days_so_far_apart(category: str, days: tuple[float, ...], dead: bool) -> None:
    assert (LIMITS.reached(category, on_days(category, *days)) is not None) is dead


def test_a_hundred_refusals_on_one_day_are_one() -> None:
    strikes = on_days("mailbox_full", *(hour / 24 for hour in range(20)))
    assert LIMITS.reached("mailbox_full", strikes) is None


def test_mail_that_arrived_starts_the_count_anew() -> None:
    strikes = on_days("mailbox_full", 0, 5, 9, 15)
    assert LIMITS.reached("mailbox_full", strikes) is not None
    assert LIMITS.reached("mailbox_full", strikes, since=Micros(START + 6 * DAY)) is None


def test_causes_are_counted_by_group_and_not_across() -> None:
    mixed = on_days("network", 0, 4, 8) + on_days("expired", 12, 16)
    found = LIMITS.reached("expired", mixed)
    assert found is not None
    assert (found.group, found.days) == ("trouble", 5)
    assert LIMITS.reached("mailbox_full", mixed + on_days("mailbox_full", 17)) is None


@given(st.permutations(on_days("network", 0, 1, 4, 8, 12, 16)))
def test_the_order_of_refusals_does_not_matter(strikes: list[Strike]) -> None:
    assert LIMITS.reached("network", strikes) == LIMITS.reached("network", sorted(strikes))


def test_every_cause_that_counts_is_in_one_group() -> None:
    rules = tomllib.loads(files("mailwake.bounces").joinpath("rules.toml").read_text(encoding="utf-8"))
    counted = {name for name, entry in rules["category"].items() if entry["action"] == "suppress_after_n"}
    assert {name for name in rules["category"] if LIMITS.counted_with(name)} == counted


def test_a_storm_is_many_and_a_large_part() -> None:
    storm = Storm(least=20, share=0.05, minutes=10, quiet_minutes=60)
    assert not storm.is_one(dead=19, sent=20)
    assert not storm.is_one(dead=50, sent=1_000)
    assert storm.is_one(dead=51, sent=1_000)
    assert storm.is_one(dead=20, sent=0)
    assert storm.window * 6 == storm.quiet == HOUR
