"""A list of people narrowed to a client, device, country, provider or hour: as long as the number that leads to it."""

from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from tests.every import every
from tests.insight import seeding

from mailwake.comparing.timing import DAY_WORDS, hour_named, timing
from mailwake.deliverability.board import of_campaign
from mailwake.errors import BadInput
from mailwake.events import EventType, Micros
from mailwake.insight.answers import Group
from mailwake.insight.report import campaign_report
from mailwake.insight.stores import Stores
from mailwake.people.people import people
from mailwake.people.there import OTHERS, UNKNOWN, There
from mailwake.store.state import Campaign

#: recipients of each; two of them too few to be told apart, and copies of which no domain is known
DOMAINS = {"gmail.com": 9, "acme.example": 6, "tiny.example": 2, "a'b.example": 1, None: 3}


def mailed(stores: Stores) -> Campaign:
    """Copies to providers of every size, some deferred, bounced, reported and clicked, one never sent."""
    mail = seeding.sending(stores, "Mailed")
    addresses = [f"one{n}@{domain or 'unknown.example'}" for domain, many in DOMAINS.items() for n in range(many)]
    mail.people(addresses)
    for number, domain in enumerate(domain for domain, many in DOMAINS.items() for _ in range(many)):
        here = {"domain": domain}
        mail.add(EventType.SENT, number, number, **here)
        if number % 5 == 1:
            mail.add(EventType.DEFERRED, number, number + 1, reason="451 later", **here)
        if number % 4 == 2:
            mail.add(EventType.BOUNCED, number, number + 2, reason="550 no", **here)
            continue
        mail.add(EventType.DELIVERED, number, number + 2, **here)
        if number % 6 == 0:
            mail.add(EventType.COMPLAINED, number, number + 9, **here)
        mail.add(EventType.OPENED, number, number + 9, **here, **seeding.HUMAN, client="Gmail" if number % 2 else None)
    mail.write()
    return mail.campaign


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path_factory.mktemp("there"))
    yield opened
    seeding.close(opened)


def total(stores: Stores, campaign: Campaign, outcome: str, **there: str) -> int:
    return people(stores, campaign, outcome=outcome, there=There(**there), page_size=1).total


@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.long)], ids=["ends", "all"])
def test_every_row_of_clients_devices_and_countries_has_as_many_people(stores: Stores, is_whole: bool) -> None:
    """Of each ranking its first and last row, in the long run all of them."""
    campaign = seeding.crowd(stores, f"Crowd {is_whole}", people=160)
    report = campaign_report(stores, campaign)
    rankings: dict[str, Sequence[Group]] = {
        "client": report.clients, "device": report.devices, "country": report.countries,
    }  # fmt: skip
    seen = 0
    for (name, groups), kind in product(rankings.items(), ("opened", "clicked")):
        for group in groups if is_whole else groups[:: max(len(groups) - 1, 1)]:
            reacted = getattr(group, kind)
            counts = {f"{kind}_{who}": getattr(reacted, who) for who in ("human", "possible", "machine", "raw")}
            counts[kind] = counts.pop(f"{kind}_raw")
            found = {each: total(stores, campaign, each, **{name: group.name or UNKNOWN}) for each in counts}
            assert found == counts, (name, group.name)
            seen += sum(counts.values())
    assert seen > (500 if is_whole else 100), "something was there to be counted"


def test_what_is_asked_together_holds_of_one_event(stores: Stores) -> None:
    campaign = seeding.by_hand(stores)
    assert total(stores, campaign, "opened", client="Outlook", country="DE") == 1
    assert total(stores, campaign, "opened", client="Outlook", country="FR") == 0, "the later open decides nothing"
    assert total(stores, campaign, "all", client="Apple Mail") == 2
    assert total(stores, campaign, "clicked", client="Apple Mail") == 0, "unsubscribing is no click"
    assert total(stores, campaign, "clicked_machine", device=UNKNOWN) == 1
    assert total(stores, campaign, "all", country="' or 1=1 --") == 0


