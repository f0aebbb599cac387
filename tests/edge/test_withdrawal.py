"""Abuse cases 37 to 39 and 41 at a running edge: what a withdrawal does to mail that people have."""

from pathlib import Path
from typing import Any

import pytest
from tests.edge.conftest import NONCES, NOW, RECIPIENT, HeldWriter, RunningEdge, StartEdge, click, message
from tests.silence import write_set

from mailwake.edge.pixel import GIF
from mailwake.events import Event, EventType
from mailwake.inert.entries import EVER, Axes, Before, before
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.tokens import EPOCH, Purpose

SECOND = 1_000_000
TODAY = (NOW.date() - EPOCH).days
HITS = (EventType.OPENED, EventType.CLICKED)


def choose(edge: RunningEdge, choice: str) -> None:
    token = message(Purpose.UNSUBSCRIBE_BODY)
    nonce = NONCES.mint(token, now_seconds=edge.clock[0] // SECOND)
    assert edge.post(f"/p/{token}", f"choice={choice}&nonce={nonce}".encode()).status == 200


def hits(edge: RunningEdge) -> list[Event]:
    """What is recorded of an open and a click of the same mail."""
    known = len(edge.events())
    edge.ask(f"/o/{message()}")
    edge.ask(click())
    return [event for event in edge.events()[known:] if event.type in HITS]


def test_old_mail_stays_silent_from_the_withdrawal_on(edge: RunningEdge) -> None:
    assert len(hits(edge)) == 2
    choose(edge, "stop")
    for seconds in (0, 1, 5, 60):
        edge.clock[0] += seconds * SECOND
        assert hits(edge) == []


def test_old_mail_stays_silent_after_a_restart_while_nobody_reads_the_log(start_edge: StartEdge) -> None:
    """No pipeline runs here: the set that the edge finds again does not hold the withdrawal."""
    first = start_edge()
    choose(first, "stop")
    first.stop()
    again = start_edge()
    assert hits(again) == []
    assert len(again.events()) == 1, "the withdrawal itself"


def answers(edge: RunningEdge) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """Everything that a reader may see, but for the time of day."""
    asked = [edge.ask(f"/o/{message()}"), edge.ask(click()), edge.ask(f"/o/{message()}", method="HEAD")]
    return [(each.status, [pair for pair in each.headers if pair[0].lower() != "date"], each.body) for each in asked]


@pytest.mark.parametrize("harm", ["missing", "damaged", "old format", "20 minutes old", "withdrawn"])
def test_without_a_set_that_holds_nothing_is_recorded_and_answers_are_the_same(
    start_edge: StartEdge, tmp_path: Path, harm: str
) -> None:
    well = start_edge()
    as_ever = answers(well)
    well.stop()
    path = tmp_path / "mailwake-data" / "inert.bin"
    raw = path.read_bytes()
    if harm == "missing":
        path.unlink()
    elif harm == "damaged":
        path.write_bytes(raw[:20] + b"x" + raw[21:])
    elif harm == "old format":
        path.write_bytes((5).to_bytes(8, "little"))
    elif harm == "withdrawn":
        write_set(path, RECIPIENT)
    else:
        write_set(path, age_seconds=20 * 60)
    edge = start_edge(has_set=False)
    known = len(edge.events())
    assert answers(edge) == as_ever
    assert len(edge.events()) == known
    report = edge.stop()
    closed = harm != "withdrawn"
    assert (report["inert"], report["unsure"]) == ((0, 3) if closed else (3, 0)), "who withdrew is no doubt of ours"
    assert (report["inert_closed"], report["inert_unsure"]) == (closed, 3 * closed)


def test_a_new_consent_wakes_no_old_mail(start_edge: StartEdge, tmp_path: Path) -> None:
    """The set after a consent of today: mail up to today is silent, mail of tomorrow is not."""
    write_set(tmp_path / "mailwake-data" / "inert.bin", told={RECIPIENT: before(Axes.BOTH, TODAY + 1)})
    edge = start_edge()
    assert hits(edge) == []
    edge.ask(f"/o/{message(age_days=-1)}")
    assert [event.type for event in edge.events()] == [EventType.OPENED]


@pytest.mark.parametrize(
    ("said", "left"), [(Before(EVER, 0), [EventType.CLICKED]), (Before(0, EVER), [EventType.OPENED])]
)
def test_each_axis_is_silenced_alone(
    start_edge: StartEdge, tmp_path: Path, said: Before, left: list[EventType]
) -> None:
    write_set(tmp_path / "mailwake-data" / "inert.bin", told={RECIPIENT: said})
    assert [event.type for event in hits(start_edge())] == left


def test_the_switch_stops_counters_too(start_edge: StartEdge, tmp_path: Path) -> None:
    write_set(tmp_path / "mailwake-data" / "inert.bin", everybody=Before(EVER, EVER))
    edge = start_edge()
    nobody: dict[str, Any] = {"modes": Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)}
    nobody |= {"recipient": 0, "delivery": 0}
    assert edge.ask(f"/o/{message(**nobody)}").body == GIF
    assert edge.ask(click(**nobody)).status == 302
    assert edge.events() == []


@pytest.mark.parametrize("sealed", [Mode.OFF, Mode.AGGREGATE, Mode.INDIVIDUAL])
def test_a_ceiling_raised_after_sending_raises_no_mail(start_edge: StartEdge, sealed: Mode) -> None:
    edge = start_edge(tracking={"opens": "individual", "clicks": "individual"})
    edge.ask(f"/o/{message(modes=Modes(opens=sealed, clicks=INDIVIDUAL.clicks))}")
    assert [event.recipient is not None for event in edge.events()] == {0: [], 1: [False], 3: [True]}[sealed]


def test_a_withdrawal_that_the_log_did_not_take_is_not_confirmed_and_silences_nobody(start_edge: StartEdge) -> None:
    writer = HeldWriter(refuses=True)
    edge = start_edge(writer=writer)
    token = message(Purpose.UNSUBSCRIBE_BODY)
    nonce = NONCES.mint(token, now_seconds=edge.clock[0] // SECOND)
    assert edge.post(f"/p/{token}", f"choice=stop&nonce={nonce}".encode()).status == 503
    assert edge.stop()["withdrawn"] == 0
