"""Nothing that has to be told is lost, whatever is killed when; it comes in order, and again only under the same id."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.insight import seeding

from mailwake.errors import Unavailable
from mailwake.events import Class, EventType, Micros
from mailwake.insight.stores import Stores
from mailwake.modes import Mode, Modes
from mailwake.notifying.courier import WAITS, Around, Courier, dead_letters, enable, places
from mailwake.notifying.endpoints import EVENTS, Endpoint
from mailwake.notifying.messages import DeadLink
from mailwake.notifying.office import Office
from mailwake.notifying.posting import Answer
from mailwake.store.events import EventRow, Judgement, open_events

SURE = Endpoint(
    name="crm", url="https://crm.example.com/", keys=(b"k" * 32,), events=frozenset(EVENTS), when="settled",
    allow_private=False,
)  # fmt: skip
AT_ONCE = replace(SURE, when="provisional")
NOW = seeding.micros(86_400)


class Killed(BaseException):
    """As kill -9: nothing after it runs."""


class Receiver:
    """Takes webhooks, unless told otherwise."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[], Answer] = lambda: Answer(status=204)

    def __call__(self, _url: str, headers: Mapping[str, str], body: bytes, **_: object) -> Answer:
        answer = self.answer()
        if answer.is_taken:
            self.got.append((headers["webhook-id"], json.loads(body)))
        return answer

    def told(self) -> list[tuple[str, str, int]]:
        return [(body["type"], body["data"]["address"], body["data"]["sequence"]) for _, body in self.got]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path)
    opened.events.close()
    opened = replace(opened, events=open_events(tmp_path / "news.duckdb", threads=1, news=True))
    yield opened
    seeding.close(opened)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def courier(
    stores: Stores, receiver: Receiver, endpoint: Endpoint = SURE, now: Callable[[], int] = lambda: NOW
) -> Courier:
    return Courier(
        endpoint, Around(events=stores.events, state=stores.state, wall=now, post=receiver, chance=lambda: 0.5)
    )


def provisional(stores: Stores, people: int = 1, name: str = "News") -> list[EventRow]:
    """Copies, each clicked by what looks like a machine so far."""
    mail = seeding.sending(stores, name)
    mail.people([f"p{number}@example.com" for number in range(people)])
    for number in range(people):
        mail.add(EventType.SENT, number, number, settled=False)
        mail.add(EventType.CLICKED, number, 100 + number, link=2, role="cta", settled=False, **seeding.SCANNER)
    clicks = [row for row in mail.rows if row.type is EventType.CLICKED]
    mail.write()
    return clicks


def judge(stores: Stores, row: EventRow, p: float, klass: Class, *, settled: bool = False) -> None:
    verdict = Judgement(id=row.id, p_human=p, klass=klass, reasons="", ruleset="r1", settled=settled, changed_at=NOW)
    stores.events.write(rejudged=[verdict])


def test_a_person_is_told_at_once_and_every_change_of_mind_after_it(stores: Stores, receiver: Receiver) -> None:
    at_once, sure = courier(stores, receiver, AT_ONCE), courier(stores, late := Receiver())
    (click,) = provisional(stores)
    judge(stores, click, 0.9, Class.HUMAN)
    judge(stores, click, 0.91, Class.HUMAN)  # no other grade: nothing to say
    judge(stores, click, 0.1, Class.SCANNER)
    judge(stores, click, 0.8, Class.HUMAN, settled=True)
    at_once.step()
    assert receiver.told() == [
        ("email.clicked", "p0@example.com", 1),
        ("verdict.changed", "p0@example.com", 3),
        ("email.clicked", "p0@example.com", 4),
        ("verdict.changed", "p0@example.com", 4),
    ]
    ids = [webhook_id for webhook_id, _ in receiver.got]
    assert ids[0] == ids[2]  # the same click, told again: whoever keeps ids takes it once
    assert len(set(ids)) == 3
    assert receiver.got[1][1]["data"]["was"] == "human"
    sure.step()
    assert late.told() == [("email.clicked", "p0@example.com", 0)]
    link = late.got[0][1]["data"]["link"]
    assert (link["role"], link["label"]) == ("cta", "See the autumn range")
    # other rules are put in force later, and take the click back
    stores.events.stage(
        [Judgement(id=click.id, p_human=0.0, klass=Class.SCANNER, reasons="", ruleset="r2", settled=True)]
    )
    stores.events.swap(ruleset="r2", at=NOW)
    for each, into in ((at_once, receiver), (sure, late)):
        each.step()
        assert into.got[-1][1]["type"] == "verdict.changed"
        assert into.got[-1][1]["data"]["verdict"]["grade"] == "machine"


