"""The judge over a stream: order does not matter, state is bounded, and whole scenes come out right."""

from dataclasses import replace
from itertools import permutations
from math import exp
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.judge.world import (
    APPLE,
    GMAIL,
    HOUR,
    MICROSOFT,
    NOTHING,
    PERSON,
    at,
    clicked,
    codes,
    decoy,
    delivered,
    event,
    judged,
    opened,
    p,
    refused,
    rules,
)

from mailwake.events import (
    SECOND,
    AgentKind,
    Class,
    DeliveryId,
    EventType,
    Evidence,
    Flag,
    Micros,
    NetworkKind,
    Note,
    Settlement,
    Verdict,
)
from mailwake.judge import Judge
from mailwake.judge.delivery import ROOM, Sort
from mailwake.judge.verdicts import LONGEST, StreamJudge


def test_it_is_a_judge() -> None:
    judge: Judge = StreamJudge(rules())
    assert judge.ruleset == rules().id


# ------------------------------------------------------------------ scenes


def test_a_person_at_home_who_clicks_after_two_hours_is_a_person() -> None:
    verdict = judged([delivered(), clicked(1, 2 * HOUR, **PERSON)])[1]
    assert p(verdict) > 0.95
    assert verdict.klass is Class.HUMAN


def test_a_microsoft_sweep_of_all_links_is_a_scanner() -> None:
    sweep = [clicked(n, 43 + n * 0.05, link=n, **MICROSOFT) for n in range(1, 9)]
    verdicts = judged([delivered(), opened(50, 9, **MICROSOFT), *sweep])
    assert all(p(verdict) < 0.02 for n, verdict in verdicts.items() if n < 50)
    assert verdicts[3].klass is Class.SCANNER
    assert any("links" in reason.fact for reason in verdicts[3].reasons)


def test_a_person_behind_that_scanner_is_still_a_person() -> None:
    sweep = [clicked(n, 43 + n * 0.05, link=n, **MICROSOFT) for n in range(1, 9)]
    verdicts = judged([delivered(), *sweep, clicked(20, 3 * HOUR, link=3, **PERSON)])
    assert p(verdicts[20]) > 0.9


@pytest.mark.parametrize("seconds", [1, 15, 600, 86_400])
def test_a_gmail_proxy_open_is_never_a_machine(seconds: float) -> None:
    verdict = judged([delivered(), opened(1, seconds, **GMAIL)])[1]
    assert p(verdict) > 0.5
    assert verdict.klass is Class.PROXY


def test_a_gmail_proxy_open_stays_a_person_when_a_scanner_walks_into_a_decoy() -> None:
    verdicts = judged([delivered(), opened(1, 40, **GMAIL), decoy(2, 41, **MICROSOFT)])
    assert p(verdicts[1]) > 0.5


def test_an_apple_prefetch_is_neither_a_person_nor_a_machine() -> None:
    verdict = judged([delivered(), opened(1, 30, **APPLE)])[1]
    assert verdict.klass is Class.MPP
    assert 0 < p(verdict) < 0.2


def test_a_click_half_a_minute_after_an_apple_fetch_says_somebody_was_there() -> None:
    phone = PERSON | {"client": "Safari"}
    verdict = judged([delivered(), opened(1, HOUR, **APPLE), clicked(2, HOUR + 30, **phone)])[1]
    assert verdict.klass is Class.MPP
    assert p(verdict) == pytest.approx(0.97, abs=0.001)


def test_a_scanner_click_after_an_apple_fetch_says_nothing() -> None:
    alone = judged([delivered(), opened(1, 30, **APPLE)])[1]
    scanned = judged([delivered(), opened(1, 30, **APPLE), clicked(2, 43, **MICROSOFT)])[1]
    assert p(scanned) == p(alone)


def test_a_head_request_from_exchange_is_a_scanner() -> None:
    facts = {
        "network": 9,
        "network_kind": NetworkKind.SCANNER,
        "asn": 8075,
        "agent_kind": AgentKind.EMPTY,
        "flags": Flag.HEAD | Flag.NO_ACCEPT_LANGUAGE,
    }
    verdict = judged([delivered(), clicked(1, 10, **facts)])[1]
    assert p(verdict) < 0.01
    assert {"method", "agent", "network"} <= codes(verdict)


