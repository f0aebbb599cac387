"""The engines that keep the log's promises; a new one is a new line in `ENGINES`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from mailwake.eventlog import LogReader, LogWriter
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter
from mailwake.sections import Log


def microseconds() -> int:
    return time.time_ns() // 1_000


class OpenWriter(Protocol):
    """Open a writer's sequence by name; what is passed may go after a week."""

    def __call__(self, name: str, *, clock: Callable[[], int] = microseconds) -> LogWriter: ...


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One log, empty at first."""

    writer: OpenWriter
    #: a fresh reader of the whole log
    reader: Callable[[], LogReader]
    #: do now what is done from time to time beside the commits
    tidy: Callable[[LogWriter], None]


def sqlite(folder: Path) -> Engine:
    def writer(name: str, *, clock: Callable[[], int] = microseconds) -> LogWriter:
        return SqliteWriter.open(folder, name, keep=Log(keep_days=7), clock=clock)

    def tidy(writer: LogWriter) -> None:
        assert isinstance(writer, SqliteWriter)
        writer.tidy(now=True)

    return Engine(writer=writer, reader=lambda: SqliteReader(folder), tidy=tidy)


ENGINES = {"sqlite": sqlite}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return ENGINES[request.param](tmp_path / "log")
