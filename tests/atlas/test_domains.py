"""The atlas over real stores: who is told apart, what is counted, and what a send has to expect."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.insight import seeding

from mailwake.atlas.answers import Atlas, Chances, DomainLine, to_json
from mailwake.atlas.domains import LEAST_RECIPIENTS, atlas, domain_metrics, everybody, forecast
from mailwake.events import EventType, NetworkKind, Note
from mailwake.insight.stores import Stores
from mailwake.stats.moments import Moments

NOW = seeding.micros(3 * 86_400)
PROOFPOINT: dict[str, Any] = {**seeding.SCANNER, "asn": 22843, "network_kind": NetworkKind.SCANNER}


def seed(stores: Stores, people: dict[str, int], *, scanned: dict[str, int], name: str = "Atlas") -> None:
    """So many copies per domain, so many of them scanned 5 s after delivery: two of four links."""
    mail = seeding.sending(stores, name)
    addresses = [(domain, f"p{n}@{domain}") for domain, count in people.items() for n in range(count)]
    mail.people([address for _, address in addresses])
    left = dict(scanned)
    for number, (domain, _) in enumerate(addresses):
        more = {"domain": domain if domain == "gmail.com" else f"~{domain}", "links": 4}
        mail.add(EventType.SENT, number, 0, **more)
        mail.add(EventType.DELIVERED, number, 1, **more)
        if left.get(domain, 0) > 0:
            left[domain] -= 1
            mail.add(EventType.CLICKED, number, 6, link=1, role="cta", **PROOFPOINT, **more)
            mail.add(EventType.CLICKED, number, 45, link=2, role="cta", **PROOFPOINT, **more)
            mail.add(EventType.UNKNOWN, number, 6, note=Note.DECOY, asn=22843, network_kind=NetworkKind.SCANNER, **more)
        if number % 3 == 0:
            mail.add(EventType.CLICKED, number, 9_000, link=3, role="cta", **seeding.HUMAN, **more)
    mail.write()


@pytest.fixture
def known(stores: Stores) -> Atlas:
    people = {"corp.example": 30, "gmail.com": 60, "five.example": 5, "four.example": 4, "one.example": 1}
    seed(stores, people, scanned={"corp.example": 20, "four.example": 4})
    stores.state.put_exchangers("corp.example", ["mx0a-1.pphosted.com"], now=NOW)
    stores.state.put_exchangers("five.example", [], now=NOW)
    return atlas(stores, now=NOW)


def line(known: Atlas, name: str | None) -> DomainLine:
    return next(each for each in known.domains if each.name == name)


def test_domains_of_few_people_stand_together_and_are_named_nowhere(known: Atlas) -> None:
    assert [each.name for each in known.domains] == ["gmail.com", "corp.example", "five.example"]
    assert known.others is not None
    assert (known.others.name, known.others.domains, known.others.recipients) == (None, 2, LEAST_RECIPIENTS)
    said = to_json(known)
    assert b"four.example" not in said
    assert b"one.example" not in said
    assert b"~" not in said


def test_a_domain_whose_people_are_forgotten_has_no_name(stores: Stores) -> None:
    mail = seeding.sending(stores, "Erased")
    mail.people([f"p{n}@x.example" for n in range(6)])
    for number in range(6):
        mail.add(EventType.SENT, number, 0, domain="~x", recipient=5_000 + number)
    mail.write()
    found = atlas(stores, now=NOW)
    assert found.domains == ()
    assert found.others is not None
    assert found.others.recipients == 6


def test_two_stand_ins_of_one_domain_are_added_up(stores: Stores) -> None:
    """Keys were changed in between."""
    mail = seeding.sending(stores, "Keys")
    mail.people([f"p{n}@x.example" for n in range(8)])
    for number in range(8):
        for kind in (EventType.SENT, EventType.DELIVERED):
            mail.add(kind, number, 0, domain="~a" if number < 2 else "~b")
    mail.write()
    (only,) = atlas(stores, now=NOW).domains
    assert (only.name, only.machine_copies.base, only.recipients) == ("x.example", 8, 6)


def test_shares_delays_and_baits_are_those_counted_by_hand(known: Atlas) -> None:
    corp = line(known, "corp.example")
    assert (corp.machine_copies.count, corp.machine_copies.base) == (20, 30)
    assert corp.machine_clicks.base == 50
    assert corp.machine_clicks.count == pytest.approx(40 * 0.98 + 10 * 0.07)
    assert corp.delays == (0, 20, 0, 20, 0, 0, 0, 0)
    assert (corp.undated, corp.baited) == (0, 20)
    gmail = line(known, "gmail.com")
    assert gmail.machine_copies.count == 0
    assert gmail.machine_copies.rate is not None
    assert 0 < gmail.machine_copies.rate < 0.05 < (corp.machine_copies.rate or 0)


def test_a_small_domain_is_drawn_towards_what_is_usual(known: Atlas) -> None:
    five, gmail = line(known, "five.example").machine_copies, line(known, "gmail.com").machine_copies
    assert five.count == gmail.count == 0
    assert (five.rate or 0) > (gmail.rate or 0)
    assert (five.high or 0) > (gmail.high or 0)


def test_a_gateway_shows_by_its_exchanger_and_by_whose_machines_click(known: Atlas) -> None:
    gateway = line(known, "corp.example").gateway
    assert gateway is not None
    assert (gateway.by_exchanger, gateway.by_clicks) == ("Proofpoint", "Proofpoint")
    assert [(each.name, each.asns, each.clicks, each.baits) for each in gateway.operators] == [
        ("Proofpoint", (22843,), 60, 20)
    ]


def test_what_was_not_looked_up_is_not_none_at_all(known: Atlas) -> None:
    five, gmail = line(known, "five.example").gateway, line(known, "gmail.com").gateway
    assert five is not None
    assert gmail is not None
    assert (five.exchangers, five.by_exchanger) == ((), None)
    assert (gmail.exchangers, gmail.by_exchanger, gmail.looked_up_at) == (None, None, None)


def test_mail_of_long_ago_is_left_out(stores: Stores, known: Atlas) -> None:
    later = atlas(stores, now=seeding.micros(200 * 86_400))
    assert (later.copies, later.domains, later.others, later.usual, later.links) == (0, (), None, None, None)


def test_nothing_sent_is_no_share_and_says_why(stores: Stores) -> None:
    told = forecast(atlas(stores, now=NOW), {"x.example": 10})
    assert told.false_clicks.rate is None
    assert (told.false_clicks.cannot_say or "").startswith("cannot say")
    assert told.machine_copies.rate is None


def test_a_forecast_follows_the_domains_it_goes_to(known: Atlas) -> None:
    corp, gmail = forecast(known, {"corp.example": 100}), forecast(known, {"gmail.com": 100})
    assert (corp.false_clicks.rate or 0) > 0.6
    assert (gmail.false_clicks.rate or 1) < 0.2
    assert (corp.machine_copies.rate or 0) == pytest.approx(20 / 30, abs=0.08)
    mixed = forecast(known, {"corp.example": 100, "gmail.com": 100})
    assert (gmail.machine_copies.rate or 0) < (mixed.machine_copies.rate or 0) < (corp.machine_copies.rate or 0)
    assert mixed.known == mixed.copies == 200


def test_more_links_make_more_false_clicks_and_no_more_copies(known: Atlas) -> None:
    few, many = (forecast(known, {"corp.example": 50}, links=links) for links in (2, 20))
    assert (few.false_clicks.rate or 0) < (many.false_clicks.rate or 0)
    assert few.machine_copies == many.machine_copies


def test_a_share_of_hardly_any_clicks_is_not_told(stores: Stores) -> None:
    seed(stores, {"corp.example": 57}, scanned={"corp.example": 20})
    told = forecast(atlas(stores, now=NOW), {"corp.example": 10})
    assert told.false_clicks.cannot_say == "cannot say: people clicked in 19 copies, and it takes 20"
    assert told.machine_copies.rate is not None


def test_a_domain_of_few_people_is_forecast_as_one_never_seen(known: Atlas) -> None:
    assert forecast(known, {"four.example": 40}) == forecast(known, {"never.example": 40})
    assert forecast(known, {"never.example": 40}).known == 0


def test_a_forecast_for_everybody_counts_every_recipient(known: Atlas) -> None:
    assert forecast(known, everybody(known)).copies == 100


MOMENTS = st.floats(0.001, 0.999).map(lambda mean: Moments(mean=mean, variance=mean * (1 - mean) / 20))


@given(
    usual=st.builds(Chances, machine=MOMENTS, coverage=MOMENTS, other=MOMENTS),
    audience=st.dictionaries(st.text(max_size=5), st.integers(0, 10_000), max_size=6),
    links=st.floats(0.1, 100),
)
def test_a_forecast_is_a_share_with_its_interval_or_says_why(
    usual: Chances, audience: dict[str, int], links: float
) -> None:
    empty = Atlas(
        since=seeding.START,
        fresh_at=None,
        copies=1,
        read=30,
        least_recipients=5,
        delay_edges=(),
        links=4,
        links_followed=1.2,
        domains=(),
        others=None,
        usual=usual,
    )
    told = forecast(empty, audience, links=links)
    for found in (told.false_clicks, told.machine_copies):
        if not sum(audience.values()):
            assert found.cannot_say
        else:
            assert found.rate is not None
            assert 0 <= (found.low or 0) <= found.rate <= (found.high or 0) <= 1


def test_a_forecast_holds_what_then_happens() -> None:
    """Simulated: the atlas learns from one send, and the interval for the next one holds what machines then do."""
    draw, held = random.Random(1), 0
    for _ in range(60):
        truth = draw.betavariate(2, 5)
        seen = sum(draw.random() < truth for _ in range(80))
        line = Moments(mean=(seen + 2) / 87, variance=(seen + 2) * (85 - seen) / 87**2 / 88)
        usual = Chances(machine=line, coverage=line, other=line)
        atlas_of_one = Atlas(
            since=seeding.START,
            fresh_at=None,
            copies=80,
            read=30,
            least_recipients=5,
            delay_edges=(),
            links=4,
            links_followed=1.0,
            domains=(),
            others=None,
            usual=usual,
        )
        told = forecast(atlas_of_one, {"x": 200}).machine_copies
        then = sum(draw.random() < truth for _ in range(200)) / 200
        held += (told.low or 0) <= then <= (told.high or 0)
    assert held >= 52


def test_every_metric_of_domains_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explain" / "atlas.md").read_text(encoding="utf-8")
    for metric in domain_metrics().values():
        for said in (metric.id, metric.label, metric.sentence):
            assert said in page
