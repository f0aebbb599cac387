"""How the installation stands with its Salesforce org: the page and its API."""

from __future__ import annotations

from contextlib import closing

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from mailwake.boards import salesforce_view
from mailwake.pushing.standing import UNCONNECTED, Standing, standing
from mailwake.settings import Settings
from mailwake.store.crm import open_crm
from mailwake.web.api import stores_of
from mailwake.web.rendering import render

router = APIRouter()


def _told(request: Request) -> Standing:
    settings: Settings | None = request.app.state.settings
    if settings is None or not settings.salesforce.login:
        return UNCONNECTED
    with closing(open_crm(settings.data_folder / "state.sqlite")) as store:
        return standing(settings, store)


@router.get("/api/salesforce")
def api(request: Request) -> Response:
    """What waits to be written to the org, what it refused, what was written, and what that costs."""
    return Response(msgspec.json.encode(_told(request)), media_type="application/json")


@router.get("/salesforce", include_in_schema=False)
def page(request: Request) -> Response:
    """The same as a page."""
    values = salesforce_view.values(_told(request), stores_of(request).zone)
    return render(request, "salesforce.html", here="salesforce", **values)
