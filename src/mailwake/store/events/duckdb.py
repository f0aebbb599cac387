"""The embedded event store: one DuckDB file, owned by one process.

Every thread that asks gets a cursor of its own; writes queue behind one lock. Rows go in as one JSON text of columns:
the quickest way that both DuckDB 1.5 and 2.0 have without further packages. DuckDB's own lock keeps other
processes out, readers too, while one has the file open for writing.
"""

from __future__ import annotations

import copy
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from mailwake.errors import BadInput, Unavailable
from mailwake.events import ONCE, Handle, Micros
from mailwake.store.events import CounterRow, Cuts, EventRow, Judgement, TakenRow
from mailwake.store.events.alone import Shared
from mailwake.store.events.asking import spell, writing
from mailwake.store.events.choosing import Choice, spell_choice
from mailwake.store.events.columns import (
    COUNTER_COLUMNS,
    CUT_COLUMNS,
    EVENT_COLUMNS,
    TAKEN_COLUMNS,
    VERDICT_COLUMNS,
    StandIn,
    Words,
    columns,
    event_row,
)
from mailwake.store.events.copying import copy_database
from mailwake.store.events.dialect import Dialect
from mailwake.store.events.migrating import made_small, migrate
from mailwake.store.events.phrases import known_phrases, note_phrases

_STAGES = {
    "new_events": {**EVENT_COLUMNS, "settled": "BOOLEAN"},
    "new_verdicts": {**VERDICT_COLUMNS, "settled": "BOOLEAN"},
    "new_counters": COUNTER_COLUMNS,
    "new_taken": TAKEN_COLUMNS,
    "new_cuts": CUT_COLUMNS,
    "new_stand_ins": dict.fromkeys(StandIn._fields, "BIGINT"),
    "new_words": dict.fromkeys(Words._fields, "VARCHAR"),
}
_MAX_ID = (1 << 63) - 1
#: How long closing waits for whoever still reads.
_PATIENCE_SECONDS = 10.0
#: How long for a question; then it is broken off: on a large store one takes a minute, and a stop may not.
_QUESTION_SECONDS = 1.0
#: text to what DuckDB read in it, whatever store it is for
_STATEMENTS: dict[str, duckdb.Statement] = {}
_REPLAYED = ("id", "p_human", "klass", "reasons", "ruleset")