def test_what_consent_does_not_let_out_is_told_to_nobody(stores: Stores, receiver: Receiver) -> None:
    told = courier(stores, receiver)
    mail = seeding.sending(stores, "Consent")
    mail.people([f"p{number}@example.com" for number in range(3)])
    stores.state.set_consent(
        stores.state.handles(["p2@example.com"], now=NOW)["p2@example.com"], axis="clicks", state="withdrawn", at=NOW,
        source="test",
    )  # fmt: skip
    low = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.AGGREGATE).to_byte()
    for number, modes in enumerate((0x33, low, 0x33)):
        mail.add(EventType.CLICKED, number, 5, link=2, role="cta", modes=modes, **seeding.HUMAN)
        mail.add(EventType.CLICKED, number, 6, link=7, role="unsubscribe", modes=modes, **seeding.HUMAN)
        mail.add(EventType.BOUNCED, number, 9, modes=modes, reason="550 5.1.1 no such user")
    mail.write()
    told.step()
    assert sorted(receiver.told()) == [
        *(("email.bounced", f"p{number}@example.com", 0) for number in range(3)),
        ("email.clicked", "p0@example.com", 0),
    ]
    assert "example" not in str(told.place)


def test_a_new_endpoint_begins_with_what_comes_from_now_on(stores: Stores, receiver: Receiver) -> None:
    seeding.by_hand(stores, "Before")
    told = courier(stores, receiver)
    assert not told.step()
    assert receiver.got == []


def test_tries_wait_longer_and_longer_then_the_next_one_goes(stores: Stores, receiver: Receiver) -> None:
    clock = [int(NOW)]
    told = courier(stores, receiver, now=lambda: clock[0])
    seeding.by_hand(stores)
    receiver.answer = lambda: Answer(status=500)
    tries = 0
    while not dead_letters(stores.state):
        assert not told.step() or tries == len(WAITS)
        tries += 1
        assert not receiver.got
        waits = told.place.next_at - clock[0]
        if told.place.tries and told.place.tries <= len(WAITS) and not dead_letters(stores.state):
            assert waits == WAITS[told.place.tries - 1] * 1_000_000
            told.step()  # too early: nobody is asked
            assert told.place.tries == tries
            clock[0] += waits
    assert 2.5 * 86_400 < (clock[0] - NOW) / 1e6 < 4 * 86_400
    (letter,) = dead_letters(stores.state)
    assert letter["why"] == "it answered 500"
    receiver.answer = lambda: Answer(status=204)
    clock[0] = told.place.next_at
    told.step()
    assert len(receiver.got) == 8
    assert letter["id"] not in [webhook_id for webhook_id, _ in receiver.got]


def test_gone_switches_off_and_enabling_loses_nothing(stores: Stores, receiver: Receiver) -> None:
    told = courier(stores, receiver)
    seeding.by_hand(stores)
    receiver.answer = lambda: Answer(status=410)
    told.step()
    assert places(stores.state)["crm"].disabled
    receiver.answer = lambda: Answer(status=200)
    told.step()
    assert receiver.got == []
    enable(stores.state, "crm", now=NOW)
    again = courier(stores, receiver)
    again.step()
    assert len(receiver.got) == 9


def test_five_days_of_nothing_switch_off(stores: Stores, receiver: Receiver) -> None:
    clock = [int(NOW)]
    told = courier(stores, receiver, now=lambda: clock[0])
    seeding.by_hand(stores)
    receiver.answer = lambda: Answer(status=500)
    for _ in range(40):
        told.step()
        clock[0] = max(told.place.next_at, clock[0])
    assert told.place.disabled == "it took nothing for 5 days (it answered 500)"
    assert 5 <= (clock[0] - NOW) / 86_400e6 < 8


