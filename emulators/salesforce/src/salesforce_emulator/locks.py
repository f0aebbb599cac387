"""Row locks: a write locks its row and what the row refers to, and waits ten seconds for them, as the org does.

Source: https://developer.salesforce.com/blogs/engineering/2014/08/managing-task-locks-data-loads (what tasks lock) and
https://help.salesforce.com/apex/HTViewSolution?id=000229525 (every lookup's target is locked; ten seconds).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from .clock import Clock
from .refusals import Refused

#: How long the org waits for a lock.
WAIT_SECONDS = 10.0


class Locks:
    """Which rows are held, by whom, and until when."""

    def __init__(self, clock: Clock, monitor: threading.RLock) -> None:
        self._clock = clock
        self._changed = threading.Condition(monitor)
        #: Held by calls under way: row to the call's name.
        self._held: dict[str, object] = {}
        #: Held by somebody outside, set by a test: row to the time it is let go.
        self._outside: dict[str, datetime] = {}
        self.wait_seconds = WAIT_SECONDS

    def hold_outside(self, ids: Iterable[str], seconds: float) -> None:
        """Another transaction holds these rows for a while."""
        until = self._clock.now() + timedelta(seconds=seconds)
        self._outside.update(dict.fromkeys(ids, until))

    def take(self, ids: set[str], owner: object) -> None:
        """Lock rows for a call.

        Raises:
            Refused: another held one of them for longer than the org waits.
        """
        waited_until = time.monotonic() + self.wait_seconds
        while others := self._others(ids, owner):
            if self._outside_wait(others) or time.monotonic() >= waited_until:
                raise Refused(
                    "UNABLE_TO_LOCK_ROW",
                    "unable to obtain exclusive access to this record or 1 records: " + others[0],
                    fields=[],
                )
            self._changed.wait(timeout=0.05)
        self._held.update(dict.fromkeys(ids, owner))

    def _others(self, ids: set[str], owner: object) -> list[str]:
        now = self._clock.now()
        for each in [row for row, until in self._outside.items() if until <= now]:
            del self._outside[each]
        return sorted(each for each in ids if each in self._outside or self._held.get(each, owner) is not owner)

    def _outside_wait(self, ids: list[str]) -> bool:
        """Whether a lock from outside lasts longer than the org waits; else its end is waited for."""
        ends = [self._outside[each] for each in ids if each in self._outside]
        if not ends:
            return False
        seconds = (max(ends) - self._clock.now()).total_seconds()
        if seconds <= self.wait_seconds:
            self._clock.pass_time(max(seconds, 0.0))
        return seconds > self.wait_seconds

    def pause(self, seconds: float) -> None:
        """Let others work for so many seconds, while what is held stays held."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._changed.wait(timeout=left)

    def let_go(self, owner: object) -> None:
        """Unlock what a call held."""
        for each in [row for row, holder in self._held.items() if holder is owner]:
            del self._held[each]
        self._changed.notify_all()


def task_locks(record: dict[str, Any], *, is_new: bool) -> set[str]:
    """What a task locks beyond itself: on insert only when it is open and has a day; on update and delete always."""
    if is_new and (record.get("Status") == "Completed" or record.get("ActivityDate") is None):
        return set()
    return {record[each] for each in ("AccountId", "WhoId", "WhatId") if record.get(each)}
