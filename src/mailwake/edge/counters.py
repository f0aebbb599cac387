"""What became of every request, kept in memory and put beside the log for `doctor` and the metrics.

Every request ends in exactly one of seven ways, so ``received = recorded + dated + inert + unsure + expired +
rejected + unrecorded`` as soon as all are answered. Those under way are `waiting`, all of them for the log; the log
counts them too, so that a request that was lost on the way shows. No counter ever holds a part of the request.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mailwake.eventlog import LogWriter

#: A minute of reports, and more than any request may take.
REMEMBERED_REPORTS = 20


@dataclass(kw_only=True)
class Counters:
    """One worker's counts since it started."""

    #: requests that came in and were HTTP
    received: int = 0
    #: durable in the log before they were answered
    recorded: int = 0
    #: of these opens the day alone is durable, in a sequence of its own, before they were answered
    dated: int = 0
    #: recognised and on purpose not recorded: tracking was withdrawn, or the mode of the mail forbids it
    inert: int = 0
    #: recognised and not recorded, because nobody could say just then who has withdrawn
    unsure: int = 0
    #: recognised, answered, and older than `tracking.record_days`
    expired: int = 0
    #: not ours: a bad token, host, path or method
    rejected: int = 0
    #: answered although the log could not keep them
    unrecorded: int = 0
    #: of those, by type of event: left out on purpose, because the log had fallen behind
    shed: Counter[str] = field(default_factory=Counter)
    #: `rejected` by reason
    reasons: Counter[str] = field(default_factory=Counter)
    #: what the log said when it last could not keep something; nothing of what that was
    problem: str = ""

    @property
    def kept(self) -> int:
        """Requests of which the log kept something."""
        return self.recorded + self.dated

    @property
    def waiting(self) -> int:
        """Requests that have not come to an end yet."""
        unkept = self.inert + self.unsure + self.expired + self.rejected + self.unrecorded
        return self.received - self.kept - unkept

    def reject(self, reason: str) -> None:
        """Count a refusal under a word from a closed set."""
        self.rejected += 1
        self.reasons[reason] += 1

    def lose(self, count: int, fault: Exception) -> None:
        """Count what the log could not keep, and why."""
        self.unrecorded += count
        self.problem = str(fault)

    def report(self, **more: object) -> dict[str, object]:
        """All counts by name, and what else is worth telling."""
        ends = ("recorded", "dated", "inert", "unsure", "expired", "rejected", "unrecorded")
        names = ("received", *ends, "waiting")
        counts = {name: getattr(self, name) for name in names}
        split = {name: dict(sorted(getattr(self, name).items())) for name in ("shed", "reasons")}
        return {**counts, **split, **more}


class LogWatch:
    """What the log says of the same requests, for the sums that must add up.

    Args:
        counters: of the worker.
        writer: its sequence, before the first request.
        gathered: tells how many records are about to be appended.
    """

    def __init__(self, counters: Counters, writer: LogWriter, gathered: Callable[[], int] = int) -> None:
        self._counters, self._writer, self._gathered = counters, writer, gathered
        self._before = writer.end.records
        self._unexplained = deque[int](maxlen=REMEMBERED_REPORTS)

    def report(self) -> dict[str, int | str]:
        """How far the sequence goes, and what it holds unanswered. Call it once per report."""
        end, waiting = self._writer.end, self._writer.waiting + self._gathered()
        self._unexplained.append(self._counters.waiting - waiting)
        return {
            "writer": self._writer.writer,
            #: records in the sequence before the first request
            "records_before": self._before,
            "segment": end.segment,
            #: handed to the log, or about to be, and not yet answered
            "waiting": waiting,
            #: requests under way that the log knows nothing of; one moment is no proof, so the least of many
            "stuck": min(self._unexplained, key=abs),
        }