class DuckEvents:
    """`EventStore` on DuckDB. Open it with `mailwake.store.events.open_events`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, read_only: bool, news: bool) -> None:
        self._connection = connection
        self._phrases = known_phrases(connection)
        self._writer = connection.cursor()  # its temporary tables and its transaction are its own
        if not read_only:
            _make_stages(self._writer)
        self._dialect = Dialect()
        self._writing, self._entering = threading.Lock(), threading.Lock()
        self._shared = Shared()
        self._asking = set[duckdb.DuckDBPyConnection]()
        self._read_only = read_only
        self._news = news
        self._among: str | None = None

    def write(
        self,
        *,
        rows: Sequence[EventRow] = (),
        rejudged: Sequence[Judgement] = (),
        counters: Sequence[CounterRow] = (),
        taken: Sequence[TakenRow] = (),
        cursors: Mapping[str, int] | None = None,
        settle_before: Micros | None = None,
        cuts: Cuts | None = None,
    ) -> int:
        """See `EventStore.write`."""
        if self._read_only:
            raise Unavailable("the event store was opened for reading; only its owner writes")
        with self._writing, translated(), self._transaction() as connection:
            added = self._add(connection, rows) if rows else 0
            if added:
                self._note(connection, "news_stored")
            self._stage(connection, "new_verdicts", rejudged)
            if rejudged:
                self._note(connection, "news_changed")
                _run(connection, "rejudge")
            if settle_before is not None or any(verdict.settled for verdict in rejudged):
                _run(connection, "settling", {"before": settle_before})
                self._note(connection, "news_settled")
                _run(connection, "settle")
            if counters:
                self._stage(connection, "new_counters", counters)
                _run(connection, "count")
            if taken:
                self._stage(connection, "new_taken", taken)
                _run(connection, "take")
            if cuts is not None:
                self._cut(connection, cuts)
            for writer, segment in (cursors or {}).items():
                connection.execute("delete from cursors where writer = ?", [writer])
                connection.execute("insert into cursors values (?, ?)", [writer, segment])
            return added

    def stage(self, verdicts: Sequence[Judgement]) -> None:
        """See `EventStore.stage`."""
        with self._writing, translated(), self._transaction() as connection:
            self._stage(connection, "new_verdicts", verdicts)
            connection.execute(f"insert into replayed select {', '.join(_REPLAYED)} from new_verdicts")  # noqa: S608 - our names

    def swap(self, *, ruleset: str, at: Micros) -> int:
        """See `EventStore.swap`."""
        with self._writing, translated(), self._transaction() as connection:
            _run(connection, "keep_former")
            return self._put(connection, at, "applied", ruleset)

    def roll_back(self, *, at: Micros) -> int:
        """See `EventStore.roll_back`."""
        last = next(iter(self.ask("swaps")), None)
        if last is None or last["how"] != "applied":
            raise BadInput("no replay is applied that could be rolled back")
        with self._writing, translated(), self._transaction() as connection:
            _run(connection, "take_former")
            return self._put(connection, at, "rolled_back", last["former"])

    def forget_news(self, until: int) -> None:
        """See `EventStore.forget_news`."""
        with self._writing, translated(), self._transaction() as connection:
            _run(connection, "news_told", {"until": until})

    def erase(self, recipient: Handle) -> int:
        """See `EventStore.erase`."""
        count = int(self.ask("person_count", recipient=recipient)[0]["event_count"])
        with self._writing, translated(), self._transaction() as connection:
            _run(connection, "loosen", {"recipient": recipient})
            (words,) = writing("words")
            told = [Words(was, self._phrases.without_facts(was)) for (was,) in connection.execute(words).fetchall()]
            self._stage(connection, "new_words", told)
            _run(connection, "erase", {"recipient": recipient})
        self._write_over()
        return count

    def copy_to(self, path: Path) -> dict[str, int]:
        """See `EventStore.copy_to`."""
        with self._reading() as cursor:
            return copy_database(cursor, path)

    def forget_old(self, before: Micros, *, at: Micros) -> int:
        """See `EventStore.forget_old`."""
        counts, values = self._spelled("outdated", {"before": before})
        units, _ = self._spelled("outdated_units", {"before": before})
        with self._writing, translated(), self._transaction() as connection:
            connection.execute(f"create or replace temp table old_units as {units}", values)
            rolled = f"select *, {int(at)} as rolled_at from (\n{counts}\n)"  # noqa: S608 - a question of ours
            connection.execute(f"insert into rolled by name {rolled}", values)
            _run(connection, "forget_old")
            found = connection.execute("select count(*) from old_events").fetchone()
        self._write_over()
        return int(found[0]) if found else 0

    def _write_over(self) -> None:
        """Let the room of what is gone be written over."""
        with self._writing, suppress(duckdb.Error):  # somebody reads; the next write does it
            self._writer.execute("checkpoint")

    def _note(self, connection: duckdb.DuckDBPyConnection, file: str) -> None:
        """Note news, in the transaction that they are about."""
        if self._news:
            _run(connection, file, {"noted_at": time.time_ns() // 1_000})

    def _put(self, connection: duckdb.DuckDBPyConnection, at: Micros, how: str, ruleset: str) -> int:
        last = next(iter(self.ask("swaps")), {"ruleset": ""})
        self._note(connection, "news_swapped")
        _run(connection, "swap", {"swapped_at": at, "how": how, "ruleset": ruleset, "former": last["ruleset"]})
        done = connection.execute("select events from swaps order by number desc limit 1").fetchone()
        return int(done[0]) if done else 0

    def cursors(self) -> dict[str, int]:
        """See `EventStore.cursors`."""
        with self._reading() as cursor:
            return dict(cursor.execute("select writer, segment from cursors order by writer").fetchall())

    def cut_line(self) -> int:
        """See `EventStore.cut_line`."""
        with self._reading() as cursor:
            found = cursor.execute("select max(line) from cuts").fetchone()
            return int(found[0]) if found and found[0] is not None else 0

    def taken(self) -> dict[str, dict[str, int]]:
        """See `EventStore.taken`."""
        found: dict[str, dict[str, int]] = {}
        with self._reading() as cursor:
            for writer, term, n in cursor.execute("select writer, term, n from taken order by writer, term").fetchall():
                found.setdefault(writer, {})[term] = n
        return found

    def provisional(self) -> list[EventRow]:
        """See `EventStore.provisional`."""
        with self._reading() as cursor:
            found = cursor.execute("select * from provisional order by happened_at, id")
            return [event_row(row) for row in self._dicts(found)]

    def ask(self, question: str, **parameters: int | str) -> list[dict[str, Any]]:
        """See `EventStore.ask`."""
        sql, values = self._spelled(question, parameters)
        return self._asked(sql, values)

    def _asked(self, sql: str, values: Mapping[str, int | str]) -> list[dict[str, Any]]:
        def ask() -> list[dict[str, Any]]:
            with self._cursor() as cursor, self._under_way(cursor):
                return list(self._dicts(cursor.execute(_parsed(cursor, sql), values or None)))

        with translated():
            return self._shared.ask(ask)

    def _spelled(self, question: str, parameters: Mapping[str, int | str]) -> tuple[str, dict[str, int | str]]:
        among = {} if self._among is None else {"among": self._among}
        sql = spell(question, self._dialect, parameters, is_among=bool(among))
        return sql, {**parameters, **(among if "$among" in sql else {})}  # not every question reads events

    def among(self, handles: Iterable[Handle]) -> DuckEvents:
        """See `EventStore.among`; the copy shares the connection and its locks."""
        narrowed = copy.copy(self)
        narrowed._among = ",".join(map(str, handles))  # noqa: SLF001 - its own
        return narrowed

    def stream(self, question: str, *, batch: int, **parameters: int | str) -> Iterator[list[dict[str, Any]]]:
        """See `EventStore.stream`; DuckDB hands rows out as it finds them, and sorts what does not fit on the disk."""
        sql, values = self._spelled(question, parameters)
        with self._reading() as cursor:
            found = cursor.execute(sql, values) if values else cursor.execute(sql)
            while rows := found.fetchmany(batch):
                yield list(self._named(found, rows))

    def choose(self, frame: str, choice: Choice, **parameters: int | str) -> list[dict[str, Any]]:
        """See `EventStore.choose`."""
        sql, values = spell_choice(frame, choice, self._dialect, parameters)
        return self._asked(sql, values)

    def close(self) -> None:
        """See `EventStore.close`."""
        with self._writing, self._entering:
            self._writer.close()
            start = time.monotonic()
            while not _is_closed(self._connection, is_last=time.monotonic() > start + _PATIENCE_SECONDS):
                time.sleep(0.02)
                if time.monotonic() > start + _QUESTION_SECONDS:
                    for cursor in self._asking.copy():
                        cursor.interrupt()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with translated(), self._cursor() as cursor:
            yield cursor

    @contextmanager
    def _under_way(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """While a question is asked by a cursor: `close` may break it off."""
        self._asking.add(cursor)
        try:
            yield
        finally:
            self._asking.discard(cursor)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """Of the caller alone; a connection refuses two calls at once, also that of `close`."""
        with self._entering:
            return self._connection.cursor()

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self._writer.begin()
        try:
            yield self._writer
            note_phrases(self._writer, self._phrases)
            self._writer.commit()
            self._phrases.keep()
        except BaseException:
            self._phrases.drop()
            with suppress(duckdb.Error):  # a commit that failed has rolled back already
                self._writer.rollback()
            raise

    def _stage(self, connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Any]) -> None:
        """Replace what a staging table holds."""
        kinds = _STAGES[table]
        connection.execute(_parsed(connection, f"delete from {table}"))  # noqa: S608 - one of _STAGES
        if rows:
            turned = columns(rows, kinds)
            if "reasons" in turned:
                turned["reasons"] = [self._phrases.pack(reasons) for reasons in turned["reasons"]]
            shape = ", ".join(f'"{name}": ["{kind}"]' for name, kind in kinds.items())
            lists = ", ".join(f"unnest(j.{name})" for name in kinds)
            insert = f"insert into {table} select {lists} from (select from_json(?, '{{{shape}}}') as j)"  # noqa: S608 - our names
            connection.execute(_parsed(connection, insert), [msgspec.json.encode(turned).decode()])

    def _add(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[EventRow]) -> int:
        first = {row.id: row for row in reversed(rows)}
        self._stage(connection, "new_events", list(reversed(first.values())))
        known = {row.campaign for row in rows}
        numbers = ", ".join(str(int(campaign)) for campaign in known if campaign is not None)
        places = ([f"s.campaign in ({numbers})"] if numbers else []) + (["s.campaign is null"] if None in known else [])
        _run(connection, "drop_known", campaigns=" or ".join(places))
        if any(row.type in ONCE for row in rows):
            _run(connection, "drop_copies", campaigns=" or ".join(places))
        added = _run(connection, "add_settled") if any(row.settled for row in rows) else 0
        return added + _run(connection, "add")

    def _cut(self, connection: duckdb.DuckDBPyConnection, cuts: Cuts) -> None:
        """Cut people off what they did, or out of it."""
        if cuts.people:
            self._stage(connection, "new_cuts", cuts.people)
            _run(connection, "cutting")
            _run(connection, "cut_base")
            if cuts.erase:
                _run(connection, "cut_out")
            else:
                found = connection.execute("select distinct delivery from cut_off where delivery is not null")
                fresh = [StandIn(copy, secrets.randbelow(_MAX_ID) + 1) for (copy,) in found.fetchall()]
                self._stage(connection, "new_stand_ins", fresh)
                _run(connection, "cut")
            # which number stands for which copy is known to nobody
            for table in ("new_cuts", "new_stand_ins", "cut_off"):
                connection.execute(f"delete from {table}")  # noqa: S608 - our names
        if cuts.line is not None:
            _run(connection, "cut_line", {"line": cuts.line})

    def _dicts(self, found: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
        return self._named(found, found.fetchall())

    def _named(self, found: duckdb.DuckDBPyConnection, rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
        """Rows by their columns' names, reasons unpacked."""
        names = [column[0] for column in found.description or ()]
        for row in rows:
            named = dict(zip(names, row, strict=True))
            if named.get("reasons"):
                named["reasons"] = self._phrases.unpack(named["reasons"])
            yield named


