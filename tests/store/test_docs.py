"""docs/reference/stores.md names what there is."""

from pathlib import Path

import mailwake.store.access.tables
import mailwake.store.audit.tables
import mailwake.store.crm.tables
import mailwake.store.native.tables
import mailwake.store.postmaster.tables
import mailwake.store.rights.tables
import mailwake.store.watch.tables
import mailwake.store.withdrawals.tables
import mailwake.store.workflows.tables  # noqa: F401 - their tables are the schema's too
from mailwake.store.events.asking import migrations, questions
from mailwake.store.events.columns import EVENT_COLUMNS
from mailwake.store.events.dialect import Dialect
from mailwake.store.state.schema import metadata

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "stores.md").read_text(encoding="utf-8")


def test_every_question_is_in_the_reference() -> None:
    assert [name for name in questions() if f"`{name}`" not in PAGE] == []


def test_every_table_is_in_the_reference() -> None:
    assert [name for name in metadata.tables if f"`{name}`" not in PAGE] == []


def test_the_columns_written_are_those_of_the_schema() -> None:
    first = Dialect().render(next(iter(migrations().values())))
    body = first[first.index("(") + 1 : first.index("\n)")]
    assert [line.split()[0] for line in body.strip().splitlines()] == list(EVENT_COLUMNS)
