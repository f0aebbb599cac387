"""What an answer is kept under, how much it is, and how one of them follows what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mailwake.store.answers.sliding import Sliding
from mailwake.store.events import EventRow

Rows = list[dict[str, Any]]
#: question and parameters; of a time that slides its words stand in place of its value
Key = tuple[str, tuple[tuple[str, int | str], ...]]
#: values; more are packed
MANY = 50_000


def key_of(question: str, parameters: Mapping[str, int | str]) -> tuple[Key, dict[str, int]]:
    """Its key, and where the times were that slide, by name of the parameter."""
    at = {name: int(value) for name, value in parameters.items() if isinstance(value, Sliding)}
    words = {name: value.which if isinstance(value, Sliding) else value for name, value in parameters.items()}
    return (question, tuple(sorted(words.items()))), at


def later(latest: Rows | None, rows: Sequence[EventRow], added: int | None) -> Rows | None:
    """The answer to `latest` after these rows were written.

    Args:
        latest: the answer before; None: not known.
        rows: what was written.
        added: how many of them were not there before; None: not known.

    Returns:
        None where it has to be asked: a row that was there already may have come at another time.
    """
    if not latest or added == 0:
        return latest
    if added != len(rows):
        return None
    (known,) = latest
    received = [known["received_at"], *(row.received_at for row in rows)]
    happened = [known["happened_at"], *(row.at for row in rows)]
    return [
        {
            "received_at": max((each for each in received if each is not None), default=None),
            "happened_at": max((each for each in happened if each is not None), default=None),
            "event_count": known["event_count"] + len(rows),
        }
    ]


@dataclass(frozen=True, slots=True)
class Held:
    """Rows in memory: as they are, or packed where they are many, for a tenth of the room and some milliseconds."""

    _kept: Rows | bytes
    #: values, some 100 bytes each
    size: int

    @classmethod
    def of(cls, rows: Rows) -> Held:
        """These rows."""
        size = 8 + sum(map(len, rows))
        if size <= MANY:
            return cls(rows, size)
        return cls.packed(msgspec.json.encode(rows))

    @classmethod
    def packed(cls, rows: bytes) -> Held:
        """Rows as `as_json` gave them; they are unpacked when somebody asks for them."""
        return cls(rows, 8 + len(rows) // 100)

    @property
    def as_json(self) -> bytes:
        """The rows as JSON."""
        return self._kept if isinstance(self._kept, bytes) else msgspec.json.encode(self._kept)

    @property
    def rows(self) -> Rows:
        """The same rows."""
        return msgspec.json.decode(self._kept) if isinstance(self._kept, bytes) else self._kept
