"""What the steps ask of the state store is asked once, and new things are seen when they come."""

from tests.pipeline.house import KEY, START, TEMPLATE, House

from mailwake.events import CampaignId, Handle, TemplateId
from mailwake.pipeline.lookups import Lookups
from mailwake.store.state import LinkRow


def test_a_template_tells_campaign_stream_links_and_roles(house: House) -> None:
    sent = house.desk.lookups.template(TEMPLATE)
    assert sent is not None
    assert (sent.campaign, sent.stream, sent.links, sent.roles[2]) == (1, "marketing", 2, "decoy")


def test_links_are_those_that_somebody_who_follows_all_of_them_follows(house: House) -> None:
    """Or a scanner that follows all links would seem to have left some out."""
    kinds = (
        LinkRow(number=1, href="https://example.com/", label="", role="cta", tracked=True),
        LinkRow(number=2, href="https://example.com/", label="", role="cta", tracked=True, where="mso"),
        LinkRow(number=3, href="mailwake:unsubscribe", label="", role="unsubscribe", tracked=False, why_not="own_page"),
        LinkRow(number=4, href="https://example.com/stop", label="", role="unsubscribe", tracked=True),
        LinkRow(number=5, href="mailto:ann@example.com", label="", role="text", tracked=False, why_not="scheme"),
        LinkRow(number=6, href="", label="", role="decoy", tracked=True),
    )
    for number, (links, count) in enumerate([(kinds, 2), (kinds[1:2], 1), (kinds[2:3], 0)]):
        house.state.put_template(CampaignId(1), TemplateId(50 + number), subject="", html=b"", links=links, now=START)
        sent = house.desk.lookups.template(TemplateId(50 + number))
        assert sent is not None
        assert sent.links == count


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
