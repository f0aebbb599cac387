"""From a link to its people: the same numbers as on the campaign's page, a page at a time."""

import pytest
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores
from mailwake.people.on_link import NoSuchLink, people_on_link


def test_the_people_of_a_link_are_as_many_as_its_numbers_say(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Crowd", people=200)
    for line in campaign_report(stores, campaign).links:
        for who, number in (
            ("human", line.clicked.human),
            ("machine", line.clicked.machine),
            ("all", line.clicked.raw),
        ):
            found = people_on_link(stores, campaign, line.number, template=line.template, who=who, page_size=1_000)
            assert (found.total, len(found.people)) == (number, number)
            assert who == "all" or {each.who for each in found.people} <= {who}


def test_it_comes_in_pages_without_anybody_twice(stores: Stores) -> None:
    campaign = seeding.crowd(stores, "Crowd", people=200)
    whole = people_on_link(stores, campaign, 2, page_size=1_000).people
    parts = [people_on_link(stores, campaign, 2, page=page, page_size=7).people for page in range(1, 30)]
    assert [each for part in parts for each in part] == list(whole)
    assert all(each.address and each.clicks for each in whole)
    behind = people_on_link(stores, campaign, 2, page=1_000, page_size=7)
    assert (behind.people, behind.total) == ((), len(whole))


def test_what_is_not_there_is_refused(stores: Stores) -> None:
    campaign = seeding.by_hand(stores)
    for number, template in ((99, ""), (5, ""), (2, "77")):
        with pytest.raises(NoSuchLink, match="no such tracked link"):
            people_on_link(stores, find(stores, "By hand"), number, template=template)
    with pytest.raises(BadInput, match="human, possible, machine"):
        people_on_link(stores, campaign, 2, who="martians")
