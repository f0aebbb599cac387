"""The DuckDB file: who may open it, what is refused, and that readers never wait in vain."""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from msgspec import structs

from mailwake.errors import Unavailable
from mailwake.events import CampaignId, Class, DeliveryId, EventType, Handle, Micros, Source, copy_id
from mailwake.store.events import EventRow, EventStore, open_events
from mailwake.store.events.duckdb import DuckEvents

HOLD = """
import sys
from pathlib import Path
from mailwake.store.events import open_events
store = open_events(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""

READ = """
import sys
from mailwake.store.events import open_events
print(open_events(sys.argv[1], read_only=True).ask('latest'))
"""


def event(number: int, *, reason: str = "", client: str | None = None) -> EventRow:
    return EventRow(
        id=number,
        type=EventType.OPENED,
        at=Micros(number),
        received_at=Micros(number),
        source=Source.EDGE,
        campaign=CampaignId(1),
        delivery=DeliveryId(number),
        reason=reason,
        client=client,
    )


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_another_process_owns_is_unavailable(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "events.duckdb"
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "open\n"
    with pytest.raises(Unavailable, match="another process owns the event store"):
        open_events(path, read_only=read_only)
    owner.communicate()
    open_events(path, read_only=read_only).close()


def test_reading_what_is_not_there_says_what_to_do_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there are no events yet"):
        open_events(tmp_path / "data" / "events.duckdb", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_what_was_written_and_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    store = open_events(path)
    store.write(rows=[event(1)], cursors={"edge-0": 1})
    store.close()
    reader = open_events(path, read_only=True)
    assert reader.ask("latest")[0]["event_count"] == 1
    assert reader.cursors() == {"edge-0": 1}
    with pytest.raises(Unavailable, match="opened for reading"):
        reader.write(rows=[event(2)])
    reader.close()


def test_several_processes_may_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    open_events(path).close()
    reader = open_events(path, read_only=True)
    told = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    assert "'event_count': 0" in told.stdout
    reader.close()


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    open_events(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into schema_version values ('2999-01-01-1-future')")
    with pytest.raises(Unavailable, match="newer Mailwake"):
        open_events(path)


def test_a_store_of_an_older_version_is_brought_forward_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    store = open_events(path)
    store.write(rows=[event(1)])
    store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("drop view events")
        connection.execute("delete from schema_version where step like '%-2-events'")
    with pytest.raises(Unavailable, match="older than this program"):
        open_events(path, read_only=True)
    again = open_events(path)
    assert again.ask("latest")[0]["event_count"] == 1
    again.close()


def test_a_file_that_is_no_event_store_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(Unavailable, match="does not answer"):
        open_events(path)


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = open_events(tmp_path / "data" / "events.duckdb")
    store.write(rows=[event(1)])
    modes = {each.stat().st_mode & 0o077 for each in (tmp_path / "data", tmp_path / "data" / "events.duckdb")}
    assert modes == {0}
    store.close()


def test_texts_that_no_database_likes_go_in(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb")
    store.write(rows=[event(1, reason="nul\0 half\udcff ü" + "x" * 500, client="a\0b\ud800")])
    (row,) = store.provisional()
    assert row.reason.startswith("nul\ufffd half? ü")
    assert len(row.reason) == 200
    assert row.client == "a\ufffdb?"
    store.close()


def test_numbers_of_63_bits_survive(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb")
    store.write(rows=[event(2**63 - 1)])
    assert store.provisional()[0].id == 2**63 - 1
    store.close()


@pytest.mark.long
def test_readers_in_threads_see_whole_writes_while_one_writes(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb")
    seen: list[int] = []
    faults: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                seen.append(store.ask("latest")[0]["event_count"])
        except BaseException as fault:  # noqa: BLE001 - reported below
            faults.append(fault)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for batch in range(12):
        store.write(rows=[event(batch * 100 + number) for number in range(1, 101)], settle_before=Micros(batch * 50))
    done.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert {count % 100 for count in seen} == {0}
    assert store.ask("latest")[0]["event_count"] == 1_200
    store.close()


@pytest.mark.long
def test_events_stay_small_on_disk(tmp_path: Path) -> None:
    """Two random numbers of 64 bits are 16 of the bytes; a column that stops compressing shows here."""
    path = tmp_path / "events.duckdb"
    store = open_events(path)
    count = 120_000
    for start in range(0, count, 20_000):
        store.write(rows=[_sent(number) for number in range(start, start + 20_000)])
    store.close()
    assert path.stat().st_size / count <= 45


def _sent(number: int) -> EventRow:
    mixed = (number * 0x9E3779B97F4A7C15) % 2**63  # spreads like a random id, and is the same in every run
    return EventRow(
        id=mixed ^ 0x5555555555555555,
        type=EventType.SENT if number % 3 else EventType.OPENED,
        at=Micros(1_780_000_000_000_000 + number * 700),
        received_at=Micros(1_780_000_000_000_000 + number * 700),
        source=Source.RELAY,
        campaign=CampaignId(1 + number // 40_000),
        delivery=DeliveryId(mixed),
        recipient=None,
        modes=51,
        client=("Apple Mail", "Gmail", None)[number % 3],
        domain=f"d{number % 50}.example",
        reasons=f'[["late", 1.2, "{number % 120} minutes after delivery"]]' if number % 3 == 0 else "",
        settled=True,
    )


def test_the_id_of_a_copy_is_made_again_and_kept_once_the_copy_is_cut_loose(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    store = open_events(path)
    rows = [
        EventRow(
            id=copy_id(kind, 41), type=kind, at=Micros(9), received_at=Micros(9), source=Source.RELAY,
            campaign=CampaignId(1), delivery=DeliveryId(41), recipient=Handle(5), settled=kind is EventType.SENT,
        )
        for kind in (EventType.SENT, EventType.DELIVERED)
    ]  # fmt: skip
    assert store.write(rows=rows) == 2
    store.write(settle_before=Micros(99))
    ids = {row.id for row in rows}
    assert {row["id"] for row in store.ask("timeline", campaign=1, delivery=41)} == ids
    assert _kept(store, "select id from unjudged") == [(None,), (None,)], "nothing is kept that can be made again"
    assert store.write(rows=rows) == 0
    store.erase(Handle(5))
    assert {row["id"] for row in store.ask("event_rows", campaign=1, only="", after_at=0, after_id=0, limit=9)} == ids
    assert store.write(rows=rows) == 0, "whoever was erased does not come back with the log"
    store.close()


def test_words_of_reasons_are_kept_with_the_rows_that_have_them_or_not_at_all(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb")
    told = '[["delay",-2.17,"5 s after delivery"]]'
    judged = structs.replace(event(1), klass=Class.HUMAN, reasons=told)
    with pytest.raises(duckdb.Error):
        store.write(rows=[judged], cursors={"edge-0": 1 << 70})
    assert _kept(store, "select * from phrases") == []
    store.write(rows=[structs.replace(event(2), klass=Class.HUMAN, reasons='[["base",1.0,"of every hit"]]')])
    store.write(rows=[judged])
    assert [row.reasons for row in store.provisional()] == [told, '[["base",1.0,"of every hit"]]']
    store.close()
    again = open_events(tmp_path / "events.duckdb")
    assert [row.reasons for row in again.provisional()] == [told, '[["base",1.0,"of every hit"]]']
    again.close()


def _kept(store: EventStore, sql: str) -> list[tuple[object, ...]]:
    assert isinstance(store, DuckEvents)
    return store._connection.cursor().execute(sql).fetchall()
