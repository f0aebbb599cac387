"""A sink full of mail becomes a week of a crowd."""

from itertools import pairwise

from mailwake.simulate.agents import WEEK_SECONDS, load_dials
from mailwake.simulate.letters import Letter
from mailwake.simulate.people import make_people
from mailwake.simulate.places import load_world
from mailwake.simulate.plan import Plan, Setting, make_plan

PEOPLE = make_people(60, seed=5, world=load_world(), dials=load_dials())
SENT_AT = 1_790_000_000_000_000
SHIFT = -7 * 86_400_000_000
MAIL = (
    b"Subject: x\r\nContent-Type: text/html\r\n\r\n"
    b'<a href="http://127.0.0.1:1/c/m/a">a</a><a href="http://127.0.0.1:1/c/m/b">b</a><img src="http://127.0.0.1:1/o/m">'
)


def plan(*letters: Letter, seed: int = 5) -> Plan:
    setting = Setting(
        seed=seed,
        people={person.address: person for person in PEOPLE},
        streams={"News": "marketing"},
        senders={"news@example.com": "News"},
        tracking_url="http://127.0.0.1:1",
        shift_micros=SHIFT,
        world=load_world(),
        dials=load_dials(),
    )
    return make_plan(letters, setting)


def letter(number: int, sender: str = "news@example.com", recipient: str = "") -> Letter:
    return Letter(SENT_AT + number, sender, recipient or PEOPLE[number].address, MAIL)


LETTERS = [letter(number) for number in range(60)]


def test_the_same_mail_and_seed_give_the_same_plan() -> None:
    assert plan(*LETTERS).steps == plan(*LETTERS).steps
    assert plan(*LETTERS).steps != plan(*LETTERS, seed=6).steps


def test_steps_are_in_the_order_of_time_and_within_the_week_that_is_over() -> None:
    steps = plan(*LETTERS).steps
    assert len(steps) > 20
    assert all(a.at <= b.at for a, b in pairwise(steps))
    start = SENT_AT + SHIFT
    assert all(start - 10_000_000 < step.at < start + WEEK_SECONDS * 1_000_000 + 60 for step in steps)


def test_every_copy_has_its_deeds() -> None:
    made = plan(*LETTERS)
    assert [deeds.address for deeds in made.deeds] == [person.address for person in PEOPLE]
    assert {step.copy for step in made.steps} <= set(range(60))


def test_a_second_copy_is_read_on_its_own() -> None:
    made = plan(*[letter(n) for n in range(60)], *[letter(n) for n in range(60)])
    first = [step.action.after_seconds for step in made.steps if step.copy < 60]
    second = [step.action.after_seconds for step in made.steps if step.copy >= 60]
    assert len(made.deeds) == 120
    assert first != second


def test_mail_of_others_is_left_alone() -> None:
    made = plan(letter(1, sender="stranger@example.com"), letter(1, recipient="nobody@example.com"))
    assert (list(made.deeds), list(made.steps)) == ([], [])


def test_a_complaint_returns_the_headers_of_its_copy() -> None:
    headers, sender = plan(letter(1)).copies.headers(0)
    assert headers == b"Subject: x\r\nContent-Type: text/html\r\n"
    assert sender == "news@example.com"
