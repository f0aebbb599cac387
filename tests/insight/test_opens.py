"""The estimate is the same from judged copies and from the store, and says why where it cannot be said."""

import random
import subprocess
import sys
from collections import defaultdict

import pytest
from tests.insight import seeding

from mailwake.events import CampaignId, EventType
from mailwake.insight.opens import Delivery, TrueOpens, true_opens
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores
from mailwake.stats.cohorts import Prior
from mailwake.stats.uncertain import any_of


def copies(number: int, *, opened: float = 0, clicked: float = 0, behind: bool = False) -> list[Delivery]:
    return [Delivery(behind_proxy=behind, opened=opened, clicked=clicked, group="a.example")] * number


def outside(clicked: int = 40) -> list[Delivery]:
    """A thousand copies; of 300 openers 240 loaded pictures, and so did 8 in 10 of those who clicked."""
    both = clicked * 8 // 10
    return [
        *copies(both, opened=1, clicked=1),
        *copies(clicked - both, clicked=1),
        *copies(240 - both, opened=1),
        *copies(760 - clicked + both),
    ]


def test_people_who_read_without_pictures_are_part_of_it() -> None:
    found = true_opens(outside())
    assert (found.base, found.raw, found.human) == (1_000, 240, 240)
    assert found.size == pytest.approx(299, abs=1)
    assert found.rate is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.299 < found.high
    assert found.pictures_load == pytest.approx(0.8, abs=0.02)


def test_what_the_proxy_fetched_counts_for_nothing() -> None:
    quiet, loud = (
        true_opens([*outside(), *copies(980, opened=p, behind=True), *copies(20, opened=p, clicked=1, behind=True)])
        for p in (0.05, 0.97)
    )
    assert quiet.human < loud.human
    assert (quiet.size, quiet.low, quiet.high) == (loud.size, loud.low, loud.high)
    assert quiet.behind_proxy == 1_000


def test_where_programs_are_not_told_nobody_can_tell_the_proxy_from_people() -> None:
    unnamed = Delivery(behind_proxy=False, opened=0.9, clicked=0, unnamed=True)
    assert true_opens([*outside(), *[unnamed] * 20]).rate is not None
    found = true_opens([*outside(), *[unnamed] * 60])
    assert (found.rate, found.low, found.rate_if_dependent) == (None, None, None)
    assert found.cannot_say is not None
    assert "of 300 opened copies 60" in found.cannot_say


def test_raw_is_machines_and_people() -> None:
    found = true_opens([*outside(), *copies(100, opened=0.02)])
    assert found.raw == 340
    assert found.human + found.machine == pytest.approx(340)


def test_clickers_who_load_pictures_more_readily_mean_more_openers() -> None:
    found = true_opens(outside())
    assert found.rate is not None
    assert found.rate_if_dependent is not None
    assert found.rate_if_dependent > found.rate + 0.02


def test_unique_clickers_are_a_sum_with_an_interval() -> None:
    clicked = true_opens(copies(500, clicked=0.4) + copies(500)).clicked
    assert clicked.expected == pytest.approx(200)
    assert clicked.low < 200 < clicked.high
    assert clicked.sd**2 > 500 * 0.24


def test_certain_clickers_leave_nothing_open() -> None:
    clicked = true_opens(copies(30, opened=1, clicked=1) + copies(70)).clicked
    assert (clicked.expected, clicked.sd, clicked.low, clicked.high) == (30, 0, 30, 30)


@pytest.mark.parametrize(
    ("deliveries", "why"),
    [
        ([], "no delivered copy can tell of both"),
        (outside(19), "is about 19, and it takes 20"),
        (copies(40, clicked=1) + copies(500, opened=1), "about 0 had loaded the pictures, and it takes 5"),
        (copies(500, opened=0.5, clicked=1, behind=True), "all recipients are behind Apple Mail Privacy Protection"),
    ],
)
def test_it_cannot_say_and_says_why(deliveries: list[Delivery], why: str) -> None:
    found = true_opens(deliveries)
    assert (found.size, found.rate, found.low, found.high, found.rate_if_dependent) == (None,) * 5
    assert found.cannot_say is not None
    assert why in found.cannot_say


