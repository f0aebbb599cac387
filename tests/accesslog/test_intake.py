"""Every line ends in exactly one count, events are durable in segments, and reading again changes nothing."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.accesslog import intake as module
from mailwake.accesslog.columns import Hit
from mailwake.accesslog.intake import Intake, Tally
from mailwake.accesslog.keys import Keys
from mailwake.accesslog.ledger import Ledger
from mailwake.accesslog.reader import LineReader
from mailwake.errors import Unavailable
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter
from mailwake.events import SECOND, DeliveryId, Event, EventType, Handle, Micros, Source, TemplateId, decode_event
from mailwake.modes import INDIVIDUAL, Mode, Modes

AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
NOW = Micros(1_795_435_200 * SECOND)
DAY = 86_400 * SECOND


def line(name: str = "a", *, at: float = 0.0, path: str = "/o/individual", status: str = "200", **more: str) -> bytes:
    seconds = NOW / SECOND - 60 + at
    told = {"msec": f"{seconds:.3f}", "request_method": "GET", "host": "t", "request_uri": path, "status": status}
    return json.dumps({**told, "request_id": name, **more}).encode()


def replay(hit: Hit) -> Event | None:
    """A rule that is easy to see through: the path says what becomes of it."""
    what = hit.request.path.removeprefix(b"/o/")
    if what not in (b"individual", b"counted"):
        return None
    seen = what == b"individual"
    return Event(
        type=EventType.OPENED,
        received_at=hit.at,
        source=Source.EDGE,
        modes=(INDIVIDUAL if seen else AGGREGATE).to_byte(),
        template=TemplateId(7),
        delivery=DeliveryId(1) if seen else None,
        recipient=Handle(2) if seen else None,
        request=hit.request if seen else None,
    )


class House:
    """A log and a ledger in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, *files: list[bytes | None], now: Micros = NOW) -> Tally:
        tally = Tally()
        asyncio.run(self._read(files, now, tally))
        return tally

    async def _read(self, files: tuple[list[bytes | None], ...], now: Micros, tally: Tally) -> None:
        writer = SqliteWriter.open(self.folder / "log", "access-log")
        try:
            ledger = Ledger(self.folder / "ledger", last_segment=writer.end.segment)
            intake = Intake(writer, ledger, days=writer, replay=replay, now=now, tally=tally)
            for number, lines in enumerate(files):
                await intake.take(f"file {number}", lines, LineReader(host="t"), Keys(b"s" * 32, ""))
            await intake.flush()
        finally:
            await writer.close()

    def segments(self) -> list[list[Event]]:
        reader = SqliteReader(self.folder / "log")
        found = reader.read({}, limit_records=1_000_000)
        reader.close()
        return [[decode_event(record) for record in segment.records] for segment in found]

    def events(self) -> list[Event]:
        return [event for segment in self.segments() for event in segment]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def total(tally: Tally) -> int:
    return tally.recorded + tally.known + tally.refused.total() + tally.not_pixel + tally.unreadable


def test_a_hit_becomes_an_event_at_its_own_time_with_a_key_of_its_line(house: House) -> None:
    tally = house.read([line("a", at=1.5), line("b", at=2)])
    one, other = house.events()
    assert (tally.lines, tally.recorded) == (2, 2)
    assert one.received_at == NOW - 60 * SECOND + 1_500_000
    assert one.key.startswith("log:")
    assert one.key != other.key


def test_what_names_no_delivery_gets_no_key_that_leads_back_to_its_line(house: House) -> None:
    house.read([line(path="/o/counted")])
    assert [event.key for event in house.events()] == [""]


@pytest.mark.parametrize("path", ["/o/individual", "/o/counted"])
def test_reading_again_changes_nothing(house: House, path: str) -> None:
    lines: list[bytes | None] = [line(str(n), at=n, path=path) for n in range(20)]
    assert house.read(lines).recorded == 20
    again = house.read(lines, lines[5:], [lines[3], lines[3]])
    assert (again.recorded, again.known) == (0, 20 + 15 + 2)
    assert len(house.events()) == 20


def test_a_longer_reading_of_a_file_adds_what_is_new(house: House) -> None:
    lines: list[bytes | None] = [line(str(n), at=n) for n in range(10)]
    house.read(lines[:6])
    tally = house.read(lines)
    assert (tally.known, tally.recorded) == (6, 4)


