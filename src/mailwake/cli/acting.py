"""What commands share by which somebody changes the state store by hand: the store, the moment and the name."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from mailwake.cli.logs import configure
from mailwake.events import Micros
from mailwake.settings import load
from mailwake.store.state import StateStore


@contextmanager
def state_of(config: str) -> Iterator[StateStore]:
    """The installation's state store, closed at the end."""
    from mailwake.store.state import open_state

    settings = load(config)
    configure(settings.logging, "command")
    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        yield state


def moment() -> Micros:
    """Now."""
    return Micros(time.time_ns() // 1_000)


def who() -> str:
    """Whose act it is, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this number
        return "somebody at the command line"
