"""Brings the tables of the state store forward, step by step, as the files in ``versions`` say."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine

from mailwake.errors import Unavailable


def migrate(engine: Engine, current: str | None) -> None:
    """Take every step that is missing, in one transaction.

    Args:
        engine: keep other openers out meanwhile.
        current: the version that the store has; None: it is empty.

    Raises:
        Unavailable: the store was made by a newer Mailwake.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    if current is not None and current not in {revision.revision for revision in scripts.walk_revisions()}:
        raise Unavailable(f"the state store is at version {current}, made by a newer Mailwake; upgrade this one")

    def upgrade(revision: Any, _context: Any) -> Any:  # noqa: ANN401 - alembic's own types are not public
        return scripts._upgrade_revs("head", revision)  # noqa: SLF001 - what alembic.command.upgrade does itself

    # alembic's usual env.py would only choose a connection and begin a transaction; both are given here.
    with (
        engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
        EnvironmentContext(config, scripts, fn=upgrade, destination_rev="head") as context,
    ):
        context.configure(connection=connection)
        context.run_migrations()


def newest() -> Iterator[str]:
    """The statements, one line each, that make of an empty SQLite file what all the steps make of it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.sqlite"
        engine = create_engine(f"sqlite+pysqlite:///{path}")
        migrate(engine, None)
        engine.dispose()
        made = sqlite3.connect(path)
        for statement in made.iterdump():
            if statement not in ("BEGIN TRANSACTION;", "COMMIT;"):
                yield re.sub(r"\s+", " ", statement)
        made.close()
