"""What came back is counted among what was sent, named by place, quoted, and told what to do about."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.insight import seeding

from mailwake.deliverability.returned import Line, Returned, advice, returned, to_json
from mailwake.events import CampaignId, DeliveryId, EventType, Handle, Micros, Source
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.stats.rates import wilson_interval
from mailwake.store.events import EventRow
from mailwake.store.state import Incident, IncidentKind, Refusal

NOW = seeding.micros(3 * 86_400)
AT = seeding.micros(60)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Of 40 copies to a shared domain and 10 to each of two with one exchanger, 10, 3 and 2 were refused."""
    opened = seeding.open_stores(tmp_path)
    for number, name in ((1, "Spring"), (2, "Autumn")):
        mail = seeding.sending(opened, name)
        people = [f"p{n}@{domain}" for domain, many in MAIL for n in range(many)]
        mail.people(people)
        for place, address in enumerate(people):
            domain = address.partition("@")[2]
            stored = domain if domain == "gmail.com" else f"~{number}{domain}"
            mail.add(EventType.SENT, place, 0, id=number * 1_000 + place, domain=stored)
        mail.write()
    for domain in ("one.example", "two.example"):
        opened.state.put_exchangers(domain, [f"mx.{domain[:3]}.outlook.example"], now=AT)
    known = opened.state.handles([f"p{n}@{domain}" for domain, many in MAIL for n in range(many)], now=AT)
    rows = [refusal(known[f"p{n}@{domain}"], domain, n) for domain, many in REFUSED for n in range(many)]
    opened.state.put_refusals([replace(row, event=number) for number, row in enumerate(rows)])
    yield opened
    seeding.close(opened)


MAIL = (("gmail.com", 40), ("one.example", 10), ("two.example", 10), ("tiny.example", 1))
PEOPLE = [f"p{n}@{domain}" for domain, many in MAIL for n in range(many)]
REFUSED = (("gmail.com", 10), ("one.example", 3), ("two.example", 2), ("tiny.example", 1))


def refusal(handle: Handle, domain: str, number: int, **more: Any) -> Refusal:
    soft = number % 2 == 1
    told = Refusal(
        event=0, handle=handle, at=Micros(AT + number), category="mailbox_full" if soft else "bad_mailbox",
        klass="soft" if soft else "hard", action="never", rule="x", quoted="552 full" if soft else "550 …@x unknown",
        domain=domain, place=domain, campaign=CampaignId(1), source="bounce",
    )  # fmt: skip
    return replace(told, **more)


def only(stores: Stores, name: str = "Spring") -> Returned:
    return returned(stores, now=NOW, campaign=find(stores, name))


def named(lines: tuple[Line, ...], name: str | None) -> Line:
    (found,) = [line for line in lines if line.name == name]
    return found


def test_a_rate_is_of_the_copies_of_that_campaign_and_place_with_its_interval(stores: Stores) -> None:
    line = named(only(stores).places, "gmail.com")
    interval = wilson_interval(10, 40)
    assert (line.refused.count, line.refused.base, line.refused.rate) == (10, 40, 0.25)
    assert (line.refused.low, line.refused.high) == (interval.low, interval.high)
    assert [(each.klass, each.count) for each in line.classes] == [("hard", 5), ("soft", 5)]


def test_domains_with_one_exchanger_are_one_place(stores: Stores) -> None:
    answer = only(stores)
    place = named(answer.places, "outlook.example").refused
    assert (place.count, place.base) == (5, 20)
    assert named(answer.domains, "one.example").refused.base == 10


def test_a_domain_that_would_point_at_people_stands_with_the_others(stores: Stores) -> None:
    answer = only(stores)
    assert "tiny.example" not in [line.name for line in answer.domains]
    others = named(answer.domains, None)
    assert (others.members, others.refused.count, others.refused.base) == (1, 1, 1)


def test_a_cause_says_since_when_in_whose_words_and_what_to_do(stores: Stores) -> None:
    cause = named(only(stores).places, "gmail.com").causes[0]
    assert (cause.category, cause.klass, cause.count) == ("bad_mailbox", "hard", 5)
    assert [(words.text, words.count) for words in cause.quoted] == [("550 …@x unknown", 5)]
    assert cause.first_at.timestamp() * 1e6 == AT
    assert cause.advice == advice()["bad_mailbox"]


def test_a_copy_counts_once_however_often_it_was_refused(stores: Stores) -> None:
    (handle,) = stores.state.handles(["p0@gmail.com"], now=AT).values()
    stores.state.put_refusals([refusal(handle, "gmail.com", 0, event=900), refusal(handle, "gmail.com", 1, event=901)])
    line = named(only(stores).places, "gmail.com")
    assert line.refused.count == 10
    assert [(each.klass, each.count) for each in line.classes] == [("hard", 5), ("soft", 6)]


