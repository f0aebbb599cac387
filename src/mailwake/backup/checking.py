"""Whether a backup is whole: every file as it was written, the databases sound, the parts of one another."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mailwake.backup.manifest import DATA, EVENTS, STATE, Manifest, read, sha256
from mailwake.backup.references import lacking
from mailwake.errors import Misconfigured, Unavailable
from mailwake.store.events import open_events


def check(folder: Path) -> tuple[Manifest, list[str]]:
    """The manifest, and what is wrong, each in one line; nothing: it can be restored.

    Raises:
        BadInput: it is no backup.
    """
    manifest = read(folder)
    wrong = [fault for file in manifest.files if (fault := _differs(folder / file.path, file.size, file.sha256))]
    if not wrong:
        wrong = [*_databases(folder), *_fit(folder, manifest)]
    return manifest, wrong


def unsaved(folder: Path, manifest: Manifest) -> list[str]:
    """Keys and secrets that a whole backup of an older version left out without a word, each in one line."""
    try:
        names = lacking(folder, manifest)
    except Misconfigured as fault:
        return [f"its settings cannot be used: {fault}"]
    told = "is neither in the backup nor named as left out; keep a copy apart, for `mailwake restore --keys FOLDER`"
    return [f"{name}, which the settings need, {told}" for name in names]


def _differs(path: Path, size: int, digest: str) -> str:
    if not path.is_file():
        return f"{path} is missing"
    if path.stat().st_size != size:
        return f"{path} has {path.stat().st_size:,} bytes, not {size:,}"
    return "" if sha256(path) == digest else f"{path} has other content than it was written with"


def _databases(folder: Path) -> list[str]:
    wrong = []
    for path in [folder / DATA / STATE, *sorted((folder / DATA / "log").glob("*.log"))]:
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
                (said,) = db.execute("pragma quick_check").fetchone()
        except sqlite3.Error as fault:
            said = str(fault)
        wrong += [] if said == "ok" else [f"{path}: {said}"]
    return wrong


def _fit(folder: Path, manifest: Manifest) -> list[str]:
    """The log goes as far as the event store says that it read."""
    try:
        with closing(open_events(folder / DATA / EVENTS, read_only=True)) as events:
            cursors = events.cursors()
    except Unavailable as fault:
        return [str(fault)]
    wrong = [] if cursors == manifest.cursors else [f"{folder / DATA / EVENTS} was read further than its manifest says"]
    for writer, segment in cursors.items():
        if manifest.ends.get(writer, segment) < segment:
            wrong.append(f"the log of {writer} ends at {manifest.ends[writer]}, before what was read of it ({segment})")
    return wrong
