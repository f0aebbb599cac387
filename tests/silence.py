"""A set of those who withdrew, for tests of processes that ask it and have nobody who keeps it."""

from collections.abc import Mapping
from pathlib import Path

from mailwake.inert.entries import NOTHING, SILENT, Before, Entries
from mailwake.inert.file import News, pack, replace_file
from mailwake.inert.keeper import read_file
from mailwake.inert.reader import microseconds


def write_set(
    path: Path,
    *handles: int,
    told: Mapping[int, Before] | None = None,
    everybody: Before = NOTHING,
    age_seconds: float = 0,
    news: tuple[News, ...] = (),
) -> None:
    """Let nothing be recorded of these, and of the others what is told."""
    written_at = microseconds() - round(age_seconds * 1_000_000)
    entries = Entries.of({**dict.fromkeys(handles, SILENT), **(told or {})})
    replace_file(path, pack(entries, written_at=written_at, as_of=written_at, everybody=everybody, news=news))


def silent(path: Path) -> dict[int, Before]:
    """Who is in the set, and how."""
    found = read_file(path)
    assert found is not None
    raw = found.entries.to_bytes()
    handles = (int.from_bytes(raw[8 * n : 8 * n + 8], "little") for n in range(len(found.entries)))
    return {handle: found.entries.get(handle) or NOTHING for handle in handles}
