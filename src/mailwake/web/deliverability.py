"""How mail fares at each mailbox provider, and what they tell of it: the page and its API."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from mailwake.boards import deliverability_view, postmaster_view
from mailwake.deliverability.answers import Deliverability, to_json
from mailwake.deliverability.board import DAYS, deliverability, of_campaign
from mailwake.framing.rendering import render
from mailwake.insight.report import find
from mailwake.postmaster import answers as told
from mailwake.postmaster.standing import networks_of, postmaster
from mailwake.web.api import Days, guarded, kept_of, now_of, stores_of

router = guarded()

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


def postmaster_of(request: Request, days: int = DAYS) -> told.Postmaster:
    """What providers told of our mail."""
    settings = request.app.state.settings
    own = networks_of(settings.postmaster.own_networks) if settings else ()
    return postmaster(stores_of(request).state, now=now_of(request), own=own, days=days)


@router.get("/api/postmaster")
def postmaster_api(request: Request, *, days: Days = DAYS) -> Response:
    """Who sends in our name by DMARC reports, and what Google and Microsoft say of our mail."""
    return Response(told.to_json(postmaster_of(request, days)), media_type="application/json")


@router.get("/deliverability", include_in_schema=False)
def page(request: Request, *, provider: Provider = "") -> Response:
    """The same as a page, with the weeks of one provider."""
    values = deliverability_view.values(deliverability_of(request), stores_of(request).zone, provider=provider)
    values |= postmaster_view.values(postmaster_of(request), stores_of(request).zone)
    return render(request, "deliverability.html", here="deliverability", **values)
