"""What was done is counted per copy, a person before a machine."""

from mailwake.simulate.acts import Act, Action, Doer
from mailwake.simulate.truth import Deeds, add_up


def deed(act: Act, doer: Doer = Doer.PERSON, agent: str = "gmail") -> Action:
    return Action(after_seconds=1.0, act=act, doer=doer, agent=agent)


def deeds(*actions: Action) -> Deeds:
    found = Deeds(campaign="News", address="ada@example.com")
    for action in actions:
        found.note(action, answered=True)
    return found


def test_a_person_counts_before_a_machine() -> None:
    both = deeds(deed(Act.OPEN, Doer.MACHINE), deed(Act.OPEN), deed(Act.CLICK, Doer.MACHINE))
    assert (both.opened_by(), both.clicked_by()) == (Doer.PERSON, Doer.MACHINE)
    assert deeds().opened_by() is None


def test_what_nobody_answered_is_counted_apart() -> None:
    lost = Deeds(campaign="News", address="ada@example.com")
    lost.note(deed(Act.OPEN), answered=False, unanswered=2)
    assert (lost.opened_by(), lost.lost, lost.unanswered) == (None, 1, 2)


def test_looking_and_scrambling_are_no_clicks() -> None:
    looked = deeds(deed(Act.LOOK), deed(Act.SCRAMBLE))
    assert (looked.clicked_by(), looked.looks, looked.scrambled) == (None, 1, 1)


def test_sums_count_copies_not_events() -> None:
    sums = add_up(
        [
            deeds(deed(Act.READ), deed(Act.OPEN), deed(Act.OPEN), deed(Act.CLICK), deed(Act.ONE_CLICK)),
            deeds(deed(Act.READ), deed(Act.OPEN, agent="apple_privacy")),
            deeds(deed(Act.OPEN, Doer.MACHINE), deed(Act.CLICK, Doer.MACHINE), deed(Act.COMPLAIN)),
            deeds(),
        ]
    )
    assert (sums.copies, sums.read, sums.opened, sums.clicked) == (4, 2, 3, 2)
    assert (sums.opened_by_person, sums.opened_hidden, sums.opened_by_machine) == (2, 1, 1)
    assert (sums.clicked_by_person, sums.clicked_by_machine) == (1, 1)
    assert (sums.unsubscribed, sums.complained) == (1, 1)
