"""Populations of which the truth is known: some are there, some marks fail, and in a part every mark is meaningless."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mailwake.stats.cohorts import Stratum
from mailwake.stats.recapture import sums

Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
Chances = np.ndarray[tuple[int], np.dtype[np.float64]]

#: what a doubtful sighting is true with, and how many of the true ones are doubtful
DOUBT, DOUBTFUL = 0.85, 0.4


@dataclass(frozen=True, kw_only=True)
class World:
    """One way a population can be."""

    units: int
    #: share of units of which every mark is meaningless
    veiled: float
    #: share that is there, and that is seen of all
    rate: float
    seen_rate: float
    #: share of the marks that fail
    failing: float
    #: how many times as readily the seen are marked, as an odds ratio
    odds_ratio: float = 1.0
    #: share of the veiled that show as such whether they are there or not
    showing: float = 1.0
    #: standard deviations between the open and the veiled
    differs: bool = True
    #: whether strata differ in failing marks and in behaviour
    mixed: bool = True
    #: whether a judgement of a sighting knows of the mark, and the other way round
    judged_jointly: bool = True


def drawn_world(draw: Generator, *, odds_ratio: float = 1.0, judged_jointly: bool = True) -> World:
    """Any of those that an estimate has to stand."""
    return World(
        units=int(np.exp(draw.uniform(np.log(1_500), np.log(50_000)))),
        veiled=draw.uniform(0, 0.95),
        rate=draw.uniform(0.08, 0.5),
        seen_rate=np.exp(draw.uniform(np.log(0.005), np.log(0.1))),
        failing=draw.uniform(0.05, 0.5),
        odds_ratio=odds_ratio,
        showing=draw.choice([draw.uniform(0.5, 0.9), draw.uniform(0.9, 1)]),
        mixed=bool(draw.random() < 0.7),
        judged_jointly=judged_jointly,
    )


def populate(draw: Generator, world: World) -> tuple[list[Stratum], int]:
    """The strata as they are observed, and how many are there in truth."""
    share = draw.normal(0, 0.05) if world.differs else 0.0
    behind = np.exp(draw.normal(0, 0.12)) if world.differs else 1.0
    sizes = draw.multinomial(world.units, draw.dirichlet([2, 2, 2])) if world.mixed else [world.units]
    strata, truth = [], 0
    for size, failing in zip(sizes, (0.1, 1.0, 1.9) if world.mixed else (1.0,), strict=False):
        rate = float(np.clip(world.rate * np.exp(draw.normal(0, 0.2 * world.mixed)), 0.03, 0.7))
        seen = float(np.clip(world.seen_rate / world.rate * np.exp(draw.normal(0, 0.2 * world.mixed)), 0.002, 0.6))
        is_veiled = draw.random(size) < world.veiled
        is_there = draw.random(size) < np.where(is_veiled, np.clip(rate + share, 0.01, 0.95), rate)
        is_seen = is_there & (draw.random(size) < np.where(is_veiled, np.clip(seen * behind, 0, 0.9), seen))
        fails = min(0.8, world.failing * failing)
        odds = np.where(is_seen, world.odds_ratio, 1.0) * (1 - fails) / fails
        is_marked = is_there & (draw.random(size) < odds / (1 + odds))
        shows = is_veiled & (is_there | (draw.random(size) < world.showing))
        marks, sightings = _judged(draw, is_marked & ~is_veiled, is_seen, part=shows * 9, jointly=world.judged_jointly)
        strata.append(
            Stratum(
                open=sums(zip(marks[~shows].tolist(), sightings[~shows].tolist(), strict=True)),
                veiled=sums((0.45, each) for each in sightings[shows].tolist()),
            )
        )
        truth += int(is_there.sum())
    return strata, truth


def _judged(draw: Generator, marked: Bools, seen: Bools, *, part: Numbers, jointly: bool) -> tuple[Chances, Chances]:
    """Probabilities that are right on average, among those that look alike in both ways or in one way alone."""
    looks = [_look(draw, true) for true in (marked, seen)]
    both = looks[0] * 3 + looks[1] + part
    found = []
    for true, look in zip((marked, seen), looks, strict=True):
        alike = both if jointly else look
        there = np.bincount(alike, weights=true, minlength=18)
        found.append((there / np.maximum(np.bincount(alike, minlength=18), 1))[alike])
    return found[0], found[1]


def _look(draw: Generator, true: Bools) -> Numbers:
    """How each looks: 2 is always true, 0 never, 1 as often as `DOUBT` says."""
    doubtful = true & (draw.random(len(true)) < DOUBTFUL)
    look = np.where(true, np.where(doubtful, 1, 2), 0)
    false = np.flatnonzero(~true)
    wrong = min(len(false), draw.poisson(doubtful.sum() * (1 - DOUBT) / DOUBT))
    look[draw.choice(false, wrong, replace=False)] = 1
    return look
