"""Copies an installation while it runs.

The order makes the parts fit, and no part has to stop: first the event store, as of one moment; then the notes beside
the log and the log, which then goes at least as far; then the state, which then knows everybody whom the two name and
all that followed from what the event store has. SQLite's own copying takes one state of each file.

Source: https://www.sqlite.org/backup.html
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from mailwake.backup.folders import make, need_empty, need_outside
from mailwake.backup.manifest import DATA, EVENTS, FORMAT, LEDGER, NAME, SETTINGS, STATE, Manifest, described
from mailwake.backup.references import named
from mailwake.errors import Unavailable
from mailwake.eventlog import files as log_files
from mailwake.eventlog.files import Place
from mailwake.eventlog.view import View
from mailwake.files import replace
from mailwake.settings import Settings
from mailwake.store.rights.digests import NAME as ERASED_KEY
from mailwake.store.rights.digests import make_key

#: what the data folder has beside: what processes say of themselves and ask each other, what can be fetched again
_LEFT = ("events.*", "state.sqlite*", "*.lock", "*.part", "*.new", "*.json", "log", "errands", "enrich", ".*")
#: files beside the settings that they may name by these words
_BESIDE = ("workflows", "languages")

Events = Callable[[Path], dict[str, int]]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was copied."""

    manifest: Manifest
    folder: Path


def take(settings: Settings, config: Path, folder: Path, *, events: Events, with_keys: bool = True) -> Taken:
    """Copy everything into an empty folder.

    Args:
        settings: of the installation.
        config: their file.
        folder: made where there is none.
        events: writes the event store to a file, and says its cursors.
        with_keys: with keys and secrets, as they are; False: they are kept elsewhere and put back by hand.

    Raises:
        BadInput: the folder is not empty, lies in what is copied, or cannot be made.
        Unavailable: something cannot be read or written; what is there is no backup.
    """
    data = settings.data_folder
    beside = [(f"the folder {name}, which is copied", settings.path(name)) for name in _BESIDE]
    need_outside(folder, [("the data folder", data), *beside])
    need_empty(folder, "name a folder of its own for each backup")
    make(folder)
    try:
        make_key(data)  # so that whoever is erased later is known again by a restored installation
        (folder / DATA / "log").mkdir(mode=0o700, parents=True)
        (folder / SETTINGS).mkdir(mode=0o700)
        cursors = events(folder / DATA / EVENTS)
        ends = _copy_log(data / "log", folder / DATA / "log")
        copy_sqlite(data / STATE, folder / DATA / STATE)
        left_out = [*_copy_data(data, folder / DATA, with_keys=with_keys)]
        left_out += _copy_settings(settings, config, folder / SETTINGS, with_keys=with_keys)
    except (OSError, sqlite3.Error) as fault:
        raise Unavailable(f"the backup was not finished: {fault}; remove {folder} and try again") from fault
    manifest = Manifest(
        format=FORMAT,
        program=version("mailwake"),
        taken_at=datetime.now(UTC),
        config=config.name,
        data=settings.data,
        cursors=cursors,
        ends=ends,
        files=tuple(described(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()),
        left_out=tuple(left_out),
    )
    replace(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    return Taken(manifest=manifest, folder=folder)


def copy_sqlite(source: Path, target: Path) -> None:
    """One state of a database file, while others write to it."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as read,
        closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written)
    target.chmod(0o600)


def _copy_log(log: Path, target: Path) -> dict[str, int]:
    """The notes first, so that none tells of more than the files have; how far each writer got."""
    if not log.is_dir():
        return {}
    for path in sorted([*log.glob("*.passed"), *log.glob("*.end")]):
        shutil.copyfile(path, target / path.name)
    ends: dict[str, int] = {}
    for writer, places in log_files.places(log).items():
        for place in places:
            try:
                copy_sqlite(place.path, target / place.path.name)
            except sqlite3.OperationalError:
                if place.path.exists():
                    raise
                (target / place.path.name).unlink(missing_ok=True)  # its time was over while we copied
                continue
            ends[writer] = max(ends.get(writer, 0), _last_segment(Place(target / place.path.name, place.first)))
    return ends


def _last_segment(place: Place) -> int:
    """Number of the last segment in a file of the log; 0: it has none."""
    with closing(View(place)) as view:
        last = view.last()
        return 0 if last is None else last.number


def _copy_data(data: Path, target: Path, *, with_keys: bool) -> Iterator[str]:
    for path in sorted(data.iterdir()):
        if any(path.match(pattern) for pattern in _LEFT):
            continue
        if path.name == ERASED_KEY and not with_keys:
            yield f"{DATA}/{path.name}"
        elif path.is_dir():
            shutil.copytree(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)


def _copy_settings(settings: Settings, config: Path, target: Path, *, with_keys: bool) -> Iterator[str]:
    shutil.copyfile(config, target / config.name)
    for name in _BESIDE:
        if settings.path(name).is_dir():
            shutil.copytree(settings.path(name), target / name)
    ledger = settings.path(settings.privacy.ledger)
    if ledger.exists():
        shutil.copyfile(ledger, target / Path(LEDGER).name)
    for name in named(settings):
        path = settings.path(name)
        if not with_keys or not path.is_relative_to(settings.root.resolve()) or not path.is_file():
            yield name
        else:
            (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
