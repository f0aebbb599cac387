"""One delivery with its verdicts, the reasons, and what it was taken for before."""

from dataclasses import replace

import msgspec
import pytest
from tests.every import every
from tests.insight import seeding

from mailwake.drawing.receipts import receipt_words
from mailwake.events import Class, EventType
from mailwake.insight.stores import Stores
from mailwake.modes import Mode, Modes
from mailwake.people.delivery import DeliveryCard, NoSuchDelivery, delivery_card, unpack
from mailwake.store.events import Judgement
from mailwake.store.state import Unsubscribe

REASONS = (
    '[["timing",-2.9,"44 s after delivery"],["language",0.3,"names a language"],["network",-4.0,"<b>from AS8075</b>"]]'
)


@pytest.fixture
def card(stores: Stores) -> DeliveryCard:
    mail = seeding.sending(stores, "Card")
    mail.people(["ann@example.com"])
    mail.add(EventType.SENT, 0, 0)
    mail.add(EventType.DELIVERED, 0, 2)
    told = {"reasons": REASONS, "ruleset": "r1", "settled": False, "link": 2, "role": "cta"}
    mail.add(EventType.CLICKED, 0, 46, id=7, **{**seeding.HUMAN, **told})
    mail.write()
    judged = Judgement(
        id=7,
        p_human=0.01,
        klass=Class.SCANNER,
        reasons=REASONS,
        ruleset="r2",
        settled=False,
        changed_at=seeding.micros(46),
    )
    stores.events.write(rejudged=[judged])
    return delivery_card(stores, mail.campaign, "1000000")


def test_a_card_tells_whose_copy_it_is_and_when_it_came(card: DeliveryCard) -> None:
    assert (card.name, card.address, card.delivery) == ("Card", "ann@example.com", "1000000")
    assert card.sent_at == seeding.START
    assert [each.type for each in card.happenings] == ["sent", "delivered", "clicked"]
    assert [each.opinion is None for each in card.happenings] == [True, True, False]


def test_an_opinion_has_its_reasons_weightiest_first(card: DeliveryCard) -> None:
    click = card.happenings[-1]
    assert click.opinion is not None
    assert (click.opinion.grade, click.opinion.p_human, click.opinion.ruleset) == ("machine", 0.01, "r2")
    assert [reason.code for reason in click.opinion.reasons] == ["network", "timing", "language"]
    assert (click.link, click.label, click.is_settled) == (2, "See the autumn range", False)


def test_what_it_was_taken_for_before_stays(card: DeliveryCard) -> None:
    (before,) = card.happenings[-1].formerly
    assert (before.opinion.grade, before.opinion.p_human, before.opinion.ruleset) == ("human", 0.93, "")
    assert before.changed_at == card.happenings[-1].at


@every("delivery", ["1", "", "x", "-1", "9" * 19, "9" * 400, "1_000_000", "\u0661", "1 or 1=1"])
def test_a_copy_that_is_not_there_is_said(stores: Stores, card: DeliveryCard, delivery: str) -> None:
    campaign = stores.state.find_campaign("Card")
    assert campaign is not None
    with pytest.raises(NoSuchDelivery, match="no such copy"):
        delivery_card(stores, campaign, delivery)


def test_a_copy_of_another_campaign_is_not_shown(stores: Stores, card: DeliveryCard) -> None:
    other = seeding.sending(stores, "Other").campaign
    with pytest.raises(NoSuchDelivery):
        delivery_card(stores, other, card.delivery)


def test_no_address_of_a_network_is_part_of_the_answer(card: DeliveryCard) -> None:
    names = set(msgspec.to_builtins(card.happenings[0]))
    assert not names & {"ip", "network", "agent", "asn", "recipient"}


@every("packed", ["", "[]", "nonsense", "{}", '[["a"]]', '[["a","b","c"]]'])
def test_reasons_that_cannot_be_read_are_none(packed: str) -> None:
    assert unpack(packed) == ()


def test_a_copy_says_which_level_decided_how_closely_it_is_watched(stores: Stores) -> None:
    mail = seeding.sending(stores, "Receipt")
    mail.people(["ann@example.com", "ben@example.com"])
    modes = Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL, opens_by="recipient:denied")
    mail.add(EventType.SENT, 0, 0, reason=modes.receipt)
    mail.add(EventType.SENT, 1, 0)
    mail.write()
    told = delivery_card(stores, mail.campaign, "1000000")
    assert [(each.axis, each.mode, each.by) for each in told.receipt] == [
        ("opens", "off", "recipient:denied"),
        ("clicks", "individual", "nothing"),
    ]
    assert told.happenings[0].reason == ""
    assert [receipt_words(each) for each in told.receipt] == [
        "Opens: not watched, because the recipient refused.",
        "Clicks: told of the recipient, because nothing speaks against it.",
    ]
    assert delivery_card(stores, mail.campaign, "1000001").receipt == ()


@pytest.mark.parametrize("state", ["applied", "held", "restored"])
def test_an_unsubscription_says_what_became_of_it(stores: Stores, state: str) -> None:
    mail = seeding.sending(stores, "Leaving")
    mail.people(["ann@example.com"])
    ann = stores.state.handles(["ann@example.com"], now=seeding.micros(0))["ann@example.com"]
    mail.add(EventType.SENT, 0, 0)
    mail.add(EventType.UNSUBSCRIBED, 0, 60, id=9)
    mail.write()
    row = Unsubscribe(id=9, handle=ann, at=seeding.micros(60), how="button", campaign=None, domain=None, network=None)
    stores.state.put_unsubscribe(row, source="edge", streams=["marketing"], is_looked_at=True)
    if state != "applied":
        held = replace(row, incident=9, held_until=seeding.micros(960))
        stores.state.hold_unsubscribes([held], at=seeding.micros(61), by="mailwake", why="a burst")
    if state == "restored":
        stores.state.restore_unsubscribes([row], at=seeding.micros(90), by="Ada", why="their gateway")
    (wish,) = [each.wish for each in delivery_card(stores, mail.campaign, "1000000").happenings if each.wish]
    assert wish.state == state
    told = {"applied": (None, ""), "held": ("mailwake", "a burst"), "restored": ("Ada", "their gateway")}
    assert (wish.by, wish.why) == told[state]
