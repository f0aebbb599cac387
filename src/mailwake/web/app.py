"""The dashboard and its API as one ASGI application."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from gettext import NullTranslations

from fastapi import FastAPI
from starlette.types import ASGIApp

from mailwake.apidoc import openapi
from mailwake.errors import Unavailable
from mailwake.exports.pack import Maker
from mailwake.insight.stores import Stores
from mailwake.language import ENGLISH
from mailwake.monitoring.status import Status
from mailwake.scoring.desk import Desk
from mailwake.scoring.keeping import Keeper
from mailwake.serving.admission import Admission
from mailwake.serving.guard import Guard
from mailwake.serving.keeping import Kept
from mailwake.settings import Settings
from mailwake.web import (
    api,
    calls,
    click_maps,
    consent,
    deliverability,
    experiments,
    exports,
    faults,
    goals,
    hygiene,
    lists,
    notifications,
    pages,
    salesforce,
    segments,
    suppressions,
    unsubscribes,
    workflows,
)
from mailwake.web.assets import Assets
from mailwake.web.tongue import Tongue


def look_nowhere() -> Status:
    """For a dashboard over stores that belong to no running installation."""
    raise Unavailable("this dashboard shows stores alone; nobody told it where their installation is")


def wall_clock() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1_000


def create_app(
    stores: Stores,
    *,
    host: str = "127.0.0.1",
    look: Callable[[], Status] = look_nowhere,
    settings: Settings | None = None,
    wall: Callable[[], int] = wall_clock,
    packs: Callable[[], Maker] | None = None,
    language: NullTranslations = ENGLISH,
    desk: Desk | None = None,
) -> ASGIApp:
    """The application over open stores, which it never closes.

    Args:
        stores: what it shows.
        host: the address it listens on, which decides what host names it answers to.
        look: gives what the installation says of itself.
        settings: of the installation, which say who is told what; None: nobody is.
        wall: gives microseconds since 1970.
        packs: gives what packs are signed with; None: nobody knows the keys here.
        language: of the pages.
        desk: how people are scored; None: by the model of the package, with no CRM to ask.
    """
    app = FastAPI(title="Mailwake", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.stores = stores
    app.state.relay = "127.0.0.1:2525" if settings is None else f"{settings.relay.host}:{settings.relay.port}"
    app.state.look = look
    app.state.settings = settings
    app.state.wall = wall
    app.state.kept = defaultdict(Kept)
    app.state.desk = desk or Desk(keep=Keeper().answer)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.include_router(click_maps.router)
    app.include_router(deliverability.router)
    app.include_router(lists.router)
    app.include_router(unsubscribes.router)
    app.include_router(suppressions.router)
    app.include_router(consent.router)
    app.include_router(segments.router)
    app.include_router(calls.router)
    app.include_router(experiments.router)
    app.include_router(goals.router)
    app.include_router(hygiene.router)
    app.include_router(notifications.router)
    app.state.exports = exports.Places()
    app.state.packs = packs
    app.include_router(exports.router)
    app.include_router(salesforce.router)
    app.include_router(workflows.router)
    app.mount("/static", Assets(), name="static")
    faults.install(app)
    openapi.describe(app)
    return Guard(Tongue(Admission(app), language), host=host)
