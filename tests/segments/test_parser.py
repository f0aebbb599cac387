"""A query means one thing, and one that means nothing is told where and why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every
from tests.segments.trees import trees

from mailwake.segments.faults import Unclear, pointed
from mailwake.segments.parser import MAX_CONDITIONS, MAX_DEPTH, parse
from mailwake.segments.tree import (
    Both,
    Condition,
    Count,
    Either,
    Engagement,
    Judged,
    Node,
    Not,
    Per,
    Sign,
    Span,
    State,
    Unit,
    Verb,
    conditions,
)
from mailwake.segments.wording import spelled

EXAMPLE = 'clicked "pricing" >= 2 in 60d as human and not bounced'


def test_the_example_means_what_it_says() -> None:
    clicked = Condition(
        verb=Verb.CLICKED,
        text="pricing",
        count=Count(sign=Sign.AT_LEAST, number=2),
        within=Span(amount=60, unit=Unit.DAYS),
        judged=Judged.HUMAN,
    )
    assert parse(EXAMPLE) == Both(parts=(clicked, Not(of=Condition(verb=Verb.BOUNCED))))


def test_and_binds_closer_than_or_and_brackets_closer_still() -> None:
    sent, opened, dormant = Condition(verb=Verb.SENT), Condition(verb=Verb.OPENED), State(engagement=Engagement.DORMANT)
    assert parse("sent or opened and dormant") == Either(parts=(sent, Both(parts=(opened, dormant))))
    assert parse("(sent or opened) and dormant") == Both(parts=(Either(parts=(sent, opened)), dormant))


@every(
    ("query", "same"),
    [
        ("CLICKED At Least 2 Days", "clicked >= 2 days"),
        ("never opened in 60 days", "opened in 60d exactly 0"),
        ("sent < 1", "never sent"),
        ("sent at most 3", "sent <= 3"),
        ("sent ≥ 3", "sent >= 3"),
        ("clicked \u201cpricing\u201d", 'clicked "pricing"'),
        ('opened country "de" domain "A.example"', 'opened domain "a.example" country "DE"'),
        ("clicked as human in 2 weeks", "clicked in 2w as human"),
    ],
)
def test_some_things_can_be_said_in_two_ways(query: str, same: str) -> None:
    assert parse(query) == parse(same)


def test_days_and_units_are_read() -> None:
    found = parse('sent in campaign "spring" since 2026-01-31 before 2026-03-01 > 2 mails')
    assert isinstance(found, Condition)
    assert (found.since, found.before) == (date(2026, 1, 31), date(2026, 3, 1))
    assert found.count == Count(sign=Sign.MORE, number=2, per=Per.MAILS)
    assert (found.count.low, found.count.high) == (3, None)


def refusal(query: str) -> Unclear | None:
    """Why it is not understood; None: it is."""
    try:
        parse(query)
    except Unclear as fault:
        return fault
    return None


@given(trees)
def test_what_was_spelled_reads_as_the_same_tree(tree: Node) -> None:
    query = spelled(tree)
    if (fault := refusal(query)) is not None:  # nothing but the bounds may be in the way
        assert any(word in fault.problem for word in ("at most", "ten years"))
        return
    assert parse(query) == tree
    assert spelled(parse(query)) == query


WORDS = (
    *["clicked", "opened", "not", "and", "or", "(", ")", ">=", "2", "60d", "in", "as", "human", "2026-01-01"],
    '"',
    "\\",
    "'",
    "é",
)


@given(st.lists(st.sampled_from(WORDS)))
def test_any_text_is_read_or_refused_with_a_place(words: list[str]) -> None:
    text = " ".join(words)
    fault = refusal(text)
    if fault is not None:
        assert 0 <= fault.at <= len(text)
        assert fault.problem
        assert pointed(text, fault).endswith("^")


@every(
    ("query", "at", "nearest", "says"),
    [
        ("clicked as huma", 11, "human", "human, possible, machine, anybody"),
        ("clikced", 0, "clicked", "not understood"),
        ("sent in", 7, "", "ends too early"),
        ("sent in 60 dayz", 11, "days", "not understood"),
        ('opened "spring"', 7, "", 'in campaign "…"'),
        ('clicked "a" "b"', 12, "", "a second text"),
        ("bounced as human", 8, "", "not understood"),
        ("clicked >= 0", 11, "", "for nobody or for everybody"),
        ("sent < 0", 7, "", "for nobody or for everybody"),
        ("never clicked >= 2", 14, "", "not understood"),
        ("sent since 2026-02-30", 11, "", "no day"),
        ("sent in 0d", 8, "", "an hour at least"),
        ('clicked country "Germany"', 16, "", "two letters"),
        ('clicked "pricing', 8, "", "does not end; write part of a link's label or target and close it"),
        ('clicked country "D', 16, "", "write two letters of a country, such as DE, and close it"),
        ('"D', 0, "", "write part of a name and close it"),
        ("clicked 'pricing'", 8, "", "double quotes"),
        ("clicked; drop", 7, "", "no meaning"),
        ("sent and", 8, "", "ends too early"),
        ("(sent", 5, "", "ends too early"),
        ("sent)", 4, "", "not understood"),
        ("", 0, "", "ends too early"),
    ],
)
def test_faults_say_where_what_was_expected_and_the_nearest_word(query: str, at: int, nearest: str, says: str) -> None:
    with pytest.raises(Unclear) as caught:
        parse(query)
    assert (caught.value.at, caught.value.nearest) == (at, nearest)
    assert says in str(caught.value)


def test_length_depth_and_conditions_are_bounded() -> None:
    parse(" and ".join(["sent"] * MAX_CONDITIONS))
    with pytest.raises(Unclear, match="at most 20 conditions"):
        parse(" and ".join(["sent"] * (MAX_CONDITIONS + 1)))
    parse("(" * MAX_DEPTH + "sent" + ")" * MAX_DEPTH)
    for opening in ("(", "not "):
        with pytest.raises(Unclear, match="at most 8 deep"):
            parse(opening * 450 + "sent")
    with pytest.raises(Unclear, match="at most 2,000 characters"):
        parse("sent" + " " * 2_000)


def test_every_condition_is_found() -> None:
    assert [each.verb for each in conditions(parse("sent and not (opened or clicked) and active"))] == [
        Verb.SENT,
        Verb.OPENED,
        Verb.CLICKED,
    ]
