"""What may be kept of a hit: by the mode of the mail, the installation's ceiling, a withdrawal, the age, the log."""

from typing import Any

import pytest
from tests.edge.conftest import (
    DELIVERY,
    NOW_MICROS,
    RECIPIENT,
    TARGET,
    TEMPLATE,
    HeldWriter,
    RunningEdge,
    StartEdge,
    click,
    message,
)
from tests.silence import write_set

from mailwake.edge.pixel import GIF
from mailwake.eventlog import QUEUE_RECORDS
from mailwake.events import EventType
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.tokens import Purpose

DAY = 86_400_000_000
AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
DELIVERABILITY = Modes(opens=Mode.DELIVERABILITY, clicks=Mode.AGGREGATE)
OFF = Modes(opens=Mode.OFF, clicks=Mode.OFF)


def hit(edge: RunningEdge, **token: Any) -> None:
    """One open and one click, answered as always."""
    assert edge.ask(f"/o/{message(**token)}").body == GIF
    assert edge.ask(click(**token))["Location"] == TARGET


def withdraw(edge: RunningEdge, *handles: int) -> None:
    write_set(edge.settings.data_folder / "inert.bin", *handles)


def test_aggregate_keeps_nothing_that_tells_recipients_apart(edge: RunningEdge) -> None:
    hit(edge, modes=AGGREGATE, delivery=0, recipient=0)
    opened, clicked = edge.events()
    for event in (opened, clicked):
        assert (event.delivery, event.recipient, event.request, event.template) == (None, None, None, TEMPLATE)
    assert (clicked.type, clicked.link) == (EventType.CLICKED, 3)


def test_aggregate_drops_ids_even_where_a_token_carries_them(edge: RunningEdge) -> None:
    hit(edge, modes=AGGREGATE)
    assert {(event.delivery, event.recipient, event.request) for event in edge.events()} == {(None, None, None)}


def test_deliverability_keeps_who_and_the_day_and_nothing_else(edge: RunningEdge) -> None:
    edge.ask(f"/o/{message(modes=DELIVERABILITY)}")
    (event,) = edge.events()
    assert (event.recipient, event.template, event.delivery, event.request) == (RECIPIENT, None, None, None)
    assert event.received_at == NOW_MICROS - NOW_MICROS % DAY


def test_off_keeps_nothing(edge: RunningEdge) -> None:
    hit(edge, modes=OFF)
    assert edge.events() == []
    assert edge.stop()["inert"] == 2


def test_each_axis_has_its_own_mode(edge: RunningEdge) -> None:
    hit(edge, modes=Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL))
    assert [event.type for event in edge.events()] == [EventType.CLICKED]


@pytest.mark.parametrize("modes", [AGGREGATE, DELIVERABILITY])
def test_head_moves_no_counter(edge: RunningEdge, modes: Modes) -> None:
    edge.ask(f"/o/{message(modes=modes)}", method="HEAD")
    assert edge.events() == []
    assert edge.stop()["inert"] == 1


def test_the_installation_can_lower_the_mode_of_mail_already_sent(start_edge: StartEdge) -> None:
    edge = start_edge(tracking={"opens": "off", "clicks": "aggregate"})
    hit(edge, modes=INDIVIDUAL)
    (event,) = edge.events()
    assert (event.type, event.delivery, event.request) == (EventType.CLICKED, None, None)


def test_the_installation_cannot_raise_it(start_edge: StartEdge) -> None:
    edge = start_edge(tracking={"opens": "individual", "clicks": "individual"})
    hit(edge, modes=AGGREGATE)
    assert {event.recipient for event in edge.events()} == {None}


def test_after_a_withdrawal_nothing_is_recorded_and_the_answers_stay_the_same(start_edge: StartEdge) -> None:
    first = start_edge()
    hit(first)
    withdraw(first, RECIPIENT, 5)
    first.stop()
    again = start_edge()
    hit(again)
    hit(again, modes=DELIVERABILITY)
    hit(again, recipient=6)
    assert [event.recipient for event in again.events()] == [RECIPIENT, RECIPIENT, 6, 6]


def test_aggregate_tokens_name_nobody_so_no_withdrawal_touches_them(start_edge: StartEdge) -> None:
    first = start_edge()
    withdraw(first, 0, RECIPIENT)
    first.stop()
    again = start_edge()
    hit(again, modes=AGGREGATE, recipient=0, delivery=0)
    assert len(again.events()) == 2


def test_a_damaged_set_of_withdrawals_stops_recording_and_not_redirecting(start_edge: StartEdge) -> None:
    first = start_edge()
    (first.settings.data_folder / "inert.bin").write_bytes(b"12345")
    first.stop()
    again = start_edge()
    hit(again)
    assert again.events() == []
    report = again.stop()
    assert (report["inert"], report["unsure"], report["inert_closed"], report["inert_unsure"]) == (0, 2, 1, 2)


def test_old_mail_is_answered_and_no_longer_recorded(start_edge: StartEdge) -> None:
    edge = start_edge(tracking={"record_days": 30})
    hit(edge, age_days=31)
    hit(edge, age_days=30)
    assert len(edge.events()) == 2
    assert edge.stop()["expired"] == 2


def test_the_recording_window_moves_with_the_days(edge: RunningEdge) -> None:
    hit(edge, age_days=400)
    edge.clock[0] += DAY
    hit(edge, age_days=400)
    assert len(edge.events()) == 2


def test_a_log_that_is_away_costs_the_record_and_never_the_answer(start_edge: StartEdge) -> None:
    edge = start_edge(writer=HeldWriter(refuses=True))
    hit(edge)
    report = edge.stop()
    assert (report["unrecorded"], report["recorded"]) == (2, 0)


