"""Where in a mail there were clicks: counted by hand, the same as everywhere else, and one mail beside another."""

from dataclasses import replace
from typing import Any

import pytest
from tests.insight import seeding
from tests.insight.seeding import HOUR, HUMAN, LINKS, ON_DESKTOP, ON_PHONE, SCANNER

from mailwake.errors import BadInput
from mailwake.events import EventType
from mailwake.insight.click_map import Asked, ClickMap, NoSuchTemplate, Spot, click_map
from mailwake.insight.report import campaign_report
from mailwake.insight.stores import Stores
from mailwake.insight.tally import reaction
from mailwake.stats.rates import wilson_interval
from mailwake.store.state import Campaign


def asked(stores: Stores, campaign: Campaign, **more: Any) -> ClickMap:
    return click_map(stores, campaign, Asked(**more))


def spots(found: ClickMap) -> dict[int, Spot]:
    return {spot.number: spot for spot in found.spots}


def test_every_occurrence_is_there_in_document_order(stores: Stores) -> None:
    found = asked(stores, seeding.by_hand(stores))
    assert [spot.number for spot in found.spots] == [1, 2, 3, 4, 5, 6, 7]
    assert [spot.counts for spot in found.spots] == [True, True, True, True, False, True, False]
    assert found.mail.base == 7


def test_the_same_target_in_two_places_is_counted_apart(stores: Stores) -> None:
    spot = spots(asked(stores, seeding.by_hand(stores)))
    assert spot[2].href == spot[4].href
    assert spot[2].clicked == reaction(human=1, machine=1)
    assert spot[4].clicked == reaction()
    assert spot[2].hits is None, "one copy alone stands behind them"


def test_people_are_summed_and_machines_counted(stores: Stores) -> None:
    """Copy 0 clicked link 2 as a person (0.93, twice by one program: once), copy 2 as a scanner (0.02)."""
    campaign = seeding.by_hand(stores)
    human = spots(asked(stores, campaign))[2]
    assert human.people == pytest.approx(0.93 + 0.02, abs=2e-4)
    assert human.shown == human.people
    assert human.people_low < human.people < human.people_high <= 2
    assert human.share == pytest.approx(0.95 / 0.97, abs=1e-3)
    machine = spots(asked(stores, campaign, layer="machine"))
    assert (machine[1].shown, machine[2].shown) == (1, 1)
    assert machine[1].share == 0.5
    around = wilson_interval(1, 7)
    assert (machine[1].low, machine[1].high) == (around.low, around.high)
    assert machine[1].rate == pytest.approx(1 / 7)
    raw = spots(asked(stores, campaign, layer="raw"))
    assert (raw[1].shown, raw[2].shown) == (1, 2)


