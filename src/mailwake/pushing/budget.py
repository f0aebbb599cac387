"""How many calls may still be made: our own allowance of a day, and what others in the org need.

The last twentieth is for who wants no more mail. Source: Salesforce counts calls of the last 24 hours; so do we.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mailwake.salesforce.faults import CallsSpent
from mailwake.salesforce.limits import Usage

_DAY_SECONDS = 86_400.0
_STEP_SECONDS = 300.0
RESERVE = 0.05
#: how long what the org said of its allowance is believed
BELIEVED_SECONDS = 900.0


@dataclass(kw_only=True)
class Budget:
    """Counts our calls of the last day.

    Args:
        daily: calls that we may make.
        org_share: of the org's whole allowance, used by everybody, from which on we make none; 0 to 1.
        wall: seconds since 1970.
    """

    daily: int
    org_share: float
    wall: Callable[[], float]
    #: what the org said in the last quarter of an hour: after that one call has to find out
    usage: Callable[[], Usage | None] = lambda: None
    #: True: what is sent now is about who wants no mail
    is_urgent: bool = False
    _steps: deque[list[float]] = field(default_factory=deque)

    @property
    def used(self) -> int:
        """Calls of ours in the last day."""
        now = self.wall()
        while self._steps and self._steps[0][0] <= now - _DAY_SECONDS:
            self._steps.popleft()
        return int(sum(count for _, count in self._steps))

    def spend(self) -> None:
        """Count one call.

        Raises:
            CallsSpent: it may not be made.
        """
        allowed = self.daily if self.is_urgent else int(self.daily * (1 - RESERVE))
        if self.used >= allowed:
            raise CallsSpent("OWN_BUDGET", f"{allowed:,} calls of salesforce.daily_calls are spent for today")
        usage = self.usage()
        if not self.is_urgent and usage is not None and usage.share >= self.org_share:
            problem = f"the org has used {usage.used:,} of {usage.allowed:,} calls; we stop at {self.org_share:.0%}"
            raise CallsSpent("ORG_BUDGET", problem)
        now = self.wall()
        if not self._steps or now - self._steps[-1][0] >= _STEP_SECONDS:
            self._steps.append([now, 0])
        self._steps[-1][1] += 1

    def told(self) -> list[list[float]]:
        """What was counted, to be kept over a restart."""
        return [list(step) for step in self._steps]

    def recall(self, told: list[list[float]]) -> None:
        """Take up what was counted before a restart."""
        self._steps = deque([list(step) for step in told])
