"""What an answer is kept under, how much it is, and how one of them follows what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mailwake.store.answers.sliding import Sliding
from mailwake.store.events import EventRow

Rows = list[dict[str, Any]]
#: question and parameters; of a time that slides its words stand in place of its value
Key = tuple[str, tuple[tuple[str, int | str], ...]]


def key_of(question: str, parameters: Mapping[str, int | str]) -> tuple[Key, dict[str, int]]:
    """Its key, and where the times were that slide, by name of the parameter."""
    at = {name: int(value) for name, value in parameters.items() if isinstance(value, Sliding)}
    words = {name: value.which if isinstance(value, Sliding) else value for name, value in parameters.items()}
    return (question, tuple(sorted(words.items()))), at


def later(latest: Rows, rows: Sequence[EventRow]) -> Rows:
    """The answer to `latest` after these rows were added."""
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


def size_of(rows: Rows) -> int:
    """Values in an answer, and what it takes without any."""
    return 8 + sum(map(len, rows))
