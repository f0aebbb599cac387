"""From a number to its people where no page lists them, and from every list on to a Salesforce campaign."""

import csv
import html
import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.insight import seeding
from tests.web.conftest import Asking

from mailwake.insight.everywhere import link_sums
from mailwake.insight.stores import Stores
from mailwake.segments import keeper
from mailwake.settings import parse
from mailwake.store.crm import CrmPerson, open_crm
from mailwake.web.app import create_app

NOW = seeding.micros(7 * 24 * seeding.HOUR)
QUERY = urlencode({"query": "opened as anybody"})


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path)
    seeding.by_hand(opened)
    yield opened
    seeding.close(opened)


@pytest.fixture
def asking_own(own: Stores) -> Asking:
    return Asking(create_app(own, wall=lambda: NOW))


@pytest.fixture
def connected(own: Stores, tmp_path: Path) -> Asking:
    """A dashboard whose org knows the second person who opened as a lead."""
    address = rows(Asking(create_app(own, wall=lambda: NOW)), f"/query/people.csv?{QUERY}")[2][0]
    with closing(open_crm(tmp_path / "state.sqlite")) as store:
        store.put_people([CrmPerson(id="00Q1", kind="Lead", address_key=address, created_at=NOW, changed_at=NOW)])
    settings = parse(
        {
            "data": str(tmp_path),
            "tracking": {"base_url": "https://track.example.com"},
            "keys": {"ref": "file:mailwake.keys"},
            "salesforce": {"login": "https://acme.my.salesforce.com", "client_id": "id", "secret": "file:secret"},
        },
        root=tmp_path,
    )
    return Asking(create_app(own, wall=lambda: NOW, settings=settings))


def rows(asking: Asking, path: str) -> list[list[str]]:
    response = asking.get(path)
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.text)))


def test_a_query_that_is_not_kept_leads_to_its_people(asking_own: Asking) -> None:
    assert "/query/people?query=opened%20as%20anybody" in asking_own.page(f"/segments?{QUERY}")
    page = html.unescape(asking_own.page(f"/query/people?{QUERY}"))
    listed = rows(asking_own, f"/query/people.csv?{QUERY}")
    assert "4 of 10 people" in page
    assert (listed[0], len(listed)) == (["email"], 5)
    assert all(address in page for (address,) in listed[1:])
    assert asking_own.get("/query/people?query=opned").status_code == 400


@pytest.mark.long
def test_every_list_leads_on_to_a_salesforce_campaign(connected: Asking, own: Stores) -> None:
    keeper.add(own, "Openers", "opened as anybody", is_live=True, now=NOW, by="test")
    found = rows(connected, f"/query/salesforce.csv?{QUERY}")
    assert (found[0], len(found)) == (["ContactId", "LeadId", "Email"], 5)
    assert [row[:2] for row in found[1:]].count(["", "00Q1"]) == 1
    assert rows(connected, "/segments/Openers/salesforce.csv") == found
    campaign = own.state.campaigns()[0].id
    assert len(rows(connected, f"/campaigns/{campaign}/salesforce.csv?outcome=opened")) == 5
    assert len(rows(connected, f"/campaigns/{campaign}/links/1/salesforce.csv")) > 1
    for page in (f"/query/people?{QUERY}", "/segments/Openers", f"/campaigns/{campaign}/people"):
        assert "for a Salesforce campaign" in connected.page(page)


def test_without_an_org_nobody_is_sent_there(asking_own: Asking) -> None:
    assert "for a Salesforce campaign" not in asking_own.page(f"/query/people?{QUERY}")
    assert asking_own.get(f"/query/salesforce.csv?{QUERY}").status_code == 400


def test_figures_of_a_campaign_lead_to_their_people(asking_own: Asking, own: Stores) -> None:
    campaign = own.state.campaigns()[0].id
    page = html.unescape(asking_own.page(f"/campaigns/{campaign}"))
    for outcome in ("delivered", "opened_human", "clicked_human", "bounced"):
        assert f'<a href="/campaigns/{campaign}/people?outcome={outcome}" aria-label=' in page
    assert f"/campaigns/{campaign}/links/1/people?template=" in asking_own.page(f"/campaigns/{campaign}/map")


def test_who_followed_a_link_can_be_kept_as_a_segment(asking_own: Asking, own: Stores) -> None:
    campaign = own.state.campaigns()[0].id
    page = html.unescape(asking_own.page(f"/campaigns/{campaign}/links/1/people?who=human"))
    assert 'clicked "Example Shop" in campaign "By hand" as human' in page


@pytest.mark.parametrize("by", ["label", "role", "target"])
def test_links_are_summed_up_over_all_mail(asking_own: Asking, own: Stores, by: str) -> None:
    page = html.unescape(asking_own.page(f"/clicks?by={by}"))
    name = link_sums(own, by)[0].name
    assert f"/clicks?{urlencode({'by': by, 'name': name})}" in page
    one = html.unescape(asking_own.page(f"/clicks?{urlencode({'by': by, 'name': name})}"))
    assert f'<a href="/campaigns/{own.state.campaigns()[0].id}">By hand</a>' in one
    assert ("/query/people?query=clicked" in one) == (by != "role")
    assert asking_own.get("/clicks?by=colour").status_code == 400


def test_a_query_says_how_many_clicks_on_its_links_were_machines(asking_own: Asking) -> None:
    told = asking_own.get("/api/query?" + urlencode({"query": 'clicked "Shop now" and not clicked "imprint"'})).json()
    assert [each["text"] for each in told["links"]] == ["Shop now", "imprint"]
    (first, _) = told["links"]
    page = html.unescape(asking_own.page("/segments?" + urlencode({"query": 'clicked "Shop now"'})))
    assert f"Links with “Shop now” in all mail: {first['clicks']} clicks, {first['by_machines']} of them" in page


def test_who_came_back_is_told_of_a_campaign_and_of_all_mail(asking_own: Asking, own: Stores) -> None:
    campaign = own.state.campaigns()[0].id
    assert f"/campaigns/{campaign}/again" in asking_own.page(f"/campaigns/{campaign}/people")
    assert "Cannot say: there are fewer than 20 such copies" in asking_own.page(f"/campaigns/{campaign}/again")
    seeding.crowd(own, "Crowd", people=200)
    assert "again two weeks or more after the first time" in asking_own.page("/campaigns/Crowd/again")
    assert "perhaps passed on" in asking_own.page("/again")
