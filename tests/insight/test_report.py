"""Every number of a campaign that was counted by hand."""

import json
from zoneinfo import ZoneInfo

import pytest
from tests.every import every
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.events import EventType
from mailwake.insight.answers import CampaignReport, to_json
from mailwake.insight.report import NoSuchCampaign, campaign_report, country_names, find, overview
from mailwake.insight.stores import Stores
from mailwake.insight.tally import Reaction


def report_of(stores: Stores, name: str = "By hand") -> CampaignReport:
    return campaign_report(stores, find(stores, name))


def rate(report: CampaignReport, metric: str) -> tuple[int, int]:
    found = next(each for each in report.rates if each.metric == metric)
    return found.count, found.base


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> CampaignReport:
    """Of the campaign that was counted by hand, which nothing can change any more."""
    opened = seeding.open_stores(tmp_path_factory.mktemp("report"))
    seeding.by_hand(opened)
    told = report_of(opened)
    seeding.close(opened)
    return told


def test_copies_are_counted_once_each_by_what_became_of_them(report: CampaignReport) -> None:
    tally = report.tally
    assert (tally.sent, tally.delivered, tally.bounced, tally.deferred, tally.unresolved) == (10, 7, 2, 2, 1)
    assert (tally.complained, tally.unsubscribed) == (1, 1)


def test_a_person_outweighs_a_machine_and_a_perhaps_on_the_same_copy(report: CampaignReport) -> None:
    assert report.tally.opened == Reaction(human=2, possible=1, machine=1, raw=4)


def test_a_click_on_the_unsubscribe_link_is_no_click(report: CampaignReport) -> None:
    assert report.tally.clicked == Reaction(human=1, possible=0, machine=1, raw=2)


@every(
    ("metric", "count", "base"),
    [
        ("delivery_rate__sent", 7, 10),
        ("bounce_rate__sent", 2, 10),
        ("deferral_rate__sent", 2, 10),
        ("human_open_rate__delivered_trackable", 2, 7),
        ("likely_open_rate__delivered_trackable", 2, 7),
        ("likely_click_rate__delivered_trackable", 1, 7),
        ("possible_open_rate__delivered_trackable", 1, 7),
        ("machine_open_rate__delivered_trackable", 1, 7),
        ("raw_open_rate__delivered_trackable", 4, 7),
        ("human_click_rate__delivered_trackable", 1, 7),
        ("possible_click_rate__delivered_trackable", 0, 7),
        ("machine_click_rate__delivered_trackable", 1, 7),
        ("raw_click_rate__delivered_trackable", 2, 7),
        ("machine_alone_rate__clicked", 1, 2),
        ("unsubscribe_rate__delivered", 1, 7),
        ("complaint_rate__delivered", 1, 7),
    ],
)
def test_every_rate_is_over_the_base_in_its_name(report: CampaignReport, metric: str, count: int, base: int) -> None:
    assert rate(report, metric) == (count, base)


def test_the_series_adds_up_to_the_counts(report: CampaignReport) -> None:
    series = report.over_time
    assert series is not None
    for kind, whole in (("opened", report.tally.opened), ("clicked", report.tally.clicked)):
        for who in ("human", "possible", "machine", "raw"):
            assert sum(getattr(getattr(point, kind), who) for point in series.points) == getattr(whole, who)


def test_the_series_starts_when_the_first_copy_was_sent_and_ends_with_the_last_reaction(report: CampaignReport) -> None:
    series = report.over_time
    assert series is not None
    assert series.points[0].start == seeding.START
    assert series.points[-1].opened.human == 1
    assert series.step_seconds == 900


def test_the_first_day_is_told_in_quarters_of_an_hour_beside_a_longer_series(report: CampaignReport) -> None:
    day = report.first_day
    assert day is not None
    assert day.step_seconds == 900
    assert len(day.points) == 96
    assert day.points[0].start == seeding.START
    assert sum(point.opened.human for point in day.points) == report.tally.opened.human - 1


def test_a_campaign_of_one_day_has_one_series(stores: Stores) -> None:
    mail = seeding.sending(stores, "Short")
    mail.people(["a@example.com"])
    mail.add(EventType.SENT, 0, 0)
    mail.add(EventType.OPENED, 0, 600, **seeding.HUMAN)
    mail.write()
    report = report_of(stores, "Short")
    assert report.over_time is not None
    assert report.first_day is None


@pytest.mark.parametrize("kind", ["clients", "devices", "countries"])
def test_clients_devices_and_countries_add_up_to_the_counts(report: CampaignReport, kind: str) -> None:
    groups = getattr(report, kind)
    assert sum(group.opened.raw for group in groups) == report.tally.opened.raw
    assert sum(group.clicked.raw for group in groups) == report.tally.clicked.raw


def test_a_copy_belongs_to_the_client_of_the_event_that_decides_it(report: CampaignReport) -> None:
    opened = {group.name: group.opened for group in report.clients}
    assert opened["Outlook"] == Reaction(human=1, possible=0, machine=0, raw=1)
    assert opened["Apple Mail"] == Reaction(human=1, possible=1, machine=0, raw=2)


def test_countries_have_names(report: CampaignReport) -> None:
    assert {group.name: group.label for group in report.countries}["DE"] == "Germany"
    assert len(country_names()) == 249


def test_what_is_not_known_is_a_group_of_its_own(report: CampaignReport) -> None:
    assert {group.name: group.label for group in report.countries}[None] == "unknown"


def test_what_a_proxy_hides_is_a_group_of_its_own(report: CampaignReport) -> None:
    assert {group.label: group.opened.possible for group in report.devices}["unknown, because proxied"] == 1


