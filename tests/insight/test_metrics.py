"""The registry is complete, and a rate that cannot be told says so."""

import re
from operator import attrgetter
from pathlib import Path

import pytest
from tests.every import every

from mailwake.insight.metrics import Metric, metrics, rate, rates, true_open_rate
from mailwake.insight.opens import TrueOpens, true_opens
from mailwake.insight.tally import Reaction, Tally, add, reaction
from mailwake.insight.whole import Whole, whole_rates
from mailwake.stats.rates import wilson_interval
from mailwake.stats.uncertain import Expected


@every("metric", metrics().values(), ids=lambda metric: metric.id)
def test_a_metric_names_its_base_in_its_id_and_explains_itself(metric: Metric) -> None:
    name, _, base = metric.id.partition("__")
    assert re.fullmatch("[a-z_]+_(rate|per_copy)", name)
    assert metric.base_name.startswith(base.partition("_")[0])
    assert len(metric.sentence) > 40


COUNTED = [metric for metric in metrics().values() if metric.source != "earnings"]  # those: tests/earnings


@every("metric", COUNTED, ids=lambda metric: metric.id)
def test_a_metric_counts_something_that_is_counted(metric: Metric) -> None:
    empty: dict[str, Tally | TrueOpens | Whole] = {"tally": Tally(), "true_opens": true_opens([]), "whole": Whole()}
    nothing = empty[metric.source]
    assert attrgetter(metric.count)(nothing) in (0, None, Expected())
    assert attrgetter(metric.base)(nothing) == 0


def test_a_rate_carries_wilsons_interval() -> None:
    found = rate(metrics()["bounce_rate__sent"], Tally(sent=200, bounced=17))
    interval = wilson_interval(17, 200)
    assert (found.count, found.base, found.rate) == (17, 200, 0.085)
    assert (found.low, found.high) == (interval.low, interval.high)
    assert found.cannot_say is None


def test_nothing_sent_is_no_rate_and_says_why() -> None:
    found = rate(metrics()["bounce_rate__sent"], Tally())
    assert (found.rate, found.low, found.high) == (None, None, None)
    assert found.cannot_say == "cannot say: nothing was sent"


def test_more_than_there_can_be_is_no_rate_and_says_why() -> None:
    found = rate(metrics()["complaint_rate__delivered"], Tally(delivered=1, complained=3))
    assert found.rate is None
    assert found.cannot_say == "cannot say: 3 are counted, but only 1 are known as delivered"


def test_all_rates_come_in_the_order_of_the_registry() -> None:
    found = (*rates(Tally()), true_open_rate(true_opens([])), *whole_rates([]))
    assert [each.metric for each in found] == [metric.id for metric in COUNTED]


def test_an_expected_count_is_shown_whole_and_kept_exact_and_doubt_widens_its_interval() -> None:
    metric = metrics()["human_click_rate__delivered_trackable"]
    sure = rate(metric, Tally(clicks_trackable=200, clicked_expected_in_base=Expected(mean=17.0)))
    unsure = rate(metric, Tally(clicks_trackable=200, clicked_expected_in_base=Expected(mean=17.4, variance=9.0)))
    interval = wilson_interval(17, 200)
    assert (sure.count, sure.expected, sure.low, sure.high) == (17, 17.0, interval.low, interval.high)
    assert (unsure.count, unsure.expected, unsure.rate) == (17, 17.4, 0.087)
    assert unsure.low is not None
    assert unsure.low < interval.low


def test_people_are_never_counted_by_a_threshold() -> None:
    """Only the rates that say so in their name sort copies; all others of people are sums of probabilities."""
    sorted_ones = [metric.id for metric in metrics().values() if metric.count.endswith(".human")]
    assert all(name.startswith("likely_") for name in sorted_ones)
    people = [metric.count for metric in metrics().values() if metric.id.startswith("human_")]
    assert people == ["opened_expected_in_base", "clicked_expected_in_base"]


def test_an_estimate_that_cannot_be_said_is_no_rate_and_says_why() -> None:
    found = true_open_rate(true_opens([]))
    assert (found.rate, found.low, found.high) == (None, None, None)
    assert found.confidence == 0.9
    assert found.cannot_say == "cannot say: no delivered copy can tell of both opens and clicks"


def test_parts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="1 \\+ 1 \\+ 1 is not 4"):
        Reaction(human=1, possible=1, machine=1, raw=4)


def test_tallies_add_up() -> None:
    first = Tally(sent=5, opened=reaction(human=2, machine=1), opened_expected=Expected(mean=1.5, variance=0.5))
    second = Tally(sent=7, opened=reaction(possible=4), opened_expected=Expected(mean=2.25, variance=0.25))
    assert add([first, second]) == Tally(
        sent=12,
        opened=reaction(human=2, possible=4, machine=1),
        opened_expected=Expected(mean=3.75, variance=0.75),
    )


def test_no_tally_adds_up_to_nothing() -> None:
    assert add([]) == Tally()


DOCS = Path(__file__).parents[2] / "docs" / "reference"


@every("metric", metrics().values(), ids=lambda metric: metric.id)
def test_the_reference_tells_a_metric_as_the_registry_does(metric: Metric) -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    told = page.partition(f"\n### {metric.id}\n")[2].partition("\n### ")[0]
    for said in (metric.label, metric.sentence, metric.count, metric.base, metric.base_name):
        assert said in told


def test_the_reference_tells_no_metric_that_is_gone() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert re.findall(r"^### (\w+)$", page, re.MULTILINE) == list(metrics())