def test_news_are_kept_until_everybody_has_them_and_numbers_go_on(stores: Stores, receiver: Receiver) -> None:
    slow = replace(SURE, name="slow")
    away = Receiver()
    away.answer = lambda: Answer(status=500)
    office = Office([SURE, slow], Around(events=stores.events, state=stores.state, wall=lambda: NOW, post=receiver))
    office.couriers[1] = courier(stores, away, slow)
    seeding.by_hand(stores)
    for each in office.couriers:
        each.step()
    office.keep_house()
    span = stores.events.ask("news_span")[0]
    assert span["first_number"] == 1
    told: Any = office.told()
    assert told["endpoints"]["crm"]["waiting"] == 0
    assert told["endpoints"]["slow"]["waiting"] == span["last_number"]
    away.answer = lambda: Answer(status=200)
    enable(stores.state, "slow", now=NOW)
    office.couriers[1].look_again()
    office.couriers[1].step()
    office.keep_house()
    assert stores.events.ask("news_span")[0] == {
        "first_number": span["last_number"],
        "last_number": span["last_number"],
    }
    seeding.by_hand(stores, "Later")
    assert stores.events.ask("news_span")[0]["last_number"] > span["last_number"]
    assert receiver.told() == away.told()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=max(settings.get_profile(settings.get_current_profile_name()).max_examples // 5, 1),
)
@given(seed=st.integers(0, 2**32))
@pytest.mark.long
def test_killed_anywhere_it_repeats_at_most_and_under_the_same_id(stores: Stores, seed: int) -> None:
    chance = random.Random(seed)
    receiver, seen = Receiver(), []
    endpoint = replace(AT_ONCE, name=f"e{len(places(stores.state))}")

    class Fragile:
        """The state store of a process that is killed before or after it has written."""

        def __getattr__(self, name: str) -> Any:
            return getattr(stores.state, name)

        def put_job(self, *given: Any, **more: Any) -> Any:
            if chance.random() < 0.15:
                raise Killed
            done = stores.state.put_job(*given, **more)
            if chance.random() < 0.15:
                raise Killed
            return done

    def answer() -> Answer:
        if chance.random() < 0.1:
            raise Killed
        if chance.random() < 0.1:
            raise Unavailable("away")
        return Answer(status=chance.choice([200, 204, 503]))

    courier(stores, receiver, endpoint)  # begins here
    receiver.answer = answer
    for click in provisional(stores, people=3, name=endpoint.name):
        judge(stores, click, 0.9, Class.HUMAN)
        judge(stores, click, 0.1, Class.SCANNER, settled=True)
    clock = [int(NOW)]
    state: Any = Fragile()
    around = Around(events=stores.events, state=state, wall=lambda: clock[0], post=receiver, chance=chance.random)
    for _ in range(400):
        with suppress(Killed):
            told = Courier(endpoint, around)
            while told.step():
                pass
        clock[0] += 4 * 3_600_000_000
        seen = list(dict.fromkeys(webhook_id for webhook_id, _ in receiver.got))
        if len(seen) == 6:
            break
    bodies = {webhook_id: json.dumps(body) for webhook_id, body in receiver.got}
    assert all(bodies[webhook_id] == json.dumps(body) for webhook_id, body in receiver.got)
    first = {webhook_id: number for number, (webhook_id, _) in reversed(list(enumerate(receiver.got)))}
    kinds = [json.loads(bodies[each]) for each in sorted(first, key=first.__getitem__)]
    laid_aside = len([each for each in dead_letters(stores.state) if each["endpoint"] == endpoint.name])
    assert len(seen) + laid_aside == 6  # three clicks, three corrections
    if not laid_aside:
        assert [(each["type"], each["data"]["address"][:2]) for each in kinds] == [
            told for number in range(3) for told in (("email.clicked", f"p{number}"), ("verdict.changed", f"p{number}"))
        ]


def test_without_endpoints_nothing_is_noted(tmp_path: Path) -> None:
    opened = seeding.open_stores(tmp_path)
    seeding.by_hand(opened)
    assert opened.events.ask("news_span")[0]["last_number"] is None
    seeding.close(opened)


def dead(number: int) -> DeadLink:
    return DeadLink(
        id=number, url=f"https://shop.example.com/{number}", said="404", opened_at=Micros(NOW), sent_from=("x",)
    )


def test_a_dead_link_is_told_once_from_now_on_and_only_to_who_asks(stores: Stores, receiver: Receiver) -> None:
    alarms = [dead(1)]

    def after(number: int) -> list[DeadLink]:
        return [each for each in alarms if each.id > number]

    around = Around(events=stores.events, state=stores.state, wall=lambda: NOW, post=receiver, dead_links=after)
    asks, other = Courier(SURE, around), Courier(replace(SURE, name="other", events=frozenset(["clicked"])), around)
    asks.step()
    assert receiver.got == [], "what was before it began"
    alarms += [dead(2), dead(3)]
    asks.step()
    other.step()
    Courier(SURE, around).step()
    assert [(body["type"], body["data"]["alarm"]) for _, body in receiver.got] == [
        ("link.dead", "2"),
        ("link.dead", "3"),
    ]
    assert receiver.got[0][1]["data"] == {
        "alarm": "2", "url": "https://shop.example.com/2", "said": "404", "sent_from": ["x"],
    }  # fmt: skip


def test_a_dead_link_that_is_not_taken_comes_again_under_the_same_id_before_other_news(
    stores: Stores, receiver: Receiver
) -> None:
    alarms: list[DeadLink] = []
    clock = [int(NOW)]
    around = Around(
        events=stores.events, state=stores.state, wall=lambda: clock[0], post=receiver,
        dead_links=lambda number: [each for each in alarms if each.id > number],
    )  # fmt: skip
    telling = Courier(SURE, around)
    telling.step()
    alarms.append(dead(1))
    receiver.answer = lambda: Answer(status=500)
    assert not telling.step()
    assert (telling.place.tries, telling.place.alarm) == (1, 0)
    receiver.answer = lambda: Answer(status=204)
    clock[0] += 3_600 * 1_000_000
    telling.step()
    assert [body["data"]["alarm"] for _, body in receiver.got] == ["1"]
    assert (telling.place.tries, telling.place.part, telling.place.alarm) == (0, 0, 1)
