"""Who is in a segment, counted by hand over ten people; the language, the compiler and the stores together."""

import pytest
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.events import EventType, Micros, Source
from mailwake.insight.stores import Stores
from mailwake.segments import answers, keeper
from mailwake.segments.faults import Unclear
from mailwake.store.events import EventRow

DAY = 24 * seeding.HOUR
#: a week after the campaign
NOW = seeding.micros(7 * DAY)


def numbers(stores: Stores, query: str, now: Micros = NOW) -> list[int]:
    """Which of the ten, 0 to 9."""
    addresses = stores.state.addresses(keeper.chosen(stores, query, now=now)).values()
    return sorted(int(address.removeprefix("person").partition("@")[0]) for address in addresses)


#: query and whom it chooses
CHOSEN: tuple[tuple[str, list[int]], ...] = (
    ("sent", list(range(10))),
    ("delivered", [0, 1, 2, 3, 4, 5, 6]),
    ("bounced", [7, 8]),
    ("opened", [0, 3]),
    ("opened as possible", [1]),
    ("opened as machine", [2, 3]),
    ("opened as anybody", [0, 1, 2, 3]),
    ("opened >= 2", [0]),
    ("opened >= 2 days", []),
    ("opened >= 2 mails", []),
    ("opened >= 2 as anybody", [0, 3]),
    ("opened >= 2 days as anybody", [3]),
    ("clicked", [0]),
    ("clicked as anybody", [0, 2]),
    ('clicked "autumn"', [0]),
    ('clicked "SEE THE"', [0]),
    ('clicked "shop now" as anybody', []),
    ('clicked "example shop" as machine', [2]),
    ('clicked "unsubscribe" as anybody', []),
    ('sent in campaign "HAND"', list(range(10))),
    ('sent in campaign "foot"', []),
    ('opened country "DE"', [0]),
    ('opened client "apple mail"', [0, 3]),
    ("never opened as anybody", [4, 5, 6, 7, 8, 9]),
    ("not opened as anybody", [4, 5, 6, 7, 8, 9]),
    ("opened <= 1 as anybody and delivered", [1, 2, 4, 5, 6]),
    ("opened = 2 as anybody", [0, 3]),
    ("opened in 6d", [3]),
    ("opened since 2026-11-17", [3]),
    ("opened before 2026-11-17", [0]),
    ("complained or unsubscribed", [4, 5]),
    ("(complained or unsubscribed) and not unsubscribed", [4]),
    ("deferred", [6, 7]),
    ('sent provider "nobody knows"', []),
    ('converted "purchase"', []),
    ("active", [0, 3]),
    ("lapsing or dormant", []),
)


def test_a_query_chooses_whom_one_would_by_hand(stores: Stores) -> None:
    for query, who in CHOSEN:
        assert numbers(stores, query) == who, query
        assert keeper.size(stores, query, now=NOW) == keeper.Size(people=len(who), of=10), query


def test_a_domain_is_found_under_what_stands_for_it(stores: Stores) -> None:
    """The event store has a name for what many share alone; here two are at Gmail, and three elsewhere."""
    mail = seeding.sending(stores, "Elsewhere")
    mail.people(["a@gmail.com", "b@gmail.com", "c@acme.example", "d@acme.example", "e@bücher.example"])
    for number, stored in enumerate(["gmail.com", "gmail.com", "~0a1b", "~0a1b", "~77ff"]):
        mail.add(EventType.SENT, number, number, domain=stored)
    mail.write()
    stores.state.put_exchangers("acme.example", ["alt1.aspmx.l.google.com"], now=NOW)

    def at(query: str) -> list[str]:
        handles = keeper.chosen(stores, query, now=NOW)
        return sorted(str(address)[0] for address in keeper.addresses(stores, handles))

    assert at('sent domain "Acme.example"') == ["c", "d"]
    assert at('sent domain "gmail.com"') == ["a", "b"]
    assert at('sent domain "bücher.example"') == at('sent domain "xn--bcher-kva.example"') == ["e"]
    assert at('sent provider "GMAIL"') == ["a", "b"]
    assert at('sent provider "google workspace"') == ["c", "d"]
    assert at('sent domain "acme.example" provider "Gmail"') == []
    assert at('sent domain "' + 90 * "ü" + '"') == []


def test_a_goal_is_known_by_its_whole_name(stores: Stores) -> None:
    assert numbers(stores, "converted") == []
    stores.events.write(rows=[reached(stores, 3, "purchase 1999 EUR -"), reached(stores, 4, "purchase-big - - -")])
    assert numbers(stores, "converted") == [3, 4]
    assert numbers(stores, 'converted "purchase"') == numbers(stores, 'converted "Purchase"') == [3]
    assert numbers(stores, 'converted "purchase-big"') == [4]
    assert numbers(stores, 'converted "purch"') == []


def test_a_goal_is_no_link(stores: Stores) -> None:
    told = answers.query(stores, 'clicked "autumn" and not converted "shop"', now=NOW)
    assert told.links == (answers.LinkClicks(text="autumn", clicks=3, by_machines=1),)


def reached(stores: Stores, person: int, line: str) -> EventRow:
    who = f"person{person}@example.com"
    return EventRow(
        id=900 + person,
        type=EventType.CONVERTED,
        at=Micros(NOW - DAY),
        received_at=NOW,
        source=Source.API,
        recipient=stores.state.known_handles([who])[who],
        reason=line,
        settled=True,
    )


