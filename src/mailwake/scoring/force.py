"""Which model scores: the points that the settings name, or a learned one that was tested, kept and put in force.

A learned model that did not stand its test is never kept, so it cannot be put in force. Each is kept for good under its
own name; taking one back is to name another. One that was learned beside other points than the settings name now holds
no longer: whoever changes the points wants those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.scoring.desk import Desk
from mailwake.scoring.keeping import Keeper
from mailwake.scoring.learning import Learned
from mailwake.scoring.model import Line, Model
from mailwake.store.state import StateStore

_KIND, _IN_FORCE = "score-model", "score_model"
_NAME = "learned"


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """Which model scores from now on, and which others could."""

    model: str
    before: str
    #: name and hash of each, the points first
    known: tuple[str, ...]


class Force:
    """Gives an installation's way to score, by the model that is in force at the moment.

    Args:
        desk: by the points that the settings name.
        state: where it is kept which model is in force.
    """

    def __init__(self, desk: Desk, state: StateStore) -> None:
        self._points, self._desk, self._state = desk, desk, state

    def desk(self) -> Desk:
        """The way to score now; a ranking that another model made is not given again."""
        model = in_force(self._state, self._points.model)
        if model.id != self._desk.model.id:
            is_points = model is self._points.model
            self._desk = self._points if is_points else replace(self._points, model=model, **Keeper().ways)
        return self._desk

    @property
    def points(self) -> Model:
        """The points that the settings name."""
        return self._points.model


def in_force(state: StateStore, points: Model) -> Model:
    """The model that scores.

    Args:
        state: where it is kept.
        points: that the settings name.
    """
    name = state.value(_IN_FORCE)
    return known(state, points).get(name, points) if name else points


def known(state: StateStore, points: Model) -> dict[str, Model]:
    """Every model that may be put in force, by name and hash: the points first, then what was learned, newest first."""
    found = {points.id: points}
    for job in state.jobs(_KIND):
        if job.data["points"] == points.hash:
            model = learned_model(points, job.data["slopes"])
            found[model.id] = model
    return found


def named(state: StateStore, points: Model, name: str) -> Model:
    """A model by its name; that of the points may be said without its hash.

    Raises:
        BadInput: there is none, or it was learned beside other points.
    """
    models = known(state, points)
    if name in (points.id, points.name):
        return points
    if name in models:
        return models[name]
    if state.job(_KIND, name) is not None:
        raise BadInput(
            f"{name} was learned beside other points than those in force; learn again: mailwake score --learn"
        )
    raise BadInput(f"there is no model {name[:60]!r}; there are {', '.join(models)}")


def learned_model(points: Model, slopes: Mapping[str, float]) -> Model:
    """Points with what was learned in the place of what was chosen."""
    body = msgspec.json.encode([points.hash, sorted(slopes.items())])
    digest = hashlib.blake2b(body, digest_size=6).hexdigest()
    return msgspec.structs.replace(points, name=_NAME, hash=digest, learned=Line(slopes=dict(slopes)))


def keep(state: StateStore, points: Model, found: Learned, *, now: Micros) -> Learned:
    """Keep what was learned if it stood its test, and say under which name; nothing is in force by it."""
    if not found.is_better:
        return found
    slopes = {each.name: each.slope for each in found.coefficients}
    model = learned_model(points, slopes)
    figures = msgspec.to_builtins(msgspec.structs.replace(found, coefficients=()))
    state.put_job(_KIND, model.id, data={"points": points.hash, "slopes": slopes, "figures": figures}, now=now)
    return msgspec.structs.replace(found, model=model.id)


def use(state: StateStore, points: Model, name: str) -> Used:
    """Put a model in force.

    Raises:
        BadInput: as `named`.
    """
    before, model = in_force(state, points), named(state, points, name)
    state.put_value(_IN_FORCE, "" if model is points else model.id)
    return Used(model=model.id, before=before.id, known=tuple(known(state, points)))
