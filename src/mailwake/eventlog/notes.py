"""Small files beside the log: how far each reader got, and how far each writer did.

A note is a help, not a promise. One that is lost or damaged tells nothing: then nothing is removed, and a sequence
goes on where its files end. It is written whole; where a full disk takes no second file, it is written over the first.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from mailwake.eventlog import End


def write_passed(folder: Path, reader: str, ends: Mapping[str, End]) -> None:
    """Note how far a reader got, per writer."""
    _write(folder / f"{reader}.passed", ends)


def write_end(folder: Path, writer: str, end: End) -> None:
    """Note how far a writer got."""
    _write(folder / f"{writer}.end", {writer: end})


def passed(folder: Path) -> dict[str, dict[str, End]]:
    """Every reader, and how far it got per writer; nothing where its note cannot be read."""
    return {path.stem: dict(_read(path)) for path in sorted(folder.glob("*.passed"))}


def passed_by_all(folder: Path, writer: str) -> int:
    """The last segment of a writer that no reader needs any more; 0 where there is no reader, or one has seen none."""
    return min((ends.get(writer, End(0, 0)).segment for ends in passed(folder).values()), default=0)


def furthest(folder: Path, writer: str) -> End:
    """How far anybody has seen a writer's sequence go."""
    told = [ends[writer] for ends in passed(folder).values() if writer in ends]
    told += [end for name, end in _read(folder / f"{writer}.end") if name == writer]
    return max(told, default=End(0, 0))


def _read(path: Path) -> Iterator[tuple[str, End]]:
    try:
        tree = json.loads(path.read_bytes())
        if isinstance(tree.get("ends"), dict):
            ends = {str(writer): End(int(segment), int(records)) for writer, (segment, records) in tree["ends"].items()}
            yield from ends.items() if tree["crc32"] == _checksum(ends) else ()
        else:  # earlier versions noted the segment alone
            yield from [(str(writer), End(int(segment), 0)) for writer, segment in tree.items()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return


def _write(path: Path, ends: Mapping[str, End]) -> None:
    tree = {"ends": {writer: list(end) for writer, end in sorted(ends.items())}, "crc32": _checksum(ends)}
    text, fresh = json.dumps(tree), path.with_name(f"{path.name}.new")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        with contextlib.suppress(OSError), path.open("r+", encoding="utf-8") as file:
            file.write(text)
            file.truncate()


def _checksum(ends: Mapping[str, End]) -> int:
    return zlib.crc32(repr(sorted((writer, *end) for writer, end in ends.items())).encode())
