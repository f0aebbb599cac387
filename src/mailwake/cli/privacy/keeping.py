"""Who keeps the set of those who withdrew, put together for the commands that need it kept."""

from __future__ import annotations

import time
from contextlib import closing
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