def test_lines_without_names_are_as_many_hits_as_one_file_holds(house: House) -> None:
    same: bytes = line("", path="/o/counted")
    assert house.read([same] * 3).recorded == 3
    tally = house.read([same] * 5, [same] * 4)
    assert (tally.recorded, tally.known) == (2, 7)


def test_segments_are_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_RECORDS", 10)
    house.read([line(str(n)) for n in range(35)])
    assert [len(segment) for segment in house.segments()] == [10, 10, 10, 5]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "301"}, "status"),
        ({"status": "403"}, "status"),
        ({"status": "503"}, "status"),
        ({"at": 60 + 301}, "future"),
    ],
)
def test_what_was_no_answered_request_of_the_past_is_refused(
    house: House, change: dict[str, object], reason: str
) -> None:
    tally = house.read([line(**change)])  # type: ignore[arg-type]  # the names are those of `line`
    assert tally.refused == {reason: 1}
    assert house.events() == []


@pytest.mark.parametrize("status", ["200", "206", "304", "499", "000", "-"])
def test_whoever_asked_and_was_not_refused_has_asked(house: House, status: str) -> None:
    assert house.read([line(status=status)]).recorded == 1


def test_lines_older_than_what_is_remembered_are_refused(house: House) -> None:
    house.read([line("a")])
    Ledger(house.folder / "ledger", last_segment=1).forget(Micros(NOW + DAY))
    tally = house.read([line("a"), line("b"), line("c", at=2 * 86_400)], now=Micros(NOW + 3 * DAY))
    assert (tally.refused, tally.recorded) == ({"late": 2}, 1)


def test_lines_that_cannot_be_read_are_counted_and_the_first_are_named_by_number(house: House) -> None:
    bad: list[bytes | None] = [b"nonsense", None, b"{", b'{"a":1}', b"\x1b[2J\0", b"x" * 1_000]
    tally = house.read([line("a"), b"# remark", *bad, line("b")])
    assert (tally.lines, tally.recorded, tally.unreadable) == (8, 2, 6)
    assert [(problem.file, problem.line) for problem in tally.problems] == [("file 0", n) for n in range(3, 8)]
    assert not any("nonsense" in problem.reason or "\x1b" in problem.reason for problem in tally.problems)


@given(st.lists(st.binary(max_size=80) | st.integers(0, 3).map(lambda n: line(str(n))) | st.none(), max_size=20))
def test_every_line_ends_in_exactly_one_count(lines: list[bytes | None]) -> None:
    with TemporaryDirectory() as name:
        tally = House(Path(name)).read([each and each.replace(b"\n", b"") for each in lines])
    assert tally.lines == total(tally) <= len(lines)


def test_a_log_that_cannot_be_written_stops_and_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes | None] = [line(str(n)) for n in range(10)]

    async def away(*_: object) -> None:
        raise Unavailable("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteWriter, "write", away)
        with pytest.raises(Unavailable):
            house.read(lines)
    assert house.events() == []
    assert house.read(lines).recorded == 10


class Crash(BaseException):
    """The power fails."""


@pytest.mark.parametrize("nth", [0, 1, 4])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(("owner", "step"), [(Ledger, "prepare"), (SqliteWriter, "write"), (Ledger, "commit")])
def test_a_crash_at_any_step_loses_no_line_and_counts_none_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, owner: type, step: str, *, before: bool, nth: int
) -> None:
    """Before or after each step of a commit; then everything is read again, as an operator would."""
    monkeypatch.setattr(module, "SEGMENT_RECORDS", 3)
    lines: list[bytes | None] = [line(str(n), at=n) for n in range(16)]
    real, calls = getattr(owner, step), iter(range(1_000))

    def crashing(*given: object) -> object:
        is_here = next(calls) == nth
        if is_here and before:
            raise Crash
        done = real(*given)
        if is_here and asyncio.iscoroutine(done):
            return _then_crash(done)
        if is_here:
            raise Crash
        return done

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, crashing)
        with pytest.raises(Crash):
            house.read(lines)
    tally = house.read(lines)
    times = [event.received_at for event in house.events()]
    assert len(times) == len({*times}) == 16
    assert tally.known + tally.recorded == 16
    assert tally.known == 3 * nth + (0 if (before and step != "commit") or step == "prepare" else 3)


async def _then_crash(done: Coroutine[Any, Any, None]) -> None:
    await done
    raise Crash
