"""The same tables and questions on ClickHouse: what the contract suite compares DuckDB with.

It creates the schema, takes rows in and answers every question through clickhouse-connect, which comes with the extra
of that name and not with the server. It is not yet a store to run on: there is no re-judging, no settling and no
cursor here, so it does not claim to be an `EventStore`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mailwake.events import Handle
from mailwake.store.events import ChangeRow, CounterRow, EventRow
from mailwake.store.events.asking import migrations, spell, statements
from mailwake.store.events.choosing import Choice, spell_choice
from mailwake.store.events.columns import CHANGE_COLUMNS, COUNTER_COLUMNS, EVENT_COLUMNS, STORED_COLUMNS, columns
from mailwake.store.events.dialect import CODES_AGAINST, Dialect

if TYPE_CHECKING:  # the package is not needed to import this module
    from clickhouse_connect.driver.client import Client

#: Without these, an aggregate over no rows is 0 or 1970 and a missed join is 0 or "", where DuckDB says NULL.
#: Source: https://clickhouse.com/docs/operations/settings/settings (aggregate_functions_null_for_empty, join_use_nulls)
SETTINGS = {"aggregate_functions_null_for_empty": 1, "join_use_nulls": 1}


class ClickHouse(Dialect):
    """ClickHouse's spelling."""

    integer = "Int64"
    maybe_integer = "Nullable(Int64)"
    maybe_real = "Nullable(Float64)"
    word = "LowCardinality(String)"
    maybe_word = "LowCardinality(Nullable(String))"
    text = "String"

    def table_like(self, table: str, other: str) -> str:
        """See `Dialect.table_like`."""
        return f"create table {table} as {other}"

    def sorted(self, *columns: str) -> str:
        """See `Dialect.sorted`."""
        return self._engine("MergeTree", columns)

    def summed(self, *columns: str) -> str:
        """See `Dialect.summed`."""
        return self._engine("SummingMergeTree", columns)

    def keyed(self, *columns: str) -> str:
        """See `Dialect.keyed`."""
        return self._engine("ReplacingMergeTree", columns)

    def div(self, dividend: str, divisor: str) -> str:
        """See `Dialect.div`."""
        return f"intDiv({dividend}, {divisor})"

    def bits(self, number: str) -> str:
        """See `Dialect.bits`."""
        return f"groupBitOr({number})"

    def arg_min(self, value: str, by: str) -> str:
        """See `Dialect.arg_min`."""
        return f"argMin({value}, {by})"

    def arg_max(self, value: str, by: str) -> str:
        """See `Dialect.arg_max`."""
        return f"argMax({value}, {by})"

    def each(self, texts: str) -> str:
        """See `Dialect.each`."""
        return f"select toInt64OrNull(arrayJoin(splitByChar(',', {texts})))"

    def codes_against(self, reasons: str) -> str:
        """See `Dialect.codes_against`; a backslash in a text is written twice."""
        pattern = CODES_AGAINST.replace("\\", "\\\\")
        return f"arrayStringConcat(extractAll({reasons}, '{pattern}'), ' ')"

    def codes(self, told: str) -> str:
        """See `Dialect.codes`; reasons are not packed here, the engine compresses them well by itself."""
        return told

    def words(self, text: str) -> str:
        """See `Dialect.words`."""
        return f"arrayJoin(arrayDistinct(splitByChar(' ', {text})))"

    def packed(self, reasons: str) -> str:
        """See `Dialect.packed`."""
        return reasons

    def copy_id(self, kind: str, delivery: str) -> str:
        """See `Dialect.copy_id`."""
        start = f"substring(MD5(concat({kind}, ':', toString({delivery}))), 1, 8)"
        return f"toInt64(bitShiftRight(reinterpretAsUInt64(reverse({start})), 1))"

    def lower(self, text: str) -> str:
        """See `Dialect.lower`."""
        return f"lowerUTF8({text})"

    def parameter(self, name: str, kind: str) -> str:
        """See `Dialect.parameter`; bound by the server, never pasted into the text."""
        return f"{{{name}:{'Int64' if kind == 'integer' else 'String'}}}"

    def _engine(self, engine: str, columns: Sequence[str]) -> str:
        return f"engine = {engine} order by ({', '.join(columns)}) settings allow_nullable_key = 1"


class ClickHouseEvents:
    """The event store's questions on ClickHouse.

    Args:
        client: made by `clickhouse_connect.create_client`.
        among: see `EventStore.among`.
    """

    def __init__(self, client: Client, *, among: str | None = None) -> None:
        self.client = client
        self._among = among
        self._dialect = ClickHouse()

    def create(self) -> None:
        """Make the tables in an empty database."""
        for step in migrations().values():
            for statement in statements(step, self._dialect):
                self.client.command(statement)

    def insert(
        self,
        rows: Sequence[EventRow] = (),
        counters: Sequence[CounterRow] = (),
        changes: Sequence[ChangeRow] = (),
    ) -> None:
        """Take rows in, as they are; the caller sees to it that none comes twice."""
        for table, names, part in (
            ("unjudged", STORED_COLUMNS, [row for row in rows if row.settled and row.klass is None]),
            ("judged", STORED_COLUMNS, [row for row in rows if row.settled and row.klass is not None]),
            ("provisional", EVENT_COLUMNS, [row for row in rows if not row.settled]),
        ):
            self._put(table, columns(part, names), len(part))
        self._put("counters", columns(counters, COUNTER_COLUMNS), len(counters))
        self._put("verdict_changes", columns(changes, CHANGE_COLUMNS), len(changes))

    def ask(self, question: str, **parameters: int | str) -> list[dict[str, Any]]:
        """See `EventStore.ask`."""
        among = {} if self._among is None else {"among": self._among}
        sql = spell(question, self._dialect, parameters, is_among=bool(among))
        return list(self.client.query(sql, parameters={**parameters, **among}, settings=SETTINGS).named_results())

    def among(self, handles: Iterable[Handle]) -> ClickHouseEvents:
        """See `EventStore.among`."""
        return ClickHouseEvents(self.client, among=",".join(map(str, handles)))

    def choose(self, frame: str, choice: Choice, **parameters: int | str) -> list[dict[str, Any]]:
        """See `EventStore.choose`."""
        sql, values = spell_choice(frame, choice, self._dialect, parameters)
        return list(self.client.query(sql, parameters=values, settings=SETTINGS).named_results())

    def _put(self, table: str, turned: Mapping[str, list[Any]], count: int) -> None:
        if count:
            self.client.insert(table, list(turned.values()), column_names=list(turned), column_oriented=True)
