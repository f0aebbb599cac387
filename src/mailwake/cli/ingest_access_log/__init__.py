"""`mailwake ingest-access-log`: opens from the access log of a server that gave out the pixel in our place."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from mailwake.accesslog.columns import Hit
from mailwake.accesslog.files import LogFile, find_logs
from mailwake.accesslog.intake import Intake, Tally
from mailwake.accesslog.keys import Keys
from mailwake.accesslog.ledger import Ledger
from mailwake.accesslog.reader import Format, LineReader
from mailwake.accesslog.replay import Replay
from mailwake.cli.options import ConfigOption
from mailwake.errors import MailwakeError, Unavailable
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import SECOND, Event, Micros
from mailwake.inert.reader import InertSet
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.tokens import KeyRing

#: Name of the sequence in the log, and of the folder with the keys; a source of another name gets both for itself.
WRITER = "access-log"
#: A file is not deleted when more than one in this many lines could not be read: it may be in a form we do not know.
_ONE_IN = 100
#: Files are deleted together, after one sync for all.
_DELETE_EVERY = 100
#: Lines between two looks at withdrawals, or two moves of the bar.
_LOOK_EVERY = 4_096
_DAY = 86_400 * SECOND
#: How a line may end; together they are all lines.
WAYS = ("recorded", "known", "inert", "expired", "rejected", "not_pixel", "unreadable")
#: Told how far the present file is in bytes; None: it is done.
Show = Callable[[int | None], None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command was asked to do."""

    format: Format
    line_format: str
    host: str
    source: str
    delete: bool

    def reader(self) -> LineReader:
        """A reader for one file.

        Raises:
            BadInput: the host or the line format cannot be used.
        """
        return LineReader(self.format, host=self.host, line_format=self.line_format)


@dataclass(kw_only=True)
class Files:
    """What became of the files."""

    read: int = 0
    deleted: int = 0
    #: what the operator should know and need not act on
    notes: list[str] = field(default_factory=list)
    #: why a file was not read to its end
    complaints: list[str] = field(default_factory=list)


