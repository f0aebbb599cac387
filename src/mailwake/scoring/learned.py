"""A score by a learned model: what each kind of act adds to the odds of a conversion, shared among the acts themselves.

Points are log-odds above those of somebody who was never mailed and did nothing; twice the odds are as many points as
make a score of 50. So a score says which share of the odds somebody's own acts (and the mail they got) explain, and the
lines of a ledger add up as they do with points that were chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, log1p

from mailwake.events import Micros
from mailwake.scoring.model import DAY, Line, LinkMeaning
from mailwake.scoring.signals import Signal
from mailwake.weighing.fading import remaining

#: what has been is fresh for so long: days to one half; chosen, as for clicks in points-1
FRESH_DAYS = 21.0
SENT = "sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What one act adds, in points, now and when it was fresh."""

    act: str
    signal: Signal
    means: LinkMeaning
    now: float
    fresh: float


def shares(line: Line, half_points: float, acts: Sequence[tuple[Signal, LinkMeaning]], *, now: Micros) -> list[Share]:
    """What each act adds to the points.

    Args:
        line: what was learned.
        half_points: points that double the odds.
        acts: what somebody did, with what it means; copies sent too, of which the latest stands for all.
        now: the moment.
    """
    unit = half_points / log(2)
    of: dict[str, list[tuple[Signal, LinkMeaning]]] = {}
    for signal, means in sorted(acts, key=lambda each: (-each[0].at, each[0].id)):
        of.setdefault(means.act, []).append((signal, means))
    found: list[Share] = []
    for act, some in of.items():
        often = unit * line.slopes.get(f"often {act}", 0.0) * log1p(len(some))
        if act == SENT:
            signal, means = some[0]
            found.append(Share(act=act, signal=signal, means=means, now=often, fresh=often))
            continue
        lately = unit * line.slopes.get(f"lately {act}", 0.0)
        left = remaining((now - some[0][0].at) / DAY, FRESH_DAYS)
        found += _shared(act, some, often / len(some), lately=lately, left=left)
    return found


def _shared(
    act: str, some: Iterable[tuple[Signal, LinkMeaning]], each: float, *, lately: float, left: float
) -> list[Share]:
    """How often, in equal parts; how lately, to the latest alone."""
    return [
        Share(
            act=act,
            signal=signal,
            means=means,
            now=each + (0.0 if place else lately * left),
            fresh=each + (0.0 if place else lately),
        )
        for place, (signal, means) in enumerate(some)
    ]
