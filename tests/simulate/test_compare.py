"""Both sides beside each other, with a reason wherever they differ."""

from typing import Any

from mailwake.simulate.acts import Act, Action, Doer
from mailwake.simulate.compare import Comparison, Mailing, Row, compare
from mailwake.simulate.truth import Deeds

MAILING = Mailing(campaign="News", addressed=4, bounced=1)


def tally(**changes: Any) -> dict[str, Any]:
    return {
        "sent": 4,
        "delivered": 3,
        "bounced": 1,
        "rejected": 0,
        "unresolved": 0,
        "unsubscribed": 0,
        "complained": 0,
        "opened": {"human": 1, "possible": 0, "machine": 0, "raw": 1},
        "clicked": {"human": 0, "possible": 0, "machine": 1, "raw": 1},
    } | changes


def crowd() -> list[Deeds]:
    """Three copies: one opened by a person, one clicked by a machine, one left alone."""
    copies = [Deeds(campaign="News", address=f"{name}@example.com") for name in "abc"]
    copies[0].note(Action(after_seconds=1, act=Act.OPEN, doer=Doer.PERSON, agent="gmail"), answered=True)
    copies[1].note(Action(after_seconds=1, act=Act.CLICK, doer=Doer.MACHINE, agent="m365"), answered=True)
    return copies


def line(address: str, opened: str | None = None, clicked: str | None = None) -> dict[str, str | None]:
    return {"address": address, "opened": opened, "clicked": clicked}


def row(comparison: Comparison, what: str, nth: int = 0) -> Row:
    return [each for each in comparison.rows if each.what.strip() == what][nth]


def test_equal_counts_hold() -> None:
    assert compare(
        MAILING, crowd(), tally(), [line("a@example.com", "human"), line("b@example.com", None, "machine")]
    ).holds


def test_a_lost_open_is_wrong() -> None:
    less = {"human": 0, "possible": 0, "machine": 0, "raw": 0}
    comparison = compare(MAILING, crowd(), tally(opened=less), [])
    assert not comparison.holds
    assert not row(comparison, "pixel loaded").holds


def test_a_request_that_nobody_answered_may_count_or_not() -> None:
    deeds = crowd()
    deeds[2].note(Action(after_seconds=1, act=Act.OPEN, doer=Doer.PERSON, agent="gmail"), answered=False)
    for raw in (1, 2):
        opened = {"human": raw, "possible": 0, "machine": 0, "raw": raw}
        assert row(compare(MAILING, deeds, tally(opened=opened), []), "pixel loaded").holds


def test_a_person_taken_for_a_machine_is_named_and_breaks_nothing() -> None:
    opened = {"human": 0, "possible": 0, "machine": 1, "raw": 1}
    comparison = compare(MAILING, crowd(), tally(opened=opened), [line("a@example.com", "machine")])
    assert comparison.holds
    assert "judged wrong: 1 person taken for machines" in row(comparison, "by people").why


def test_a_machine_taken_for_a_person_is_named() -> None:
    clicked = {"human": 1, "possible": 0, "machine": 0, "raw": 1}
    comparison = compare(MAILING, crowd(), tally(clicked=clicked), [line("b@example.com", None, "human")])
    assert "judged wrong: 1 machine taken for people" in row(comparison, "by people", 1).why


def test_what_cannot_be_told_is_split() -> None:
    opened = {"human": 0, "possible": 1, "machine": 0, "raw": 1}
    comparison = compare(MAILING, crowd(), tally(opened=opened), [line("a@example.com", "possible")])
    assert row(comparison, "possibly by people").why == "cannot be told: 1 person, 0 machines alone"


def test_copies_in_doubt_loosen_sent_and_delivered_by_as_many() -> None:
    doubtful = compare(MAILING, crowd(), tally(sent=5, delivered=2, unresolved=1), [])
    assert row(doubtful, "sent").holds
    assert row(doubtful, "delivered").holds
    assert not row(compare(MAILING, crowd(), tally(sent=5), []), "sent").holds


def test_refusals_that_only_the_program_heard_are_told() -> None:
    mailing = Mailing(campaign="News", addressed=6, bounced=1, told=2)
    comparison = compare(mailing, crowd(), tally(), [])
    assert "2 more were refused" in row(comparison, "bounced").why
    assert comparison.holds


def test_somebody_with_two_copies_is_not_guessed_about() -> None:
    twice = [line("a@example.com", "machine"), line("a@example.com", "human")]
    assert "judged wrong" not in row(compare(MAILING, crowd(), tally(), twice), "by people").why
