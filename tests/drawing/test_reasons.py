"""Reasons as they were kept, in words that a marketer reads; what has no other words stays as it was said."""

import pytest
from tests.every import every

from mailwake.drawing.figures import NBSP
from mailwake.drawing.reasons import lines, observations, readable, things
from mailwake.events import Reason
from mailwake.judge.rules import load_rules


@every(
    ("kept", "shown"),
    [
        ("this network: 3% people at 1 other deliveries", f"this network: 3{NBSP}% people at 1 other delivery"),
        ("this network: 97% people at 21 other deliveries", f"this network: 97{NBSP}% people at 21 other deliveries"),
        (
            "this network came to 1 other deliveries, 0 of them at this domain",
            "this network came to 1 other delivery, 0 of them at this domain",
        ),
        ("asks for no language", "named no language, which people's browsers do"),
        ("44 s after delivery", "44 s after delivery"),
        ("somebody else followed another link 0.0 s apart", "somebody else followed another link at the same moment"),
        ("3 of 3 links in 0.0 s", "3 of 3 links at once"),
        ("0.0 s after delivery", "at the moment of delivery, or before"),
        ("mail program asks for no language 2.0", "mail program asks for no language 2.0"),
        ("", ""),
    ],
)
def test_a_reason_reads_well_whenever_it_was_kept(kept: str, shown: str) -> None:
    assert readable(kept) == shown


def why(code: str, weight: float, fact: str) -> Reason:
    return Reason(code=code, weight=weight, fact=fact)


SWEEP = (
    why("network", -3.0, "from Exchange Online Protection AS8075"),
    why("within_1_s", -2.163, "2 of 3 links within 1.0 s, by one visitor"),
    why("within_10_s", -1.821, "2 of 3 links within 10 s, by one visitor"),
    why("delay", -1.474, "44 s after delivery"),
    why("coverage", 1.017, "2 of 3 links in 0.4 s"),
    why("delay_from", 0.4, "such a delay from such a network"),
    why("order", -0.2, "in document order"),
    why("rest", 5.0, "5 lesser observations together"),
)


def test_what_was_weighed_about_one_thing_is_one_line_with_one_weight() -> None:
    seen = observations(SWEEP)
    assert [each.fact for each in seen] == [
        "2 of 3 links within 1.0 s, by one visitor; in document order",
        "from Exchange Online Protection AS8075",
        "44 s after delivery",
        "5 lesser observations together",
    ]
    assert [round(each.weight, 3) for each in seen] == [-3.167, -3.0, -1.074, 5.0]


def test_merging_keeps_the_sum_and_every_code() -> None:
    seen = observations(SWEEP)
    assert sum(each.weight for each in seen) == pytest.approx(sum(each.weight for each in SWEEP))
    assert sorted(code for each in seen for code in each.codes) == sorted(each.code for each in SWEEP)


def test_what_holds_of_a_whole_kind_is_told_only_where_nothing_else_is() -> None:
    general = why("delay_from", 0.4, "such a delay from such a network")
    assert observations([general])[0].fact == "such a delay from such a network"
    once = [why("within_1_s", 0.2, "links followed by this visitor within a second")]
    assert observations(once)[0].fact == "one link at a time"
    assert observations([*once, why("links_followed", 0.3, "followed 1 of 3 links")])[0].fact == "followed 1 of 3 links"


def test_a_reason_of_rules_that_nobody_knows_stands_by_itself() -> None:
    seen = observations([why("moon", -1.0, "full moon"), why("tide", 0.5, "")])
    assert [(each.fact, each.codes) for each in seen] == [("full moon", ("moon",)), ("tide", ("tide",))]


def test_a_line_says_whom_it_speaks_for() -> None:
    told = lines([why("a", 2.04, "x"), why("b", -1.0, "y"), why("c", 0.01, "z")])
    assert [each.weight for each in told] == ["+2.0 for a person", "\u22121.0 for a machine", "for neither"]
    assert lines([]) == ()


def test_what_is_put_together_are_families_of_the_rules_in_their_words() -> None:
    families = load_rules().words
    assert set(things().names) <= set(families)
    assert set(things().general) <= set(families.values())
