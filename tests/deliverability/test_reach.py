"""Who never saw the end, counted by hand: only people, only programs that fetch when somebody looks."""

import pytest
from tests.insight import seeding
from tests.insight.seeding import HOUR, HUMAN, MPP

from mailwake.boards import deliverability_view
from mailwake.deliverability.answers import Reach
from mailwake.deliverability.board import of_campaign
from mailwake.deliverability.reach import reach
from mailwake.events import EventType, Note
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores

END = {"note": Note.END_PIXEL}
GMAIL, APPLE = 10, 6


@pytest.fixture
def mailed(stores: Stores) -> Stores:
    """Ten copies at Gmail, six at Apple, two at a domain that would point at people."""
    mail = seeding.sending(stores, "Long letter")
    domains = ["gmail.com"] * GMAIL + ["icloud.com"] * APPLE + ["few.example"] * 2
    mail.people([f"p{number}@{domain}" for number, domain in enumerate(domains)])
    for number, domain in enumerate(domains):
        mail.add(EventType.SENT, number, 0, domain=domain, **END)
        mail.add(EventType.DELIVERED, number, 9, domain=domain)
        if domain == "icloud.com":
            mail.add(EventType.OPENED, number, 60, domain=domain, **MPP)
            mail.add(EventType.UNKNOWN, number, 61, domain=domain, agent=1, **END)
    for number in range(6):
        mail.add(EventType.OPENED, number, HOUR, domain="gmail.com", **HUMAN)
    # the end before the top, in the same second, an hour later to the second; too late; another program
    for number, after, agent in ((0, HOUR - 1, 1), (1, HOUR, 1), (2, 2 * HOUR, 1), (3, 2 * HOUR + 1, 1), (4, HOUR, 2)):
        mail.add(EventType.UNKNOWN, number, after, domain="gmail.com", agent=agent, **END)
    mail.add(EventType.OPENED, 7, 3, domain="gmail.com", p_human=0.02)  # a scanner that fetches all there is
    mail.add(EventType.UNKNOWN, 7, 4, domain="gmail.com", agent=1, **END)
    mail.write()
    return stores


def told(stores: Stores) -> dict[str | None, Reach]:
    return {each.name: each for each in reach(stores, find(stores, "Long letter"))}


def test_readers_who_never_saw_the_end_are_counted(mailed: Stores) -> None:
    gmail = told(mailed)["Gmail"]
    assert (gmail.copies, gmail.opened, gmail.readers, gmail.unseen, gmail.rate) == (10, 7, 6, 3, 0.5)
    assert gmail.low is not None
    assert gmail.high is not None
    assert 0.18 < gmail.low < 0.5 < gmail.high < 0.82


def test_where_pictures_are_fetched_ahead_it_cannot_be_said(mailed: Stores) -> None:
    apple = next(each for name, each in told(mailed).items() if name not in ("Gmail", None))
    assert (apple.copies, apple.opened, apple.readers, apple.unseen) == (6, 6, 0, 0)
    assert (apple.rate, apple.low, apple.high) == (None, None, None)


def test_a_domain_that_would_point_at_people_is_among_the_others(mailed: Stores) -> None:
    assert set(told(mailed)) == {"Gmail", "iCloud", None}
    assert told(mailed)[None].copies == 2


def test_two_pixels_are_one_open(mailed: Stores) -> None:
    report = campaign_report(mailed, find(mailed, "Long letter"))
    assert report.tally.opened.raw == 13


def test_a_campaign_without_a_second_pixel_says_nothing_of_it(stores: Stores) -> None:
    campaign = seeding.by_hand(stores)
    assert of_campaign(stores, campaign).reach == ()


def test_the_page_says_cannot_say_and_never_zero(mailed: Stores) -> None:
    lines = deliverability_view.providers(of_campaign(mailed, find(mailed, "Long letter")))["reach"]
    assert [(line.name, line.unseen, line.count) for line in lines] == [
        ("Gmail", "50.0\N{NO-BREAK SPACE}%", "3"),
        ("iCloud", "cannot say", ""),
        ("All others", "cannot say", ""),
    ]
