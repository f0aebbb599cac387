"""Providers counted by hand, thresholds by their interval, and a change told once it is sure."""

import random
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.insight import seeding
from tests.insight.seeding import HOUR, HUMAN, START

from mailwake.boards import deliverability_view
from mailwake.deliverability.answers import Deliverability, Place
from mailwake.deliverability.board import deliverability, of_campaign
from mailwake.deliverability.providers import table, thresholds
from mailwake.events import EventType, Source
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores

NOW = seeding.micros(12 * HOUR)
#: provider to domain; mx.example hosts two
COPIES = 40
DOMAINS = ("gmail.com", "hotmail.fr", "yahoo.com", "one.example", "two.example", "few.example")


def mail(stores: Stores, name: str, days_ago: int, *, draw: random.Random, deferred: float = 0.004) -> None:
    """As many copies to each domain; Outlook's are put off as often as said, the others' hardly ever."""
    sending = seeding.sending(stores, name, start=START - timedelta(days=days_ago))
    people = [
        (f"p{n}@{domain}", domain) for domain in DOMAINS for n in range(3 if domain.startswith("few") else COPIES)
    ]
    sending.people([address for address, _ in people])
    for number, (_, domain) in enumerate(people):
        sending.add(EventType.SENT, number, 0, domain=domain)
        if draw.random() < (deferred if domain == "hotmail.fr" else 0.004):
            sending.add(EventType.DEFERRED, number, 2, domain=domain, reason="451 4.7.1 later")
        if domain == "one.example" and number % 10 == 0:
            sending.add(EventType.BOUNCED, number, 5, domain=domain, source=Source.BOUNCE)
            continue
        sending.add(EventType.DELIVERED, number, 9, domain=domain)
        if domain == "yahoo.com" and number % 50 == 0:
            sending.add(EventType.COMPLAINED, number, HOUR, domain=domain)
        if draw.random() < 0.1:
            sending.add(EventType.CLICKED, number, HOUR, link=2, role="cta", domain=domain, **HUMAN)
    sending.write()


