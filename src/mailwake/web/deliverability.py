"""How mail fares at each mailbox provider: the page and its API, from one answer that is kept a while."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mailwake.boards import deliverability_view
from mailwake.deliverability.answers import Deliverability, to_json
from mailwake.deliverability.board import DAYS, deliverability, of_campaign
from mailwake.framing.rendering import render
from mailwake.insight.report import find
from mailwake.web.api import Days, kept_of, now_of, stores_of

router = APIRouter()

Provider = Annotated[str, Query(max_length=200, description="Whose weeks are drawn.")]


def deliverability_of(request: Request, days: int = DAYS) -> Deliverability:
    """The answer, kept a while: it goes through the events of months."""
    stores, now = stores_of(request), now_of(request)
    return kept_of(request).answer(("deliverability", days), lambda: deliverability(stores, now=now, days=days))


@router.get("/api/deliverability")
def api(request: Request, *, days: Days = DAYS) -> Response:
    """What each mailbox provider and domain takes, puts off and refuses, and what got worse."""
    return Response(to_json(deliverability_of(request, days)), media_type="application/json")


@router.get("/api/campaigns/{campaign}/deliverability")
def campaign_api(request: Request, campaign: str) -> Response:
    """How one campaign's mail fared at each mailbox provider and domain."""
    stores = stores_of(request)
    return Response(to_json(of_campaign(stores, find(stores, campaign))), media_type="application/json")


@router.get("/deliverability", include_in_schema=False)
def page(request: Request, *, provider: Provider = "") -> Response:
    """The same as a page, with the weeks of one provider."""
    values = deliverability_view.values(deliverability_of(request), stores_of(request).zone, provider=provider)
    return render(request, "deliverability.html", here="deliverability", **values)
