"""A database for notebooks: every view and column says what it is, and what it says is what pages say."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.exports.conftest import NOW

from mailwake.exports import reading
from mailwake.exports.snapshot import SCHEMA, write_snapshot
from mailwake.insight.report import overview
from mailwake.insight.stores import Stores


@pytest.mark.long
def test_everything_is_there_commented_and_equal_to_the_pages(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 97)
    path, begun = tmp_path / "all.duckdb", list[str]()
    counts = write_snapshot(stores, path, now=NOW, addresses=False, version="9", each=begun.append)
    assert set(counts) == {"about", *begun}
    assert begun == ["campaigns", "links", "deliveries", "events"]
    with duckdb.connect(str(path), read_only=True) as opened:

        def ask(sql: str) -> list[Any]:
            return opened.execute(sql).fetchall()

        shown = ask(f"select view_name, comment from duckdb_views() where schema_name = '{SCHEMA}'")
        assert {name for name, _ in shown} == set(counts)
        assert all(comment for _, comment in shown)
        bare = ask(
            f"select table_name, column_name from duckdb_columns() where schema_name = '{SCHEMA}' "
            "and comment is null and table_name <> 'about'"
        )
        assert bare == []
        assert dict(ask(f"select * from {SCHEMA}.about"))["schema"] == SCHEMA
        by_outcome = dict(ask(f"select campaign, count(*) from {SCHEMA}.deliveries group by 1"))
        people = dict(ask(f"select campaign, count(*) from {SCHEMA}.deliveries where clicked = 'human' group by 1"))
        for line in overview(stores).campaigns:
            assert by_outcome[int(line.id)] == line.tally.sent
            assert people.get(int(line.id), 0) == line.tally.clicked.human
        (kind,) = ask(f"select typeof(happened_at) from {SCHEMA}.events limit 1")[0]
        assert kind == "TIMESTAMP WITH TIME ZONE"
    assert b"@example.com" not in path.read_bytes()


@pytest.mark.long
def test_addresses_are_there_where_they_are_asked_for(stores: Stores, tmp_path: Path) -> None:
    path = tmp_path / "all.duckdb"
    write_snapshot(stores, path, now=NOW, addresses=True, each=lambda _: None)
    with duckdb.connect(str(path), read_only=True) as opened:
        found = opened.execute(f"select count(distinct address) from {SCHEMA}.deliveries").fetchone()
    assert found == (311,)
