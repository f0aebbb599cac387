"""A burst of a scanner's network is held, shown, restored or applied; a one-click never is."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.leaving.conftest import ELSEWHERE, OFFICE, at, decoy, everybody, press
from tests.pipeline.house import START, House, after, hit, sent

from mailwake.events import SECOND, Class, DeliveryId, Event, EventType, Handle, Micros, Note, Source
from mailwake.leaving.holding import HOLD, MAILWAKE, WAIT
from mailwake.leaving.incidents import apply_now, restore
from mailwake.store.events import Judgement
from mailwake.store.state import HELD_REASON, Leave

BURST = (0, 1, 2)


def states(house: House) -> list[Leave]:
    return [row.state for row in reversed(house.state.latest_unsubscribes(Note.BUTTON, limit=100))]


def reasons(house: House, who: int) -> set[str]:
    """Why somebody gets no marketing mail now; empty: they get it."""
    held = house.state.suppressed([house.handles[who]], stream="marketing")
    return {row.reason for row in held.values()}


def burst(house: House, *, begin: float = 10) -> None:
    house.work(*(press(house, who, begin + who) for who in BURST))


def pass_time(house: House, seconds: float) -> None:
    """An event comes in later, and the worker looks."""
    house.now = after(seconds)
    house.work(sent(100 + int(seconds), seconds))


def test_a_burst_at_one_domain_from_a_network_that_followed_a_decoy_is_held(house: House) -> None:
    house.work(decoy())
    burst(house)
    assert states(house) == [Leave.HELD] * 3
    assert [row.held_until for row in house.state.held_unsubscribes()] == [after(10 + who) + HOLD for who in BURST]
    assert len({row.incident for row in house.state.held_unsubscribes()}) == 1


@pytest.mark.parametrize(
    ("apart", "at_once"), [pytest.param(0.1, True, marks=pytest.mark.long), (2.4, True), (2.5, False)]
)
def test_a_burst_from_a_network_that_followed_whole_mails_at_once_is_held(
    house: House, apart: float, at_once: bool
) -> None:
    links = [
        at(OFFICE, hit(EventType.CLICKED, 4.1 + n * apart, delivery=80, link=link)) for n, link in enumerate((1, 3, 4))
    ]
    house.work(*links)
    burst(house)
    assert states(house) == [Leave.HELD] * 3, "or else because the judge takes all its clicks for a machine's"
    why = house.state.unsubscribe_acts([house.state.held_unsubscribes()[0].id])[0].why
    assert ("3 links at once" in why) is at_once


def test_while_held_nobody_gets_mail_and_everybody_sees_that_it_is_not_final(house: House) -> None:
    house.work(decoy())
    burst(house)
    assert [reasons(house, who) for who in BURST] == [{HELD_REASON}] * 3
    streams = {row.stream for row in house.state.suppressions(house.handles[0])}
    assert streams == {"marketing", "outbound"}


def test_the_first_of_a_burst_is_held_too_though_it_counted_at_first(house: House) -> None:
    house.work(decoy())
    for who in BURST:
        house.work(press(house, who, 10 + who))
    assert states(house) == [Leave.HELD] * 3


def test_what_gives_the_network_away_may_come_just_after(house: House) -> None:
    burst(house)
    assert states(house) == [Leave.APPLIED] * 3
    house.now = after(40)
    house.work(decoy(40))
    assert states(house) == [Leave.HELD] * 3


@pytest.mark.parametrize("many", [1, 2])
def test_fewer_than_three_are_believed(house: House, many: int) -> None:
    house.work(decoy(), *(press(house, who, 10) for who in range(many)))
    assert states(house) == [Leave.APPLIED] * many


def test_colleagues_behind_a_network_without_a_history_are_believed(house: House) -> None:
    house.work(decoy(peer=ELSEWHERE))
    burst(house)
    assert states(house) == [Leave.APPLIED] * 3
    assert [reasons(house, who) for who in BURST] == [{"unsubscribed"}] * 3


def clicks(house: House, *, by_machines: int, by_people: int) -> None:
    """Clicks from the office as they stand in the event store, with verdicts; each of a copy of its own."""
    house.work(at(OFFICE, hit(EventType.CLICKED, 1, delivery=70, link=1)))
    known = msgspec.structs.replace(house.row(EventType.CLICKED), p_human=None)
    told = [0.49] * by_machines + [0.5] * by_people
    house.events.write(
        rows=[
            msgspec.structs.replace(known, id=7_000 + n, delivery=DeliveryId(700 + n), p_human=p_human)
            for n, p_human in enumerate(told)
        ]
    )
    house.events.write(
        rejudged=[Judgement(id=known.id, p_human=0.9, klass=Class.HUMAN, reasons="[]", ruleset="r", settled=True)]
    )


@pytest.mark.parametrize(
    ("by_machines", "by_people", "is_held"),
    [
        (3, 1, True),
        (2, 0, False),
        *(pytest.param(*each, marks=pytest.mark.long) for each in ((3, 2, False), (4, 2, True), (0, 9, False))),
    ],
)
def test_a_burst_from_a_network_most_of_whose_clicks_are_a_machines_is_held(
    house: House, by_machines: int, by_people: int, is_held: bool
) -> None:
    """One more click is a person's in each case."""
    clicks(house, by_machines=by_machines, by_people=by_people)
    burst(house)
    assert states(house) == [Leave.HELD if is_held else Leave.APPLIED] * 3


