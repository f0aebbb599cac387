"""Evidence in, verdict out. Pure: no clock, no files, no network.

A `Judge` sees the events of all deliveries as a stream. Evidence may arrive late and change earlier verdicts, so each
observation answers with *every* event whose verdict is new or different. A delivery settles after 15 quiet minutes or
24 hours; then its state is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from mailwake.events import DeliveryId, Evidence, Micros, Verdict


class Judged(NamedTuple):
    """The verdict on one event, as it stands now."""

    id: int
    delivery: DeliveryId | None
    verdict: Verdict


class Judge(Protocol):
    """What the pipeline needs of a judge."""

    @property
    def ruleset(self) -> str:
        """Content hash of the rules in force."""
        ...

    def observe(self, evidence: Evidence) -> list[Judged]:
        """Take in one event, in any order.

        Returns:
            The verdict on it, if it can be judged (opens, clicks, page views), and on every earlier event of an
            unsettled delivery whose verdict it changed.
        """
        ...

    def observe_many(self, batch: Iterable[Evidence]) -> list[Judged]:
        """Take in several events at once: the same final verdicts, and less work.

        Returns:
            As `observe`, with at most one verdict per event, as it stands after the whole batch.
        """
        ...

    def settle(self, now: Micros) -> list[Judged]:
        """Close deliveries that have been quiet long enough.

        Args:
            now: the time to measure quiet against.

        Returns:
            The final verdict on every event of the deliveries that settled now.
        """
        ...
