"""How a command has something done by the process that owns the event store: it asks in the database, and waits.

The owner looks every half second, so nothing listens for this and nobody can reach it but who may read the database.
An answer is a file in the data folder, readable by its owner alone, and gone when it was read.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from mailwake.errors import BadInput, Unavailable
from mailwake.events import Micros
from mailwake.store.events import EventStore, open_events
from mailwake.store.rights.ledger import RightsStore

FOLDER = "errands"
#: how often somebody who waits looks
_LOOK_SECONDS = 0.1
#: marks the problems that whoever asked has to mend
_BAD = "bad: "


def do_here_or_ask(
    data: Path,
    rights: RightsStore,
    kind: str,
    asked: Mapping[str, Any],
    *,
    here: Callable[[EventStore], bytes],
    patience_seconds: float,
) -> bytes:
    """The answer, from this process where nobody owns the event store, else from its owner.

    Args:
        data: the data folder.
        rights: where one asks.
        kind: what is to be done.
        asked: with what.
        here: does it with the event store in hand.
        patience_seconds: how long the owner may take.

    Raises:
        BadInput: it cannot be done.
        Unavailable: the owner did not do it in time.
    """
    try:
        events = open_events(data / "events.duckdb")
    except Unavailable as fault:
        if "another process owns" not in str(fault):
            raise
    else:
        with closing(events):
            return here(events)
    return _ask(data, rights, kind, asked, patience_seconds=patience_seconds)


def _ask(data: Path, rights: RightsStore, kind: str, asked: Mapping[str, Any], *, patience_seconds: float) -> bytes:
    answer = f"{secrets.token_hex(8)}.answer"
    number = rights.ask(kind, {**asked, "answer": answer}, now=Micros(time.time_ns() // 1_000))
    until = time.monotonic() + patience_seconds
    try:
        while (errand := rights.errand(number)).done_at is None:
            if time.monotonic() > until:
                raise Unavailable("the process that owns the event store did not take this on; try again")
            time.sleep(_LOOK_SECONDS)
    finally:
        rights.forget_errands([number])
    if errand.problem is not None:
        _refuse(errand.problem)
    path = data / FOLDER / answer
    try:
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def _refuse(problem: str) -> None:
    if problem.startswith(_BAD):
        raise BadInput(problem.removeprefix(_BAD))
    raise Unavailable(problem)


def put_answer(data: Path, name: str, answer: bytes) -> None:
    """Lay an answer where whoever asked looks for it."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / Path(name).name
    path.touch(mode=0o600)
    path.write_bytes(answer)


def problem_of(fault: Exception) -> str:
    """A fault as it is told to whoever asked."""
    return f"{_BAD}{fault}" if isinstance(fault, BadInput) else str(fault)
