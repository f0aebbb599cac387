"""What others did: learned without labels, an event's own delivery left out."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.judge.world import MICROSOFT, PERSON, clicked, codes, delivered, judged, opened, p, rules

from mailwake.events import DeliveryId, Evidence, Flag, NetworkKind
from mailwake.judge.families.learned import LEAST, Reputations, as_told, shares_of
from mailwake.judge.verdicts import StreamJudge, gather, learn

UNKNOWN = PERSON | {"network": 777, "asn": None, "network_kind": NetworkKind.UNKNOWN}


def copy(number: int, seconds: float, **facts: Any) -> list[Evidence]:
    """One delivery of its own, with one click."""
    delivery = DeliveryId(number)
    return [
        delivered(delivery=delivery, recipient=number, domain=f"{number % 7}.example"),
        clicked(number, seconds, delivery=delivery, recipient=number, domain=f"{number % 7}.example", **facts),
    ]


def sweeps(first: int, many: int, **facts: Any) -> list[Evidence]:
    """Deliveries that are swept whole, 43 seconds after they came."""
    found = []
    for number in range(first, first + many):
        found += copy(number, 43, **facts)
        found += [
            clicked(number * 100 + n, 43 + n / 10, link=n, delivery=DeliveryId(number), recipient=number, **facts)
            for n in range(2, 8)
        ]
    return found


def crowd(first: int = 1_000) -> list[Evidence]:
    """Enough others to compare with: half readers, half machines, nobody on anybody's network."""
    found = []
    for number in range(first, first + 2 * LEAST):
        facts = (PERSON | {"asn": None}) if number % 2 else (MICROSOFT | {"asn": None})
        seconds = 9000 + number if number % 2 else 43
        found += copy(number, seconds, **facts | {"network": number, "agent": number % 9})
    return found


def test_a_network_that_sweeps_elsewhere_is_not_believed_here() -> None:
    here = [*copy(1, 9000, **UNKNOWN), *crowd()]
    alone = p(judged(here)[1])
    among = p(judged([*here, *sweeps(100, 30, **UNKNOWN | {"agent": 8})])[1])
    assert among < alone


def test_a_network_of_readers_is_believed() -> None:
    here = [*copy(1, 90, **UNKNOWN), *crowd()]
    others = [each for n in range(100, 130) for each in copy(n, 9000 + n, **UNKNOWN)]
    assert p(judged([*here, *others])[1]) > p(judged(here)[1])


@pytest.mark.parametrize("flag", [Flag.PREFETCH, Flag.HEAD])
def test_a_good_name_does_not_make_a_person_of_what_says_that_nobody_looks(flag: Flag) -> None:
    others = [each for n in range(100, 160) for each in copy(n, 9000 + n, **UNKNOWN)]
    look = copy(1, 9000, **UNKNOWN | {"flags": flag | Flag.ACCEPT_LANGUAGE})
    verdict = judged([*look, *crowd(), *others])[1]
    assert p(verdict) < 0.1
    assert not any(code.startswith("known_") for code in codes(verdict))


def test_a_delivery_cannot_vouch_for_itself() -> None:
    known = Reputations()
    case, *_ = learn(rules(), gather(rules(), [*copy(1, 9000, **UNKNOWN), *crowd()]), known)
    look = case.looks[0]
    names = {cell.name for cell in known.cells(look.keys, case.shares, look.event.own.group)}
    assert "known_network.new" in names
    assert {"known_visitor.new", "known_network.new"} <= names


def test_what_is_taken_out_again_leaves_nothing() -> None:
    known = Reputations()
    cases = learn(rules(), gather(rules(), [*copy(1, 9000, **PERSON), *copy(2, 43, **MICROSOFT)]), known)
    for case in cases:
        known.add(case.shares, times=-1)
    keys = cases[0].looks[0].keys
    assert known.cells(keys, {}, "consumer") == Reputations().cells(keys, {}, "consumer")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
@pytest.mark.long
def test_any_order_over_many_deliveries_ends_in_the_same_verdicts(seed: int) -> None:
    scene = [*sweeps(100, 9, **MICROSOFT), *crowd(), *copy(1, 40, **PERSON), *copy(2, 9000, **PERSON)]
    expected = judged(scene)
    shuffled = list(scene)
    random.Random(seed).shuffle(shuffled)
    assert judged(shuffled) == expected


def test_what_settled_is_known_to_what_comes_after() -> None:
    judge = StreamJudge(rules())
    judge.observe_many(crowd())
    judge.settle_all()
    fresh = judge.observe_many(copy(1, 9000, **UNKNOWN))[0].verdict
    judge.settle_all()
    for each in sweeps(100, 30, **UNKNOWN | {"agent": 8}):
        judge.observe(each)
    judge.settle_all()
    told = judge.observe_many(copy(2, 9000, **UNKNOWN))[0].verdict
    assert p(told) < p(fresh)