def test_links_are_told_apart_by_where_they_stand(report: CampaignReport) -> None:
    places = [(link.number, link.clicked.human, link.clicked.machine) for link in report.links]
    assert places[:2] == [(2, 1, 1), (1, 0, 1)]
    assert {number for number, _, _ in places} == {1, 2, 3, 4, 6, 7}


def test_hits_of_people_who_may_only_be_counted_stand_apart(report: CampaignReport) -> None:
    """And where one copy alone stands behind them they are left out: they would tell of one person."""
    assert (report.counted_only.opened, report.counted_only.clicked) == (None, None)
    assert {link.hits for link in report.links} == {None}


def test_a_report_says_how_fresh_it_is(report: CampaignReport) -> None:
    assert report.fresh_at is not None
    assert (report.fresh_at - seeding.START).total_seconds() == 50 * 3_600


def test_a_report_says_what_was_sent_and_when(report: CampaignReport) -> None:
    assert report.subjects == ("Wool, weather and a warm offer",)
    assert report.sent_from == seeding.START
    assert report.sent_to is not None
    assert (report.sent_to - seeding.START).total_seconds() == 9


def test_a_campaign_of_which_nothing_is_known_has_no_rates_and_says_why(stores: Stores) -> None:
    seeding.sending(stores, "Empty")
    report = report_of(stores, "Empty")
    assert report.over_time is None
    assert {each.rate for each in report.rates} == {None}
    assert report.rates[0].cannot_say == "cannot say: nothing was sent"


def test_opens_of_copies_nobody_saw_delivered_are_counted_and_no_part_of_a_rate(stores: Stores) -> None:
    mail = seeding.sending(stores, "Made elsewhere")
    mail.people(["a@example.com"])
    mail.add(EventType.OPENED, 0, 5, **seeding.HUMAN)
    mail.write()
    report = report_of(stores, "Made elsewhere")
    assert report.tally.opened.human == 1
    assert rate(report, "human_open_rate__delivered_trackable") == (0, 0)


def test_the_overview_is_the_sum_of_its_campaigns(stores: Stores) -> None:
    seeding.by_hand(stores)
    seeding.crowd(stores, "Crowd", people=60)
    whole = overview(stores)
    assert [line.name for line in whole.campaigns] == ["Crowd", "By hand"]
    for name in ("sent", "delivered", "bounced", "unsubscribed"):
        assert getattr(whole.total, name) == sum(getattr(line.tally, name) for line in whole.campaigns)
    assert whole.total.opened.human == sum(line.tally.opened.human for line in whole.campaigns)


def test_the_overview_and_the_campaign_say_the_same(stores: Stores) -> None:
    seeding.by_hand(stores)
    line = overview(stores).campaigns[0]
    report = report_of(stores)
    assert (line.tally, line.rates, line.sent_from, line.sent_to) == (
        report.tally,
        report.rates[:-3],
        report.sent_from,
        report.sent_to,
    )


def test_events_of_a_campaign_without_a_name_are_shown_all_the_same(stores: Stores) -> None:
    mail = seeding.sending(stores, "Known")
    mail.people(["a@example.com"])
    mail.add(EventType.SENT, 0, 0, campaign=99)
    mail.write()
    assert {line.name: line.tally.sent for line in overview(stores).campaigns} == {"campaign 99": 1, "Known": 0}


def test_an_overview_of_nothing_is_empty_and_not_zero_per_cent(stores: Stores) -> None:
    whole = overview(stores)
    assert whole.campaigns == ()
    assert whole.fresh_at is None


def test_an_unknown_campaign_is_refused_and_the_nearest_named(stores: Stores) -> None:
    seeding.sending(stores, "Autumn news")
    with pytest.raises(NoSuchCampaign, match="the nearest is 'Autumn news'"):
        find(stores, "autum news")


def test_an_unknown_campaign_where_there_is_none_says_what_to_do(stores: Stores) -> None:
    with pytest.raises(BadInput, match="mailwake send"):
        find(stores, "Autumn")


def test_a_campaign_is_found_by_its_number_too(stores: Stores) -> None:
    campaign = seeding.by_hand(stores)
    assert find(stores, str(campaign.id)) == campaign


def test_asking_twice_gives_the_same_bytes(stores: Stores) -> None:
    seeding.crowd(stores, "Crowd", people=80)
    assert to_json(report_of(stores, "Crowd")) == to_json(report_of(stores, "Crowd"))
    assert to_json(overview(stores)) == to_json(overview(stores))


def test_ids_are_texts_in_json(report: CampaignReport) -> None:
    body = json.loads(to_json(report))
    assert isinstance(body["id"], str)
    assert all(isinstance(link["template"], str) for link in body["links"])


def test_raw_is_the_sum_of_its_parts_wherever_it_stands(stores: Stores) -> None:
    seeding.crowd(stores, "Crowd", people=200)
    checked = 0
    todo = [json.loads(to_json(report_of(stores, "Crowd")))]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if "raw" in node:
                checked += 1
                assert node["raw"] == pytest.approx(node["human"] + node.get("possible", 0) + node["machine"])
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    assert checked > 50


def test_times_follow_the_viewers_zone(stores: Stores) -> None:
    seeding.by_hand(stores)
    berlin = Stores(state=stores.state, events=stores.events, zone=ZoneInfo("Europe/Berlin"))
    series = report_of(berlin).over_time
    assert series is not None
    assert series.timezone == "Europe/Berlin"
    assert series.points[0].start == seeding.START