def test_without_filters_deliveries_are_those_of_the_list_of_links(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Crowd", people=700)
    listed = {line.number: line for line in campaign_report(stores, campaign).links}
    for spot in asked(stores, campaign).spots:
        if spot.number in listed:
            assert spot.clicked == listed[spot.number].clicked
            assert spot.hits == listed[spot.number].hits
    total = sum(spot.share or 0 for spot in asked(stores, campaign).spots)
    assert total == pytest.approx(1)


def test_the_base_is_that_of_the_click_rates(stores: Stores) -> None:
    for campaign in (seeding.crowd(stores, "Crowd", people=700), seeding.by_hand(stores)):
        rows = stores.events.ask("templates_counts", campaign=campaign.id)
        bases = {str(row["template"]): row["clicks_trackable"] for row in rows}
        found = asked(stores, campaign)
        assert {mail.template: mail.base for mail in found.mails} == bases
        assert found.mail.base == campaign_report(stores, campaign).tally.clicks_trackable


def test_clicks_on_unsubscribe_are_no_clicks_here_either(stores: Stores) -> None:
    assert spots(asked(stores, seeding.by_hand(stores)))[7].clicked.raw == 0


def _two_ages(stores: Stores) -> Campaign:
    """Person 0 clicks link 2 after half an hour; person 1, mailed an hour later, link 3 two days after that."""
    mail = seeding.sending(stores, "Ages")
    mail.people(["a@example.com", "b@example.com"])
    for number, sent in ((0, 0), (1, HOUR)):
        mail.add(EventType.SENT, number, sent)
        mail.add(EventType.DELIVERED, number, sent + 1)
    mail.add(EventType.CLICKED, 0, HOUR / 2, link=2, role="cta", **HUMAN, **ON_DESKTOP)
    mail.add(EventType.CLICKED, 1, 49 * HOUR, link=3, role="text", **HUMAN, **ON_PHONE)
    mail.add(EventType.CLICKED, 1, 49 * HOUR + 5, link=4, role="cta", **SCANNER)
    mail.write()
    return mail.campaign


@pytest.mark.parametrize(
    ("more", "clicked"),
    [
        ({}, {2, 3, 4}),
        ({"until_seconds": HOUR}, {2}),
        ({"until_seconds": 48 * HOUR}, {2, 3}),
        ({"until_seconds": 48 * HOUR - 1}, {2}),
        ({"until_seconds": 1_799}, set()),
        ({"device": "mobile"}, {3}),
        ({"device": "unknown"}, {4}),
        ({"client": "Outlook"}, {2}),
        ({"country": "FR", "until_seconds": HOUR}, set()),
        ({"country": "FR' or 1=1 --"}, set()),
    ],
)
def test_filters_and_the_age_of_each_copy_narrow_the_clicks(
    stores: Stores, more: dict[str, Any], clicked: set[int]
) -> None:
    found = asked(stores, _two_ages(stores), layer="raw", **more)
    assert {spot.number for spot in found.spots if spot.clicked.raw} == clicked
    assert {spot.base for spot in found.mails} == {2}


def test_nothing_sent_has_no_rate_and_no_share(stores: Stores) -> None:
    mail = seeding.sending(stores, "Nothing")
    found = asked(stores, mail.campaign)
    assert {(spot.rate, spot.low, spot.share) for spot in found.spots} == {(None, None, None)}


def test_a_campaign_without_mail_and_a_strange_template_are_told(stores: Stores) -> None:
    empty = stores.state.campaign("Empty", now=seeding.micros())
    with pytest.raises(NoSuchTemplate, match="nothing of this campaign"):
        asked(stores, empty)
    campaign = seeding.by_hand(stores)
    for more in ({"template": 5}, {"versus": 5}, {"versus": 1 << 70}, {"versus": -1}):
        with pytest.raises(NoSuchTemplate):
            asked(stores, campaign, **more)
    with pytest.raises(BadInput, match="layer"):
        asked(stores, campaign, layer="nonsense")


def _clicks(stores: Stores, name: str, links: Any, clicks: dict[int, int], *, people: int = 400) -> Campaign:
    mail = seeding.sending(stores, name, links=links)
    mail.people([f"{name}{number}@example.com" for number in range(people)])
    for number in range(people):
        mail.add(EventType.SENT, number, 0)
        mail.add(EventType.DELIVERED, number, 1)
    certain = {**HUMAN, "p_human": 1.0}
    for link, count in clicks.items():
        for number in range(count):
            mail.add(EventType.CLICKED, number, 60 + link, link=link, role="cta", agent=link, **certain)
    mail.write()
    return mail.campaign


def test_one_mail_less_another_has_an_interval_and_a_word(stores: Stores) -> None:
    other_links = (
        replace(LINKS[1], number=1),
        replace(LINKS[1], number=2, label="Shop now"),
        replace(LINKS[2], number=3, href="https://shop.example.com/elsewhere"),
        replace(LINKS[0], number=4, href="https://shop.example.com/new", label="Only here"),
    )
    one = _clicks(stores, "one", LINKS, {2: 120, 3: 30, 4: 10})
    other = _clicks(stores, "other", other_links, {1: 60, 2: 40, 3: 31, 4: 5})
    template = int(asked(stores, other).mail.template)
    found = asked(stores, one, versus=template)
    change = {spot.number: spot.change for spot in found.spots}
    assert {number: each.number for number, each in change.items() if each} == {2: 1, 4: 2, 3: 3}
    up, down, same = change[2], change[4], change[3]
    assert up is not None
    assert down is not None
    assert same is not None
    assert (up.standing, down.standing, same.standing) == ("higher", "lower", "not distinguishable")
    assert up.value == pytest.approx(120 / 400 - 60 / 400, abs=1e-3)
    assert up.low < up.value < up.high
    assert [spot.label for spot in found.only_there] == ["Only here"]
    assert found.versus is not None
    assert found.versus.campaign_name == "other"
    back = asked(stores, other, versus=int(found.mail.template))
    mirrored = spots(back)[1].change
    assert mirrored is not None
    assert mirrored.value == pytest.approx(-up.value)
    assert mirrored.low == pytest.approx(-up.high)
    assert mirrored.high == pytest.approx(-up.low)


def test_a_mail_less_itself_is_nothing(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Crowd", people=300)
    template = int(asked(stores, campaign).mail.template)
    found = asked(stores, campaign, versus=template)
    assert {spot.change.value for spot in found.spots if spot.change} == {0}
    assert {spot.change.standing for spot in found.spots if spot.change} == {"not distinguishable"}
    assert found.only_there == ()
