"""What the role that runs the pipeline does for experiments: decides those whose rule says so, and mails the rest.

Both may be cut off anywhere. A decision is one row that is written once; the mail is a run of `mailwake experiment
send` in a process of its own, whose log says who has it. After a restart the same is found to be done and done again.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing

import structlog

from mailwake import beside
from mailwake.errors import MailwakeError
from mailwake.events import Micros
from mailwake.experiments.deciding import decide_due
from mailwake.experiments.lists import forget_strays, kept_list
from mailwake.insight.stores import Stores, zone_named
from mailwake.settings import Settings
from mailwake.store.events import EventStore
from mailwake.store.state import Experiment, open_state

log = structlog.get_logger()

PERIOD_SECONDS = 60.0
#: After a run that did not reach everybody: greylisting and a server that is away pass by themselves.
AGAIN_SECONDS = 600.0
_LOOK_SECONDS = 0.5


class Turns:
    """One after the other, in a thread of its own.

    Args:
        settings: of the installation.
        events: the event store, which stays its owner's.
        config: the settings file, for the runs.
        stop: says that it is over.
        start: begins a run of the command; for tests
    """

    def __init__(
        self,
        settings: Settings,
        events: EventStore,
        *,
        config: str,
        stop: threading.Event,
        start: Callable[[list[str]], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        self._settings, self._events, self._config, self._stop, self._start = (
            settings,
            events,
            config,
            stop,
            start or _unheard,
        )
        self._not_before: dict[int, float] = {}

    def run(self) -> None:
        """Until told to stop."""
        zone = zone_named(self._settings.web.timezone)
        with closing(open_state(self._settings.data_folder / "state.sqlite")) as state:
            stores = Stores(state=state, events=self._events, zone=zone)
            while not self._stop.wait(PERIOD_SECONDS):
                try:
                    self.turn(stores, now=Micros(time.time_ns() // 1_000))
                except MailwakeError as fault:
                    log.warning("experiments.unavailable", problem=type(fault).__name__)
                except Exception:  # the next turn finds what this one left
                    log.exception("experiments.failed")

    def turn(self, stores: Stores, *, now: Micros) -> None:
        """Decide what is due, and mail winners to whoever waits."""
        for each in decide_due(stores, now=now):
            log.info("experiments.decided", experiment=each.id)
        known = stores.state.experiments()
        forget_strays(self._settings.data_folder, known)
        for each in known:
            waits = each.winner is not None and kept_list(self._settings.data_folder, each).exists()
            if waits and not self._stop.is_set() and now >= self._not_before.get(each.id, 0.0):
                self._mail(each, now)

    def _mail(self, experiment: Experiment, now: Micros) -> None:
        words = ["experiment", "send", "--config", self._config, "--", experiment.name]
        run = self._start([sys.executable, "-m", "mailwake", *words])
        while run.poll() is None:
            if self._stop.wait(_LOOK_SECONDS):
                run.terminate()  # it ends after the messages that are under way
                run.wait()
                return
        if run.returncode:
            self._not_before[experiment.id] = now + AGAIN_SECONDS * 1_000_000
            log.warning("experiments.rest_waits", experiment=experiment.id, status=run.returncode)


def _unheard(words: list[str]) -> subprocess.Popen[bytes]:
    """A run whose words go nowhere: they name addresses, and a role's output is a log."""
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_turns(settings: Settings, events: EventStore, *, config: str) -> Callable[[], None]:
    """Begin; call what comes back to stop and wait."""
    return beside.begin("experiments", lambda stop: Turns(settings, events, config=config, stop=stop).run())