def viewed(who: int, seconds: float, *, note: Note = Note.UNSUBSCRIBE_VIEWED) -> Event:
    """The page is shown, for the copy that `press` presses the button of."""
    return at(OFFICE, hit(EventType.UNKNOWN, seconds, delivery=who + 1, note=note))


def test_in_a_burst_what_is_pressed_within_a_second_of_the_first_look_is_held_wherever_it_comes_from(
    house: House,
) -> None:
    events = [viewed(0, 9.5), press(house, 0, 10), viewed(1, 10), press(house, 1, 11), press(house, 2, 12)]
    house.work(*events)
    assert states(house) == [Leave.HELD, Leave.APPLIED, Leave.APPLIED]
    assert "within a second" in house.state.unsubscribe_acts([house.state.held_unsubscribes()[0].id])[0].why
    assert [reasons(house, who) for who in BURST] == [{HELD_REASON}, {"unsubscribed"}, {"unsubscribed"}]


def test_it_is_the_first_look_that_counts(house: House) -> None:
    house.work(*(viewed(who, 5) for who in BURST))
    house.work(*(event for who in BURST for event in (viewed(who, 10 + who), press(house, who, 10.5 + who))))
    assert states(house) == [Leave.APPLIED] * 3


def test_quick_presses_that_are_no_burst_are_believed(house: House) -> None:
    house.work(*(event for who in (0, 1) for event in (viewed(who, 10 + who), press(house, who, 10.5 + who))))
    assert states(house) == [Leave.APPLIED] * 2


@pytest.mark.parametrize(
    "note", [Note.UNSUBSCRIBE_DOUBTED, pytest.param(Note.PREFERENCES_VIEWED, marks=pytest.mark.long)]
)
def test_whichever_page_it_was(house: House, note: Note) -> None:
    house.work(*(event for who in BURST for event in (viewed(who, 10 + who, note=note), press(house, who, 10.5 + who))))
    assert states(house) == [Leave.HELD] * 3


def test_different_networks_domains_or_minutes_are_no_burst(house: House) -> None:
    other = house.state.handles(["fay@elsewhere.example"], now=START)["fay@elsewhere.example"]
    house.work(
        decoy(),
        press(house, 0, 10),
        press(house, 1, 10, peer=ELSEWHERE),
        press(house, 2, 80),
        at(OFFICE, hit(EventType.UNSUBSCRIBED, 11, delivery=6, recipient=other, note=Note.BUTTON)),
    )
    assert states(house) == [Leave.APPLIED] * 4


def test_a_one_click_is_never_held_and_counts_in_no_burst(house: House) -> None:
    house.work(decoy(), *(press(house, who, 10, note=Note.ONE_CLICK) for who in range(5)))
    house.work(press(house, 0, 11), press(house, 1, 11))
    assert states(house) == [Leave.APPLIED] * 2
    assert [reasons(house, who) for who in range(5)] == [{"unsubscribed"}] * 5


def judge_presses(house: House, *told: float | None) -> None:
    """What the judge makes in the end of the presses of the burst, one by one."""
    presses = reversed(house.state.latest_unsubscribes(Note.BUTTON, limit=9))
    judged = [
        Judgement(id=row.id, p_human=p_human, klass=Class.UNKNOWN, reasons="[]", ruleset="r", settled=True)
        for row, p_human in zip(presses, told, strict=True)
    ]
    house.events.write(rejudged=judged)


def acts(house: House) -> list[list[Leave]]:
    """What was done to each press of the burst, all by nobody."""
    rows = list(reversed(house.state.latest_unsubscribes(Note.BUTTON, limit=9)))
    found = house.state.unsubscribe_acts([row.id for row in rows])
    assert {act.by for act in found} == {MAILWAKE}
    return [[act.act for act in found if act.unsubscribe == row.id] for row in rows]


