"""What every engine of the log promises, asked through the protocol alone."""

import asyncio
import random
from collections.abc import Mapping
from functools import partial

import pytest
from tests.contract.eventlog.conftest import Engine

from mailwake.errors import Unavailable
from mailwake.eventlog import End, LogReader, LogWriter, Segment


def everything(reader: LogReader, cursors: Mapping[str, int] | None = None, *, limit: int = 100) -> list[Segment]:
    """All segments after the cursors, read in steps."""
    now, found = dict(cursors or {}), list[Segment]()
    while step := reader.read(now, limit_records=limit):
        found += step
        for segment in step:
            now[segment.writer] = segment.number
    return found


def records(segments: list[Segment], writer: str) -> list[bytes]:
    return [record for segment in segments if segment.writer == writer for record in segment.records]


async def keep(writer: LogWriter, *batches: list[bytes]) -> None:
    for batch in batches:
        await writer.write(batch)
    await writer.close()


def test_an_empty_log_has_nothing_to_read(engine: Engine) -> None:
    assert engine.reader().read({}, limit_records=10) == []


def test_records_come_back_whole_and_in_order(engine: Engine) -> None:
    sizes = random.Random(7)
    written = [bytes([n % 256]) * sizes.randrange(0, 3_000) for n in range(500)]
    asyncio.run(keep(engine.writer("edge-0"), written[:1], written[1:300], written[300:]))
    assert records(everything(engine.reader()), "edge-0") == written


def test_a_record_is_readable_as_soon_as_it_is_confirmed(engine: Engine) -> None:
    async def scene() -> list[bytes]:
        writer = engine.writer("edge-0")
        await writer.write([b"first"])
        seen = records(everything(engine.reader()), "edge-0")
        await writer.close()
        return seen

    assert asyncio.run(scene()) == [b"first"]


def test_every_append_is_confirmed_exactly_once(engine: Engine) -> None:
    async def scene() -> list[int]:
        writer, heard = engine.writer("edge-0"), [0] * 300

        def count(n: int, fault: Exception | None) -> None:
            assert fault is None
            heard[n] += 1

        for n in range(300):
            writer.append([b"%d" % n], partial(count, n))
            if n % 50 == 0:
                await asyncio.sleep(0)
        await writer.close()
        return heard

    assert asyncio.run(scene()) == [1] * 300


def test_a_writer_says_how_many_records_wait(engine: Engine) -> None:
    async def scene() -> list[int]:
        writer, heard = engine.writer("edge-0"), list[Exception | None]()
        waiting = [writer.waiting]
        for _ in range(5):
            writer.append([b"x"], heard.append)
        waiting.append(writer.waiting)
        await writer.write([b"last"])
        waiting.append(writer.waiting)
        await writer.close()
        return waiting

    assert asyncio.run(scene()) == [0, 5, 0]


def test_closing_commits_what_is_queued(engine: Engine) -> None:
    async def scene() -> list[Exception | None]:
        writer, heard = engine.writer("edge-0"), list[Exception | None]()
        writer.append([b"last words"], heard.append)
        await writer.close()
        return heard

    assert asyncio.run(scene()) == [None]
    assert records(everything(engine.reader()), "edge-0") == [b"last words"]


def test_a_closed_writer_refuses_and_says_so(engine: Engine) -> None:
    async def scene() -> None:
        writer = engine.writer("edge-0")
        await writer.write([b"one"])
        await writer.close()
        await writer.close()
        with pytest.raises(Unavailable, match="closed"):
            await writer.write([b"two"])

    asyncio.run(scene())
    assert records(everything(engine.reader()), "edge-0") == [b"one"]


def test_writing_nothing_makes_no_segment(engine: Engine) -> None:
    asyncio.run(keep(engine.writer("edge-0"), [], []))
    assert everything(engine.reader()) == []


def test_segments_count_up_from_one_without_gaps(engine: Engine) -> None:
    for batch in range(3):  # a writer comes back after each
        asyncio.run(keep(engine.writer("edge-0"), [b"a%d" % batch], [b"b%d" % batch]))
    found = everything(engine.reader())
    assert [segment.number for segment in found] == list(range(1, len(found) + 1))
    assert records(found, "edge-0") == [b"a0", b"b0", b"a1", b"b1", b"a2", b"b2"]


def test_a_cursor_brings_only_what_came_after_it(engine: Engine) -> None:
    asyncio.run(keep(engine.writer("edge-0"), [b"one"], [b"two"], [b"three"]))
    first, *_ = everything(engine.reader())
    assert records(everything(engine.reader(), {"edge-0": first.number}), "edge-0") == [b"two", b"three"]


def test_writers_do_not_mix(engine: Engine) -> None:
    for name in ("edge-0", "edge-1", "relay"):
        asyncio.run(keep(engine.writer(name), [name.encode()] * 3))
    found = everything(engine.reader())
    for name in ("edge-0", "edge-1", "relay"):
        assert records(found, name) == [name.encode()] * 3


def test_a_busy_writer_does_not_hide_a_quiet_one(engine: Engine) -> None:
    asyncio.run(keep(engine.writer("busy"), *([b"x"] * 10 for _ in range(20))))
    asyncio.run(keep(engine.writer("quiet"), [b"here"]))
    assert records(engine.reader().read({}, limit_records=20), "quiet") == [b"here"]


