"""Room on the disk, and how long it lasts at the pace of the last day."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from mailwake.monitoring.reports import Report

#: Below this much free space the log may soon be unable to keep a hit.
FREE_BYTES = 1_000_000_000
#: The pace is that of the last day, because mail comes in waves of a day.
PACE_SECONDS = 86_400
#: Less than this says nothing about the pace.
LEAST_SECONDS = 600
#: A disk that lasts longer than this is not filling.
_STEADY_SECONDS = 10 * 365 * 86_400
_SECOND = 1_000_000


class Trend(StrEnum):
    """What the free space does."""

    #: it gets less
    FILLING = "filling"
    #: it does not get less, or so slowly that it lasts ten years
    STEADY = "steady"
    #: not watched for long enough
    UNKNOWN = "unknown"


class Sample(NamedTuple):
    """Free space at one time."""

    #: microseconds since 1970
    at: int
    free_bytes: int


@dataclass(frozen=True, kw_only=True)
class Disk:
    """The disk that the data folder is on."""

    #: None: the folder cannot be looked at
    free_bytes: int | None
    size_bytes: int | None
    trend: Trend
    #: until it is full, where it is filling
    lasts_seconds: int | None

    @property
    def has_room(self) -> bool | None:
        """Whether there is enough for what comes next; None: not known."""
        return None if self.free_bytes is None else self.free_bytes >= FREE_BYTES


def look_at_disk(data: Path, samples: Sequence[Sample], *, now: int) -> Disk:
    """Room now, and the trend.

    Args:
        data: a folder on the disk.
        samples: of the past, oldest first.
        now: microseconds since 1970.
    """
    try:
        usage = shutil.disk_usage(data)
    except OSError:
        return Disk(free_bytes=None, size_bytes=None, trend=Trend.UNKNOWN, lasts_seconds=None)
    trend, lasts = outlook([*samples, Sample(now, usage.free)])
    return Disk(free_bytes=usage.free, size_bytes=usage.total, trend=trend, lasts_seconds=lasts)


def outlook(samples: Sequence[Sample]) -> tuple[Trend, int | None]:
    """The trend from the first sample of the last day to the last one, and the seconds left if it goes on."""
    if not samples:
        return Trend.UNKNOWN, None
    last = samples[-1]
    first = next(each for each in samples if each.at >= last.at - PACE_SECONDS * _SECOND)
    seconds = (last.at - first.at) / _SECOND
    if seconds < LEAST_SECONDS:
        return Trend.UNKNOWN, None
    taken = first.free_bytes - last.free_bytes
    lasts = last.free_bytes * seconds / taken if taken > 0 else float("inf")
    return (Trend.STEADY, None) if lasts > _STEADY_SECONDS else (Trend.FILLING, int(lasts))


def samples_of(report: Report | None) -> list[Sample]:
    """The samples that the watching role wrote into its report, oldest first."""
    told = report.facts.get("disk") if report else None
    pairs = told if isinstance(told, list) else []
    return [Sample(*pair) for pair in pairs if _is_sample(pair)]


def _is_sample(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(type(each) is int for each in pair)
