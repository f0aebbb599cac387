"""The sums that must add up, so that nothing gets lost unseen.

Three of them. Every request that reached an edge came to exactly one end. What the edge calls recorded is in its log.
What is in the log of any writer became a row, was dropped or set aside for a reason, or still waits. Each side is
counted by a different hand: the edge counts requests, the log numbers its records, the pipeline counts what it did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mailwake.eventlog import Extent, LogReader
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.language import noted

#: Where the hourly record is kept.
RECORD = "conservation.jsonl"
RECORD_DAYS = 400
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_Report = TypeVar("_Report")
_ENDS = ("recorded", "dated", "inert", "unsure", "expired", "rejected", "unrecorded")


class Sum(StrEnum):
    """What is compared."""

    #: requests of an edge worker, and how they ended
    REQUESTS = "requests"
    #: what an edge worker says is recorded, and what its log says
    LOG = "log"
    #: what a writer's log holds, and what became of it
    PIPELINE = "pipeline"


#: What has to be equal, in words.
EQUATIONS = {
    Sum.REQUESTS: noted("received = recorded + dated + inert + unsure + expired + rejected + unrecorded + waiting"),
    Sum.LOG: noted("gained = recorded"),
    Sum.PIPELINE: noted("records = applied + dropped + dead + damaged + earlier + in flight"),
}


class State(StrEnum):
    """Whether a sum adds up."""

    HOLDS = "holds"
    #: it does not, and no later report can mend that
    BROKEN = "broken"
    #: nobody has reported yet, or what was reported cannot be read
    UNKNOWN = "unknown"
    #: the two sides were counted a moment apart; the next report tells
    SETTLING = "settling"


@dataclass(frozen=True, kw_only=True)
class Balance:
    """One sum."""

    kind: Sum
    #: role or writer, such as ``edge-0``; together with `kind` it names the sum
    name: str
    left: int
    #: term to a count
    right: Mapping[str, int]
    state: State

    @property
    def equation(self) -> str:
        """The sum in words."""
        return EQUATIONS[self.kind]

    @property
    def difference(self) -> int:
        """What is missing on the right; 0: it holds."""
        return self.left - sum(self.right.values())


class _EdgeLog(msgspec.Struct):
    writer: str
    records_before: int
    segment: int
    waiting: int
    stuck: int


class _EdgeReport(msgspec.Struct):
    worker: int
    received: int
    recorded: int
    inert: int
    expired: int
    rejected: int
    unrecorded: int
    log: _EdgeLog
    stopped: int
    #: a worker of an earlier version knows no such ends
    dated: int = 0
    unsure: int = 0


class _Account(msgspec.Struct):
    cursor: int
    records: int
    applied: int
    dead: int
    dropped: dict[str, int]
    damaged: int
    earlier: int


_NOTHING_YET = _Account(0, 0, 0, 0, {}, 0, 0)


class _PipelineReport(msgspec.Struct):
    writers: dict[str, _Account]


def balances(data: Path) -> list[Balance]:
    """Every sum of an installation as it stands, by kind and name.

    Args:
        data: the installation's data folder.
    """
    with closing(SqliteReader(data / "log")) as reader:
        found = [balance for path in sorted(data.glob("edge-*.json")) for balance in _of_edge(path, reader)]
        report = _read(data / "pipeline.json", _PipelineReport)
        for writer, extent in reader.extents().items():
            found.append(_of_writer(writer, extent, report, reader))
    return sorted(found, key=lambda balance: (list(Sum).index(balance.kind), balance.name))


def _of_edge(path: Path, reader: LogReader) -> list[Balance]:
    report = _read(path, _EdgeReport)
    if report is None:
        return [Balance(kind=Sum.REQUESTS, name=path.stem, left=0, right={}, state=State.UNKNOWN)]
    return [_of_requests(path.stem, report), _of_log(path.stem, report, reader)]


def _of_requests(name: str, report: _EdgeReport) -> Balance:
    right = {end: getattr(report, end) for end in _ENDS} | {"waiting": report.log.waiting}
    difference = report.received - sum(right.values())
    if not difference:
        # everybody has been answered before a stop, or was not; a worker that was killed had no time to
        state = State.BROKEN if report.stopped and report.log.waiting else State.HOLDS
    else:
        state = State.BROKEN if report.stopped or report.log.stuck else State.SETTLING
    return Balance(kind=Sum.REQUESTS, name=name, left=report.received, right=right, state=state)


def _of_log(name: str, report: _EdgeReport, reader: LogReader) -> Balance:
    position = reader.position(report.log.writer, report.log.segment)
    right = {"recorded": report.recorded}
    if position is None:
        return Balance(kind=Sum.LOG, name=name, left=report.recorded, right=right, state=State.UNKNOWN)
    gained = position - report.log.records_before
    kept = max(0, min(gained - report.recorded - report.log.waiting, report.unrecorded))
    if kept:  # their sync failed and they were refused, but a reader found them in the file
        right["kept all the same"] = kept
    found = Balance(kind=Sum.LOG, name=name, left=gained, right=right, state=State.HOLDS)
    if 0 < found.difference <= report.log.waiting:  # durable already, and told to nobody yet
        return replace(found, state=State.SETTLING)
    return replace(found, state=State.BROKEN) if found.difference else found


def _of_writer(writer: str, extent: Extent, report: _PipelineReport | None, reader: LogReader) -> Balance:
    left = extent.end.records
    account = report.writers.get(writer, _NOTHING_YET) if report else None
    position = reader.position(writer, account.cursor) if account else None
    if account is None or position is None:
        return Balance(kind=Sum.PIPELINE, name=writer, left=left, right={}, state=State.UNKNOWN)
    right = {
        "applied": account.applied,
        "dropped": sum(account.dropped.values()),
        "dead": account.dead,
        "damaged": account.damaged,
        "earlier": account.earlier,
        "in flight": left - position,
    }
    state = State.HOLDS if left == sum(right.values()) else State.BROKEN
    return Balance(kind=Sum.PIPELINE, name=writer, left=left, right=right, state=state)


def record_hour(data: Path, now: int) -> list[Balance]:
    """Keep how the sums stand, once per hour, and say which are broken.

    Args:
        data: the installation's data folder.
        now: microseconds since 1970.

    Returns:
        The broken ones, whether the hour was recorded before or not.

    Raises:
        OSError: the record cannot be written.
    """
    found = balances(data)
    path = data / RECORD
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if not lines or written_at(lines[-1]) // _HOUR < now // _HOUR:
        line = json.dumps({"at": now, "balances": [_as_dict(balance) for balance in found]})
        _append(path, lines, line, oldest=now - RECORD_DAYS * _DAY)
    return [balance for balance in found if balance.state is State.BROKEN]


def _append(path: Path, lines: list[str], line: str, *, oldest: int) -> None:
    if lines and written_at(lines[0]) < oldest:
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(
            "\n".join([each for each in lines if written_at(each) >= oldest] + [line, ""]), encoding="utf-8"
        )
        fresh.replace(path)
        return
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if lines and not written_at(lines[-1]) else "") + line + "\n")  # one may have been cut short


def written_at(line: str | bytes) -> int:
    """When a line of the hourly record was written; 0 for one that was cut short."""
    try:
        return int(json.loads(line)["at"])
    except (ValueError, KeyError, TypeError):
        return 0


def _as_dict(balance: Balance) -> dict[str, Any]:
    facts = {"left": balance.left, "right": dict(balance.right), "difference": balance.difference}
    return {"kind": balance.kind, "name": balance.name, **facts, "state": balance.state}


def _read(path: Path, kind: type[_Report]) -> _Report | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
