"""What a backup says of itself: written last, so that one without it is none."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec

from mailwake.errors import BadInput

NAME = "manifest.json"
FORMAT = 1
#: folders of a backup: files beside the settings, and the data folder
SETTINGS, DATA = "settings", "data"
#: the file beside the data, whatever the settings call it
LEDGER = f"{SETTINGS}/forgotten.log"
EVENTS, STATE = "events.duckdb", "state.sqlite"
_PART = 1 << 20


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    #: from the backup's folder, with /
    path: str
    size: int
    #: 64 hexadecimal digits
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    format: int
    program: str
    taken_at: datetime
    #: name of the settings file, and the data folder as it names it
    config: str
    data: str
    #: writer of the log to the last segment that the event store has
    cursors: dict[str, int]
    #: writer of the log to the last segment that the log has
    ends: dict[str, int]
    files: tuple[File, ...]
    #: keys and secrets that were left out, from the settings file or, after ``data/``, from the data folder
    left_out: tuple[str, ...]


def described(folder: Path, path: Path) -> File:
    """A file of a backup."""
    return File(path=path.relative_to(folder).as_posix(), size=path.stat().st_size, sha256=sha256(path))


def sha256(path: Path) -> str:
    """Of a file's content."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_PART):
            found.update(part)
    return found.hexdigest()


def read(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BadInput: there is none, or it is of a newer version.
    """
    try:
        found = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BadInput(f"{folder} is no backup, or one that was not finished: it has no {NAME}") from None
    except (OSError, msgspec.DecodeError) as fault:
        raise BadInput(f"the {NAME} of {folder} cannot be read: {fault}") from None
    if found.format != FORMAT:
        raise BadInput(f"{folder} was made by another version ({found.program}); restore it with that one")
    return found
