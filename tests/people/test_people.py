"""From a number to the people behind it."""

import pytest
from tests.every import every
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.events import EventType
from mailwake.insight.answers import PeoplePage
from mailwake.insight.report import campaign_report
from mailwake.insight.stores import Stores
from mailwake.people.people import FILTERS, people
from mailwake.store.state import Campaign


@pytest.fixture
def campaign(stores: Stores) -> Campaign:
    return seeding.by_hand(stores)


def listed(stores: Stores, campaign: Campaign, outcome: str) -> list[str | None]:
    return [person.address for person in people(stores, campaign, outcome=outcome, page_size=100).people]


@every(
    ("outcome", "numbers"),
    [
        ("all", range(10)),
        ("sent", range(10)),
        ("delivered", range(7)),
        ("deferred", (6, 7)),
        ("bounced", (7, 8)),
        ("rejected", ()),
        ("unsubscribed", (5,)),
        ("complained", (4,)),
        ("opened", (0, 1, 2, 3)),
        ("opened_human", (0, 3)),
        ("opened_possible", (1,)),
        ("opened_machine", (2,)),
        ("clicked", (0, 2)),
        ("clicked_human", (0,)),
        ("clicked_possible", ()),
        ("clicked_machine", (2,)),
    ],
)
def test_an_outcome_lists_its_people(stores: Stores, campaign: Campaign, outcome: str, numbers: range) -> None:
    assert listed(stores, campaign, outcome) == [f"person{number}@example.com" for number in numbers]


def test_every_outcome_has_a_test_above() -> None:
    assert len(FILTERS) == 16


def test_a_list_is_as_long_as_the_number_it_explains(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Crowd", people=150)
    tally = campaign_report(stores, campaign).tally
    for outcome in ("sent", "delivered", "deferred", "bounced", "unsubscribed"):
        assert people(stores, campaign, outcome=outcome, page_size=1).total == getattr(tally, outcome)
    for kind in ("opened", "clicked"):
        for who in ("human", "possible", "machine"):
            found = people(stores, campaign, outcome=f"{kind}_{who}", page_size=1)
            assert found.total == getattr(getattr(tally, kind), who)


def test_pages_hold_everybody_once(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Crowd", people=45)
    pages = [people(stores, campaign, page=number, page_size=20) for number in (1, 2, 3, 4)]
    assert [len(page.people) for page in pages] == [20, 20, 5, 0]
    assert len({person.address for page in pages for person in page.people}) == 45
    assert pages[0].total == 45


def test_a_line_tells_the_last_word_of_the_other_server(stores: Stores, campaign: Campaign) -> None:
    page: PeoplePage = people(stores, campaign, outcome="bounced")
    assert [person.reason for person in page.people] == ["5.2.2 mailbox full", "550 5.1.1 no such user"]


def test_an_address_that_is_not_known_any_more_is_none(stores: Stores) -> None:
    mail = seeding.sending(stores, "Erased")
    mail.people(["a@example.com"])
    mail.add(EventType.SENT, 0, 0, recipient=12345)
    mail.write()
    assert [person.address for person in people(stores, mail.campaign).people] == [None]


def test_an_unknown_outcome_is_refused_and_the_known_ones_named(stores: Stores, campaign: Campaign) -> None:
    with pytest.raises(BadInput, match="opened_human"):
        people(stores, campaign, outcome="opnd")


def test_behind_the_end_of_a_list_it_is_as_long_as_before(stores: Stores, campaign: Campaign) -> None:
    cursor, totals = "", list[int]()
    for _ in range(3):  # ten copies fill two pages of five, so that the cursor of the second leads to none
        page = people(stores, campaign, outcome="sent", page_size=5, cursor=cursor)
        cursor, totals = page.next or "", [*totals, page.total]
    assert (page.people, page.next, totals) == ((), None, [10, 10, 10])
    assert people(stores, campaign, outcome="sent", page=99).total == 10
    assert people(stores, campaign, outcome="rejected", page=99).total == 0
