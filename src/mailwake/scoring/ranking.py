"""Everybody by score, small enough to keep: handles, scores and bands take 18 bytes a person."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.bands import BANDS, best_from, by_height
from mailwake.scoring.model import DAY, Model
from mailwake.scoring.score import scored
from mailwake.scoring.signals import Person, everybody

#: kinds of signals that put somebody on the list
_ACTS = frozenset(("clicked", "replied", "converted"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Everybody with a score who may be mailed, in order of handles."""

    handles: array[int]
    scores: array[int]
    #: places in `BANDS`
    bands: array[int]
    #: handles of those with a score above 0, by band and points, the best first
    best: array[int]
    #: how many of these are in each band, in the order of `BANDS`
    listed: tuple[int, ...]
    #: people in each band, also those whose score is 0
    counts: Mapping[str, int]
    #: the score from which on somebody is among the best
    best_from: int
    #: the moment that all of it is of
    as_of: Micros

    def best_first(self, band: str = "") -> Sequence[int]:
        """Those with a score above 0, by band and points; of one band alone, where it is named."""
        if not band:
            return self.best
        place = BANDS.index(band)
        first = sum(self.listed[:place])
        return self.best[first : first + self.listed[place]]


class Tally:
    """A ranking in the making, for one model."""

    def __init__(self, model: Model, now: Micros) -> None:
        self.model = model
        self._now = now
        self._handles, self._points = array("q"), array("q")
        self._scores, self._fresh = array("b"), array("b")
        self._counts = [0] * 101

    def add(self, person: Person) -> None:
        """Take a person in, unless there is nothing to rank them by, whatever the model."""
        told = scored(person, self.model, now=self._now)
        if told.score is None or told.is_opted_out:
            return
        self._handles.append(person.handle)
        self._points.append(told.points)
        self._scores.append(told.score)
        fresh_days = self.model.bands.fresh_days
        self._fresh.append(told.last is not None and self._now - told.last.at < fresh_days * DAY)
        since = self._now - self.model.horizon_days * DAY  # another model may look farther back
        self._counts[told.score] += any(each.kind in _ACTS and each.at >= since for each in person.signals)

    def ranking(self) -> Ranking:
        """All that were taken in, with their bands."""
        best = best_from(self._counts, self.model)
        bands = array("b")
        for score, is_fresh in zip(self._scores, self._fresh, strict=True):
            bands.append(BANDS.index(by_height(score, self.model, best_from=best, is_fresh=bool(is_fresh))))
        some = [n for n, score in enumerate(self._scores) if score]
        some.sort(key=lambda n: (bands[n], -self._points[n], self._handles[n]))
        all_of, listed = Counter(bands), Counter(bands[n] for n in some)
        return Ranking(
            handles=self._handles,
            scores=self._scores,
            bands=bands,
            best=array("q", (self._handles[n] for n in some)),
            listed=tuple(listed[place] for place in range(len(BANDS))),
            counts={name: all_of[place] for place, name in enumerate(BANDS)},
            best_from=best,
            as_of=self._now,
        )


def ranking(stores: Stores, model: Model, *, now: Micros, not_profiled: AbstractSet[Handle] = frozenset()) -> Ranking:
    """Everybody who clicked, answered or reached a goal within the model's horizon, ranked by one model."""
    return rankings(everybody(stores, [model], now=now), [model], now=now, not_profiled=not_profiled)[0]


def rankings(
    people: Iterable[Person], models: Sequence[Model], *, now: Micros, not_profiled: AbstractSet[Handle] = frozenset()
) -> list[Ranking]:
    """The same by several models, of people that are gone through once."""
    tallies = [Tally(model, now) for model in models]
    for person in people:
        if person.handle not in not_profiled:
            for tally in tallies:
                tally.add(person)
    return [tally.ranking() for tally in tallies]
