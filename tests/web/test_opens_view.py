"""The panel says about how many people opened, on what it rests, or why it cannot say."""

from tests.every import every
from tests.web.conftest import Asking

from mailwake.drawing import figures, pieces
from mailwake.insight.metrics import true_open_rate
from mailwake.insight.opens import Delivery, true_opens
from mailwake.insight.tally import Reaction
from mailwake.views.opens_view import OpensView, view


def copies(number: int, opened: float, clicked: float, *, behind: bool = False) -> list[Delivery]:
    return [Delivery(behind_proxy=behind, opened=opened, clicked=clicked)] * number


OPENERS, CLICKERS = copies(200, 1, 0), copies(32, 1, 1) + copies(8, 0, 1)
NOBODY, PROXIED = copies(760, 0, 0), copies(50, 0.4, 0, behind=True)


def shown(deliveries: list[Delivery]) -> OpensView:
    found = true_opens(deliveries)
    return view(found, pieces.figure(true_open_rate(found)), Reaction(raw=300, human=4, possible=265, machine=31))


def test_an_estimate_is_rounded_to_what_it_is_worth() -> None:
    panel = shown(OPENERS + CLICKERS + NOBODY)
    assert panel.about == f"about 29{figures.NBSP}%"
    assert panel.span.endswith(f"{figures.NBSP}%")
    assert "." not in panel.span
    assert panel.readings[-1].count.startswith("≈ 2")
    assert panel.cannot_say == ""


def test_what_is_left_without_people_is_not_called_machines() -> None:
    row = shown(OPENERS + CLICKERS + NOBODY).readings[1]
    assert row.label == "Not counted as people: 31 by machines alone, the rest of 265 possibly by people"


def test_it_tells_what_it_rests_on() -> None:
    how = " ".join(shown(OPENERS + CLICKERS + NOBODY + PROXIED).how)
    assert "about 40 people who clicked" in how
    assert "50 of the 1,050 copies" in how
    assert "twice the odds" in how
    assert "Apple fetched" not in " ".join(shown(OPENERS + CLICKERS + NOBODY).how)


def test_what_cannot_be_said_is_no_number_and_a_sentence_keeps_its_names() -> None:
    panel = shown(OPENERS)
    assert (panel.about, panel.span, panel.how) == ("", "", ())
    assert panel.readings[-1].percent == "cannot say"
    assert panel.cannot_say.startswith("The number of people who clicked outside Apple Mail Privacy Protection")


def test_without_a_base_there_is_no_table() -> None:
    assert shown([]).readings == ()
    assert shown([]).cannot_say == "No delivered copy can tell of both opens and clicks."


@every(("rate", "told"), [(0.312, "31"), (0.0996, "10"), (0.0521, "5.2"), (0.004, "0.40"), (0.0, "0")])
def test_only_small_estimates_have_decimals(rate: float, told: str) -> None:
    assert figures.about(rate) == f"{told}{figures.NBSP}%"


def test_the_page_has_the_panel(asking: Asking) -> None:
    page = asking.page("/campaigns/2")
    assert "How many people opened, really" in page
    assert "Apple Mail Privacy Protection is about" in page
