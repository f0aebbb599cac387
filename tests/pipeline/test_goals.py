"""What is said of goals reached becomes rows where it may, once, and a proof where a shop's server says it."""

from __future__ import annotations

import msgspec
from tests.pipeline.house import CHROME, TEMPLATE, House, after, dropped, hit, request, sent

from mailwake.events import DeliveryId, Event, EventType, Handle, Note, Source
from mailwake.goals.claims import claim, goal_of, read_line
from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes
from mailwake.pipeline.item import Drop
from mailwake.pipeline.lookups import Lookups
from mailwake.store.state import Axis, Consent

NO_CLICKS = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.AGGREGATE)


def with_goal(house: House) -> None:
    house.state.put_goal(goal_of("purchase", window_days=30, value="5", currency="EUR", now=after(0), by="test"))


def picture(
    query: str = "id=1&value=19.99", *, delivery: int = 1, goal: str = "purchase", seconds: float = 90
) -> Event:
    event = hit(EventType.CONVERTED, seconds, delivery=delivery, link=1, note=Note.PIXEL)
    return msgspec.structs.replace(event, request=request(f"/g/{goal}?r=x&{query}", agent=CHROME))


def told(
    house: House, order: str = "1", *, address: str = "", delivery: int | None = None, seconds: float = 90
) -> Event:
    made = claim(house.state.goals(), "purchase", id=order)
    return Event(
        type=EventType.CONVERTED,
        received_at=after(seconds),
        source=Source.API,
        key=f"goal:{order}",
        modes=INDIVIDUAL.to_byte() if delivery else 0,
        template=TEMPLATE if delivery else None,
        delivery=DeliveryId(delivery) if delivery else None,
        recipient=Handle(delivery + 100) if delivery else None,
        reason=made.line,
        address=address,
    )


def test_a_picture_becomes_a_row_with_what_it_says_and_the_goal_fills_the_rest(house: House) -> None:
    with_goal(house)
    house.work(sent(1), picture(), picture("", delivery=2))
    rows = sorted((row for row in house.rows() if row.type is EventType.CONVERTED), key=lambda row: row.delivery or 0)
    claims = [read_line(row.reason) for row in rows]
    assert [(each.goal, each.value, each.currency) for each in claims if each] == [
        ("purchase", 1_999, "EUR"),
        ("purchase", 500, "EUR"),
    ]
    assert (rows[0].campaign, rows[0].link, rows[0].recipient, rows[0].note) == (1, 1, 101, Note.PIXEL)


def test_a_picture_counts_once_per_copy_and_id_and_cannot_take_a_shops_order_away(house: House) -> None:
    with_goal(house)
    done = house.work(sent(1), picture(), picture(), picture("id=1", delivery=2), told(house, delivery=3))
    assert dropped(done) == {Drop.DUPLICATE: 1}
    assert sum(row.type is EventType.CONVERTED for row in house.rows()) == 3
    again = house.work(told(house, delivery=3, seconds=200))
    assert dropped(again) == {Drop.DUPLICATE: 1}


def test_what_a_stranger_writes_into_a_picture_is_no_goal(house: House) -> None:
    with_goal(house)
    queries = ("value=-1", "value=1e9", "currency=XXX", "id=" + "x" * 300, "value=" + "9" * 30)
    junk = [picture(query) for query in queries] + [
        picture(goal="purchase/x"),
        picture(goal="nothing"),
        picture(goal=""),
    ]
    done = house.work(*junk)
    assert dropped(done) == {Drop.NO_GOAL: len(junk)}
    assert house.rows() == []


def test_an_address_is_told_of_as_its_owner_said(house: House) -> None:
    with_goal(house)
    names = ("open@example.com", "denied@example.com", "gone@example.com")
    handles = house.state.handles(names, now=after(0))
    house.state.set_consent(handles[names[1]], axis=Axis.CLICKS, state=Consent.DENIED, at=after(1), source="test")
    house.state.set_consent(handles[names[2]], axis=Axis.BOTH, state=Consent.WITHDRAWN, at=after(1), source="test")
    every = [told(house, str(n), address=name) for n, name in enumerate((*names, "stranger@example.com"))]
    done = house.work(*every)
    rows = house.events.ask("conversions", goal="purchase", since=0, until=after(9_999))
    assert [row["recipient"] for row in rows] == [handles[names[0]]]
    assert dropped(done)[Drop.NO_GOAL] == 1
    assert sum(dropped(done).values()) == 3
    assert len(house.state.known_handles(["stranger@example.com"])) == 0


def test_what_nobody_asked_about_is_as_the_installation_says(house: House) -> None:
    with_goal(house)
    house.state.handles(["ann@example.com"], now=after(0))
    house.desk.lookups = Lookups(house.state, b"k" * 32, unknown=NO_CLICKS)
    assert dropped(house.work(told(house, address="ann@example.com"))) == {Drop.NOT_COUNTED: 1}
    house.desk.lookups = Lookups(house.state, b"k" * 32, ceiling=OFF)
    assert dropped(house.work(told(house, "2", delivery=1))) == {Drop.MODE_OFF: 1}
    assert house.rows() == []


def test_a_shops_word_proves_the_click_of_its_copy_and_a_picture_does_not(house: House) -> None:
    with_goal(house)
    clicks = [hit(EventType.CLICKED, 60, delivery=number, link=1) for number in (1, 2, 3)]
    house.work(sent(1), sent(2), sent(3), *clicks)
    before = {row.delivery: row.p_human for row in house.rows() if row.type is EventType.CLICKED}
    house.work(told(house, delivery=1), picture(delivery=2))
    after_it = {row.delivery: row.p_human for row in house.rows() if row.type is EventType.CLICKED}
    assert (after_it[DeliveryId(1)] or 0) > (before[DeliveryId(1)] or 0)
    assert after_it[DeliveryId(2)] == after_it[DeliveryId(3)] == before[DeliveryId(2)]
