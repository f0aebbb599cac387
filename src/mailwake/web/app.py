"""The dashboard and its API as one ASGI application."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from gettext import NullTranslations

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp

from mailwake.apidoc import openapi
from mailwake.audit.log import AuditLog
from mailwake.audit.watching import Watching
from mailwake.errors import Unavailable
from mailwake.exports.pack import Maker
from mailwake.framing import faults
from mailwake.framing.assets import Assets
from mailwake.framing.waiting import waiting_page
from mailwake.insight.stores import Stores
from mailwake.language import ENGLISH
from mailwake.monitoring.status import Status
from mailwake.scoring.desk import Desk
from mailwake.scoring.force import Force
from mailwake.scoring.keeping import Keeper
from mailwake.serving.entry import Door, allowed, take_in
from mailwake.serving.keeping import Kept
from mailwake.serving.layers import layered
from mailwake.settings import Settings
from mailwake.signposts import people, zone
from mailwake.signposts import settings as settings_page
from mailwake.store.answers.opening import visits_of
from mailwake.store.audit import same_database
from mailwake.trails import routes as trails
from mailwake.web import (
    api,
    audit,
    calls,
    click_maps,
    consent,
    deliverability,
    experiments,
    exports,
    goals,
    hygiene,
    links,
    lists,
    notifications,
    pages,
    preflight,
    privacy,
    salesforce,
    segments,
    suppressions,
    unsubscribes,
    workflows,
)

#: everything that is shown and changed, but for the pages of accounts
_FIRST = (api, pages, click_maps, deliverability, lists, unsubscribes, suppressions, consent, segments, calls)
_THEN = (experiments, goals, notifications, exports, salesforce, workflows, links, audit, privacy, preflight)
_LAST = (hygiene, trails, people, settings_page, zone)
ROUTERS = tuple(module.router for module in (*_FIRST, *_THEN, *_LAST))


def look_nowhere() -> Status:
    """For a dashboard over stores that belong to no running installation."""
    raise Unavailable("this dashboard shows stores alone; nobody told it where their installation is")


def wall_clock() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1_000


def create_app(
    stores: Stores,
    *,
    look: Callable[[], Status] = look_nowhere,
    settings: Settings | None = None,
    wall: Callable[[], int] = wall_clock,
    packs: Callable[[], Maker] | None = None,
    language: NullTranslations = ENGLISH,
    desk: Desk | None = None,
    door: Door = Door(),  # noqa: B008 - it never changes
) -> ASGIApp:
    """The application over open stores, which it never closes.

    Args:
        stores: what it shows.
        look: gives what the installation says of itself.
        settings: of the installation, which say who is told what; None: nobody is.
        wall: gives microseconds since 1970.
        packs: gives what packs are signed with; None: nobody knows the keys here.
        language: of the pages.
        desk: how people are scored; None: by the model of the package, with no CRM to ask.
        door: where it listens, which decides what host names it answers to, and who is let in.
    """
    app = FastAPI(
        title="Mailwake",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        dependencies=[Depends(allowed)],
    )
    app.state.stores = stores
    app.state.relay = "127.0.0.1:2525" if settings is None else f"{settings.relay.host}:{settings.relay.port}"
    app.state.look = look
    app.state.settings = settings
    app.state.wall = wall
    beside = getattr(stores.events, "beside", None)  # of a store whose answers are remembered
    app.state.kept = defaultdict(partial(Kept, beside=beside))
    app.state.force = Force(desk or Desk(**Keeper().ways), stores.state)
    app.state.exports = exports.Places()
    app.state.packs = packs
    app.state.gate = door.gate
    for router in (*ROUTERS, *door.routers):
        take_in(app, router)
    app.mount("/static", Assets(), name="static")
    faults.install(app)
    openapi.describe(app)
    app.state.audit = AuditLog(same_database(stores.state), wall=wall)
    watch = partial(Watching, audit=app.state.audit, state=stores.state, wall=wall)
    store = None if settings is None else settings.data_folder / "events.duckdb"
    begun = visits_of(stores.events).begin
    return layered(app, waiting_page(app), watch, door=door, language=language, store=store, begun=begun)