def test_after_fifteen_minutes_of_the_events_own_time_what_may_be_a_persons_is_applied(house: House) -> None:
    house.work(decoy())
    burst(house)
    pass_time(house, 15 * 60 + 9)
    assert states(house) == [Leave.HELD] * 3
    judge_presses(house, 0.2, 0.9, None)
    pass_time(house, 15 * 60 + 30)
    assert states(house) == [Leave.APPLIED] * 3
    assert [reasons(house, who) for who in BURST] == [{"unsubscribed"}] * 3
    assert acts(house) == [[Leave.HELD, Leave.APPLIED]] * 3


def test_what_is_most_likely_a_machines_stays_held_for_a_week_and_then_is_taken_back(house: House) -> None:
    house.work(decoy())
    burst(house)
    judge_presses(house, 0.19, 0.001, 0.6)
    pass_time(house, 15 * 60 + 30)
    assert states(house) == [Leave.HELD, Leave.HELD, Leave.APPLIED]
    assert [reasons(house, who) for who in BURST] == [{HELD_REASON}, {HELD_REASON}, {"unsubscribed"}]
    assert [row.held_until for row in house.state.held_unsubscribes()] == [after(10 + n) + HOLD + WAIT for n in (0, 1)]
    pass_time(house, 15 * 60 + 60)
    assert acts(house)[:2] == [[Leave.HELD, Leave.HELD]] * 2, "it is said once that somebody has to decide"
    pass_time(house, 7 * 86_400 + 2_000)
    assert [reasons(house, who) for who in BURST] == [set(), set(), {"unsubscribed"}]
    assert acts(house) == [[Leave.HELD, Leave.HELD, Leave.RESTORED]] * 2 + [[Leave.HELD, Leave.APPLIED]]


def test_what_was_pressed_before_anybody_can_have_read_the_page_is_a_machines_whatever_its_verdict(
    house: House,
) -> None:
    house.work(*(event for who in BURST for event in (viewed(who, 10 + who), press(house, who, 10.5 + who))))
    judge_presses(house, 0.9, 0.9, 0.9)
    pass_time(house, 15 * 60 + 30)
    assert states(house) == [Leave.HELD] * 3
    assert "somebody has to decide" in house.state.unsubscribe_acts([house.state.held_unsubscribes()[0].id])[-1].why


def test_who_was_taken_back_after_the_week_and_asks_again_is_unsubscribed_at_once(house: House) -> None:
    house.work(decoy())
    burst(house)
    judge_presses(house, 0.01, 0.01, 0.01)
    pass_time(house, 15 * 60 + 30)
    pass_time(house, 7 * 86_400 + 2_000)
    house.work(press(house, 0, 7 * 86_400 + 3_000), press(house, 1, 7 * 86_400 + 3_000, note=Note.ONE_CLICK))
    assert [reasons(house, who) for who in BURST] == [{"unsubscribed"}, {"unsubscribed"}, set()]


def test_what_waits_for_a_person_can_be_decided_by_one(house: House) -> None:
    house.work(decoy())
    burst(house)
    judge_presses(house, 0.01, 0.01, 0.01)
    pass_time(house, 15 * 60 + 30)
    first, second, _ = house.state.held_unsubscribes()
    restore(house.state, [first.id], at=after(1_000), by="Ada", why="their gateway")
    apply_now(house.state, [second.id], at=after(1_000), by="Ada", why="asked by phone")
    assert states(house) == [Leave.RESTORED, Leave.APPLIED, Leave.HELD]
    pass_time(house, 2_000)
    assert states(house) == [Leave.RESTORED, Leave.APPLIED, Leave.HELD], "what a person decided is not held longer"


def incident(house: House) -> int:
    (found,) = {row.incident for row in house.state.latest_unsubscribes(Note.BUTTON, limit=9)}
    assert found is not None
    return found


@pytest.mark.parametrize("wait", [pytest.param(30, marks=pytest.mark.long), 15 * 60 + 30])
def test_restoring_an_incident_brings_everybody_back_also_after_it_was_applied(house: House, wait: float) -> None:
    house.work(decoy())
    burst(house)
    pass_time(house, wait)
    done = restore(house.state, [incident(house)], at=after(wait), by="Ada", why="our gateway, says their postmaster")
    assert (done, states(house)) == (3, [Leave.RESTORED] * 3)
    assert [reasons(house, who) for who in BURST] == [set()] * 3
    act = house.state.unsubscribe_acts([house.state.latest_unsubscribes(Note.BUTTON, limit=1)[0].id])[-1]
    assert (act.act, act.at, act.by, act.why) == (
        Leave.RESTORED, after(wait), "Ada", "our gateway, says their postmaster",
    )  # fmt: skip
    pass_time(house, wait + 2_000)
    assert states(house) == [Leave.RESTORED] * 3