def test_a_log_that_falls_behind_costs_opens_first_then_clicks_and_never_an_answer(start_edge: StartEdge) -> None:
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    writer.waiting = QUEUE_RECORDS // 2
    assert edge.ask(f"/o/{message()}").body == GIF
    assert writer.held == []
    with edge.line() as line:
        line.send(f"GET {click()} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode())
        assert writer.came.acquire(timeout=10)
        edge.background.do(writer.release)
        assert line.read().status == 302
    writer.waiting = QUEUE_RECORDS * 3 // 4
    hit(edge)
    report = edge.stop()
    assert (report["recorded"], report["unrecorded"]) == (1, 3)
    assert report["shed"] == {EventType.CLICKED: 1, EventType.OPENED: 2}


def test_what_a_recipient_decides_is_never_left_out(start_edge: StartEdge) -> None:
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    writer.waiting = QUEUE_RECORDS - 1
    body = b"List-Unsubscribe=One-Click"
    with edge.line() as line:
        head = f"POST /u/{message(Purpose.UNSUBSCRIBE_HEADER)} HTTP/1.1\r\nHost: track.example.com\r\n"
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        line.send(f"{head}{form}".encode() + body)
        assert writer.came.acquire(timeout=10)
        edge.background.do(writer.release)
        assert line.read().status == 200
    assert edge.stop()["recorded"] == 1


def test_a_log_that_hangs_costs_nobody_more_than_patience_and_is_counted_when_it_speaks(
    start_edge: StartEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that hangs gives no error; its readers would wait for ever, until no line is left for others."""
    monkeypatch.setattr("mailwake.edge.recording.PATIENCE_SECONDS", 0.05)
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    monkeypatch.setattr("mailwake.edge.recording.DECISION_PATIENCE_SECONDS", 0.05)
    assert edge.ask(click())["Location"] == TARGET  # after its patience, without a word from the log
    assert edge.ask(f"/o/{message()}").body == GIF  # at once: nobody is kept waiting for what is known to hang
    answer = edge.post(f"/u/{message(Purpose.UNSUBSCRIBE_HEADER)}", b"List-Unsubscribe=One-Click")
    assert (answer.status, answer["Retry-After"]) == (503, "30")
    assert len(writer.held) == 2
    edge.background.do(writer.release)
    report = edge.stop()
    assert (report["recorded"], report["unrecorded"]) == (2, 1)
    assert report["shed"] == {EventType.OPENED: 1}


def test_a_decision_is_waited_for_longer_than_a_hit(start_edge: StartEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailwake.edge.recording.PATIENCE_SECONDS", 0.05)
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    body = b"List-Unsubscribe=One-Click"
    with edge.line() as line:
        head = f"POST /u/{message(Purpose.UNSUBSCRIBE_HEADER)} HTTP/1.1\r\nHost: track.example.com\r\n"
        line.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert writer.came.acquire(timeout=10)
        assert edge.ask(click())["Location"] == TARGET  # so long that a hit is no longer waited for
        edge.background.do(writer.release)
        assert line.read().status == 200


@pytest.mark.long
def test_a_log_that_moves_again_keeps_hits_again(start_edge: StartEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailwake.edge.recording.PATIENCE_SECONDS", 0.05)
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    edge.ask(click())
    edge.background.do(writer.release)
    edge.ask(f"/o/{message()}")  # may still be left out: the edge looks once a second
    while not writer.held:
        edge.ask(f"/o/{message()}")
    edge.background.do(writer.release)
    assert edge.stop()["recorded"] >= 2


@pytest.mark.parametrize("path", [f"/o/{message()}", click()])
def test_no_answer_leaves_before_the_record_is_durable(start_edge: StartEdge, path: str) -> None:
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    with edge.line() as line:
        line.send(f"GET {path} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode())
        assert writer.came.acquire(timeout=10)
        line.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.socket.recv(1)
        edge.background.do(writer.release)
        line.socket.settimeout(10)
        assert line.socket.recv(100)


def test_every_request_ends_in_exactly_one_count(edge: RunningEdge) -> None:
    hit(edge)
    hit(edge, modes=OFF)
    hit(edge, age_days=500)
    edge.ask("/o/x")
    edge.ask("/nowhere")
    edge.ask("/o/x", host="elsewhere.example.com")
    edge.ask("/o/x", method="PUT")
    report = edge.stop()  # which also checks the sum
    counts = {name: report[name] for name in ("received", "recorded", "inert", "expired", "rejected", "unrecorded")}
    assert counts == {"received": 10, "recorded": 2, "inert": 2, "expired": 2, "rejected": 4, "unrecorded": 0}
    assert report["reasons"] == {"host": 1, "length": 1, "method": 1, "path": 1}


def test_a_look_at_a_page_is_kept_only_where_both_axes_are_individual(edge: RunningEdge) -> None:
    edge.ask(f"/u/{message(Purpose.UNSUBSCRIBE_BODY)}")
    edge.ask(f"/u/{message(Purpose.UNSUBSCRIBE_BODY, modes=Modes(opens=Mode.AGGREGATE, clicks=Mode.INDIVIDUAL))}")
    (event,) = edge.events()
    assert event.delivery == DELIVERY


@pytest.mark.parametrize("days", [-1, 365, -30 * 365])
def test_a_clock_that_jumps_costs_nobody_an_answer(edge: RunningEdge, days: int) -> None:
    """AT-86."""
    edge.clock[0] += days * 86_400 * 1_000_000
    assert edge.ask(click())["Location"] == TARGET
    assert edge.ask(f"/o/{message()}").status == 200
    page = edge.ask(f"/p/{message(Purpose.UNSUBSCRIBE_BODY)}")
    assert page.status == 200
