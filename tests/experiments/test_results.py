"""What is said of experiments whose every count is known."""

from collections.abc import Iterator
from math import exp, log

import pytest
from tests.experiments.trials import DAY, NOW, Copies, trial
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.experiments import answers
from mailwake.experiments.deciding import decide, decide_due, due
from mailwake.experiments.library import library
from mailwake.experiments.results import Result, result
from mailwake.experiments.wording import flip_words, split_words
from mailwake.insight.stores import Stores
from mailwake.stats.difference import Standing
from mailwake.stats.shrinkage import Prior
from mailwake.trials.bestarm import chances


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path_factory.mktemp("data"))
    trial(opened, "Clear", [Copies(sent=400, people=20), Copies(sent=400, people=90)], baseline=0.1)
    trial(opened, "Even", [Copies(sent=400, people=40, machines=50), Copies(sent=400, people=44)], baseline=0.1)
    trial(opened, "Few", [Copies(sent=50, people=2), Copies(sent=50)])
    trial(opened, "Broken", [Copies(sent=600, people=20), Copies(sent=400, people=90)])
    trial(opened, "Refused", [Copies(sent=400, people=20), Copies(sent=400, people=60, bounced=180)])
    three = [Copies(sent=300, people=30), Copies(sent=300, people=32), Copies(sent=300, people=90)]
    trial(opened, "Three", three, baseline=0.1, otherwise="A")
    footer = Copies(sent=300, people=90, role="footer")
    trial(opened, "Footer", [Copies(sent=300, people=30), footer], role="cta", baseline=0.1)
    yield opened
    seeding.close(opened)


def of(stores: Stores, name: str) -> Result:
    kept = stores.state.experiment(name)
    assert kept is not None
    return result(stores, kept)


def test_a_clear_winner_is_named_with_an_interval_that_holds_at_all_looks(stores: Stores) -> None:
    found = of(stores, "Clear")
    assert [(arm.sent, arm.rate.base, arm.count.mean) for arm in found.arms] == [(400, 400, 20), (400, 400, 90)]
    assert found.winner == found.leader == 1
    (contrast,) = found.contrasts
    assert contrast.value == pytest.approx(70 / 400)
    assert contrast.low is not None
    assert 0 < contrast.low < 0.175
    assert contrast.standing is Standing.HIGHER
    assert found.flips == ()
    decision = due(found, now=NOW)
    assert decision is not None
    assert decision.winner == 1
    assert decision.why.startswith("B is better than A: by 17.50 points, between +")


def test_too_little_and_no_difference_are_told_apart(stores: Stores) -> None:
    even, few = of(stores, "Even"), of(stores, "Few")
    assert (even.winner, few.winner) == (None, None)
    assert even.contrasts[0].standing is Standing.NOT_DISTINGUISHABLE
    assert few.contrasts[0].standing is None
    assert "takes 10 people" in (few.contrasts[0].cannot_say or "")
    assert due(even, now=NOW) is None
    assert answers.told(even).contrasts[0].sentence.startswith("B and A are not distinguishable yet: B less A")


def test_what_machines_would_have_made_of_it_is_told(stores: Stores) -> None:
    """40 people and 50 scanners against 44 people: by raw clicks the other one leads."""
    found = of(stores, "Even")
    assert found.leader == 1
    assert found.leaders == (0, 1, 1, 1)
    assert found.flips == ("anybody",)
    assert flip_words(found).startswith("Flips under other machine rules: B leads by people, but A counting everything")
    assert [arm.readings for arm in found.arms] == [(90, 40, 40, 40), (44, 44, 44, 44)]


def test_the_second_reading_is_the_closed_one(stores: Stores) -> None:
    found = of(stores, "Even")
    beliefs = [Prior(a=0.1 + done, b=0.9 + 400 - done) for done in (40, 44)]
    for arm, wanted in zip(found.arms, chances(beliefs), strict=True):
        assert (arm.best, arm.loss) == pytest.approx((wanted.best, wanted.loss))