def test_a_press_that_was_covered_by_another_is_taken_back_with_it_for_good(house: House) -> None:
    house.work(decoy(), *(press(house, who, 10 + who) for who in BURST), press(house, 0, 14))
    restore(house.state, [incident(house)], at=after(100), by="Ada", why="scanner")
    again = House(house.folder, events_file="again.duckdb")
    again.work()
    assert reasons(house, 0) == set()
    again.close()


@pytest.mark.parametrize("note", [Note.ONE_CLICK, pytest.param(Note.BUTTON, marks=pytest.mark.long)])
def test_who_asked_before_the_restoring_but_is_heard_of_after_it_is_unsubscribed(house: House, note: Note) -> None:
    house.work(decoy())
    burst(house)
    pass_time(house, 15 * 60 + 30)
    restore(house.state, [incident(house)], at=after(1_000), by="Ada", why="scanner")
    house.log(press(house, 0, 500, peer=ELSEWHERE, note=note), writer="edge-1")
    house.work()
    assert [reasons(house, who) for who in BURST] == [{"unsubscribed"}, set(), set()]


def test_restoring_one_press_of_two_leaves_the_other_held(house: House) -> None:
    house.work(decoy(), *(press(house, who, 10 + who) for who in BURST), press(house, 0, 14))
    first, *_, second = [row for row in house.state.held_unsubscribes() if row.handle == house.handles[0]]
    restore(house.state, [first.id], at=after(100), by="Ada", why="scanner")
    assert reasons(house, 0) == {HELD_REASON}
    apply_now(house.state, [second.id], at=after(101), by="Ada", why="asked by phone")
    assert reasons(house, 0) == {"unsubscribed"}


def test_restoring_lifts_only_what_the_press_caused(house: House) -> None:
    house.state.suppress(house.handles[0], reason="unsubscribed", source="api", at=START, stream="marketing")
    house.work(decoy(), at(OFFICE, hit(EventType.COMPLAINED, 10, delivery=2, recipient=house.handles[1])))
    burst(house)
    restore(house.state, [incident(house)], at=after(100), by="Ada", why="scanner")
    assert [reasons(house, who) for who in BURST] == [{"unsubscribed"}, {"complained"}, set()]


def test_two_who_decide_at_once_decide_once(house: House) -> None:
    house.work(decoy())
    burst(house)
    rows = house.state.held_unsubscribes()
    assert house.state.restore_unsubscribes(rows, at=after(20), by="Ada", why="scanner") == 3
    assert house.state.apply_unsubscribes(rows, at=after(21), by=MAILWAKE, why="time") == 0
    longer = [replace(row, held_until=after(9_999)) for row in rows]
    house.state.hold_unsubscribes([*rows, *longer], at=after(22), by=MAILWAKE, why="late")
    assert states(house) == [Leave.RESTORED] * 3
    assert [reasons(house, who) for who in BURST] == [set()] * 3


@pytest.mark.parametrize("note", [Note.ONE_CLICK, pytest.param(Note.BUTTON, marks=pytest.mark.long)])
def test_what_an_older_version_suppressed_and_somebody_lifted_stays_lifted(house: House, note: Note) -> None:
    """Nothing was written down of it then, so a log that is read anew brings it as news."""
    house.state.suppress(house.handles[0], reason="unsubscribed", source="edge", at=after(10), stream="marketing")
    house.state.suppress(house.handles[0], reason="unsubscribed", source="edge", at=after(10), stream="outbound")
    house.state.lift(house.handles[0], after(60))
    house.work(press(house, 0, 10, note=note))
    assert reasons(house, 0) == set()


@pytest.mark.parametrize("seconds", [9, *(pytest.param(seconds, marks=pytest.mark.long) for seconds in (13, 1_000))])
def test_who_also_asked_in_the_mailbox_stays_unsubscribed_whatever_is_restored(house: House, seconds: float) -> None:
    house.work(decoy())
    events = [press(house, who, 10 + who) for who in BURST]
    asked = press(house, 0, seconds, note=Note.ONE_CLICK)
    house.work(*sorted([*events, asked], key=lambda event: event.received_at))
    restore(house.state, [incident(house)], at=after(1_100), by="Ada", why="scanner")
    assert [reasons(house, who) for who in BURST] == [{"unsubscribed"}, set(), set()]


