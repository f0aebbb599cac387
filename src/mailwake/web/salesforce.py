"""How the installation stands with its Salesforce org: the page and its API."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from mailwake.boards import salesforce_view
from mailwake.pushing.standing import Standing
from mailwake.web.api import stores_of
from mailwake.web.rendering import render

router = APIRouter()


def nowhere() -> Standing:
    """For a dashboard over stores that belong to no running installation."""
    return Standing(
        org=None, user="", pushes=False, is_paused=False, people={}, waiting=(), refused=(), runs=(), looked_at=None,
        followed_to=None, fault=None, calls=None, daily_calls=0, org_used=None, org_allowed=None,
    )  # fmt: skip


def _told(request: Request) -> Standing:
    look: Callable[[], Standing] = request.app.state.salesforce
    return look()


@router.get("/api/salesforce")
def api(request: Request) -> Response:
    """What waits to be written to the org, what it refused, what was written, and what that costs."""
    return Response(msgspec.json.encode(_told(request)), media_type="application/json")


@router.get("/salesforce", include_in_schema=False)
def page(request: Request) -> Response:
    """The same as a page."""
    values = salesforce_view.values(_told(request), stores_of(request).zone)
    return render(request, "salesforce.html", here="salesforce", **values)
