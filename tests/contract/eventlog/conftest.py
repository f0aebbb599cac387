"""The engines that keep the log's promises; a new one is a new line in `ENGINES`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailwake.eventlog import LogReader, LogWriter
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One log, empty at first."""

    #: open a writer's sequence by name
    writer: Callable[[str], LogWriter]
    #: a fresh reader of the whole log
    reader: Callable[[], LogReader]


def sqlite(folder: Path) -> Engine:
    return Engine(writer=lambda name: SqliteWriter.open(folder, name), reader=lambda: SqliteReader(folder))


ENGINES = {"sqlite": sqlite}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return ENGINES[request.param](tmp_path / "log")
