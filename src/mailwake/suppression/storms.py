"""So many addresses of one place declared dead at once that it may be the place's outage. Pure; knows no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mailwake.bounces.counting import Storm
from mailwake.events import Handle
from mailwake.store.state import Refusal


@dataclass(frozen=True, kw_only=True)
class Burst:
    """Refusals that belong together."""

    #: oldest first
    rows: list[Refusal]
    #: recipients within the fullest window
    dead: int


def bursts(rows: Sequence[Refusal], storm: Storm) -> list[Burst]:
    """Runs of refusals, between which it was quiet; of one with a full window, all from that window on.

    Args:
        rows: refusals at one place, oldest first.
        storm: its numbers; how large a part of what was sent they are is not looked at here.
    """
    runs: list[list[Refusal]] = []
    for row in rows:
        if runs and row.at - runs[-1][-1].at <= storm.quiet:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [_burst(run, storm) for run in runs]


def _burst(run: Sequence[Refusal], storm: Storm) -> Burst:
    here: Counter[Handle] = Counter()
    start, begin, most = 0, 0, 0
    for row in run:
        here[row.handle] += 1
        while row.at - run[start].at > storm.window:
            here[run[start].handle] -= 1
            if not here[run[start].handle]:
                del here[run[start].handle]
            start += 1
        if len(here) >= storm.least > most:
            begin = start
        most = max(most, len(here))
    return Burst(rows=list(run[begin:]), dead=most)