def test_a_limit_stops_after_the_segment_that_reaches_it(engine: Engine) -> None:
    asyncio.run(keep(engine.writer("edge-0"), *([b"x"] * 10 for _ in range(10))))
    found = engine.reader().read({}, limit_records=25)
    assert sum(len(segment.records) for segment in found) == 30


def test_a_reader_finds_writers_that_start_later(engine: Engine) -> None:
    reader = engine.reader()
    asyncio.run(keep(engine.writer("edge-0"), [b"old"]))
    assert records(everything(reader), "edge-0") == [b"old"]
    asyncio.run(keep(engine.writer("edge-1"), [b"new"]))
    assert records(everything(reader), "edge-1") == [b"new"]


def test_segments_carry_the_time_they_were_written(engine: Engine) -> None:
    asyncio.run(keep(engine.writer("edge-0"), [b"one"], [b"two"]))
    first, second = everything(engine.reader())
    assert 1_700_000_000_000_000 < first.written_at <= second.written_at


def test_readers_note_what_they_have_passed(engine: Engine) -> None:
    asyncio.run(keep(engine.writer("edge-0"), [b"one"]))
    engine.reader().passed("pipeline", {"edge-0": 1})
    assert records(everything(engine.reader()), "edge-0") == [b"one"]


def test_a_failing_answer_does_not_keep_the_others_waiting(engine: Engine) -> None:
    async def scene() -> tuple[list[Exception | None], int]:
        writer, heard, faults = engine.writer("edge-0"), list[Exception | None](), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))

        def broken(_: Exception | None) -> None:
            raise RuntimeError("a caller's mistake")

        writer.append([b"one"], broken)
        writer.append([b"two"], heard.append)
        await writer.close()
        return heard, len(faults)

    assert asyncio.run(scene()) == ([None], 1)


# --- how many, and what goes


def test_a_segment_says_how_many_records_came_before_it(engine: Engine) -> None:
    for _ in range(2):  # a writer comes back
        asyncio.run(keep(engine.writer("edge-0"), [b"x"] * 3, [b"x"] * 4))
    assert [segment.before for segment in everything(engine.reader())] == [0, 3, 7, 10]


def test_writer_and_reader_agree_on_the_end(engine: Engine) -> None:
    async def scene() -> tuple[End, End]:
        writer = engine.writer("edge-0")
        before = writer.end
        await keep(writer, [b"x"] * 3, [b"x"])
        return before, writer.end

    before, after = asyncio.run(scene())
    assert (before, after) == (End(0, 0), End(2, 4))
    assert engine.reader().extents()["edge-0"].end == after
    assert engine.writer("edge-0").end == after


def test_a_position_is_the_number_of_records_up_to_a_segment(engine: Engine) -> None:
    asyncio.run(keep(engine.writer("edge-0"), [b"x"] * 3, [b"x"], [b"x"] * 2))
    reader = engine.reader()
    assert [reader.position("edge-0", n) for n in range(5)] == [0, 3, 4, 6, None]
    assert reader.position("relay", 1) is None


DAY = 86_400_000_000


def twelve_days(engine: Engine, **passed: int) -> int:
    """Two records a day; then readers have passed so many segments, and the writer looks after its files.

    Returns:
        How many records are gone.
    """
    now = [1_793_613_600_000_000]

    async def write() -> None:
        writer = engine.writer("edge-0", clock=lambda: now[0])
        for day in range(12):
            await writer.write([b"%d" % day, b"x"])
            now[0] += DAY
            engine.tidy(writer)
        await writer.close()

    async def look_after() -> None:
        writer = engine.writer("edge-0", clock=lambda: now[0])
        engine.tidy(writer)
        await writer.close()

    asyncio.run(write())
    for reader, segment in passed.items():
        engine.reader().passed(reader, {"edge-0": segment})
    asyncio.run(look_after())
    return engine.reader().extents()["edge-0"].removed


def test_what_every_reader_has_passed_goes_after_some_days(engine: Engine) -> None:
    assert twelve_days(engine, pipeline=12, archive=12) == 10
    found = everything(engine.reader())
    assert [segment.number for segment in found] == list(range(6, 13))
    assert sum(segment.lost for segment in found) == 0


def test_what_one_reader_has_not_passed_stays(engine: Engine) -> None:
    assert twelve_days(engine, pipeline=12, archive=2) == 4
    assert everything(engine.reader())[0].number == 3


def test_without_a_reader_everything_stays(engine: Engine) -> None:
    assert twelve_days(engine) == 0
    assert len(everything(engine.reader())) == 12


def test_totals_count_what_is_gone_too_and_numbers_go_on(engine: Engine) -> None:
    removed = twelve_days(engine, pipeline=12)
    extent = engine.reader().extents()["edge-0"]
    assert (extent.first, extent.end) == (6, End(12, 24))
    kept = sum(len(segment.records) for segment in everything(engine.reader()))
    assert removed + kept == extent.end.records
    asyncio.run(keep(engine.writer("edge-0"), [b"more"]))
    assert everything(engine.reader())[-1].number == 13
    assert engine.reader().position("edge-0", 13) == 25
