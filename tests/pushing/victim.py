"""A process of its own that works on an org and ends itself by SIGKILL at a step: nothing is flushed, nothing closed.

Arguments: folder, seconds since 1970, number of the step, before or after it, rows from which on a bulk job is made.
"""

import os
import signal
import sys
from pathlib import Path

from tests.pushing.test_crashes import mortal, work

from mailwake.pushing import sending
from mailwake.pushing.desk import open_desk
from mailwake.salesforce import bulk
from mailwake.salesforce.wire import Around
from mailwake.settings import load
from mailwake.store.crm import open_crm
from mailwake.store.events import open_events
from mailwake.store.state import open_state


def main(folder: Path, now: float, step: int, *, after: bool, worth_it: int) -> None:
    """Work until the step, and be gone."""
    for room in (bulk, sending):
        setattr(room, "WORTH_IT", worth_it)  # noqa: B010 - a constant of theirs: a job of a few rows is one too
    state, store = open_state(folder / "state.sqlite"), open_crm(folder / "state.sqlite")
    world = Around(wall=lambda: now, sleep=lambda _seconds: None, chance=lambda: 0.5)
    desk = open_desk(load(folder / "mailwake.toml"), state, open_events(folder / "events.duckdb"), store, world=world)
    mortal(desk, step, after=after, end=lambda: os.kill(os.getpid(), signal.SIGKILL))
    work(desk)


if __name__ == "__main__":
    where, seconds, number, side, rows = sys.argv[1:]
    main(Path(where), float(seconds), int(number), after=side == "after", worth_it=int(rows))
