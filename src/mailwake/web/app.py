"""The dashboard and its API as one ASGI application."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from mailwake.insight.stores import Stores
from mailwake.web import api, faults, pages
from mailwake.web.admission import Admission
from mailwake.web.assets import Assets
from mailwake.web.guard import Guard


def create_app(stores: Stores, *, host: str = "127.0.0.1", relay: str = "127.0.0.1:2525") -> ASGIApp:
    """The application over open stores, which it never closes.

    Args:
        stores: what it shows.
        host: the address it listens on, which decides what host names it answers to.
        relay: where programs may send through, for a reader who has nothing to see yet.
    """
    app = FastAPI(title="Mailwake", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.state.stores = stores
    app.state.relay = relay
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", Assets(), name="static")
    faults.install(app)
    return Guard(Admission(app), host=host)
