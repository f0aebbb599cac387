"""What the steps ask of the state store is asked once, and new things are seen when they come."""

from tests.pipeline.house import KEY, START, TEMPLATE, House, after

from mailwake.events import CampaignId, Handle, TemplateId
from mailwake.pipeline.item import Span
from mailwake.pipeline.lookups import Lookups, refused
from mailwake.store.state import Axis, Consent, ConsentEntry


def line(seconds: float, state: Consent, axis: Axis = Axis.BOTH) -> ConsentEntry:
    return ConsentEntry(handle=Handle(1), axis=axis, state=state, at=after(seconds), source="edge")


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


def test_only_those_who_said_no_have_refusals(house: House) -> None:
    for who, state in ((1, "granted"), (2, "denied"), (3, "withdrawn")):
        house.state.set_consent(Handle(who), axis="both", state=state, at=after(who), source="api")
    found = house.desk.lookups.refusals([Handle(n) for n in range(1, 6)])
    assert found == {Handle(2): [Span(after(2), None)], Handle(3): [Span(after(3), None)]}


def test_a_span_ends_with_the_next_consent() -> None:
    ledger = [line(30, Consent.WITHDRAWN), line(10, Consent.WITHDRAWN), line(20, Consent.GRANTED)]
    assert refused(ledger) == [Span(after(10), after(20)), Span(after(30), None)]


def test_one_refused_axis_is_enough_until_both_are_granted() -> None:
    ledger = [line(10, Consent.WITHDRAWN, Axis.OPENS), line(15, Consent.GRANTED, Axis.CLICKS)]
    assert refused(ledger) == [Span(after(10), None)]
    assert refused([*ledger, line(20, Consent.GRANTED, Axis.OPENS)]) == [Span(after(10), after(20))]


def test_saying_yes_or_nothing_is_no_refusal() -> None:
    assert refused([]) == []
    assert refused([line(1, Consent.GRANTED), line(2, Consent.UNKNOWN)]) == []