def test_people_lapse_and_become_dormant_as_days_go_by(stores: Stores) -> None:
    """Those without a sign start with the mail that could have told of one; all mail here could."""
    signs = seeding.micros(26 * seeding.HOUR)
    assert numbers(stores, "active", Micros(signs + 29 * DAY * 1_000_000)) == [0, 3]
    assert numbers(stores, "lapsing", Micros(signs + 40 * DAY * 1_000_000)) == list(range(10))
    assert numbers(stores, "dormant", Micros(signs + 181 * DAY * 1_000_000)) == list(range(10))


def test_who_cannot_be_watched_is_in_no_state(stores: Stores) -> None:
    mail = seeding.sending(stores, "Counted only")
    mail.people(["person77@example.com"])
    mail.add(EventType.SENT, 0, 0, modes=seeding.AGGREGATE.to_byte())
    mail.write()
    later = Micros(NOW + 400 * DAY * 1_000_000)
    assert 77 not in numbers(stores, "active or lapsing or dormant", later)
    assert 77 in numbers(stores, "never opened", later)


def test_days_begin_in_the_zone_of_the_viewer(stores: Stores) -> None:
    """3 opened at 11 h UTC on the 17th, which is the 18th on Kiritimati."""
    from dataclasses import replace
    from zoneinfo import ZoneInfo

    assert numbers(stores, "opened since 2026-11-18") == []
    assert numbers(replace(stores, zone=ZoneInfo("Pacific/Kiritimati")), "opened since 2026-11-18") == [3]


def test_a_live_segment_follows_and_a_static_one_stays(stores: Stores) -> None:
    live = keeper.add(stores, " Clickers ", "CLICKED as human", is_live=True, now=NOW, by="test")
    static = keeper.add(stores, "Clickers then", "clicked", is_live=False, now=NOW, by="test")
    assert (live.name, live.query) == ("Clickers", "clicked as human")
    mail = seeding.sending(stores, "Later")
    mail.people(["person6@example.com"])
    mail.add(EventType.CLICKED, 0, 8 * DAY, link=1, role="cta", **seeding.HUMAN)
    mail.write()
    later = Micros(NOW + 2 * DAY * 1_000_000)
    assert [len(keeper.members(stores, each, now=later)) for each in (live, static)] == [2, 1]
    assert keeper.counted(stores, static, now=later).people == 1
    assert keeper.members(stores, live, now=later, limit=1, offset=1) == keeper.members(stores, live, now=later)[1:]


def test_a_new_segment_has_a_past_and_what_was_told_stays(stores: Stores) -> None:
    """The campaign began on a Monday; weeks end on Thursdays."""
    made = keeper.add(stores, "Openers", "opened as anybody", is_live=True, now=NOW, by="test")
    later = Micros(NOW + 15 * DAY * 1_000_000)
    told = keeper.counted(stores, made, now=later)
    assert [size for _, size in told.trend] == [4, 4, 4, 4]
    assert (told.trend[-1], told.people, told.of) == ((later, 4), 4, 10)
    assert stores.state.segment_sizes(made.id) == {}, "whoever looks writes nothing"
    keeper.note(stores, made, now=later)
    mail = seeding.sending(stores, "By hand")
    mail.people(["person9@example.com"])
    mail.add(EventType.OPENED, 0, 60, id=4711, **seeding.HUMAN)
    mail.write()
    assert [size for _, size in keeper.counted(stores, made, now=later).trend] == [4, 4, 4, 5]


def test_names_and_queries_are_checked(stores: Stores) -> None:
    keeper.add(stores, "Once", "sent", is_live=True, now=NOW, by="test")
    with pytest.raises(BadInput, match="already"):
        keeper.add(stores, "Once", "opened", is_live=True, now=NOW, by="test")
    for name in ("", "  ", "x" * 101, "a\nb", "a/b", ".."):
        with pytest.raises(BadInput, match="1 to 100"):
            keeper.add(stores, name, "sent", is_live=True, now=NOW, by="test")
    with pytest.raises(Unclear, match="did you mean 'sent'"):
        keeper.add(stores, "Twice", "snet", is_live=True, now=NOW, by="test")
    with pytest.raises(BadInput, match="there are 'Once'"):
        keeper.find(stores.state, "Twice")
    keeper.delete(stores.state, "Once")
    with pytest.raises(BadInput, match="none yet"):
        keeper.delete(stores.state, "Once")


def test_an_empty_store_has_nobody(stores: Stores) -> None:
    before = seeding.micros(-DAY)
    assert keeper.size(stores, "not sent", now=before) == keeper.Size(people=0, of=0)
    assert keeper.chosen(stores, "not sent", now=before) == []


def test_on_a_large_store_a_past_is_told_as_far_as_it_was_noted(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LARGE", 0)
    made = keeper.add(stores, "Openers", "opened as anybody", is_live=True, now=NOW, by="test")
    later = Micros(NOW + 15 * DAY * 1_000_000)
    assert keeper.counted(stores, made, now=later).trend == ((later, 4),)
    keeper.note(stores, made, now=later)
    assert [size for _, size in keeper.counted(stores, made, now=later).trend] == [4, 4, 4, 4]
