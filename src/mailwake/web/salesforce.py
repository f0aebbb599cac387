"""How the installation stands with its Salesforce org: the page and its API."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from mailwake.boards import native_view, salesforce_view
from mailwake.framing.rendering import render
from mailwake.native.report import MOST_DAYS, NOWHERE, NativeReport, report, to_json
from mailwake.pushing.standing import UNCONNECTED, Standing, standing
from mailwake.settings import Settings
from mailwake.store.crm import open_crm
from mailwake.store.native import open_native
from mailwake.web.api import guarded, now_of, stores_of

router = guarded()

Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="How far back, by when a mail was sent.")]


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


@router.get("/api/salesforce/reconcile")
def reconcile_api(request: Request, *, days: Days = 90) -> Response:
    """Where Salesforce's own tracking and ours disagree about the same copies, and why."""
    return Response(to_json(_reconciled(request, days)), media_type="application/json")


@router.get("/salesforce/reconcile", include_in_schema=False)
def reconcile_page(request: Request, *, days: Days = 90) -> Response:
    """The same as a page."""
    values = native_view.values(_reconciled(request, days), stores_of(request).zone)
    return render(request, "native.html", here="salesforce", **values)


def _reconciled(request: Request, days: int) -> NativeReport:
    settings: Settings | None = request.app.state.settings
    if settings is None:
        return NOWHERE
    with closing(open_native(settings.data_folder / "state.sqlite")) as store:
        return report(stores_of(request), store, now=now_of(request), days=days)
