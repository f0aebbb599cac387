"""Connections and transactions, the same for every part of the state store.

SQLite runs in WAL mode, so that several processes read while one writes; a write transaction takes its lock at once
(BEGIN IMMEDIATE), because a lock upgraded half-way cannot wait for others. `synchronous=FULL`: a suppression that was
acknowledged survives a power cut. Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/lang_transaction.html
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DatabaseError, OperationalError

from mailwake.errors import Unavailable
from mailwake.store.state.schema import VERSION

T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 30
#: What the steps of ``versions`` make of an empty file, in one go; written by `make docs`.
NEWEST = Path(__file__).with_name("newest.sql")
#: Keys per IN list; SQLite allows 32,766 variables in a statement (https://www.sqlite.org/limits.html).
CHUNK = 4_000


class Database:
    """One engine, its transactions, and nothing about mail."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view."""
        with translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, committed at the end, rolled back on any error."""
        with translated(), self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def upsert(self, table: Table) -> sqlite.Insert:
        """An insert that knows ON CONFLICT, in the engine's own dialect."""
        if self._is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # 3.5 MB that a process on SQLite can do without

        # The two inserts have the same methods but no common type.
        return cast("sqlite.Insert", postgresql.insert(table))

    def rewrite(self, most_bytes: int | None = None) -> bool:
        """Write the file anew, and overwrite the write-ahead log, so that what was deleted is in neither.

        ``secure_delete`` overwrites rows that go, but not what is left of them where rows were moved within a page.

        Args:
            most_bytes: a larger file stays as it is, for nobody else can write meanwhile; None: of any size.

        Returns:
            Whether it was done; somebody may be in the way.
        """
        if not self._is_sqlite:
            return True
        with self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            try:
                pages, each = (driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
                if most_bytes is not None and pages * each > most_bytes:
                    return False
                driver.execute("VACUUM")
            except sqlite3.OperationalError:
                return False
        return self.empty_log()

    def empty_log(self) -> bool:
        """Overwrite what the write-ahead log still has; says whether nobody was in the way."""
        if not self._is_sqlite:
            return True
        with self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection  # a checkpoint is no transaction
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


class OnDatabase:
    """A store, or a part of one.

    Args:
        database: an open, migrated database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        """Let go of the database; the next use opens it again."""
        self._database.close()


@contextmanager
def translated() -> Iterator[None]:
    """Database faults that waiting may cure, as `Unavailable`."""
    try:
        yield
    except OperationalError as fault:
        raise Unavailable(f"the state store does not answer: {fault.orig}; try again") from fault
    except DatabaseError as fault:
        if "not a database" in str(fault.orig) or "malformed" in str(fault.orig):
            raise Unavailable(f"the state store's file is damaged: {fault.orig}; restore it from a backup") from fault
        raise


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Slices that fit into one statement."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def open_database(path: Path) -> Database:
    """The SQLite file at a path, created and migrated forward where needed; safe from many processes at once.

    Raises:
        Unavailable: the file cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():  # else closing it would drop this process's locks: sqlite.org/howtocorrupt.html 2.2
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as fault:
        raise Unavailable(f"cannot open {path}: {fault.strerror}") from fault
    engine = create_engine(
        f"sqlite+pysqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    with translated(), _alone(path.parent):
        _bring_forward(engine)
    return Database(engine)


def _prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are ours to begin, see `_begin`
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")  # as a statement of its own it costs as much as a question


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other openers out: switching a new file to WAL does not wait for locks, it fails."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _bring_forward(engine: Engine) -> None:
    current = _version(engine)
    if current is None:
        _begin_with_newest(engine)
        current = _version(engine)
    if current != VERSION:
        from mailwake.store.state.migrate import migrate  # half a second of imports, needed once per version

        migrate(engine, current)


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection, connection.begin():
        has_version = inspect(connection).has_table("alembic_version")
        return connection.scalar(text("select version_num from alembic_version")) if has_version else None


def _begin_with_newest(engine: Engine) -> None:
    """Make all tables of an empty file; one that has tables of somebody else is left as it is."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if not inspect(connection).get_table_names():
            driver = cast("sqlite3.Connection", connection.connection.driver_connection)
            for statement in NEWEST.read_text(encoding="utf-8").splitlines():
                driver.execute(statement)  # a hundred of them: SQLAlchemy would take longer than SQLite
