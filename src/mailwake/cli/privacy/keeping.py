"""Who keeps the set of those who withdrew, put together for the commands that need it kept."""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailwake.inert.keeper import InertKeeper
    from mailwake.settings import Settings
    from mailwake.store.withdrawals import Withdrawals


def open_keeper(settings: Settings, withdrawals: Withdrawals) -> InertKeeper:
    """A keeper of the installation's set. Where nothing was ever logged, it knows all that anybody said.

    Args:
        settings: of the installation.
        withdrawals: its store, which the caller closes.
    """
    from mailwake.inert.keeper import InertKeeper
    from mailwake.pipeline.inert import StoredRefusals

    keeper = InertKeeper(settings.data_folder / "inert.bin", StoredRefusals(withdrawals))
    weakref.finalize(keeper, os.close, _lock(settings.data_folder, fcntl.LOCK_SH))
    if not any((settings.data_folder / "log").glob("*.log")):
        keeper.passed(time.time_ns() // 1_000)
    return keeper


def put_first_set(settings: Settings) -> None:
    """Write who withdrew before anybody listens: an edge that finds no set records nothing of anybody.

    Raises:
        Unavailable: the state store does not open, or the file cannot be written.
    """
    from mailwake.store.withdrawals import open_withdrawals

    with closing(open_withdrawals(settings.data_folder / "state.sqlite")) as withdrawals:
        open_keeper(settings, withdrawals).begin()


def tell_edges(settings: Settings) -> None:
    """Put what was just said into the set, where no pipeline runs that puts it in by itself within a second.

    Edges work on while the pipeline is away, say during an upgrade or `mailwake replay`, and what was said at the
    command line meanwhile has to reach them too. How old the set is, is not changed: the log was not read.

    Raises:
        Unavailable: the state store does not open, or the file cannot be written.
    """
    try:
        lock = _lock(settings.data_folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # two writers could undo each other's
    try:
        _begin(settings)
    finally:
        os.close(lock)


def _lock(data: Path, kind: int) -> int:
    """The right to write the set: shared by whoever keeps it, alone for a single write."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = os.open(data / "inert.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(found, kind)
    except BlockingIOError:
        os.close(found)
        raise
    return found


def _begin(settings: Settings) -> None:
    from mailwake.inert.keeper import InertKeeper
    from mailwake.pipeline.inert import StoredRefusals
    from mailwake.store.withdrawals import open_withdrawals

    with closing(open_withdrawals(settings.data_folder / "state.sqlite")) as withdrawals:
        InertKeeper(settings.data_folder / "inert.bin", StoredRefusals(withdrawals)).begin()