def test_all_campaigns_are_told_apart_and_together(stores: Stores) -> None:
    answer = returned(stores, now=NOW)
    assert [(line.name, line.refused.count, line.refused.base) for line in answer.campaigns] == [("Spring", 16, 61)]
    assert named(answer.places, "gmail.com").refused.base == 80
    assert answer.total is not None
    assert answer.total.refused.base == 122


def test_a_base_that_is_not_known_is_said(stores: Stores) -> None:
    (handle,) = stores.state.handles(["x@elsewhere.example"], now=AT).values()
    stores.state.put_refusals(
        refusal(Handle(handle + n), "elsewhere.example", n, event=800 + n, campaign=None) for n in range(6)
    )
    line = named(returned(stores, now=NOW).domains, "elsewhere.example")
    assert (line.refused.rate, line.refused.cannot_say) == (
        None, "cannot say: nobody knows how many were sent there",
    )  # fmt: skip
    assert named(returned(stores, now=NOW).campaigns, "not known").refused.count == 6


def test_what_is_older_than_ninety_days_is_no_part_of_all_campaigns(stores: Stores) -> None:
    later = Micros(NOW + 100 * 86_400 * 1_000_000)
    assert returned(stores, now=later).total is None
    assert only(stores).total is not None


def comes_back(stores: Stores, addresses: list[str]) -> None:
    """These copies of Spring come back, as the event store has it, whatever the state store knows."""
    handles = stores.state.handles(addresses, now=AT)
    rows = [
        EventRow(
            id=90_000 + n, type=EventType.BOUNCED, at=Micros(AT + n), received_at=AT, source=Source.ESP,
            campaign=CampaignId(1), delivery=DeliveryId(1_000_000 + PEOPLE.index(address)), recipient=handles[address],
            domain="~1" + domain if (domain := address.partition("@")[2]) != "gmail.com" else domain, settled=True,
        )
        for n, address in enumerate(addresses)
    ]  # fmt: skip
    stores.events.write(rows=rows, counters=[])


def test_what_came_back_without_a_cause_is_counted_and_said_last(stores: Stores) -> None:
    comes_back(stores, ["p0@gmail.com", *(f"p{n}@gmail.com" for n in range(20, 32)), "p5@one.example"])
    answer = only(stores)
    assert answer.total is not None
    assert (answer.total.refused.count, answer.total.causes[-1].category, answer.total.causes[-1].count) == (
        16 + 13, "no_cause", 13,
    )  # fmt: skip
    assert sum(cause.count for cause in answer.total.causes) == answer.total.refused.count
    assert [(each.klass, each.count) for each in named(answer.domains, "gmail.com").classes] == [
        ("hard", 5), ("soft", 5), ("untold", 12),
    ]  # fmt: skip
    assert named(answer.places, "outlook.example").refused.count == 6
    assert returned(stores, now=NOW).campaigns[0].refused.count == 29


def test_a_copy_that_came_back_and_was_delivered_after_all_is_no_refusal(stores: Stores) -> None:
    comes_back(stores, ["p30@gmail.com", "p31@gmail.com"])
    late = EventRow(
        id=95_000, type=EventType.DELIVERED, at=Micros(AT + 3_600_000_000), received_at=AT, source=Source.SEND,
        campaign=CampaignId(1), delivery=DeliveryId(1_000_000 + 30), settled=True,
    )  # fmt: skip
    stores.events.write(rows=[late], counters=[])
    assert [cause.count for cause in named(only(stores).places, "gmail.com").causes if cause.klass == "untold"] == [1]


def test_storms_and_alarms_are_named(stores: Stores) -> None:
    for number, kind, place, category in (
        (5, IncidentKind.STORM, "gmail.com", None),
        (6, IncidentKind.STORM, "elsewhere.example", None),
        (7, IncidentKind.ALARM, None, "mailbox_full"),
        (8, IncidentKind.ALARM, None, "auth_failure"),
        (9, IncidentKind.IMPORT, None, None),
    ):
        told = Incident(id=number, kind=kind, opened_at=AT, last_at=NOW, count=3, quoted="")
        stores.state.put_incident(replace(told, place=place, category=category))
    stores.state.join_incident([0], 5)
    assert {(each.kind, each.about) for each in only(stores).incidents} == {
        ("storm", "gmail.com"), ("alarm", "mailbox_full"),
    }  # fmt: skip


def test_nothing_came_back(stores: Stores) -> None:
    answer = only(stores, "Autumn")
    assert (answer.total, answer.places, answer.incidents) == (None, (), ())


def test_every_cause_has_one_sentence_of_advice() -> None:
    table = tomllib.loads(files("mailwake.bounces").joinpath("rules.toml").read_text(encoding="utf-8"))
    assert set(advice()) == {*table["category"], "no_cause"}
    assert all(said.endswith(".") and said.count(". ") == 0 for said in advice().values())


def test_the_answer_survives_json(stores: Stores) -> None:
    answer = returned(stores, now=NOW)
    assert msgspec.json.decode(to_json(answer), type=Returned) == answer
