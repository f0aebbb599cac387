"""Abuse cases 94 and 95 at a running edge: readers of delivered mail are sent elsewhere, by nobody but us."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.edge.conftest import KEYS, TARGET, TEMPLATE, RunningEdge, StartEdge, click, link, message

from mailwake.detours.file import FILE, Detour, digest, pack, replace_file
from mailwake.detours.signing import Seal
from mailwake.edge.pages import TAKEN_AWAY
from mailwake.events import EventType, Note
from mailwake.modes import Mode, Modes
from mailwake.tokens import KeyRing

NEW = "https://www.example.com/new?a=1"
SEAL, STRANGER = Seal(KEYS), Seal(KeyRing({1: bytes(range(1, 33))}))
HERE = Detour(template=TEMPLATE, number=3, to=NEW)
EVERYWHERE = Detour(target=digest(TARGET), to=NEW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mailwake-data" / FILE


def put(path: Path, *detours: Detour, seal: Seal = SEAL, written_at: int = 1) -> None:
    replace_file(path, pack(detours, seal, written_at=written_at))


def reaches(edge: RunningEdge, until: Callable[[], bool]) -> None:
    """The edge looks at the file each second; whether it ever does is the question, not how soon."""
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("detour", [HERE, EVERYWHERE], ids=["place", "target"])
def test_readers_of_a_link_go_to_its_replacement(start_edge: StartEdge, path: Path, detour: Detour) -> None:
    put(path, detour)
    edge = start_edge()
    answer = edge.ask(click())
    assert (answer.status, answer["Location"], answer["Referrer-Policy"]) == (302, NEW, "no-referrer")
    (event,) = edge.events()
    assert (event.type, event.note, event.link) == (EventType.CLICKED, Note.DETOUR, 3)


def test_a_link_that_was_taken_away_leads_nowhere_and_its_click_counts(start_edge: StartEdge, path: Path) -> None:
    put(path, Detour(target=digest(TARGET), to=""))
    edge = start_edge()
    answer = edge.ask(click())
    assert (answer.status, answer["Location"], answer.body) == (410, None, TAKEN_AWAY.body)
    assert [(event.type, event.note) for event in edge.events()] == [(EventType.CLICKED, Note.DETOUR)]


def test_other_links_lead_where_they_led(start_edge: StartEdge, path: Path) -> None:
    put(path, HERE, EVERYWHERE)
    edge = start_edge()
    other = "https://www.example.com/other"
    elsewhere = f"/c/{message()}/{link(other, number=4)}"
    assert edge.ask(elsewhere)["Location"] == other
    assert edge.events()[0].note is Note.NONE


def test_a_place_is_one_of_one_template(start_edge: StartEdge, path: Path) -> None:
    put(path, HERE)
    edge = start_edge()
    assert edge.ask(f"/c/{message(template=8)}/{link(template=8)}")["Location"] == TARGET


def test_a_click_that_may_only_be_counted_names_nobody(start_edge: StartEdge, path: Path) -> None:
    put(path, HERE)
    edge = start_edge()
    aggregate = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    assert edge.ask(click(modes=aggregate))["Location"] == NEW
    (event,) = edge.events()
    assert (event.type, event.delivery, event.recipient, event.request) == (EventType.CLICKED, None, None, None)


def test_a_running_edge_hears_of_it_and_of_its_end(start_edge: StartEdge, path: Path) -> None:
    edge = start_edge()
    assert edge.ask(click())["Location"] == TARGET
    put(path, HERE)
    reaches(edge, lambda: edge.ask(click())["Location"] == NEW)
    put(path, written_at=2)
    reaches(edge, lambda: edge.ask(click())["Location"] == TARGET)
    report = edge.stop()
    assert (report["detours"], report["detours_refused"]) == (0, 0)


def forged(raw: bytes) -> bytes:
    """The same file with another replacement in it."""
    return raw.replace(b"www.example.com/new", b"evil.example.com/xx")


def sealed_by_a_stranger(_: bytes) -> bytes:
    return pack([Detour(template=TEMPLATE, number=3, to="https://evil.example.com/")], STRANGER, written_at=9)


def without_seal(raw: bytes) -> bytes:
    magic, _, body, end = raw.split(b"\n")
    return b"\n".join((magic, b"", body, end))


HARMS = [forged, sealed_by_a_stranger, without_seal, lambda raw: raw[:-9], lambda _: b"", lambda raw: raw + raw]


@pytest.mark.parametrize("harm", HARMS, ids=["edited", "stranger", "no seal", "torn", "empty", "twice"])
def test_a_file_that_is_not_ours_sends_nobody_anywhere(
    start_edge: StartEdge, path: Path, harm: Callable[[bytes], bytes]
) -> None:
    put(path, HERE)
    path.write_bytes(harm(path.read_bytes()))
    edge = start_edge()
    assert edge.ask(click())["Location"] == TARGET
    assert edge.events()[0].note is Note.NONE
    report = edge.stop()
    assert (report["detours"], report["detours_refused"], report["detours_standing"]) == (0, 1, "refused")


def test_the_alarm_of_a_file_that_went_bad_ends_with_a_good_one(start_edge: StartEdge, path: Path) -> None:
    put(path, HERE)
    edge = start_edge()
    good = path.read_bytes()
    path.write_bytes(forged(good))
    reaches(edge, lambda: edge.ask(click())["Location"] == TARGET)
    put(path, HERE, written_at=2)
    reaches(edge, lambda: edge.ask(click())["Location"] == NEW)
    assert edge.stop()["detours_refused"] == 0


def test_an_old_file_that_is_put_back_is_refused(start_edge: StartEdge, path: Path) -> None:
    put(path, HERE, written_at=5)
    old = path.read_bytes()
    put(path, written_at=6)
    edge = start_edge()
    assert edge.ask(click())["Location"] == TARGET
    path.write_bytes(old)
    said = edge.settings.data_folder / "edge-0.json"
    reaches(edge, lambda: json.loads(said.read_text(encoding="utf-8"))["detours_refused"] == 1)
    assert edge.ask(click())["Location"] == TARGET


def test_a_file_that_is_taken_away_is_told(start_edge: StartEdge, path: Path) -> None:
    put(path, HERE)
    edge = start_edge()
    path.unlink()
    reaches(edge, lambda: edge.ask(click())["Location"] == TARGET)
    assert edge.stop()["detours_standing"] == "lost"