def test_a_broken_split_blocks_whatever_the_figures_say(stores: Stores) -> None:
    sent, refused = of(stores, "Broken"), of(stores, "Refused")
    assert all(each.is_won for each in sent.contrasts)
    assert (sent.winner, refused.winner) == (None, None)
    assert [each.holds for each in sent.splits] == [False, False]
    assert [each.holds for each in refused.splits] == [True, False]
    assert "cut off" in split_words(sent, sent.splits[0])
    assert "bounces" in split_words(refused, refused.splits[1])
    assert due(sent, now=Micros(NOW + 400 * DAY * 1_000_000)) is None
    assert answers.told(sent).state == "blocked"


def test_a_winner_beats_all_others_at_their_parts_of_the_error(stores: Stores) -> None:
    found = of(stores, "Three")
    assert found.winner == 2
    assert [each.other for each in found.contrasts] == [0, 1]
    alone = trial_of_two(stores)
    low = found.contrasts[0].low
    assert low is not None
    assert alone.contrasts[0].low is not None
    assert low < alone.contrasts[0].low  # two comparisons share the error


def trial_of_two(stores: Stores) -> Result:
    kept = trial(stores, "Two", [Copies(sent=300, people=30), Copies(sent=300, people=90)], baseline=0.1)
    return result(stores, kept)


def test_a_role_confines_what_counts(stores: Stores) -> None:
    found = of(stores, "Footer")
    assert [arm.count.mean for arm in found.arms] == [30, 0]
    assert [arm.rate.base for arm in found.arms] == [300, 300]


def test_nothing_is_decided_in_the_first_hour_and_the_named_one_at_the_deadline(tmp_path: object) -> None:
    stores = seeding.open_stores(tmp_path)  # type: ignore[arg-type]  # pytest's path
    clear = [Copies(sent=200, people=10), Copies(sent=200, people=60)]
    even = [Copies(sent=200, people=30), Copies(sent=200, people=31)]
    trial(stores, "Clear", clear, baseline=0.1, about="question")
    trial(stores, "Even", even, baseline=0.1, otherwise="A", about="question")
    trial(stores, "Patient", even, baseline=0.1, about="question")
    assert decide_due(stores, now=seeding.micros(1_800)) == []
    assert [each.name for each in decide_due(stores, now=seeding.micros(4_000))] == ["Clear"]
    assert [each.name for each in decide_due(stores, now=NOW)] == ["Even"]
    assert decide_due(stores, now=NOW) == []
    kept = stores.state.experiment("Even")
    assert kept is not None
    assert (kept.winner, kept.decided_by) == (0, "rule")
    assert "none had won at the deadline" in (kept.why or "")
    with pytest.raises(BadInput, match="decided before"):
        decide(stores.state, kept, 1, now=NOW, by="ann", why="really")
    patient = stores.state.experiment("Patient")
    assert patient is not None
    with pytest.raises(BadInput, match="say why"):
        decide(stores.state, patient, 1, now=NOW, by="ann", why=" ")
    assert library([of(stores, each.name) for each in stores.state.experiments()])[0].effect is None
    decide(stores.state, patient, 1, now=NOW, by="ann", why="enough")
    (found,) = library([of(stores, each.name) for each in stores.state.experiments()])
    assert sorted(found.experiments) == ["Clear", "Even", "Patient"]
    assert found.effect is not None
    assert log(31 / 30) < found.effect.mean < log(6)
    told = answers.everything(stores).library[0]
    assert told.ratio == pytest.approx(exp(found.effect.mean))
    seeding.close(stores)


def test_nothing_sent_is_a_draft_without_figures(stores: Stores) -> None:
    kept = stores.state.experiment("Few")
    assert kept is not None
    empty = result(stores, kept.__class__(**{**vars(kept), "sent": {}}))
    assert answers.told(empty).state == "draft"
    assert (empty.leader, empty.contrasts, empty.winner) == (None, (), None)
