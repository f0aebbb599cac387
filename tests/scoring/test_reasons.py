"""Reasons: the weightiest, alike ones together, with sign, count, label and age, short enough for a CRM."""

from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.acts import NOW, act, person

from mailwake.scoring.model import default_model
from mailwake.scoring.reasons import MAX_CHARS, reasons, rendered
from mailwake.scoring.score import scored
from mailwake.scoring.signals import Signal

MODEL = default_model()


def why(*signals: Signal, standing: str = "") -> str:
    return rendered(reasons(scored(person(*signals, standing=standing), MODEL, now=NOW).ledger, now=NOW))


def test_the_three_weightiest_are_told_alike_ones_together() -> None:
    told = why(
        act("clicked", 2, label="Pricing", delivery=1),
        act("clicked", 9, label="Pricing", delivery=2),
        act("replied", 0.2),
        act("clicked", 1, label="Read more", delivery=3),
        act("clicked", 80, label="Old news", delivery=4),
    )
    assert told == "answered (4 h ago); 2 clicks on Pricing (2 d ago); click on Read more (1 d ago)"


def test_what_speaks_against_them_has_its_sign() -> None:
    silent = [act("sent", 3, delivery=n) for n in range(4)]
    assert why(*silent) == "\N{MINUS SIGN}nothing of their own for 90 days"
    assert why(act("converted", 10), standing="unsubscribed").startswith(
        "\N{MINUS SIGN}unsubscribed (1 d ago); reached"
    )
    (found,) = reasons(scored(person(*silent), MODEL, now=NOW).ledger, now=NOW)
    assert (found.sign, found.count, found.age_days, found.points) == ("-", 1, 90, -10_000)


@given(st.lists(st.tuples(st.text(max_size=80), st.floats(0, 399)), max_size=6))
def test_the_line_fits_and_holds_no_control_characters(links: list[tuple[str, float]]) -> None:
    told = why(*(act("clicked", days, label=label, delivery=n) for n, (label, days) in enumerate(links)))
    assert len(told) <= MAX_CHARS
    assert told.isprintable()
    assert bool(told) == bool(links) or all(days > 200 for _, days in links)