def test_too_few_others_are_nothing_to_compare_with() -> None:
    few = [each for n in range(100, 100 + LEAST // 2) for each in copy(n, 43, **UNKNOWN)]
    assert judged([*copy(1, 9000, **UNKNOWN), *few])[1] == judged(copy(1, 9000, **UNKNOWN))[1]


@given(st.floats(0, 1), st.integers(1, 500))
def test_shares_of_people_are_told_as_percent_is_printed(value: float, n: int) -> None:
    """Reasons that read alike are one reason, so numbers are cut to what is printed before they are put into words."""
    name, number, percent, others = as_told(("known_link.5_people", 4, value, n))
    assert (name, number, f"{percent}%", others) == ("known_link.5_people", 4, f"{value:.0%}", n)


@given(st.dictionaries(st.integers(0, 9), st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1))
def test_putting_shares_right_is_taking_them_out_and_in_again(pairs: dict[int, tuple[int, int]]) -> None:
    before = {key: old for key, (old, _) in pairs.items()}
    after = {key: new for key, (_, new) in pairs.items()}
    corrected, expected = Reputations(), Reputations()
    for each in (corrected, expected):
        each.add(before)
        each.add({3: 500, 7: 1})
    corrected.correct(before, after)
    expected.add(before, times=-1)
    expected.add(after)
    assert corrected._sums == expected._sums


@given(st.lists(st.sampled_from([0.0005, 0.25, 0.3333, 0.9995]), min_size=1, max_size=5))
def test_a_delivery_tells_the_mean_of_its_events(beliefs: list[float]) -> None:
    """Also where all are believed alike, which is told without counting."""
    clicks = [clicked(n, 9000 + n, link=n, **PERSON) for n in range(1, len(beliefs) + 1)]
    case = learn(rules(), gather(rules(), [delivered(), *clicks]), Reputations(), rounds=1)[0]
    shares = shares_of(case.delivery, [(look.event, look.keys, p) for look, p in zip(case.looks, beliefs, strict=True)])
    for key in {key for look in case.looks for key in look.keys if key is not None}:
        mine = [p for look, p in zip(case.looks, beliefs, strict=True) if key in look.keys]
        assert abs(shares[key] - 10_000 * sum(mine) / len(mine)) <= 0.5 + 1e-6


def busy(many: int, *, of: int) -> set[str]:
    """What is known where so many of 30 deliveries at one domain are clicked, and so many of 600 elsewhere."""
    events = [clicked(999, 9000, delivery=DeliveryId(1), recipient=1, domain="busy.example", **UNKNOWN)]
    for number in range(100, 130):
        facts: dict[str, Any] = UNKNOWN | {"network": number, "delivery": DeliveryId(number), "recipient": number}
        events.append(opened(2 * number, 8000 + number, domain="busy.example", **facts))
        if number - 100 < many:
            events.append(clicked(2 * number + 1, 9000 + number, domain="busy.example", **facts))
    for number in range(200, 800):
        facts = PERSON | {"network": number, "delivery": DeliveryId(number), "recipient": number}
        events.append(opened(2 * number, 8000 + number, domain=f"{number % 7}.example", **facts))
        if number - 200 < of:
            events.append(clicked(2 * number + 1, 9000 + number, domain=f"{number % 7}.example", **facts))
    known = Reputations()
    cases = learn(rules(), gather(rules(), events), known)
    mine = next(case for case in cases if case.looks[0].event.id == 999)
    look = mine.looks[0]
    return {cell.name for cell in known.cells(look.keys, mine.shares, look.event.own.group)}


def test_where_many_more_are_clicked_than_elsewhere_somebody_may_pass_for_people() -> None:
    assert busy(29, of=60) & {"domain_clicks.30_fourfold", "domain_clicks.30_eightfold"}
    assert busy(6, of=120) & {"domain_clicks.30_usual", "domain_clicks.30_fewer", "domain_clicks.30_more"}
    assert busy(0, of=300) & {"domain_clicks.30_quarter", "domain_clicks.30_half"}


def test_how_many_are_clicked_says_nothing_of_who_opened() -> None:
    known = Reputations()
    cases = learn(rules(), gather(rules(), [opened(999, 60, domain="1.example", **PERSON), *crowd()]), known)
    looks = {look.event.id: (look, case) for case in cases for look in case.looks}

    def told(event: int) -> bool:
        look, case = looks[event]
        names = [cell.name for cell in known.cells(look.keys, case.shares, look.event.own.group)]
        return any(name.startswith("domain_clicks") for name in names)

    assert told(1_001)
    assert not told(999)
