"""Statements for the state store are compiled once for all stores of a run; SQLAlchemy compiles them once for each."""

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_MOST = 2_000
COMPILED: LRUCache[object, object] = LRUCache(_MOST)


class Dialect(SQLiteDialect_pysqlite):
    """One is like another: what was compiled for any holds for all."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Give every engine the same cache."""
        engine.update_execution_options(compiled_cache=COMPILED)


def install() -> None:
    """From now on, in this process."""
    registry.register("sqlite.pysqlite", __name__, "Dialect")
