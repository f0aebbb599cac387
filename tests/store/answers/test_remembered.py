"""Kept answers are those that the store would give, or, where it is slow, a little behind and said to be."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.blank import lay_out
from tests.contract.events.conftest import BASE, make_rows
from tests.store.answers.answering import TOGETHER, Later, everything, of_each

from mailwake.errors import Unavailable
from mailwake.events import CampaignId, Class, DeliveryId, EventType, Handle, Micros, TemplateId
from mailwake.store.answers import remembered as module
from mailwake.store.answers import together
from mailwake.store.answers.glance import glancing, with_age
from mailwake.store.answers.opening import worked_out
from mailwake.store.answers.remembered import Remembered
from mailwake.store.answers.sliding import Sliding, back
from mailwake.store.events import CounterRow, Cut, Cuts, EventRow, EventStore, Judgement, open_events
from mailwake.store.events.asking import questions
from mailwake.store.events.choosing import Choice, Every, Piece, Some, Without


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    lay_out(tmp_path)
    opened = open_events(tmp_path / "events.duckdb", threads=1)
    yield opened
    opened.close()


def judged(row: EventRow, chance: random.Random) -> Judgement:
    return Judgement(
        id=row.id, p_human=chance.random(), klass=Class.HUMAN, reasons="[]", ruleset="r", settled=chance.random() < 0.5
    )


@pytest.mark.parametrize("is_restored", [False, True])
@pytest.mark.long
def test_whatever_is_written_the_answers_are_those_of_the_store(
    store: EventStore, is_restored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGE", 0)
    chance, rows = random.Random(5), make_rows(5, 400)
    remembered = Remembered(store, cost=lambda: 0.0)
    if is_restored:
        remembered.provisional()
    for _ in range(6):
        part, rows = rows[:30], rows[30:]
        match chance.randrange(5):
            case 0:
                remembered.write(rows=part, rejudged=[judged(row, chance) for row in part[:10]])
            case 1:
                remembered.write(rejudged=[judged(row, chance) for row in remembered.provisional()[:20]])
            case 2:
                hit = CounterRow(
                    campaign=CampaignId(2),
                    template=TemplateId(7),
                    link=1,
                    hour=Micros(BASE),
                    type=EventType.CLICKED,
                    n=3,
                )
                remembered.write(counters=[hit])
            case 3:
                remembered.stage([judged(row, chance) for row in part])
                remembered.swap(ruleset="other", at=Micros(BASE))
            case _:
                remembered.write(rows=part, settle_before=Micros(BASE + chance.randrange(5_000_000_000)))
        told = everything(store)
        assert everything(remembered) == told
        assert everything(remembered) == told, "given from memory"
        for question in TOGETHER:
            assert remembered.ask(question) == of_each(store, question)


@pytest.mark.parametrize(
    ("at_once", "are_alone"),
    [
        pytest.param(1, (6, 6), marks=pytest.mark.long),
        (150, (4, 4)),
        pytest.param(10_000, (2, 0), marks=pytest.mark.long),
    ],
)
def test_what_was_asked_of_many_is_kept_as_what_each_would_say(
    store: EventStore, at_once: int, are_alone: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for where, name, value in ((module, "_LARGE", 0), (module, "FEW", 0), (together, "_AT_ONCE", at_once)):
        monkeypatch.setattr(where, name, value)
    rows = [msgspec.structs.replace(row, campaign=_claimant(row)) for row in make_rows(6, 500)]
    store.write(rows=rows)
    asked, ask = list[str](), store.ask

    def noted(question: str, **given: int | str) -> list[dict[str, Any]]:
        asked.append(question)
        return ask(question, **given)

    monkeypatch.setattr(store, "ask", noted)
    remembered = Remembered(store, cost=lambda: 0.0)
    for question, single in TOGETHER.items():
        remembered.ask(question)
        told = [remembered.ask(single, campaign=campaign) for campaign in range(1, 7)]
        alone = asked.count(single)
        assert told == [ask(single, campaign=campaign) for campaign in range(1, 7)]
        assert remembered.ask(question) == of_each(store, question)
        assert alone == are_alone[question != "campaigns_counts"], "of the first two campaigns copies are in dispute"


def _claimant(row: EventRow) -> CampaignId:
    """The campaign of a delivery, and of a few the one before it as well."""
    owner = 1 + (row.delivery or row.id) % 6
    return CampaignId(1 if owner == 2 and row.id % 3 == 0 else owner)


def test_runs_hold_what_is_wanted_and_nothing_else() -> None:
    campaigns = [{"campaign": each, "event_count": 400_000} for each in (1, 2, 3, 5, 6, 9)]
    campaigns[2]["event_count"] = 5_000_000
    assert [*together.runs(campaigns, {1, 2, 3, 6, 9, 11})] == [[1, 2], [3], [6, 9]]
    assert not [*together.runs(campaigns, set())]


def test_a_question_on_one_campaign_reads_nothing_of_another(store: EventStore) -> None:
    """Otherwise an answer would be kept that had changed."""
    alone = [name for name in questions() if set(questions()[name].parameters) == {"campaign"}]
    assert len(alone) > 10
    rows = make_rows(8, 600)
    store.write(rows=[row for row in rows if row.campaign == 1])
    before = [store.ask(name, campaign=1) for name in alone]
    store.write(rows=[row for row in rows if row.campaign != 1 and (row.delivery, row.template) not in _copies(rows)])
    assert [store.ask(name, campaign=1) for name in alone] == before


def _copies(rows: list[EventRow]) -> set[Any]:
    return {(row.delivery, row.template) for row in rows if row.campaign == 1}


class Slow:
    """A store whose questions take as long as a test says; it counts how often it is asked."""

    def __init__(self) -> None:
        self.now, self.takes, self.asked, self.written = 0.0, 0.0, 0, 0
        self.count, self.is_away = 0, False

    def ask(self, question: str, **parameters: int | str) -> list[dict[str, Any]]:
        if self.is_away:
            raise Unavailable("away")
        if question == "latest":
            return [{"received_at": self.written, "event_count": self.count}]
        self.asked += 1
        self.now += self.takes
        return [{"written": self.written, **parameters}]

    def write(self, *_taken: Any, **_given: Any) -> int:
        self.written += 1
        return -1  # as if it could not be said which were new

    erase = swap = roll_back = forget_old = write


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def remembered(slow: Slow, later: Later) -> Remembered:
    wanted: Any = slow
    return Remembered(wanted, clock=lambda: slow.now, cost=lambda: slow.now, refresh=later.append)


def test_what_nobody_changed_is_asked_once(remembered: Remembered, slow: Slow) -> None:
    assert remembered.ask("q", campaign=1) == remembered.ask("q", campaign=1)
    assert slow.asked == 1
    remembered.write(rows=[msgspec.structs.replace(make_rows(1, 1)[0], campaign=CampaignId(2))])
    remembered.ask("q", campaign=1)
    assert slow.asked == 1
    remembered.ask("q")
    remembered.write()
    remembered.ask("q")
    assert slow.asked == 3


def test_what_is_quick_is_never_behind(remembered: Remembered, slow: Slow) -> None:
    slow.takes = 0.099
    for _ in range(5):
        remembered.write()
        assert remembered.ask("q") == [{"written": slow.written}]


def test_what_is_slow_is_given_a_little_longer_and_asked_anew_beside(
    remembered: Remembered, slow: Slow, later: Later
) -> None:
    slow.takes = 2.0
    assert remembered.ask("q") == [{"written": 0}]
    remembered.write()
    slow.now = 19
    assert remembered.ask("q") == [{"written": 0}]
    assert remembered.ask("latest") == [{"received_at": 0, "event_count": 0}], "the stamp says how far the answer goes"
    assert not later
    slow.now = 21
    assert remembered.ask("q") == remembered.ask("q") == [{"written": 0}]
    assert len(later) == 1, "once, however many look"
    later.run()
    assert remembered.ask("q") == [{"written": 1}]
    assert remembered.ask("latest") == [{"received_at": 1, "event_count": 0}]


def test_after_long_who_asks_waits_for_what_is_true(remembered: Remembered, slow: Slow, later: Later) -> None:
    slow.takes = 2.0
    remembered.ask("q")
    remembered.write()
    slow.now = 203
    assert remembered.ask("latest") == [{"received_at": 1, "event_count": 0}], (
        "what is not given any more is not waited for"
    )
    assert remembered.ask("q") == [{"written": 1}]
    assert not later


def test_who_looks_at_a_page_is_given_an_answer_of_any_age_and_told_its_age(
    remembered: Remembered, slow: Slow, later: Later
) -> None:
    slow.takes = 2.0
    remembered.ask("q")
    remembered.write()
    slow.now = 100_000
    with glancing():
        assert remembered.ask("latest")[0]["received_at"] == 1, "nothing that is behind was given yet"
        assert remembered.ask("q") == [{"written": 0}]
        assert remembered.ask("latest")[0]["received_at"] == 0
    with glancing():
        assert remembered.ask("latest")[0]["received_at"] == 1, "on another page is nothing that is behind"
    assert len(later) == 1
    later.run()
    with glancing():
        assert remembered.ask("q") == [{"written": 1}]
        assert remembered.ask("latest")[0]["received_at"] == 1


def test_a_kept_answer_is_as_old_as_what_it_was_made_of(remembered: Remembered, slow: Slow) -> None:
    slow.takes = 2.0
    remembered.ask("q")
    remembered.write()
    with glancing() as page:
        told, latest = with_age(lambda: remembered.ask("q"))
    assert told == [{"written": 0}]
    assert latest == [{"received_at": 0, "event_count": 0}]
    assert page.latest is None, "it is noted by whoever gives it"
    assert with_age(lambda: 1) == (1, None)


def test_what_is_worked_out_beside_knows_how_far_its_parts_go(remembered: Remembered, slow: Slow, later: Later) -> None:
    slow.takes = 2.0
    remembered.ask("q")
    remembered.write()
    told, latest = with_age(lambda: remembered.ask("q"))
    assert told == [{"written": 0}], "a program is given it for a while, too"
    assert latest == [{"received_at": 0, "event_count": 0}]
    slow.now += 100_000
    told, latest = with_age(lambda: remembered.ask("q"))
    assert (told, latest) == ([{"written": 1}], None), "but not for good"
    assert not later


@pytest.mark.parametrize("what", ["erase", "swap", "roll_back", "forget_old", "write"])
def test_nobody_is_given_what_was_made_before_something_was_taken_out(
    remembered: Remembered, slow: Slow, what: str
) -> None:
    slow.takes = 2.0
    remembered.ask("q")
    takes: dict[str, dict[str, Any]] = {
        "erase": {"recipient": 1},
        "swap": {"ruleset": "r", "at": 1},
        "roll_back": {"at": 1},
        "forget_old": {"before": 1, "at": 1},
        "write": {"cuts": Cuts(people=[Cut(recipient=Handle(1), opens_until=Micros(1))])},
    }
    getattr(remembered, what)(**takes[what])
    slow.now += 100_000
    with glancing():
        assert remembered.ask("q") == [{"written": slow.written}]
        assert slow.asked == 2


def test_a_window_that_moves_on_is_the_same_question(remembered: Remembered, slow: Slow, later: Later) -> None:
    slow.takes = 2.0
    assert remembered.ask("q", since=Sliding(10, "7 days")) == [{"written": 0, "since": 10}]
    assert remembered.ask("q", since=Sliding(10, "7 days")) == [{"written": 0, "since": 10}]
    assert remembered.ask("q", since=Sliding(11, "8 days")) == [{"written": 0, "since": 11}], "another window"
    assert slow.asked == 2
    assert remembered.ask("q", since=Sliding(12, "7 days")) == [{"written": 0, "since": 10}], "a little behind"
    slow.now += 30
    remembered.ask("q", since=Sliding(13, "7 days"))
    later.run()
    assert remembered.ask("q", since=Sliding(13, "7 days")) == [{"written": 0, "since": 13}]
    assert len(remembered._answers) == 2


def test_a_window_that_is_quickly_asked_is_never_behind(remembered: Remembered) -> None:
    for since in (10, 11, 10):
        assert remembered.ask("q", since=Sliding(since, "7 days")) == [{"written": 0, "since": since}]


def test_what_slides_slides_along_with_what_it_is_told_from() -> None:
    earlier = back(Sliding(100, "now"), 30)
    assert (earlier, getattr(earlier, "which", "")) == (70, "now - 30")
    assert type(back(100, 30)) is int


def test_one_asks_and_the_others_wait_for_the_same_answer(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on, asked = threading.Event(), list[str]()
    ask = store.ask

    def slowly(question: str, **given: int | str) -> list[dict[str, Any]]:
        asked.append(question)
        assert may_go_on.wait(30)
        return ask(question, **given)

    monkeypatch.setattr(store, "ask", slowly)
    remembered, found = Remembered(store), list[Any]()
    threads = [threading.Thread(target=lambda: found.append(remembered.ask("campaigns"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    may_go_on.set()
    for thread in threads:
        thread.join(30)
    assert found == [[]] * 4
    assert asked.count("campaigns") == 1
    assert not remembered._turns._locks


def test_how_many_a_choice_chooses_is_kept_and_told_apart(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(rows=make_rows(5, 200))
    asked, choose = list[str](), store.choose

    def noted(frame: str, choice: Choice, **given: int | str) -> list[dict[str, Any]]:
        asked.append(frame)
        return choose(frame, choice, **given)

    monkeypatch.setattr(store, "choose", noted)
    remembered = Remembered(store)
    one, until = engaged("dormant"), BASE + 10**12
    choices: list[Choice] = [one, Without(one), Every((one, Without(one))), Some((one, Without(one)))]
    told = [remembered.choose("size", each) for each in choices]
    assert [remembered.choose("size", each) for each in choices] == told
    assert asked == ["size"] * 4
    assert told == [choose("size", each) for each in choices]
    assert remembered.choose("people", one, until=until, limit=5, offset=0, after=-1) == choose(
        "people", one, until=until, limit=5, offset=0, after=-1
    )


def engaged(state: str) -> Choice:
    values: dict[str, int | str] = {"state": state, "active_since": BASE, "dormant_since": BASE, "until": BASE + 10**12}
    return Piece(name="engaged", values=values)


def test_what_is_worked_out_is_kept_like_an_answer(remembered: Remembered, slow: Slow, later: Later) -> None:
    events: Any = remembered
    made = list[int]()

    def make() -> list[dict[str, Any]]:
        made.append(1)
        slow.now += 2.0
        return [{"n": len(made)}]

    assert worked_out(events, "usual", make) == worked_out(events, "usual", make) == [{"n": 1}]
    remembered.write()
    slow.now += 100
    assert worked_out(events, "usual", make) == [{"n": 1}]
    later.run()
    assert worked_out(events, "usual", make) == [{"n": 2}]
    alone: Any = slow
    assert worked_out(alone, "usual", make) == [{"n": 3}], "where nothing is kept it is worked out each time"


def test_who_comes_back_within_two_minutes_waits_for_nothing(remembered: Remembered, slow: Slow, later: Later) -> None:
    slow.takes = 0.2
    remembered.ask("q")
    remembered.write()
    slow.now = 119
    assert remembered.ask("q") == [{"written": 0}]
    assert len(later) == 1
    slow.now = 121
    assert remembered.ask("q") == [{"written": 1}]


@pytest.mark.parametrize(("count", "written"), [(999_999, 1), (1_000_000, 0)])
def test_on_a_large_store_less_is_slow(
    remembered: Remembered, slow: Slow, later: Later, *, count: int, written: int
) -> None:
    slow.takes, slow.count = 0.03, count
    remembered.ask("latest")
    remembered.ask("q")
    remembered.write()
    assert remembered.ask("q") == [{"written": written}]
    assert not later
    assert remembered.ask("latest")[0]["received_at"] == written


def test_a_store_that_is_away_meanwhile_harms_nobody(remembered: Remembered, slow: Slow, later: Later) -> None:
    slow.takes = 2.0
    remembered.ask("q")
    remembered.write()
    slow.now, slow.is_away = 30, True
    remembered.ask("q")
    later.run()
    assert remembered.ask("q") == [{"written": 0}]
    slow.is_away = False
    later.run()
    assert remembered.ask("q") == [{"written": 1}]


def test_what_is_kept_is_bounded(remembered: Remembered, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_VALUES", 1_000)
    for number in range(500):
        remembered.ask("q", campaign=number + 1)
    assert remembered._values <= 1_000
    assert 80 < len(remembered._answers) < 120
    remembered.ask("q", campaign=500)
    assert slow.asked == 500, "the newest are kept"


def test_of_all_campaigns_only_those_are_asked_again_that_were_written_to(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGE", 0)
    asked: list[tuple[str, int | str]] = []
    ask = store.ask
    store.ask = lambda name, **given: (asked.append((name, given.get("campaign", 0))), ask(name, **given))[1]  # type: ignore[method-assign, func-returns-value]
    remembered, rows = Remembered(store, cost=lambda: 0.0), make_rows(5, 300)
    remembered.write(rows=rows[:-1])
    remembered.ask("campaigns_counts")
    assert {each for name, each in asked if name == "campaign_counts"} == {1, 2, 3, 4}
    asked.clear()
    remembered.write(rows=[msgspec.structs.replace(rows[-1], id=7, delivery=DeliveryId(9), campaign=CampaignId(9))])
    assert [row["campaign"] for row in remembered.ask("campaigns_counts")] == [1, 2, 3, 4, 9]
    assert [each for each in asked if each[0] == "campaign_counts"] == [("campaign_counts", 9)]
    assert remembered.ask("latest") == ask("latest")


def test_what_was_there_already_is_no_reason_to_count_everything(store: EventStore) -> None:
    asked: list[str] = []
    ask = store.ask
    store.ask = lambda name, **given: (asked.append(name), ask(name, **given))[1]  # type: ignore[method-assign, func-returns-value]
    remembered, rows = Remembered(store), make_rows(5, 30)
    remembered.ask("latest")
    for some in (rows[:20], rows[:20], rows[5:15], rows[20:25]):
        remembered.write(rows=some)
        assert remembered.ask("latest") == ask("latest")
    assert asked == ["latest"]
    remembered.write(rows=rows[22:])
    assert remembered.ask("latest") == ask("latest")
    assert asked == ["latest", "latest"], "some were there: nobody knows when they came first"