def _is_closed(connection: duckdb.DuckDBPyConnection, *, is_last: bool) -> bool:
    """Close it with all its cursors; False: somebody still reads by one, and DuckDB refuses instead of waiting."""
    try:
        connection.close()
    except duckdb.Error:
        if is_last:
            raise
        return False
    return True


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """A statement that comes again and again; to read it takes a tenth of the time of asking a small store."""
    known = _STATEMENTS.get(sql)
    if known is None:
        (known,) = connection.extract_statements(sql)
        if len(_STATEMENTS) >= 500:  # some name campaigns
            _STATEMENTS.clear()
        _STATEMENTS[sql] = known
    return known


def _run(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    given: dict[str, int | str | None] | None = None,
    campaigns: str = "",
) -> int:
    """Run one file of ``writing``; how many rows it inserted."""
    inserted = 0
    for statement in writing(name):
        values = {key: value for key, value in (given or {}).items() if f"${key}" in statement}
        parsed = _parsed(connection, statement.replace("{campaigns}", campaigns))
        found = connection.execute(parsed, values or None).fetchone()
        if statement.startswith("insert") and found is not None:
            inserted += found[0]
    return inserted


@contextmanager
def translated() -> Iterator[None]:
    """DuckDB's faults that waiting or restarting may cure, as `Unavailable`."""
    try:
        yield
    except (
        duckdb.IOException,
        duckdb.ConnectionException,
        duckdb.FatalException,
        duckdb.OutOfMemoryException,
        duckdb.InterruptException,
    ) as fault:
        first_line = str(fault).splitlines()[0]
        if "lock on file" in first_line:
            raise Unavailable("another process owns the event store; ask its dashboard, or stop it first") from fault
        raise Unavailable(f"the event store does not answer: {first_line}") from fault


