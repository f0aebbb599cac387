"""What a request asks of: the stores as whoever asks may see them, in whose time zone, and answers of a moment ago."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, Depends, Request

from mailwake.events import SECOND, Micros
from mailwake.framing.zones import zone_of
from mailwake.insight.stores import Stores, moment
from mailwake.language import tag
from mailwake.sampling.cells import LEAST
from mailwake.serving.entry import actor_of, allowed
from mailwake.serving.keeping import Kept
from mailwake.store.access.few import FewState, few_events, small_campaigns
from mailwake.store.access.masked import MaskedState, masked_events
from mailwake.store.answers.glance import looking, with_age

T = TypeVar("T")
guarded = partial(APIRouter, dependencies=[Depends(allowed)])  # a router each of whose routes asks `allowed`


def stores_of(request: Request) -> Stores:
    """The stores this dashboard reads, as whoever asks may see them: who may not know people sees pseudonyms.

    Raises:
        BadInput: the address of the page names a time zone that there is not.
    """
    known: Stores | None = getattr(request.state, "stores", None)
    if known is None:
        known = request.state.stores = _as_seen(request)
    return known


def _as_seen(request: Request) -> Stores:
    whole: Stores = request.app.state.stores
    stores = replace(whole, zone=zone_of(request), home=whole.days)
    actor = actor_of(request)
    if actor.knows_people:
        return stores
    if actor.sees_the_few:
        return replace(stores, state=MaskedState(stores.state), events=masked_events(stores.events))
    small = small_campaigns(stores.events, least=LEAST)
    state = FewState(stores.state, small, stores.events, least=LEAST)
    return replace(stores, state=state, events=few_events(stores.events, small))


def now_of(request: Request) -> Micros:
    """The time of the request, microseconds since 1970."""
    wall: Callable[[], int] = request.app.state.wall
    return Micros(wall())


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """Answers of a moment ago, for one request, which learns how old what it shows is."""

    kept: Kept
    request: Request
    zone: str
    #: how often something was taken out of the store: what was made before is not given on
    overthrown: int

    def answer(self, asked: Hashable, ask: Callable[[], T], *, mark: Hashable = None, lasts: float = 0.0) -> T:
        """What was answered a moment ago, else the answer to it now; see `Kept.answer`.

        Hours and days are cut in the viewer's zone.
        """
        key = (self.zone, self.overthrown, asked)
        told, behind = self.kept.answer(key, lambda: with_age(ask), mark=mark, lasts=lasts)
        glance, state = looking(), self.request.state
        if glance is not None:
            glance.note(behind)
        state.seconds_old = max(getattr(state, "seconds_old", 0.0), self.kept.age(key))
        return told

    def glanced(self, asked: Hashable, ask: Callable[[], T]) -> T:
        """The same for who looks at a page of a large store; everybody else gets the answer as it is now."""
        return ask() if looking() is None else self.answer(asked, ask)


def kept_of(request: Request) -> Remembered:
    """Answers of a moment ago, in the language that is spoken: they hold reasons in words.

    Who sees pseudonyms is never given what was answered to somebody who sees addresses, nor who sees numbers about many
    alone what was answered to anybody else.
    """
    kept: Mapping[tuple[str, bool, bool], Kept] = request.app.state.kept
    actor = actor_of(request)
    found = kept[tag(), actor.knows_people, actor.sees_the_few]
    overthrown = getattr(stores_of(request).events, "overthrown", 0)  # of a store whose answers are remembered
    return Remembered(kept=found, request=request, zone=zone_of(request).key, overthrown=overthrown)


def fresh_of(request: Request) -> datetime | None:
    """Up to when events are sure to be part of what a page shows; None: there are none.

    An answer that was kept a while knows nothing of what came after it was made.
    """
    latest = stores_of(request).events.ask("latest")[0]["received_at"]
    made = now_of(request) - round(getattr(request.state, "seconds_old", 0.0) * SECOND)
    return moment(None if latest is None else min(latest, made))
