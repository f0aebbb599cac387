"""Mail that lies in files: single messages, mbox files, Maildirs, and folders of all of them."""

from __future__ import annotations

import mailbox
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mailwake.errors import BadInput

#: RFC 4155: what every message of an mbox begins with
_MBOX_START = b"From "


class Found(NamedTuple):
    """One message and where it stood."""

    #: path, with ``#`` and a number inside an mbox
    name: str
    raw: bytes


def find_mail(paths: Iterable[Path]) -> Iterator[Found]:
    """Every message in these files and folders, folders in order of name.

    Raises:
        BadInput: a path does not exist or cannot be read.
    """
    for path in paths:
        if not path.exists():
            raise BadInput(f"there is no {path}")
        yield from _open(path)


def _open(path: Path) -> Iterator[Found]:
    try:
        if path.is_file():
            yield from _open_file(path)
        elif (path / "cur").is_dir() and (path / "new").is_dir():
            yield from _open_maildir(path)
        elif path.is_dir():
            for inner in sorted(path.iterdir()):
                if not inner.name.startswith("."):
                    yield from _open(inner)
    except OSError as fault:
        raise BadInput(f"cannot read {path}: {fault.strerror}") from fault


def _open_file(path: Path) -> Iterator[Found]:
    with path.open("rb") as file:
        start = file.read(len(_MBOX_START))
    if start != _MBOX_START or path.suffix == ".eml":  # a single message saved from a mailbox keeps its "From " line
        yield Found(str(path), path.read_bytes())
        return
    box = mailbox.mbox(path, create=False)
    try:
        for number, key in enumerate(box.keys(), 1):
            yield Found(f"{path}#{number}", box.get_bytes(key))
    finally:
        box.close()


def _open_maildir(path: Path) -> Iterator[Found]:
    for folder in ("cur", "new"):
        for file in sorted((path / folder).iterdir()):
            if file.is_file() and not file.name.startswith("."):
                yield Found(str(file), file.read_bytes())
