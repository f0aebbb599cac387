"""Links summed up over campaigns by text, role and target."""

import pytest
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.insight.everywhere import by_campaign, clicks_behind, link_sums
from mailwake.insight.report import campaign_report
from mailwake.insight.stores import Stores


@pytest.fixture
def stores(stores: Stores) -> Stores:
    """Two campaigns with the same links, and one counted by hand."""
    seeding.crowd(stores, "First", people=90)
    seeding.crowd(stores, "Second", people=60, seed=3)
    seeding.by_hand(stores)
    return stores


def test_a_label_is_what_its_places_are_in_all_campaigns(stores: Stores) -> None:
    reports = [campaign_report(stores, each) for each in stores.state.campaigns()]
    lines = [(report.id, line) for report in reports for line in report.links]
    sums = {each.name: each for each in link_sums(stores, "label")}
    assert sums["Shop now"].clicks
    for name, found in sums.items():
        mine = [line for _, line in lines if line.label == name]
        assert found.clicked.human == sum(line.clicked.human for line in mine)
        assert found.clicked.machine == sum(line.clicked.machine for line in mine)
        parts = by_campaign(stores, "label", name)
        assert sum(part.clicks for part in parts) == found.clicks
        assert {part.campaign for part in parts} == found.campaigns
        assert 0 <= found.by_machines <= found.clicks


def test_a_copy_counts_once_per_role(stores: Stores) -> None:
    roles = {each.name: each for each in link_sums(stores, "role")}
    by_label = link_sums(stores, "label")
    assert set(roles) <= {"cta", "text", "image", "footer", "legal", "social"}
    assert sum(each.clicks for each in roles.values()) == sum(each.clicks for each in by_label)
    assert sum(each.clicked.raw for each in roles.values()) <= sum(each.clicked.raw for each in by_label)


def test_a_text_finds_labels_and_targets_as_a_query_does(stores: Stores) -> None:
    (label,) = [each for each in link_sums(stores, "label") if each.name == "Shop now"]
    assert clicks_behind(stores, "shop NOW").clicks == label.clicks
    assert clicks_behind(stores, "shop.example.com").clicks >= label.clicks
    assert clicks_behind(stores, "no such link").clicks == 0


def test_there_is_no_other_sort(stores: Stores) -> None:
    with pytest.raises(BadInput, match="label, role, target"):
        link_sums(stores, "colour")
