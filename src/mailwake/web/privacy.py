"""The API of what is kept for how long, and of whom to pause."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from mailwake.errors import Unavailable
from mailwake.hygiene import inactive as hygiene
from mailwake.retention.clock import Clock
from mailwake.retention.nightly import apply_surely
from mailwake.retention.plan import Shelf, plan, to_json
from mailwake.settings import Settings
from mailwake.store.days import open_days
from mailwake.web.api import guarded, now_of, stores_of

router = guarded()

InactiveSince = Annotated[date, Query(description="A day, UTC.")]


def _settings_of(request: Request) -> Settings:
    settings: Settings | None = request.app.state.settings
    if settings is None:
        raise Unavailable("this dashboard shows stores alone; nobody told it where their installation is")
    return settings


def _retention(request: Request, *, apply: bool) -> Response:
    settings, now = _settings_of(request), now_of(request)
    with closing(open_days(settings.data_folder / "state.sqlite")) as days:
        shelf = Shelf(events=stores_of(request).events, days=days, settings=settings)
        clock = Clock(settings.data_folder, wall=lambda: now_of(request))
        done = apply_surely(shelf, clock, now=now) if apply else plan(shelf, now=now)
    return Response(to_json(done), media_type="application/json")


@router.get("/api/privacy/retention")
def retention(request: Request) -> Response:
    """What is older than it may be kept; removes nothing."""
    return _retention(request, apply=False)


@router.post("/api/privacy/retention")
def retain(request: Request) -> Response:
    """Remove what is older than it may be kept, and say what it was."""
    return _retention(request, apply=True)


@router.get("/api/hygiene")
def inactive(request: Request, *, inactive_since: InactiveSince) -> Response:
    """Whom to pause: mailed in mode deliverability before that day and since, and without an open since."""
    stores = stores_of(request)
    with closing(open_days(_settings_of(request).data_folder / "state.sqlite")) as days:
        found = hygiene.inactive(stores.state, stores.events, days, since=inactive_since)
    return Response(hygiene.to_json(found), media_type="application/json")