@pytest.fixture(scope="module")
def worsened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Fourteen campaigns in eight weeks; from five days ago on Outlook puts almost a third off."""
    stores = seeding.open_stores(tmp_path_factory.mktemp("worsened"))
    draw = random.Random(7)
    for number in range(14):
        mail(stores, f"Letter {number}", 75 - 4 * number, draw=draw)
    for number, days_ago in enumerate((5, 3, 1)):
        mail(stores, f"Late {number}", days_ago, deferred=0.3, draw=draw)
    for domain in ("one.example", "two.example"):
        stores.state.put_exchangers(domain, ["a.mx.example"], now=NOW)
    yield stores
    seeding.close(stores)


@pytest.fixture(scope="module")
def answer(worsened: Stores) -> Deliverability:
    return deliverability(worsened, now=NOW)


def place(answer: Deliverability, name: str | None) -> Place:
    return next(each for each in answer.providers if each.name == name)


def rates(place: Place) -> dict[str, tuple[int, int]]:
    return {each.metric: (each.count, each.base) for each in place.rates}


def test_domains_are_put_together_by_name_and_by_exchanger(answer: Deliverability) -> None:
    assert {each.name for each in answer.providers} == {"Gmail", "Outlook", "Yahoo", "mx.example", None}
    assert set(place(answer, "mx.example").domains) == {"one.example", "two.example"}
    sent = COPIES * 5  # two of the fourteen, and the three late ones, in thirty days
    assert rates(place(answer, "Gmail"))["delivery_rate__sent"] == (sent, sent)
    assert rates(place(answer, "mx.example"))["bounce_rate__sent"] == (COPIES // 10 * 5, 2 * sent)
    assert {each.name for each in answer.domains} == {*DOMAINS[:-1], None}


def test_a_domain_of_few_people_is_named_nowhere(answer: Deliverability) -> None:
    assert place(answer, None).sent == 3 * 5
    assert "few.example" not in str(answer)


def test_complaints_are_held_against_a_line_by_their_interval(answer: Deliverability) -> None:
    yahoo = place(answer, "Yahoo")
    count, base = rates(yahoo)["complaint_rate__delivered"]
    assert count / base > 0.015
    assert yahoo.standing == "over the limit"
    assert place(answer, "mx.example").standing == "not sure", "no complaint of 400 copies may be 1 % of them"


def test_no_complaint_where_none_is_told_is_no_rate(answer: Deliverability) -> None:
    gmail = next(each for each in place(answer, "Gmail").rates if each.metric == "complaint_rate__delivered")
    assert (gmail.rate, gmail.low, place(answer, "Gmail").standing) == (None, None, "cannot say")
    assert "Postmaster Tools" in (gmail.cannot_say or "")


def test_what_got_worse_is_told_with_its_day_and_its_campaigns(answer: Deliverability) -> None:
    (turn,) = answer.turns
    assert (turn.provider, turn.metric) == ("Outlook", "deferral_rate__sent")
    assert turn.before == pytest.approx(0.004, abs=0.006)
    assert turn.after == pytest.approx(0.3, abs=0.1)
    assert turn.before_low <= turn.before <= turn.before_high < turn.after_low <= turn.after <= turn.after_high
    assert turn.since == (START - timedelta(days=5)).date()
    assert [each.name for each in turn.campaigns] == ["Late 0", "Late 1", "Late 2"]
    text = deliverability_view.turn_view(turn).text.replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith("Outlook: deferrals rose from 0.")
    assert text.endswith("on Wednesday, 11 Nov; 3 campaigns.")


def test_the_page_draws_the_weeks_of_the_provider_that_was_asked_for(answer: Deliverability) -> None:
    zone = ZoneInfo("UTC")
    assert deliverability_view.values(answer, zone)["weeks"].name == "Outlook", "it got worse last"
    chosen = deliverability_view.values(answer, zone, provider="Yahoo")
    assert chosen["weeks"].name == "Yahoo"
    assert [trend.label for trend in chosen["weeks"].trends] == chosen["heads"][1:]
    assert "/deliverability?provider=Gmail#weeks" in {line.href for line in chosen["providers"]}
    assert deliverability_view.values(answer, zone, provider="<nobody>")["weeks"].name == "Outlook"


def test_weeks_add_up_to_what_was_sent(answer: Deliverability) -> None:
    weeks = place(answer, "Outlook").weeks
    assert sum(each.rates[0].base for each in weeks) == 17 * COPIES
    assert [each.start for each in weeks] == sorted(each.start for each in weeks)


def test_the_newest_sends_tell_no_clicks_yet(worsened: Stores) -> None:
    """Mail of this morning has hardly been read: it must not look like a fall."""
    mail(worsened, "This morning", 0, draw=random.Random(3))
    found = deliverability(worsened, now=seeding.micros(60))
    assert {turn.metric for turn in found.turns} == {"deferral_rate__sent"}


def test_quiet_where_too_little_was_sent(stores: Stores) -> None:
    empty = deliverability(stores, now=NOW)
    assert (empty.total, empty.turns, empty.providers, empty.domains) == (None, (), (), ())
    mail(stores, "Only", 2, deferred=0.5, draw=random.Random(1))
    told = deliverability(stores, now=NOW)
    assert told.turns == ()
    assert set(told.silent) == {"Gmail", "Outlook", "Yahoo", "one.example", "two.example"}
    shown = deliverability_view.values(told, ZoneInfo("UTC"))
    assert (shown["turns"], shown["is_quiet"]) == ([], False), "quiet, and not 'nothing beyond what is usual'"


def test_every_figure_of_the_table_has_a_source_and_no_domain_two_owners() -> None:
    domains = [domain for each in table().providers for domain in each.domains]
    assert len(domains) == len(set(domains))
    for each in table().providers:
        held = thresholds(each.name)
        assert 0 < held.watch < held.limit < 0.01
        assert held.source.startswith("https://")
        assert each.loop_source.startswith("https://")
        assert held.is_told or held.where
    assert (thresholds("Gmail").watch, thresholds("Gmail").limit) == (0.001, 0.003)
    assert not thresholds("somewhere.example").is_own


def test_one_campaign_is_told_by_provider_and_agrees_with_its_report(worsened: Stores) -> None:
    campaign = find(worsened, "Late 0")
    found, tally = of_campaign(worsened, campaign), campaign_report(worsened, campaign).tally
    assert {each.name for each in found.providers} == {"Gmail", "Outlook", "Yahoo", "mx.example", None}
    told = {
        metric: sum(rates(each)[metric][place] for each in found.providers)
        for place, metric in ((0, "bounce_rate__sent"), (0, "deferral_rate__sent"), (1, "delivery_rate__sent"))
    }
    assert told == {
        "bounce_rate__sent": tally.bounced,
        "deferral_rate__sent": tally.deferred,
        "delivery_rate__sent": tally.sent,
    }


def test_what_refusals_blame_adds_up_to_what_bounced_also_at_domains_of_few_people(stores: Stores) -> None:
    sending = seeding.sending(stores, "Few")
    people = [f"p{n}@{'gmail.com' if n < 30 else 'few.example'}" for n in range(33)]
    sending.people(people)
    for number, address in enumerate(people):
        domain = address.partition("@")[2]
        sending.add(EventType.SENT, number, 0, domain=domain)
        if number % 8 == 0:
            sending.add(EventType.BOUNCED, number, 5, domain=domain, source=Source.ESP)
    sending.write()
    told = deliverability(stores, now=NOW)
    for found in (told.total, *told.providers, *told.domains, *of_campaign(stores, find(stores, "Few")).domains):
        assert found is not None
        assert sum(each.count for each in found.classes) == rates(found)["bounce_rate__sent"][0]
    assert [(each.klass, each.count) for each in told.total.classes] == [("untold", 5)] if told.total else False
