"""Files of the data folder that may name one person: records set aside, mail that could not be read, kept lists."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from mailwake.events import Handle, decode_event

DEAD, UNREAD, LISTS = "dead", "unread", "experiments"


def strays(data: Path, handle: Handle, address: str | None) -> dict[str, list[Path]]:
    """Folder to those of its files that name somebody.

    Args:
        data: the data folder.
        handle: whose.
        address: theirs; None: not known any more, so that only what has the handle is found.
    """
    name = None if address is None else address.lower().encode()
    found = {
        DEAD: [path for path in _files(data / DEAD, "*.json") if _is_about(path, handle, name)],
        UNREAD: [path for path in _files(data / UNREAD, "*.eml") if name and name in path.read_bytes().lower()],
        LISTS: [path for path in _files(data / LISTS, "*.csv") if name and name in path.read_bytes().lower()],
    }
    return {folder: paths for folder, paths in found.items() if paths}


def forget_strays(data: Path, handle: Handle, address: str | None) -> dict[str, int]:
    """Delete such files, and of lists their lines; folder to how many that concerned."""
    found = strays(data, handle, address)
    for folder, paths in found.items():
        for path in paths:
            if folder == LISTS and address is not None:
                _leave_out(path, address)
            else:
                path.unlink(missing_ok=True)
    return {folder: len(paths) for folder, paths in found.items()}


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.glob(pattern))


def _is_about(path: Path, handle: Handle, name: bytes | None) -> bool:
    """Whether a record that was set aside is about somebody."""
    try:
        record = base64.b64decode(msgspec.json.decode(path.read_bytes(), type=dict[str, object])["record"])  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, TypeError, msgspec.DecodeError):
        record = path.read_bytes() if path.exists() else b""
    if name and name in record.lower():
        return True
    with suppress(msgspec.ValidationError, msgspec.DecodeError):
        return decode_event(record).recipient == handle
    return False


def _leave_out(path: Path, address: str) -> None:
    """Write a list anew without the lines that have the address in a field of its own."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    rows = list(csv.reader(io.StringIO(text)))
    kept = [row for row in rows if not any(address.lower() in cell.lower() for cell in row)]
    beside = path.with_suffix(".new")
    beside.touch(mode=0o600)
    with beside.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        csv.writer(file).writerows(kept)
    beside.replace(path)
