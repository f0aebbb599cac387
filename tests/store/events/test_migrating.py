"""A store of an earlier version is brought forward without loss, in one step, and takes less room afterwards."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from tests.contract.events.conftest import make_rows

from mailwake.errors import Unavailable
from mailwake.events import copy_id
from mailwake.store.events import EventRow, EventStore, migrating, open_events
from mailwake.store.events.asking import migrations, statements
from mailwake.store.events.columns import EVENT_COLUMNS, columns
from mailwake.store.events.dialect import Dialect

FIRST_NEW = "2026-11-27-2-judged"
#: as the judge writes them, and as a file of somebody else's may have them
REASONS = (
    '[["delay",-2.17,"5 s after delivery"],["rest",-0.055,"24 lesser observations together"]]',
    '[["network", 0.53, "from a residential network"]]',
    r'[["agent",-1.2,"calls itself \"Bot\""]]',
)

#: events in a store of before
MANY = pytest.mark.parametrize("count", [4_000, pytest.param(60_000, marks=pytest.mark.long)])


def old_store(path: Path, rows: Sequence[EventRow]) -> None:
    """A store as the version before had it: one table of settled events, all columns in the clear."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table schema_version (step varchar primary key)")
        for step, text in migrations().items():
            if step < FIRST_NEW:
                for statement in statements(text, Dialect()):
                    connection.execute(statement)
                connection.execute("insert into schema_version values (?)", [step])
        shape = ", ".join(f'"{name}": ["{kind}"]' for name, kind in EVENT_COLUMNS.items())
        lists = ", ".join(f"unnest(j.{name})" for name in EVENT_COLUMNS)
        for table in ("settled", "provisional"):
            part = [row for row in rows if row.settled == (table == "settled")]
            connection.execute(
                f"insert into {table} select {lists} from (select from_json(?, '{{{shape}}}') as j)",
                [json.dumps(columns(part, EVENT_COLUMNS))],
            )
        connection.execute("insert into former select id, p_human, klass, reasons, ruleset from settled limit 100")


def rows_with_reasons(count: int) -> list[EventRow]:
    import msgspec

    return [
        msgspec.structs.replace(row, reasons=REASONS[number % len(REASONS)] if row.klass is not None else "")
        for number, row in enumerate(make_rows(11, count))
    ]


def told(store: EventStore) -> list[dict[str, object]]:
    return [
        row
        for campaign in (1, 2, 3, 4)
        for row in store.ask("event_rows", campaign=campaign, only="", after_at=0, after_id=0, limit=99_999)
    ]


def expected(rows: Sequence[EventRow]) -> list[tuple[object, ...]]:
    inside = sorted((row for row in rows if row.campaign), key=lambda row: (row.campaign or 0, row.at, row.id))
    return [(row.id, row.type, row.at, row.delivery, row.p_human, row.klass, row.reasons, row.reason) for row in inside]


def test_a_new_store_opens_where_numpy_is_not_installed(tmp_path: Path) -> None:
    """It comes with the tools of whoever works on this, and DuckDB asks for it at odd places."""
    text = "import sys; sys.modules['numpy'] = None; from pathlib import Path; "
    text += "from mailwake.store.events import open_events; open_events(Path(sys.argv[1])).close()"
    subprocess.run([sys.executable, "-c", text, str(tmp_path / "events.duckdb")], check=True)


@pytest.mark.parametrize("has_numpy", [True, pytest.param(False, marks=pytest.mark.long)])
def test_nothing_is_lost_on_the_way_to_the_newest_version(
    tmp_path: Path, has_numpy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "find_spec", lambda _name: has_numpy or None)
    path, rows = tmp_path / "events.duckdb", rows_with_reasons(3_000)
    old_store(path, rows)
    store = open_events(path)
    names = ("id", "type", "happened_at", "delivery", "p_human", "klass", "reasons", "reason")
    assert [tuple(row[name] for name in names) for row in told(store)] == expected(rows)
    assert len(store.provisional()) == sum(not row.settled for row in rows)
    assert store.write(rows=rows) == 0, "each is still known by its id"
    store.close()
    open_events(path, read_only=True).close()


def test_every_question_has_the_answer_it_had(tmp_path: Path) -> None:
    rows = rows_with_reasons(2_000)
    old_store(tmp_path / "old.duckdb", rows)
    brought, fresh = open_events(tmp_path / "old.duckdb"), open_events(tmp_path / "new.duckdb")
    fresh.write(rows=rows)
    for campaign in (1, 2, 3, 4):
        for question in ("campaign_counts", "machine_reasons", "types", "links", "campaign_rulesets"):
            assert brought.ask(question, campaign=campaign) == fresh.ask(question, campaign=campaign), question
    assert brought.ask("campaigns_counts") == fresh.ask("campaigns_counts")
    brought.close()
    fresh.close()


@pytest.mark.long  # of a few thousand rows a file says nothing of its room
def test_reasons_of_before_are_packed_and_the_file_takes_less_room(tmp_path: Path) -> None:
    path, rows = tmp_path / "events.duckdb", rows_with_reasons(60_000)
    old_store(path, rows)
    before = path.stat().st_size
    (tmp_path / "events.duckdb.fresh").write_bytes(b"of an attempt that was cut short")
    open_events(path).close()
    assert path.stat().st_size < before + 500_000, "the room of the old rows is given back"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["events.duckdb"]
    assert path.stat().st_mode & 0o077 == 0
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("select free_blocks from pragma_database_size()").fetchone() == (0,)
        texts = {text for (text,) in connection.execute("select distinct reasons from judged").fetchall()}
        phrases = connection.execute("select letters, code, words from phrases order by letters").fetchall()
    assert texts == {"A-2170 5;B-55 24", *REASONS[1:]}
    assert phrases == [("A", "delay", "# s after delivery"), ("B", "rest", "# lesser observations together")]


@MANY
def test_where_there_is_no_room_for_a_second_file_the_store_opens_as_it_is(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rows = tmp_path / "events.duckdb", rows_with_reasons(count)
    old_store(path, rows)

    def full(*_: object) -> None:
        (tmp_path / "events.duckdb.fresh").write_bytes(b"half of it")
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr("mailwake.store.events.migrating.copy_database", full)
    store = open_events(path)
    assert len(told(store)) == len(expected(rows))
    store.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["events.duckdb"]


def test_a_migration_that_is_cut_short_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rows = tmp_path / "events.duckdb", rows_with_reasons(500)
    old_store(path, rows)

    def gone(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("mailwake.store.events.migrating.note_phrases", gone)
        with pytest.raises(KeyboardInterrupt):
            open_events(path)
    with pytest.raises(Unavailable, match="older than this program"):
        open_events(path, read_only=True)
    store = open_events(path)
    assert len(told(store)) == len(expected(rows))
    store.close()


def test_sql_and_python_make_the_same_id_of_a_copy(tmp_path: Path) -> None:
    made = Dialect().copy_id("'sent'", "123456789012345678")
    with duckdb.connect(str(tmp_path / "any.duckdb")) as connection:
        assert connection.execute(f"select {made}").fetchone() == (copy_id("sent", 123456789012345678),)
