"""DMARC reports that were put aside, taken in beside whatever runs the pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from mailwake.events import Micros
from mailwake.ingest.reports import FOLDER
from mailwake.postmaster.intake import Intake
from mailwake.postmaster.waiting import start
from mailwake.settings import Settings
from mailwake.store.state import StateStore, open_state


def open_intake(settings: Settings, state: StateStore) -> Intake:
    """What takes reports in, with the names of networks that this machine knows."""
    from mailwake.origins.networks import Networks

    # no key: what Networks hashes is not asked for here
    networks = Networks(settings.enrich, b"", root=settings.root, folder=settings.data_folder / "enrich")
    return Intake(state, lambda address: networks.look_up(address).organisation, clock=now)


def start_taking(settings: Settings) -> Callable[[], None]:
    """Take in what is put aside, every minute; call what comes back to stop and wait."""
    state = open_state(settings.data_folder / "state.sqlite")
    stop = start(settings.data_folder / FOLDER, partial(open_intake, settings, state))

    def stop_and_close() -> None:
        stop()
        state.close()

    return stop_and_close


def now() -> Micros:
    """What the clock of this machine says."""
    return Micros(time.time_ns() // 1_000)
