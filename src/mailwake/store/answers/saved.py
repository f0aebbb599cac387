"""Answers laid beside the store when it is let go of, and taken up when it is opened again unchanged.

Those too that were a little behind then: they are given until they were asked anew, with the stamp that they had.

The file is worth nothing without the store that it was made of: it names that store's file by size and time of the last
change, and the SQL of the program that asked. Where either differs, or the store was not closed in order, it is passed
over, and everything is asked again. So it may be lost or deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from mailwake.store.events.asking import migrations, questions

Rows = list[dict[str, Any]]


class SavedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    question: str
    #: of times that slide, which
    parameters: dict[str, int | str]
    #: as they are; millions of values are not unpacked at a start
    rows: msgspec.Raw
    #: seconds of processor time
    took: float
    #: where the times were that slide, by name of the parameter
    at: dict[str, int]
    #: the answer to `latest` when it was made; None: it was still true when the store was closed
    latest: Rows | None
    #: put together from answers on each campaign
    is_together: bool


class _File(msgspec.Struct, frozen=True, kw_only=True):
    program: str
    store: str
    #: the answer to `latest`
    latest: Rows
    answers: list[SavedAnswer]


@dataclass(frozen=True, slots=True)
class Saved:
    """The answers beside one store's file."""

    #: of the store
    store: Path

    @property
    def path(self) -> Path:
        """Where they are."""
        return self.store.with_suffix(".answers")

    def read(self) -> tuple[Rows, list[SavedAnswer]]:
        """The answer to `latest`, and all others, before the store is opened. Nothing where they are not its own."""
        with suppress(OSError, msgspec.DecodeError):
            found = msgspec.json.decode(self.path.read_bytes(), type=_File)
            if (found.program, found.store) == (_program(), _standing(self.store)):
                return found.latest, found.answers
        return [], []

    def write(self, latest: Rows, answers: list[SavedAnswer]) -> None:
        """Keep them, after the store was closed. A full disk costs the next start its head start, nothing else."""
        with suppress(OSError, OverflowError):
            file = _File(program=_program(), store=_standing(self.store), latest=latest, answers=answers)
            beside = self.path.with_suffix(".answers-new")
            with open(beside, "wb", opener=_for_the_owner) as opened:
                opened.write(msgspec.json.encode(file))
            beside.replace(self.path)


def _standing(store: Path) -> str:
    """What changes whenever the store does.

    Raises:
        FileNotFoundError: there is no store.
    """
    if store.with_name(f"{store.name}.wal").exists():
        raise FileNotFoundError(f"{store} was not closed")
    found = store.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


@cache
def _program() -> str:
    """Changes with what the questions mean."""
    texts = [*(each.text for each in questions().values()), *migrations().values()]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
