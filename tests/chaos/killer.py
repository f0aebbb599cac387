"""Kills a role again and again at random moments, and starts it again as a supervisor would."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from tests.chaos.installation import Role

#: One kill in so many comes while the role is still starting.
EARLY = 6
#: Other kills come after about this long; long enough to do something, too short to become quiet.
MEAN_SECONDS = 0.35
START_SECONDS = 0.6


class Killer(threading.Thread):
    """Ends with the role running.

    Args:
        role: running already.
        kills: how many.
        dice: decides when.
        tell: called after every kill.
    """

    def __init__(self, role: Role, kills: int, *, dice: random.Random, tell: Callable[[str], None]) -> None:
        super().__init__(name=f"killer of {role.name}", daemon=True)
        self._role, self._kills, self._dice, self._tell = role, kills, dice, tell
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            for _ in range(self._kills):
                self._wait()
                self._role.kill()
                self._tell(self._role.name)
                self._role.start()
            self._role.wait_until_ready()
        except BaseException as fault:  # noqa: BLE001 - told by `finish`, where the test sees it
            self.fault = fault

    def _wait(self) -> None:
        if self._dice.randrange(EARLY) == 0:
            time.sleep(self._dice.uniform(0.0, START_SECONDS))
        else:
            self._role.wait_until_ready()
            time.sleep(min(2.0, self._dice.expovariate(1 / MEAN_SECONDS)))

    def finish(self) -> None:
        """Wait until all kills are done."""
        self.join()
        if self.fault is not None:
            raise self.fault