def test_a_decoy_hit_re_labels_earlier_and_later_clicks_of_its_visitor() -> None:
    visitor = PERSON | {"network_kind": NetworkKind.HOSTING, "asn": 24940}
    clean = judged([delivered(), clicked(1, 3 * HOUR, link=1, **visitor), clicked(2, 3 * HOUR + 60, link=2, **visitor)])
    caught = judged(
        [
            delivered(),
            clicked(1, 3 * HOUR, link=1, **visitor),
            decoy(9, 3 * HOUR + 20, **visitor),
            decoy(10, 3 * HOUR + 30, link=98, **visitor),
            clicked(2, 3 * HOUR + 60, link=2, **visitor),
        ]
    )
    assert p(clean[1]) > 0.5
    assert all(p(caught[n]) < 0.3 for n in (1, 2, 9, 10))


def test_a_screen_reader_that_meets_one_decoy_keeps_its_person() -> None:
    verdicts = judged([delivered(), clicked(1, 2 * HOUR, **PERSON), decoy(2, 2 * HOUR + 12, **PERSON)])
    assert p(verdicts[1]) > 0.5


def test_an_altered_link_re_labels_its_neighbours_in_time_and_network() -> None:
    verdicts = judged([delivered(), refused(1, 43, **MICROSOFT), clicked(2, 43.4, **(MICROSOFT | {"agent": 77}))])
    assert "altered" in codes(verdicts[2])
    assert p(verdicts[2]) < 0.02


def test_a_person_is_quick_with_a_one_time_code() -> None:
    mail: dict[str, Any] = {"stream": "transactional", "links": 1}
    quick = judged([delivered(**mail), clicked(1, 25, **PERSON, **mail)])[1]
    assert p(quick) > 0.8


def test_a_link_preview_has_a_class_of_its_own() -> None:
    bot = {"agent_kind": AgentKind.DECLARED_BOT, "client": "Slack preview", "agent": 3}
    assert judged([delivered(), clicked(1, HOUR, **bot)])[1].klass is Class.PREVIEW


def test_a_prefetch_header_has_a_class_of_its_own() -> None:
    facts = PERSON | {"flags": Flag.PREFETCH | Flag.ACCEPT_LANGUAGE}
    verdict = judged([delivered(), clicked(1, HOUR, **facts)])[1]
    assert verdict.klass is Class.PREFETCH
    assert p(verdict) < 0.5


def test_a_one_click_unsubscription_is_a_person_whatever_server_sends_it() -> None:
    facts = GMAIL | {"agent_kind": AgentKind.LIBRARY}
    verdict = judged([delivered(), event(1, EventType.UNSUBSCRIBED, 5, note=Note.ONE_CLICK, **facts)])[1]
    assert p(verdict) > 0.9
    assert verdict.klass is Class.HUMAN


def test_a_reply_raises_what_went_before() -> None:
    base = [delivered(), clicked(1, 200, **NOTHING)]
    alone = judged(base)[1]
    replied = judged([*base, event(2, EventType.REPLIED, 900)])
    assert p(replied[1]) > p(alone)
    assert p(replied[2]) > 0.99


# ------------------------------------------------------------------ unknown stays unknown


def test_no_evidence_at_all_is_no_verdict() -> None:
    verdict = judged([clicked(1, 100, **NOTHING)])[1]
    assert verdict.p_human is None
    assert verdict.klass is Class.UNKNOWN
    assert verdict.reasons == ()


def test_withheld_address_and_agent_leave_timing_and_pattern_to_judge_by() -> None:
    slow = judged([delivered(), clicked(1, 5 * HOUR, **NOTHING)])[1]
    sweep = judged([delivered(), *(clicked(n, 30 + n / 10, link=n, **NOTHING) for n in range(1, 7))])
    assert p(slow) > 0.5
    assert all(p(verdict) < 0.05 for verdict in sweep.values())


def test_an_event_without_a_delivery_is_judged_by_itself_and_for_good() -> None:
    judge = StreamJudge(rules())
    told = judge.observe(clicked(1, 10, delivery=None, **MICROSOFT))
    assert [each.verdict.state for each in told] == [Settlement.SETTLED]
    assert p(told[0].verdict) < 0.1
    assert judge.open_deliveries == 0


def test_a_clock_that_says_clicked_an_hour_before_delivery_tells_no_time() -> None:
    verdict = judged([delivered(HOUR), clicked(1, 0, **PERSON)])[1]
    assert "delay" not in codes(verdict)


def test_a_click_seconds_before_delivery_counts_as_quick() -> None:
    verdict = judged([delivered(), clicked(1, -3, **MICROSOFT)])[1]
    assert "delay" in codes(verdict)


