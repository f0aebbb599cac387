"""What the steps ask of the state store is asked once, and new things are seen when they come."""

from tests.pipeline.house import KEY, START, TEMPLATE, House

from mailwake.events import CampaignId, Handle, TemplateId
from mailwake.pipeline.lookups import Lookups


def test_a_template_tells_campaign_stream_links_and_roles(house: House) -> None:
    sent = house.desk.lookups.template(TEMPLATE)
    assert sent is not None
    assert (sent.campaign, sent.stream, sent.links, sent.roles[2]) == (1, "marketing", 3, "decoy")


def test_what_is_not_known_yet_is_asked_again(house: House) -> None:
    fresh = TemplateId(9)
    assert house.desk.lookups.template(fresh) is None
    house.state.put_template(CampaignId(1), fresh, subject="", html=b"", links=(), now=START)
    assert house.desk.lookups.template(fresh) is not None


def test_a_campaign_without_template_still_has_its_stream(house: House) -> None:
    receipts = house.state.campaign("Receipts", stream="transactional", now=START)
    assert house.desk.lookups.stream(receipts.id) == "transactional"
    assert house.desk.lookups.stream(CampaignId(99)) == "marketing"


def test_stand_ins_hang_on_the_key(house: House) -> None:
    (who,) = house.state.handles(["ann@example.com"], now=START).values()
    one = Lookups(house.state, KEY).domains([who])
    assert one == Lookups(house.state, KEY).domains([who])
    assert one != Lookups(house.state, b"another key".ljust(32)).domains([who])


def test_a_recipient_who_is_not_known_has_no_domain(house: House) -> None:
    assert house.desk.lookups.domains([Handle(5)]) == {}