def test_every_line_of_the_providers_has_as_many_people(stores: Stores) -> None:
    campaign = mailed(stores)
    answer = of_campaign(stores, campaign)
    assert {each.name for each in answer.providers} == {"Gmail", "acme.example", None}
    for line in answer.providers:
        at = line.name or OTHERS
        assert total(stores, campaign, "sent", provider=at) == line.sent
        for rate, outcome in zip(line.rates, ("delivered", "deferred", "bounced", "complained"), strict=False):
            if rate.rate is not None:  # no complaint is told where nobody tells any
                assert total(stores, campaign, outcome, provider=at) == rate.count, (at, outcome)
    parts = [total(stores, campaign, "opened", provider=line.name or OTHERS) for line in answer.providers]
    assert sum(parts) == total(stores, campaign, "opened")
    both = total(stores, campaign, "opened", provider="Gmail", client="Gmail")
    assert 0 < both < total(stores, campaign, "opened", provider="Gmail")


@pytest.mark.long
def test_every_hour_of_the_week_has_as_many_people(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Clocks", people=160, seed=5)
    told, seen = timing(stores, now=Micros(0), campaign=campaign), 0
    for week in (told.opened, told.clicked):
        for day, hour in product(range(7), range(24)):
            found = total(stores, campaign, f"{week.kind}_human", hour=f"{DAY_WORDS[day]}-{hour}")
            assert found == week.cells[day][hour], (week.kind, day, hour)
            seen += found
    assert seen > 50, "something was there to be counted"


def test_an_hour_of_a_clock_between_whole_hours_has_its_own_people(stores: Stores) -> None:
    mail = seeding.sending(stores, "Delhi")
    mail.people([f"p{number}@example.com" for number in range(4)])
    for number, minutes in enumerate(
        (29, 30, 89, 90)
    ):  # ten in Delhi is half past four, UTC; the mail went out at nine
        mail.add(EventType.SENT, number, -9 * seeding.HOUR)
        mail.add(EventType.OPENED, number, -5 * seeding.HOUR + 60 * minutes, **seeding.HUMAN, country="IN")
    mail.write()
    found = [total(stores, mail.campaign, "opened_human", hour=f"mon-{hour}") for hour in (9, 10, 11)]
    assert found == [1, 2, 1]


@every("hour", ["", "tue", "tue-24", "tue-014", "tue--1", "Tue-4", "day-4", "tue-4 ", "tue-٤", "' or 1=1 --"])
def test_an_hour_that_no_week_has_is_refused(hour: str) -> None:
    with pytest.raises(BadInput, match="say a day and an hour from 0 to 23, such as tue-14"):
        hour_named(hour)


def test_an_hour_is_of_people_alone(stores: Stores) -> None:
    campaign = seeding.by_hand(stores, "Whose hour")
    for outcome in ("all", "opened", "clicked_machine", "delivered"):
        with pytest.raises(BadInput, match="told of opened_human and clicked_human alone"):
            total(stores, campaign, outcome, hour="tue-14")


def test_a_provider_that_is_not_told_apart_is_refused_and_the_others_named(stores: Stores) -> None:
    campaign = seeding.by_hand(stores, "No domains")
    assert total(stores, campaign, "sent", provider=OTHERS) == 10, "none is told apart"
    with pytest.raises(BadInput, match=r"no provider 'tiny.example' is told apart in this campaign; there are others"):
        total(stores, campaign, "all", provider="tiny.example")


def test_a_cursor_is_of_the_narrowed_list_alone(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Pages", people=90, seed=3)
    told, cursor = [], ""
    while True:
        page = people(stores, campaign, outcome="opened", there=There(country="US"), page_size=4, cursor=cursor)
        told += [each.delivery for each in page.people]
        cursor = page.next or ""
        if not cursor:
            break
        with pytest.raises(BadInput, match="not one of this list"):
            people(stores, campaign, outcome="opened", there=There(country="DE"), cursor=cursor)
    assert len(told) == len(set(told)) == page.total > 8
