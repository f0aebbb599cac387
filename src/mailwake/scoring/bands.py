"""Bands: what a score is called, by its own height and by how many stand higher."""

from __future__ import annotations

from collections.abc import Sequence

from mailwake.events import Micros
from mailwake.language import noted
from mailwake.scoring.model import DAY, Model
from mailwake.scoring.score import CANNOT_SAY, Scored

# Programs read these as they stand here; pages say them.
HOT, WARM, COOL, COLD = noted("Hot"), noted("Warm"), noted("Cool"), noted("Cold")
OPTED_OUT, NOT_PROFILED = noted("Opted out"), noted("Not profiled")
#: those that a score has, best first
BANDS = (HOT, WARM, COOL, COLD)
#: no score is as high, so that nobody is among the best
NOBODY = 101


def band(told: Scored, model: Model, *, best_from: int, now: Micros) -> str | None:
    """The band of a score; None: cannot say.

    Args:
        told: the score.
        model: that it was made with.
        best_from: score from which on somebody is among the best, as `best_from` tells.
        now: the moment of the score.
    """
    if told.cannot_say == CANNOT_SAY["not profiled"]:
        return NOT_PROFILED
    if told.score is None:
        return None
    if told.is_opted_out:
        return OPTED_OUT
    is_fresh = told.last is not None and now - told.last.at < model.bands.fresh_days * DAY
    return by_height(told.score, model, best_from=best_from, is_fresh=is_fresh)


def by_height(score: int, model: Model, *, best_from: int, is_fresh: bool) -> str:
    """The band of a score that can be said."""
    bands = model.bands
    is_best = score >= max(best_from, bands.best_from)
    if is_fresh and (score >= bands.hot or is_best):
        return HOT
    if score >= bands.warm:
        return WARM
    return COOL if score >= bands.cool else COLD


def is_settled(told: Scored, model: Model) -> bool:
    """Whether the band is the same whoever else there is."""
    return told.score is None or told.is_opted_out or not model.bands.best_from <= told.score < model.bands.hot


def best_from(counts: Sequence[int], model: Model) -> int:
    """The lowest score whose bearers, with all above, are no more than the model's share of everybody.

    Args:
        counts: (101,) people by score.
        model: tells the share.

    Returns:
        1 to 100, or `NOBODY`.
    """
    room, best = int(sum(counts) * model.bands.best_share), NOBODY
    for score in range(100, 0, -1):
        room -= counts[score]
        if room < 0:
            break
        best = score
    return best