def command(
    paths: Annotated[list[Path], typer.Argument(help="Log files, plain or gzipped, folders of them, or - for stdin.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    format: Annotated[Format, typer.Option("--format", help="How lines are written.")] = Format.AUTO,  # noqa: A002 - the option's name
    line_format: Annotated[
        str, typer.Option("--line-format", help="Of text lines, as in nginx's log_format. [default: combined]")
    ] = "",
    host: Annotated[str, typer.Option(help="Host of all requests, where the log does not hold it.")] = "",
    source: Annotated[
        str, typer.Option(help="Whose log it is, where several write logs without request ids; always the same.")
    ] = "",
    delete: Annotated[bool, typer.Option("--delete", help="Delete each file once all of it is durable.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The counts as one JSON object.")] = False,
) -> None:
    """Take opens from the access log of an nginx or a CDN that gives out the pixel: what the edge would have recorded.

    Reading a file again, or others that hold the same lines, changes nothing. A file that is still written is read up
    to its last whole line.

    Example: mailwake ingest-access-log --delete /var/log/nginx/pixel.log.1
    """
    settings = load(config)
    wanted = Wanted(format=format, line_format=line_format, host=host, source=source, delete=delete)
    wanted.reader()  # says what is wrong with it before anything is read
    logs = find_logs(path for path in paths if str(path) != "-")
    run = Run(settings, settings.load_keys(), wanted)
    try:
        asyncio.run(run.read(logs, stdin=Path("-") in paths))
    finally:
        run.show(as_json=as_json)
    if run.files.complaints:
        raise MailwakeError("; ".join(run.files.complaints))


class Run:
    """One reading of any number of files.

    Args:
        settings: of the installation.
        keys: its master keys.
        wanted: what was asked for.
    """

    def __init__(self, settings: Settings, keys: KeyRing, wanted: Wanted) -> None:
        self._settings, self._wanted = settings, wanted
        self._secret = keys.derive("access log")
        self._inert = InertSet(settings.data_folder / "inert.bin")
        self._replay = Replay(settings, keys, inert=self._inert)
        self._now = Micros(time.time_ns() // 1_000)
        self._hits = 0
        self._durable: list[tuple[Path, os.stat_result]] = []
        self.tally = Tally()
        self.files = Files()

    async def read(self, logs: list[Path], *, stdin: bool) -> None:
        """Take everything in.

        Raises:
            Unavailable: the log cannot be written, or nobody can say who has withdrawn.
        """
        self._check_inert()
        name = f"{WRITER}-{self._wanted.source}" if self._wanted.source else WRITER
        folder, keep = self._settings.data_folder / "log", self._settings.log
        writer = SqliteWriter.open(folder, name, keep=keep)
        days = SqliteWriter.open_days(folder, name, keep=keep)
        try:
            ledger = Ledger(self._settings.data_folder / "access-log" / name, last_segment=writer.end.segment)
            intake = Intake(writer, ledger, days=days, replay=self._recorded, now=self._now, tally=self.tally)
            with _progress(logs) as show:
                for path in logs:
                    await self._file(path, intake, show)
                if stdin:
                    log = LogFile(sys.stdin.buffer, is_stream=True)  # type: ignore[arg-type]  # a BufferedReader
                    await self._lines("-", log, intake, show)
            await self._settle(intake)
            if self.tally.newest:
                ledger.forget(Micros(self.tally.newest - self._settings.ingest.access_log_days * _DAY))
        finally:
            await writer.close()
            await days.close()

    def _recorded(self, hit: Hit) -> Event | None:
        self._hits += 1
        if self._hits % _LOOK_EVERY == 0:
            self._check_inert()
        return self._replay.take(hit.request, host=hit.host, at=hit.at)

    def _check_inert(self) -> None:
        self._inert.reload()
        if self._inert.closed:
            problem = f"{self._settings.data_folder / 'inert.bin'} is {self._inert.standing}"
            raise Unavailable(f"{problem}, so nobody can say who has withdrawn; `mailwake work --once` writes it anew")

    async def _file(self, path: Path, intake: Intake, show: Show) -> None:
        try:
            with path.open("rb") as file:
                log, at_first = LogFile(file), os.fstat(file.fileno())
                before = self.tally.lines - self.tally.unreadable, self.tally.unreadable
                await self._lines(str(path), log, intake, show)
                place = log.place
        except OSError as fault:
            self.files.complaints.append(f"cannot read {path}: {fault.strerror}")
            return
        readable, unreadable = self.tally.lines - self.tally.unreadable - before[0], self.tally.unreadable - before[1]
        if log.damaged:
            self.files.complaints.append(f"{path} is damaged after {place:,} bytes: {log.damaged}")
        elif unreadable and not readable:
            self.files.complaints.append(f"no line of {path} could be read; say how they are written with --format")
        elif log.unfinished or place < at_first.st_size:
            self.files.notes.append(f"the last line of {path} has no end yet and is left for the next time")
        elif unreadable * _ONE_IN > readable + unreadable:
            self.files.notes.append(f"{path} has {unreadable:,} unreadable lines")
        else:
            self._durable.append((path, at_first))
            if len(self._durable) >= _DELETE_EVERY:
                await self._settle(intake)

    async def _lines(self, name: str, log: LogFile, intake: Intake, show: Show) -> None:
        lines = _shown(log, show)
        await intake.take(name, lines, self._wanted.reader(), Keys(self._secret, self._wanted.source))
        self.files.read += 1

    async def _settle(self, intake: Intake) -> None:
        """Make everything durable; only then may files go."""
        await intake.flush()
        for path, at_first in self._durable if self._wanted.delete else ():
            try:
                now = path.stat()
                if (now.st_ino, now.st_size) != (at_first.st_ino, at_first.st_size):
                    self.files.notes.append(f"{path} was written to meanwhile and is kept")
                    continue
                path.unlink()
                self.files.deleted += 1
            except FileNotFoundError:
                self.files.notes.append(f"{path} is not there any more")
            except OSError as fault:
                self.files.complaints.append(f"cannot delete {path}: {fault.strerror}")
        self._durable.clear()

    # --- telling

    def counts(self) -> dict[str, Any]:
        """What became of every line; all but `lines`, `files` and `deleted` add up to `lines`."""
        tally, replayed = self.tally, self._replay.counters
        return {
            "files": self.files.read,
            "deleted": self.files.deleted,
            "lines": tally.lines,
            "recorded": tally.recorded,
            "known": tally.known,
            "inert": replayed.inert,
            "expired": replayed.expired,
            "rejected": replayed.rejected + tally.refused.total(),
            "not_pixel": tally.not_pixel,
            "unreadable": tally.unreadable,
            "reasons": dict(sorted((replayed.reasons + tally.refused).items())),
        }

    def show(self, *, as_json: bool) -> None:
        """Print the counts; what should be known besides goes to standard error."""
        counts = self.counts()
        for problem in self.tally.problems:
            print(f"mailwake: {problem.file} line {problem.line}: {problem.reason}", file=sys.stderr)
        for note in self.files.notes:
            print(f"mailwake: {note}", file=sys.stderr)
        print(json.dumps(counts) if as_json else _in_words(counts))


def _in_words(counts: dict[str, Any]) -> str:
    named = [f"{name.replace('_', ' ')} {counts[name]:,}" for name in WAYS if counts[name]]
    if counts["reasons"]:
        named.append("rejected for " + ", ".join(f"{reason} {n:,}" for reason, n in counts["reasons"].items()))
    return " · ".join([f"files {counts['files']:,}", f"lines {counts['lines']:,}", *named])


def _shown(log: LogFile, show: Show) -> Iterator[bytes | None]:
    """The lines of a file, with the progress told now and then."""
    for number, line in enumerate(log.lines()):
        if number % _LOOK_EVERY == 0:
            show(log.place)
        yield line
    show(None)


@contextmanager
def _progress(logs: list[Path]) -> Iterator[Show]:
    """A bar on a terminal; what comes back is told how far the present file is, and None when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    sizes_of = [path.stat().st_size if path.exists() else 0 for path in logs]
    sizes = iter(sizes_of)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=sum(sizes_of) or None)
        done = 0

        def show(place: int | None) -> None:
            nonlocal done
            done += next(sizes, 0) if place is None else 0
            bar.update(task, completed=done + (place or 0))

        yield show
