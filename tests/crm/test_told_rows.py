"""What a row of one copy and a campaign member tell besides counts: links, why it came back, what happened last."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.crm.house import DAY, NOW, House, open_house

from mailwake.crm.fields import same
from mailwake.crm.telling import gather, wishes
from mailwake.events import Class, TemplateId
from mailwake.store.crm import CrmCampaign, Lane
from mailwake.store.state import Axis, Consent, LinkRow, Refusal

ANN, CONTACT, CAMPAIGN = "ann@example.com", "0030000000000001AA", "7010000000000001AA"
MACHINE: dict[str, Any] = {"p_human": 0.02, "klass": Class.SCANNER}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path)
    made.person(CONTACT, ANN)
    made.happened(ANN, "sent", ago=9 * DAY)
    yield made
    made.close()


def told(house: House, of: str) -> dict[str, Any]:
    found = wishes(house.around, gather(house.around, [house.handle(ANN)], NOW))
    (wish,) = [each for each in found if each.object == of and each.lane is Lane.ROWS]
    return dict(wish.fields)


def test_links_that_a_person_followed_are_named_the_most_often_followed_first(house: House) -> None:
    links = [
        LinkRow(number=1, href="https://example.com/book", label="Book a call", role="cta", tracked=True),
        LinkRow(number=2, href="https://example.com/p", label="Prices\nof 2026", role="text", tracked=True),
        LinkRow(number=3, href="https://example.com/q", label="Prices of 2026", role="text", tracked=True),
        LinkRow(number=4, href="https://example.com/r", label="", role="image", tracked=True),
    ]
    house.state.put_template(house.campaign, TemplateId(8), subject="Spring", html=b"<p>x</p>", links=links, now=NOW)
    for link, ago in ((1, 8), (1, 7), (2, 6), (2, 5), (3, 5), (4, 3)):
        house.happened(ANN, "clicked", ago=ago * DAY, link=link, template=8)
    for _ in range(9):
        house.happened(ANN, "clicked", ago=DAY, link=1, template=8, **MACHINE)
    assert told(house, "Email_Engagement__c")["Top_Links__c"] == "Prices of 2026\nBook a call"


@pytest.mark.long
def test_as_many_links_are_named_as_fit(house: House) -> None:
    links = [
        LinkRow(number=number, href="https://example.com/", label=f"{number:02d}{'x' * 300}", role="text", tracked=True)
        for number in range(1, 21)
    ]
    house.state.put_template(house.campaign, TemplateId(8), subject="Spring", html=b"<p>x</p>", links=links, now=NOW)
    for number in range(1, 21):
        house.happened(ANN, "clicked", ago=(30 - number) * DAY // 6, link=number, template=8)
    text = told(house, "Email_Engagement__c")["Top_Links__c"]
    assert len(text) <= 2_000
    assert [line[:2] for line in text.split("\n")] == [f"{number:02d}" for number in range(20, 11, -1)]
    assert same(text, text.replace("\n", "\r\n")), "orgs may end lines in their own way"


@pytest.mark.parametrize(
    ("klass", "word"),
    [("hard", "Hard"), ("hard_probable", "Probably hard"), ("throttle", "Soft"), ("block", "Block"), ("none", None)],
)
def test_a_copy_that_came_back_says_what_that_means(house: House, klass: str, word: str | None) -> None:
    house.happened(ANN, "bounced", ago=8 * DAY, reason="452 4.2.2 later")
    house.happened(ANN, "bounced", ago=7 * DAY, reason="550 5.1.1 no such user")
    told_of: dict[str, Any] = {"category": "x", "action": "never", "rule": "x", "quoted": ""}
    house.state.put_refusals([Refusal(event=house._id, handle=house.handle(ANN), at=NOW, klass=klass, **told_of)])
    row = told(house, "Email_Engagement__c")
    assert (row["Bounce_Type__c"], row["Bounce_Reason__c"]) == (word, "550 5.1.1 no such user")


def test_a_refusal_that_nobody_decided_on_has_no_type(house: House) -> None:
    house.happened(ANN, "bounced", ago=8 * DAY, reason="?")
    assert told(house, "Email_Engagement__c")["Bounce_Type__c"] is None


def test_a_member_says_what_happened_last_as_long_as_it_may_be_told(house: House) -> None:
    house.store.put_campaign(CrmCampaign(campaign=house.campaign, crm_id=CAMPAIGN, created_at=NOW))

    def last() -> tuple[str, str]:
        fields = told(house, "CampaignMember")
        return fields["Status"], fields["Last_Event__c"]

    assert last() == ("Sent", "Sent")
    house.happened(ANN, "delivered", ago=8 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY, **MACHINE)
    assert last() == ("Sent", "Delivered")
    house.happened(ANN, "clicked", ago=6 * DAY)
    assert last() == ("Clicked", "Clicked")
    house.happened(ANN, "opened", ago=5 * DAY)
    assert last() == ("Clicked", "Opened")
    house.state.set_consent(house.handle(ANN), axis=Axis.BOTH, state=Consent.WITHDRAWN, at=NOW, source="test")
    assert last() == ("Sent", "Delivered"), "they want no tracking"