def test_delivery_time_falls_back_to_the_time_of_sending() -> None:
    verdict = judged([event(5, EventType.SENT, 0), clicked(1, 3 * HOUR, **PERSON)])[1]
    assert any(reason.fact == "3 h after delivery" for reason in verdict.reasons)


def test_events_that_nobody_caused_by_looking_get_no_verdict() -> None:
    judge = StreamJudge(rules())
    quiet = (EventType.SENT, EventType.DELIVERED, EventType.BOUNCED, EventType.COMPLAINED, EventType.CONSENT_GIVEN)
    assert all(judge.observe(event(n, kind, n)) == [] for n, kind in enumerate(quiet))
    assert judge.settle(at(LONGEST)) == []


# ------------------------------------------------------------------ telling and settling


def test_late_evidence_is_told_of_every_event_it_changed() -> None:
    judge = StreamJudge(rules())
    visitor = PERSON | {"network_kind": NetworkKind.HOSTING, "asn": 24940}
    judge.observe(delivered())
    first = judge.observe(clicked(1, 3 * HOUR, **visitor))
    changed = judge.observe(decoy(2, 3 * HOUR + 5, **visitor))
    assert {told.id for told in changed} == {1, 2}
    before = first[0].verdict
    after = next(told.verdict for told in changed if told.id == 1)
    assert p(after) < p(before)
    assert after.state is Settlement.PROVISIONAL


def test_a_late_delivery_time_is_told_too() -> None:
    judge = StreamJudge(rules())
    judge.observe(clicked(1, 43, **MICROSOFT | {"flags": Flag.ACCEPT_LANGUAGE}))
    assert [told.id for told in judge.observe(delivered())] == [1]


def test_a_second_event_of_one_id_changes_nothing() -> None:
    judge = StreamJudge(rules())
    judge.observe(clicked(1, 60, **PERSON))
    assert judge.observe(clicked(1, 60, **PERSON)) == []


def test_a_delivery_settles_after_a_quiet_quarter_of_an_hour() -> None:
    judge = StreamJudge(rules())
    judge.observe(clicked(1, 0, **PERSON))
    judge.observe(clicked(2, 600, **PERSON))
    assert judge.settle(at(600 + 899)) == []
    told = judge.settle(at(600 + 900))
    assert [(each.id, each.verdict.state) for each in told] == [(1, "settled"), (2, "settled")]
    assert judge.open_deliveries == 0


def test_a_delivery_that_is_never_quiet_settles_after_a_day() -> None:
    judge = StreamJudge(rules())
    steps = LONGEST // (800 * SECOND) + 2
    for n in range(steps):
        judge.observe(clicked(n + 1, n * 800, **PERSON))
        if told := judge.settle(at(n * 800)):
            assert n * 800 >= 86_400
            assert told
            return
    pytest.fail("it never settled")


def test_the_time_of_delivery_is_remembered_after_settling() -> None:
    judge = StreamJudge(rules())
    judge.observe(delivered())
    judge.observe(clicked(1, 5, **MICROSOFT))
    judge.settle(at(HOUR))
    late = judge.observe(clicked(2, 5 * HOUR, **PERSON))[0].verdict
    assert any(reason.fact == "5 h after delivery" for reason in late.reasons)


def test_taking_in_a_batch_ends_in_the_same_verdicts_as_one_by_one() -> None:
    scene = [
        delivered(),
        *(clicked(n, 43 + n / 9, link=n, **MICROSOFT) for n in range(1, 6)),
        decoy(9, 50, **MICROSOFT),
    ]
    whole = StreamJudge(rules())
    whole.observe_many(scene)
    assert {told.id: told.verdict for told in whole.settle_all()} == judged(scene)


def test_judging_a_closed_set_gives_the_settled_verdicts() -> None:
    scene = [clicked(2, 10, delivery=None, **MICROSOFT), delivered(), clicked(1, HOUR, **PERSON)]
    told = {each.id: each.verdict for each in StreamJudge(rules()).judge_all(scene)}
    assert told[1] == judged(scene)[1]
    assert set(told) == {1, 2}


# ------------------------------------------------------------------ reasons


def test_reasons_add_up_to_the_probability() -> None:
    verdict = judged([delivered(), clicked(1, HOUR, **PERSON), clicked(2, HOUR + 5, link=2, **PERSON)])[1]
    assert p(verdict) == pytest.approx(1 / (1 + exp(-sum(reason.weight for reason in verdict.reasons))), abs=0.002)