def test_with_a_prior_too_few_clickers_can_say_and_say_what_on() -> None:
    found = true_opens(outside(10), prior=Prior(rate=0.3, units=200))
    assert found.cannot_say is None
    assert found.rate == pytest.approx(0.3, abs=0.05)


def test_it_needs_no_store() -> None:
    program = "import sys, mailwake.insight.opens; print({'duckdb', 'sqlalchemy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def mailed(stores: Stores, people: int, seed: int = 4) -> list[Delivery]:
    """A campaign in the store, and the same copies as they would be told by hand."""
    draw = random.Random(seed)
    mail = seeding.sending(stores, "Told twice")
    mail.people([f"p{number}@{'a' if number % 3 else 'b'}.example" for number in range(people)])
    found: dict[int, dict[str, list[float]]] = {}
    for number in range(people):
        place = {"domain": "a.example" if number % 3 else "b.example"}
        mail.add(EventType.SENT, number, 0, **place)
        mail.add(EventType.DELIVERED, number, 1, **place)
        found[number] = defaultdict(list)
        for kind, share in ((EventType.OPENED, 0.4), (EventType.CLICKED, 0.15)):
            for agent in (1, 2):
                if draw.random() < share:
                    p = draw.choice([0.02, 0.5, 0.93, 0.99])
                    found[number][kind].append(p)
                    more = {"link": 1, "role": "cta"} if kind == EventType.CLICKED else {}
                    mail.add(kind, number, 60, p_human=p, klass=seeding.HUMAN["klass"], agent=agent, **more, **place)
        if number % 4 == 0:  # fetched by the proxy, in another campaign and a month before
            mail.add(EventType.OPENED, number, -30 * 86_400, **seeding.MPP, campaign=CampaignId(77))
    mail.write()
    return [
        Delivery(
            behind_proxy=number % 4 == 0,
            opened=any_of(each[EventType.OPENED]),
            clicked=any_of(each[EventType.CLICKED]),
            group="a.example" if number % 3 else "b.example",
        )
        for number, each in found.items()
    ]


def test_the_store_tells_the_same_as_copies_told_one_by_one(stores: Stores) -> None:
    by_hand = true_opens(mailed(stores, 600))
    told = campaign_report(stores, find(stores, "Told twice")).true_opens
    assert by_hand.size is not None
    for name in ("base", "raw", "behind_proxy", "cannot_say"):
        assert getattr(told, name) == getattr(by_hand, name)
    for name in ("human", "size", "rate", "low", "high", "rate_if_dependent", "pictures_load", "clicked_outside"):
        assert getattr(told, name) == pytest.approx(getattr(by_hand, name), rel=1e-3), name
    assert told.clicked.sd == pytest.approx(by_hand.clicked.sd, rel=1e-3)


def test_the_report_shows_it_as_a_rate_of_the_registry(stores: Stores) -> None:
    mailed(stores, 600)
    report = campaign_report(stores, find(stores, "Told twice"))
    shown, found = report.rates[-3], report.true_opens
    assert shown.metric == "true_open_rate__delivered_both_trackable"
    assert (shown.rate, shown.low, shown.high) == (found.rate, found.low, found.high)


def test_a_fetch_by_the_proxy_long_ago_puts_nobody_behind_it(stores: Stores) -> None:
    mail = seeding.sending(stores, "Long ago")
    mail.people(["a@example.com", "b@example.com"])
    for number, days in ((0, 100), (1, 80)):
        mail.add(EventType.SENT, number, 0)
        mail.add(EventType.DELIVERED, number, 1)
        mail.add(EventType.OPENED, number, -days * 86_400, **seeding.MPP, campaign=CampaignId(77))
    mail.write()
    assert told(stores, "Long ago").behind_proxy == 1


def told(stores: Stores, name: str) -> TrueOpens:
    return campaign_report(stores, find(stores, name)).true_opens


def test_it_names_the_rules_and_a_campaign_that_was_not_sent_has_none(stores: Stores) -> None:
    mail = seeding.sending(stores, "Judged")
    mail.people(["a@example.com"])
    mail.add(EventType.SENT, 0, 0)
    mail.add(EventType.OPENED, 0, 9, **seeding.HUMAN, ruleset="2026-11-abc")
    mail.write()
    assert told(stores, "Judged").rulesets == ("2026-11-abc",)
    seeding.sending(stores, "Unsent")
    assert told(stores, "Unsent").rulesets == ()