def test_who_asks_again_after_being_restored_is_unsubscribed(house: House) -> None:
    house.work(decoy())
    burst(house)
    restore(house.state, [incident(house)], at=after(100), by="Ada", why="scanner")
    house.work(press(house, 0, 500, peer=ELSEWHERE))
    assert reasons(house, 0) == {"unsubscribed"}


def test_an_operator_may_apply_at_once(house: House) -> None:
    house.work(decoy())
    burst(house)
    assert apply_now(house.state, [incident(house)], at=after(20), by="Ada", why="they asked by phone") == 3
    assert states(house) == [Leave.APPLIED] * 3
    assert [reasons(house, who) for who in BURST] == [{"unsubscribed"}] * 3
    pass_time(house, 30)
    assert states(house) == [Leave.APPLIED] * 3, "what a person decided is not held again"


def test_reading_the_log_again_changes_nothing_that_was_decided(house: House) -> None:
    house.work(decoy())
    burst(house)
    restore(house.state, [incident(house)], at=after(100), by="Ada", why="scanner")
    again = House(house.folder, events_file="again.duckdb")
    again.handles = house.handles
    again.work()
    assert states(again) == [Leave.RESTORED] * 3
    assert [reasons(again, who) for who in BURST] == [set()] * 3
    again.close()


def test_reading_the_log_again_while_it_is_held_keeps_it_held_and_adds_nothing(house: House) -> None:
    house.work(decoy())
    burst(house)
    before = house.state.suppressions(house.handles[0])
    again = House(house.folder, events_file="again.duckdb")
    again.work()
    assert house.state.suppressions(house.handles[0]) == before
    assert states(house) == [Leave.HELD] * 3
    again.close()


def test_an_installation_that_honours_every_first_press_holds_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, holds=False)
    house.handles = everybody(house)
    house.work(decoy())
    burst(house)
    assert states(house) == [Leave.APPLIED] * 3
    house.close()


def test_a_copy_of_a_lower_mode_brings_no_network_and_is_applied(house: House) -> None:
    house.work(decoy(), *(msgspec.structs.replace(press(house, who, 10), request=None) for who in BURST))
    assert states(house) == [Leave.APPLIED] * 3


def test_nothing_is_said_of_an_event_that_is_no_unsubscription(house: House) -> None:
    put = house.desk.holding.put
    for event in (sent(1), hit(EventType.COMPLAINED, 1), hit(EventType.CLICKED, 1)):
        where = {"domain": "company.example", "network": 1}
        assert not put(event, id=1, at=Micros(5 * SECOND), campaign=None, streams=["marketing"], **where)  # type: ignore[arg-type]
    assert house.state.unsubscribes_of(ids=[1]) == []
    assert Handle(101) not in house.state.suppressed([Handle(101)])


@pytest.mark.parametrize(
    ("note", "source", "reason", "way"),
    [
        (Note.ONE_CLICK, Source.EDGE, "", "one_click"),
        (Note.BUTTON, Source.EDGE, "", "button"),
        (Note.NONE, Source.BOUNCE, "opt-out", "complaint"),
        (Note.NONE, Source.BOUNCE, "answered: unsubscribe", "reply"),
        (Note.NONE, Source.ESP, "", "esp"),
        (Note.NONE, Source.API, "", "crm"),
        (Note.NONE, Source.RELAY, "", ""),
    ],
)
def test_every_way_out_is_in_one_ledger_with_the_mail_and_the_words(
    house: House, *, note: Note, source: Source, reason: str, way: str
) -> None:
    asked = msgspec.structs.replace(press(house, 0, 10, note=note), source=source, reason=reason)
    house.work(asked)
    (row,) = house.state.unsubscribes_by(house.handles[0])
    assert (row.how, row.template, row.delivery) == (way, asked.template, asked.delivery)
    assert row.proof == (reason or None)
    assert house.row(EventType.UNSUBSCRIBED).id == row.id, "its event is the proof"


def test_a_wish_that_comes_a_hundred_times_is_one_wish(house: House) -> None:
    """AT-31."""
    house.work(press(house, 1, 10, note=Note.ONE_CLICK))
    house.work(*(press(house, 0, 10 + number / 100, note=Note.ONE_CLICK) for number in range(100)))
    once, often = (house.state.suppressions(house.handles[who]) for who in (1, 0))
    assert [(row.reason, row.stream) for row in often] == [(row.reason, row.stream) for row in once]
    assert reasons(house, 0) == {"unsubscribed"}