def open_duckdb(path: Path, *, read_only: bool, memory_limit: str, threads: int, news: bool) -> DuckEvents:
    """See `mailwake.store.events.open_events`."""
    if read_only and not path.exists():
        raise Unavailable(f"there are no events yet: {path} does not exist; start `mailwake serve` first")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "autoinstall_known_extensions": False,  # nothing is ever fetched from the network
        "autoload_known_extensions": False,
    }
    with translated():
        connection = duckdb.connect(str(path), read_only=read_only, config=config)
        try:
            path.chmod(path.stat().st_mode & 0o700)
            if migrate(connection, read_only=read_only):
                connection = made_small(connection, path, config)
            return DuckEvents(connection, read_only=read_only, news=news)
        except BaseException:
            connection.close()
            raise


def _make_stages(connection: duckdb.DuckDBPyConnection) -> None:
    for table, kinds in _STAGES.items():
        shape = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        connection.execute(f"create temp table {table} ({shape})")
    copy_id = Dialect().copy_id("kind", "delivery")
    connection.execute(f"create temp macro copy_id(kind, delivery) as {copy_id}")
    is_of_copy = "coalesce(kind in ('sent', 'delivered') and id = copy_id(kind, delivery), false)"
    connection.execute(f"create temp macro is_of_copy(id, kind, delivery) as {is_of_copy}")
    connection.execute("create temp macro parts(p) as cast(round(p * 10000) as bigint)")
    connection.execute("create temp table done (id bigint)")
    connection.execute("create temp table cut_off (id bigint, delivery bigint)")
    shape = ", ".join(f"{name} {VERDICT_COLUMNS[name]}" for name in _REPLAYED)
    connection.execute(f"create temp table replayed ({shape})")
