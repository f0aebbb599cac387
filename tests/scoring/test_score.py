"""The score as a pure function: what each act counts, caps, decay, the ledger's sum, and what cannot be said."""

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every
from tests.scoring.acts import NOW, act, ago, person

from mailwake.events import Micros
from mailwake.scoring.model import DAY, default_model
from mailwake.scoring.score import Scored, scored
from mailwake.scoring.signals import Signal

MODEL = default_model()
KINDS = ("sent", "opened", "clicked", "replied", "converted")
LABELS = ("Pricing", "Read more", "Contact us", "")
SIGNALS = st.lists(
    st.builds(
        act,
        st.sampled_from(KINDS),
        st.floats(-3, 450),
        delivery=st.one_of(st.none(), st.integers(1, 4)),
        label=st.sampled_from(LABELS),
        role=st.sampled_from(("text", "footer", "legal", "social")),
        p=st.floats(0.5, 1),
    ),
    max_size=25,
)


def told(*signals: Signal, standing: str = "") -> Scored:
    return scored(person(*signals, standing=standing), MODEL, now=NOW)


def test_a_fresh_click_on_prices_and_one_more_are_fifty() -> None:
    assert told(act("clicked", 0, label="See our pricing"), act("clicked", 0, label="Read more")).score == 50
    assert told().score == 0


@every(
    ("signals", "points"),
    [
        ([act("clicked", 21, label="Pricing")], 7_500),  # half is left after a half-life
        ([act("clicked", 0, label="Pricing", p=0.6)], 9_000),  # as far as it was a person
        ([act("opened", 0)], 0),
        ([act("replied", 45), act("replied", 45), act("replied", 0)], 45_000),  # 60 altogether, the latest first
        ([act("clicked", 0, label="Read more", delivery=5) for _ in range(4)], 10_000),  # 10 a message
        ([act("clicked", 0, label="Read more", delivery=d) for d in (1, 2, 3)], 15_000),
        ([act("clicked", 0, label="Pricing", delivery=d) for d in range(9)], 45_000),  # 45 in 30 days
        ([act("converted", 0, delivery=None)], 40_000),
        ([act("clicked", 0, label="Imprint", role="legal")], 0),
        ([act("clicked", 0, label="Facebook", role="social")], 2_000),
        ([act("clicked", 0, label="Your notebook")], 5_000),  # "book" is a word, and no part of one
        ([act("clicked", 401, label="Pricing")], 0),  # beyond the horizon
        ([act("clicked", -1, label="Pricing")], 0),  # not yet
        ([act("sent", 5, delivery=d) for d in (1, 2)], 0),
        ([act("sent", 5, delivery=d) for d in (1, 2, 3)], -10_000),  # nothing of their own
        ([*(act("sent", 5, delivery=d) for d in (1, 2, 3)), act("opened", 4)], 0),
    ],
)
def test_points_are_those_of_the_model(signals: list[Signal], points: int) -> None:
    assert told(*signals).points == points


def test_a_link_that_is_followed_ten_thousand_times_over_is_worth_no_more_than_its_message() -> None:
    """AT-20."""
    clicks = [act("clicked", 0, label="Read more", delivery=5) for _ in range(10_000)]
    assert told(*clicks).points == told(*clicks[:2]).points == 10_000


@given(SIGNALS, st.integers(0, 2**32), st.sampled_from(["", "unsubscribed", "bounced", "complained"]))
def test_the_ledger_adds_up_and_order_never_matters(signals: list[Signal], seed: int, standing: str) -> None:
    one = told(*signals, standing=standing)
    assert sum(entry.points for entry in one.ledger) == one.points
    mixed = [*signals, *signals[:3]]  # some told twice
    random.Random(seed).shuffle(mixed)
    assert told(*mixed, standing=standing) == one
    assert one.score is None or 0 <= one.score <= 100
    assert (one.score is None) == bool(one.cannot_say) == (standing in ("bounced", "complained"))


@given(SIGNALS, st.builds(act, st.sampled_from(KINDS[1:]), st.floats(0, 450), label=st.sampled_from(LABELS)))
def test_another_act_never_lowers_the_sum(signals: list[Signal], more: Signal) -> None:
    """Up to the rounding of each entry to a thousandth of a point."""
    assert told(*signals, more).points >= told(*signals).points - len(signals)


@given(SIGNALS, st.floats(0, 100))
def test_without_new_acts_the_sum_only_falls(signals: list[Signal], days: float) -> None:
    past = [
        each for each in signals if each.at <= NOW and each.kind != "sent"
    ]  # who is mailed no more ends being silent
    later = scored(person(*past), MODEL, now=Micros(NOW + int(days * DAY)))
    assert later.points <= told(*past).points + len(past)


def test_whoever_unsubscribed_is_told_so_and_has_nothing_left() -> None:
    found = told(act("clicked", 2, label="Pricing"), standing="unsubscribed")
    assert (found.score, found.is_opted_out) == (0, True)
    assert (found.ledger[0].act, found.ledger[0].points) == ("unsubscribed", -100_000)


def test_dead_addresses_and_complaints_cannot_be_scored_and_the_reason_is_told() -> None:
    found = {word: told(act("replied", 1), standing=word).cannot_say for word in ("bounced", "complained")}
    assert "comes back for good" in found["bounced"]
    assert "spam" in found["complained"]


def test_of_somebody_who_does_not_want_to_be_profiled_nothing_is_worked_out() -> None:
    found = scored(person(act("replied", 1), act("clicked", 0)), MODEL, now=NOW, is_profiled=False)
    assert (found.score, found.ledger, found.points, found.momentum, found.last) == (None, (), 0, 0, None)
    assert "do not want to be profiled" in found.cannot_say


def test_momentum_is_the_week_against_the_mean_of_the_four_before() -> None:
    week = [act("clicked", 1, label="Pricing", delivery=1), act("clicked", 3, label="Read more", delivery=2)]
    before = [act("clicked", days, label="Read more", delivery=10 + n) for n, days in enumerate((8, 15, 30, 34.9, 36))]
    assert told(*week, *before).momentum == 20_000 - 5_000
    assert told(*before).momentum == -5_000
    assert told().momentum == 0


def test_the_latest_act_is_told_and_an_open_is_none() -> None:
    found = told(act("clicked", 4, label="Pricing"), act("opened", 1), act("sent", 0))
    assert found.last is not None
    assert (found.last.act, found.last.label, found.last.at) == ("clicked_intent", "Pricing", ago(4))
    assert found.last.topic == "prices"
