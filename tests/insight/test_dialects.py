"""A campaign in other tools' words: each formula spelled out once more, from the vendors' own definitions."""

import re

import msgspec
import pytest
from tests.every import every
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.events import Class, EventType, Note
from mailwake.insight.dialects import OtherCounts, Translated, definitions, dialects, to_json, translate
from mailwake.insight.metrics import metrics
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.insight.tally import Tally, reaction

#: every number another prime, so that no two formulas agree by chance
TALLY = Tally(
    sent=1009,
    delivered=907,
    bounced=97,
    complained=3,
    unsubscribed=11,
    opens_trackable=811,
    clicks_trackable=809,
    opened=reaction(human=211, possible=101, machine=89),
    opened_in_base=reaction(human=199, possible=97, machine=83),
    clicked=reaction(human=61, possible=7, machine=23),
    clicked_in_base=reaction(human=59, possible=5, machine=19),
)
OTHER = OtherCounts(
    taken=911,
    opened_events=701,
    clicked_events=157,
    confirmed=419,
    opened_direct=313,
    confirmed_direct=331,
    clicked_or_left=94,
)
#: (dialect, their word) to the formula that their pages print
PRINTED = {
    ("hubspot", "delivery_rate"): 907 / 1009,
    ("hubspot", "open_rate"): 419 / 907,
    ("hubspot", "click_rate"): 91 / 907,
    ("hubspot", "click_through_rate"): 91 / 419,
    ("braze", "delivery_rate"): 907 / 1009,
    ("braze", "bounce_rate"): 97 / 1009,
    ("braze", "unique_open_rate"): 401 / 907,
    ("braze", "other_open_rate"): 313 / 907,
    ("braze", "unique_click_rate"): 94 / 907,
    ("braze", "click_to_open_rate"): 94 / 401,
    ("braze", "unsubscribe_rate"): 11 / 907,
    ("braze", "spam_rate"): 3 / 1009,
    ("pardot", "delivery_rate"): 907 / 1009,
    ("pardot", "open_rate"): 401 / 907,
    ("pardot", "click_through_rate"): 157 / 907,
    ("pardot", "unique_click_through_rate"): 91 / 907,
    ("pardot", "click_to_open_ratio"): 91 / 401,
    ("pardot", "opt_out_rate"): 11 / 1009,
    ("sparkpost", "delivered_rate"): 911 / 1009,
    ("sparkpost", "accepted_rate"): 907 / 1009,
    ("sparkpost", "bounce_rate"): 97 / 1009,
    ("sparkpost", "open_rate"): 331 / 907,
    ("sparkpost", "click_through_rate"): 91 / 907,
    ("sparkpost", "unsubscribe_rate"): 11 / 907,
    ("sparkpost", "spam_complaint_rate"): 3 / 907,
    ("ses", "delivery_rate"): 911 / 1009,
    ("ses", "open_rate"): 379 / 811,
    ("ses", "click_rate"): 83 / 809,
    ("ses", "complaint_rate"): 3 / 911,
    ("mautic", "read_rate"): 401 / 1009,
    ("mautic", "click_through_rate"): 91 / 1009,
    ("mautic", "click_to_read_rate"): 91 / 401,
    ("mautic", "unsubscribe_rate"): 11 / 1009,
}


def figures(name: str, tally: Tally = TALLY, other: OtherCounts = OTHER) -> dict[str, Translated]:
    return {each.id: each for each in translate(name, tally, other, {}).figures}


def test_every_figure_is_checked_here() -> None:
    assert {(name, each.id) for name, dialect in dialects().items() for each in dialect.metrics} == set(PRINTED)


@every(("place", "value"), PRINTED.items(), ids=map("-".join, PRINTED))
def test_a_figure_is_what_their_pages_print(place: tuple[str, str], value: float) -> None:
    assert figures(place[0])[place[1]].value == pytest.approx(value, abs=1e-12)


@every("name", dialects())
def test_a_dialect_names_its_source_and_stands_beside_our_rates(name: str) -> None:
    dialect = dialects()[name]
    assert re.search("https?://", dialect.source)
    assert {each.ours for each in dialect.metrics} <= set(metrics())


def test_a_quotient_of_events_may_be_above_one_and_has_no_interval() -> None:
    found = figures("pardot", other=OtherCounts(clicked_events=2_000))["click_through_rate"]
    assert (found.value, found.low, found.cannot_say) == (2_000 / 907, None, None)


def test_nothing_and_more_than_all_are_no_share_and_say_why() -> None:
    nothing = figures("hubspot", Tally(), OtherCounts())["open_rate"]
    assert (nothing.value, nothing.cannot_say) == (None, "cannot say: nothing to divide by")
    impossible = figures("hubspot", Tally(delivered=2), OtherCounts(confirmed=3))["open_rate"]
    assert (impossible.value, impossible.cannot_say) == (None, "cannot say: 3 of 2 is more than all")


def test_the_nearest_dialect_is_named() -> None:
    with pytest.raises(BadInput, match="the nearest is 'hubspot'"):
        dialects_of("Hubspt")


def dialects_of(name: str) -> None:
    translate(name, TALLY, OTHER, {})


def test_what_others_count_is_counted_from_events(stores: Stores) -> None:
    sending = seeding.sending(stores, "News")
    sending.people([f"p{n}@example.com" for n in range(6)])
    for number in range(6):
        sending.add(EventType.SENT, number, 0)
        sending.add(EventType.DELIVERED, number, 1)
    sending.add(EventType.BOUNCED, 0, 600)
    sending.add(EventType.OPENED, 1, 60, p_human=0.4, klass=Class.MPP)
    sending.add(EventType.OPENED, 2, 60, p_human=0.9, klass=Class.HUMAN)
    sending.add(EventType.OPENED, 2, 90, p_human=0.9, klass=Class.HUMAN)
    sending.add(EventType.CLICKED, 3, 70, p_human=0.9, klass=Class.HUMAN, link=2, role="cta")
    sending.add(EventType.CLICKED, 3, 80, p_human=0.9, klass=Class.HUMAN, link=4, role="cta")
    sending.add(EventType.UNSUBSCRIBED, 4, 90, note=Note.BUTTON)
    sending.add(EventType.UNSUBSCRIBED, 5, 90, note=Note.ONE_CLICK)
    sending.write()
    told = definitions(stores, find(stores, "News"))
    by_id = {(one.dialect, each.id): each for one in told.translations for each in one.figures}
    assert by_id["sparkpost", "delivered_rate"].count == 6
    assert by_id["sparkpost", "accepted_rate"].count == 5
    assert by_id["hubspot", "open_rate"].count == 3
    assert by_id["sparkpost", "open_rate"].count == 2
    assert by_id["braze", "other_open_rate"].count == 1
    assert by_id["braze", "unique_click_rate"].count == 2
    assert by_id["pardot", "click_through_rate"].count == 2
    assert by_id["ses", "open_rate"].our_value is not None


def test_one_dialect_alone(stores: Stores) -> None:
    seeding.sending(stores, "News").write()
    told = definitions(stores, find(stores, "News"), "mautic")
    assert [one.dialect for one in told.translations] == ["mautic"]
    assert msgspec.json.decode(to_json(told))["name"] == "News"