def test_reasons_say_what_happened_in_words() -> None:
    sweep = [clicked(n, 43 + n * 0.3, link=n, **MICROSOFT) for n in range(1, 9)]
    facts = " | ".join(reason.fact for reason in judged([delivered(), *sweep])[4].reasons)
    assert "8 of 8 links" in facts
    assert "Microsoft AS8075" in facts
    assert "44 s after delivery" in facts


# ------------------------------------------------------------------ order and bounds


def _final(events: list[Evidence]) -> dict[int, Verdict]:
    judge = StreamJudge(rules())
    told = [told for each in events for told in judge.observe(each)]
    told += judge.settle_all()
    return {each.id: replace(each.verdict, state=Settlement.SETTLED) for each in told}


_visitors = st.sampled_from(
    [PERSON, MICROSOFT, GMAIL, APPLE, NOTHING, PERSON | {"agent": 6}, MICROSOFT | {"network": 5}]
)
_kinds = st.sampled_from([clicked, clicked, clicked, opened, opened, decoy, refused])


@st.composite
def scenes(draw: st.DrawFn) -> list[Evidence]:
    """A delivery with anything on it, one or two delivery times among them."""
    found: list[Evidence] = []
    for n in range(draw(st.integers(1, 9))):
        make = draw(_kinds)
        seconds = draw(st.sampled_from([-5.0, 0.0, 1.0, 1.5, 9.0, 43.0, 43.2, 44.0, 70.0, 900.0, 4000.0, 90_000.0]))
        facts = dict(draw(_visitors))
        if make is clicked:
            facts["link"] = draw(st.integers(1, 5))
        found.append(make(n + 1, seconds, **facts))
    found += [delivered(seconds) for seconds in draw(st.lists(st.sampled_from([0.0, 2.0]), max_size=2))]
    if draw(st.booleans()):
        found.append(event(900_003, EventType.REPLIED, 5000))
    return found


@given(scenes(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_events_ends_in_the_same_verdicts(scene: list[Evidence], random: object) -> None:
    expected = _final(scene)
    shuffled = list(scene)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types its random as object
    assert _final(shuffled) == expected


def test_every_order_of_a_small_scene_ends_in_the_same_verdicts() -> None:
    scene = [
        delivered(),
        opened(1, 9, **MICROSOFT),
        clicked(2, 43, link=1, **MICROSOFT),
        clicked(3, 43.1, link=2, **MICROSOFT),
        decoy(4, 43.2, **MICROSOFT),
    ]
    expected = _final(scene)
    assert all(_final(list(order)) == expected for order in permutations(scene))


def test_ten_thousand_hits_on_one_copy_keep_no_more_than_there_is_room_for() -> None:
    judge = StreamJudge(rules())
    flood = [clicked(n, n / 100, link=n % 50, **MICROSOFT) for n in range(1, 10_001)]
    answered = {told.id for told in judge.observe_many(flood)}
    assert len(answered) == 10_000
    assert len(judge.settle_all()) == ROOM[Sort.CLICK]


def test_what_finds_no_room_settles_when_its_delivery_does() -> None:
    flood = [clicked(n, n / 10, link=n, **MICROSOFT) for n in range(1, 70)]
    told = StreamJudge(rules()).observe_many(flood)
    assert {each.verdict.state for each in told} == {Settlement.PROVISIONAL}
    assert {each.verdict.state for each in StreamJudge(rules()).judge_all(flood)} == {Settlement.SETTLED}


@pytest.mark.long
def test_a_flood_ends_in_the_same_verdicts_forwards_and_backwards() -> None:
    flood = [clicked(n, n / 10, link=n % 7, **(MICROSOFT if n % 3 else PERSON)) for n in range(1, 200)]
    assert _final(flood) == _final(flood[::-1])


def test_hostile_values_do_not_stop_the_judge() -> None:
    wild = Evidence(
        id=2**62,
        type=EventType.CLICKED,
        at=Micros(0),
        delivery=DeliveryId(2**64 - 1),
        link=-5,
        links=-1,
        stream="no such stream",
        client="\x00{}{0}\u202e" * 50,
        agent=1,
        agent_kind=AgentKind.DECLARED_BOT,
    )
    verdict = judged([wild])[2**62]
    assert p(verdict) < 0.5
    assert any("{}" in reason.fact for reason in verdict.reasons)
