"""Experiments that goals decide, over clicks and goals in real stores."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.experiments.trials import DAY, NOW, Copies, reach, trial
from tests.insight import seeding

from mailwake.earnings import keeper as goals
from mailwake.earnings.report import campaign_conversions
from mailwake.errors import BadInput
from mailwake.experiments import answers
from mailwake.experiments.converted import converted_by_campaign
from mailwake.experiments.deciding import decide_due, due
from mailwake.experiments.design import CONVERSIONS
from mailwake.experiments.planning import Asked
from mailwake.experiments.results import Result, result
from mailwake.insight.stores import Stores

GOAL: dict[str, Any] = {"metric": CONVERSIONS, "goal": "purchase"}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """More people click A, and more of those who click B buy; nobody signs up."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("data"))
    goals.add(opened.state, "purchase", window_days=1, now=seeding.micros(-DAY), by="ann")
    goals.add(opened.state, "signup", window_days=1, now=seeding.micros(-DAY), by="ann")
    arms = [Copies(sent=400, people=120, converted=12, machines=40), Copies(sent=400, people=90, converted=70)]
    trial(opened, "Buys", arms, baseline=0.1, **GOAL)
    trial(opened, "Signs", arms, baseline=0.1, metric=CONVERSIONS, goal="signup")
    yield opened
    seeding.close(opened)


def of(stores: Stores, name: str) -> Result:
    kept = stores.state.experiment(name)
    assert kept is not None
    return result(stores, kept)


@pytest.mark.long
def test_the_letter_that_sells_wins_over_the_one_that_is_clicked(stores: Stores) -> None:
    found = of(stores, "Buys")
    assert [(arm.rate.count, arm.rate.base, arm.count.mean) for arm in found.arms] == [(12, 400, 12), (70, 400, 70)]
    assert [arm.rate.metric for arm in found.arms] == [CONVERSIONS] * 2
    assert found.winner == 1
    assert found.contrasts[0].value == pytest.approx(58 / 400)
    assert (found.leaders, found.flips) == ((), ()), "a machine reaches no goal; there is one way to count"
    assert [each.holds for each in found.splits] == [True, True]
    decision = due(found, now=NOW)
    assert decision is not None
    assert decision.winner == 1
    told = answers.one(stores, "Buys")
    assert (told.goal, told.metric, told.variants[0].readings, told.leaders) == ("purchase", CONVERSIONS, {}, {})


def test_the_same_copies_stand_on_the_page_of_the_campaigns_conversions(stores: Stores) -> None:
    campaign = stores.state.find_campaign("Campaign of Buys")
    assert campaign is not None
    page = campaign_conversions(stores, campaign, goal="purchase", now=NOW)
    arms = of(stores, "Buys").arms
    assert page.rates[0].count == sum(arm.rate.count for arm in arms)
    assert page.rates[0].base == sum(arm.rate.base for arm in arms)
    assert converted_by_campaign(stores, "purchase")[campaign.id] == 82


def test_only_its_own_goal_within_its_window_and_after_a_persons_click_counts(stores: Stores) -> None:
    other = of(stores, "Signs")
    assert [arm.rate.count for arm in other.arms] == [0, 0]
    assert other.winner is None
    mail = seeding.sending(stores, "Campaign of Buys")
    mail.people([f"buys{number}@example.com" for number in range(800)])
    reach(mail, 130, 10_800)  # a machine clicked that copy
    reach(mail, 300, 10_800)  # nobody clicked it
    reach(mail, 119, 7_200 + 119 + DAY + 1)  # the window of a day is over
    reach(mail, 118, 7_000)  # before the click
    mail.write()
    assert [arm.rate.count for arm in of(stores, "Buys").arms] == [12, 70]


def test_a_goal_that_is_gone_is_told_and_decides_nothing(stores: Stores) -> None:
    arms = [Copies(sent=60, people=30), Copies(sent=60, people=30)]
    goals.add(stores.state, "brief", now=seeding.micros(), by="ann")
    trial(stores, "Gone", arms, metric=CONVERSIONS, goal="brief")
    goals.delete(stores.state, "brief")
    found = of(stores, "Gone")
    assert (found.leader, found.winner, due(found, now=NOW)) == (None, None, None)
    assert "no goal 'brief' any more" in (answers.one(stores, "Gone").variants[0].cannot_say or "")
    assert [each.name for each in decide_due(stores, now=NOW)] == ["Buys"], "the others go on"


def test_a_design_names_one_goal_for_conversions_and_none_for_clicks(stores: Stores) -> None:
    for told, said in (
        ({"metric": CONVERSIONS}, "name it with --goal"),
        ({"goal": "purchase"}, "name it with --goal"),
        ({**GOAL, "goal": "nothing"}, "there is no goal 'nothing'; there are purchase, signup"),
        ({**GOAL, "role": "cta"}, "opens and conversions have none"),
    ):
        with pytest.raises(BadInput, match=said):
            trial(stores, "Never", [Copies(sent=0), Copies(sent=0)], **told)


def test_the_planner_reckons_with_what_campaigns_led_to_so_far(stores: Stores) -> None:
    """A goal that nobody reached tells of no usual rate; several campaigns do, weighing as much as they agree."""
    assert answers.planned(stores, Asked(metric=CONVERSIONS, goal="signup")).baseline == 0.005
    for name in ("Second", "Third"):
        trial(
            stores, name, [Copies(sent=100, people=20, converted=9), Copies(sent=100, people=20, converted=11)], **GOAL
        )
    told = answers.planned(stores, Asked(metric=CONVERSIONS, goal="purchase", lift=0.2))
    assert told.goal == "purchase"
    assert 0.05 < told.baseline < 0.15
    assert told.prior_weight > 1
    with pytest.raises(BadInput, match="conversions decide by one goal"):
        answers.planned(stores, Asked(metric=CONVERSIONS))
    with pytest.raises(BadInput, match="clicks and opens have none"):
        answers.planned(stores, Asked(goal="purchase"))
