"""The pages: each asks insight once, makes text of the answer and renders it.

The same address answers a whole page and what htmx takes a part of; a page that has not changed since the digest in
``seen`` answers 204, so that looking again every few seconds costs the reader nothing.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.access.actors import Kind
from mailwake.atlas.domains import atlas, everybody, forecast
from mailwake.boards import (
    bounces_view,
    calls_view,
    definitions_view,
    deliverability_view,
    domains_view,
    status_view,
)
from mailwake.comparing.best_hours import best_hours
from mailwake.comparing.compare import oldest_first, one_before
from mailwake.comparing.pace import checkpoints
from mailwake.comparing.timing import timing
from mailwake.deliverability.board import of_campaign
from mailwake.drawing import over_time
from mailwake.framing.rendering import render
from mailwake.insight.answers import Overview, to_json
from mailwake.insight.dialects import definitions
from mailwake.insight.report import find, first_hour, overview
from mailwake.insight.stores import Stores
from mailwake.people.delivery import delivery_card
from mailwake.people.people import people_or_last
from mailwake.people.person import person
from mailwake.scoring.answers import score_of
from mailwake.serving.entry import actor_of
from mailwake.store.state import Campaign
from mailwake.views import (
    campaign_view,
    campaigns_view,
    changes_view,
    compare_view,
    delivery_view,
    pace_view,
    people_view,
    person_view,
    timing_view,
)
from mailwake.watchdog.telling import banner, beside
from mailwake.web.api import (
    Address,
    Age,
    Campaigns,
    Page,
    changes_of,
    comparison_of,
    desk_of,
    guarded,
    kept_of,
    now_of,
    pace_of,
    report_of,
    returned_of,
    status_of,
    stores_of,
)
from mailwake.web.narrowing import Narrowed

router = guarded(include_in_schema=False)

Text = Annotated[str, Query(max_length=100)]
Seen = Annotated[str, Query(max_length=40)]


@router.get("/")
def campaigns(request: Request, *, q: Text = "", stream: Text = "", page: Page = 1, seen: Seen = "") -> Response:
    """What changed since last week, and all campaigns."""
    stores = stores_of(request)
    (answer, told), dead = _known(request), banner(request.app.state.settings)
    digest = _digest((told + dead).encode())
    if seen == digest:
        return Response(status_code=204)
    asked = campaigns_view.Asked(q=q, stream=stream, page=page)
    values = campaigns_view.values(answer, asked, stores.zone)
    is_whole = (q, stream, page) == ("", "", 1)  # who searches wants the list
    values |= changes_view.values(changes_of(request, answer), stores.zone) if is_whole else {"news": []}
    values |= {"relay": request.app.state.relay, "dead_links": dead}
    again = "/?" + urlencode({"q": q, "stream": stream, "page": page, "seen": digest})
    return render(request, "campaigns.html", here="campaigns", again=again, **values)


def _known(request: Request) -> tuple[Overview, str]:
    """All campaigns, with a digest of what is told of them: on a large store there are hundreds."""

    def ask() -> tuple[Overview, str]:
        found = overview(stores_of(request))
        return found, _digest(to_json(found))

    return kept_of(request).glanced("overview", ask)


@router.get("/campaigns/{campaign}")
def campaign(request: Request, campaign: str, *, seen: Seen = "") -> Response:
    """One campaign."""
    stores, answer = stores_of(request), report_of(request, campaign)
    digest = _digest(to_json(answer))
    if seen == digest:
        return Response(status_code=204)
    asked, found = over_time.asked(request.query_params.multi_items()), find(stores, campaign)
    hour = first_hour(stores, found, answer) if asked.span == "hour" else None
    values = campaign_view.values(answer, asked, hour, zone=stores.zone) | _aside(request, stores, found)
    again = f"/campaigns/{answer.id}?" + urlencode([*asked.query, ("seen", digest)])
    return render(request, "campaign.html", again=again, beside=beside(request.app.state.settings), **values)


def _aside(request: Request, stores: Stores, found: Campaign) -> dict[str, Any]:
    """Checkpoints, the campaign before and mailbox providers, kept a while: they go through all copies."""
    sees_the_few = actor_of(request).sees_the_few

    def ask() -> dict[str, Any]:
        told = pace_view.checkpoints(checkpoints(stores, found, now=now_of(request)))
        aside: dict[str, Any] = {"checkpoints": told, "before": one_before(stores, found), "providers": [], "reach": []}
        return aside | (deliverability_view.providers(of_campaign(stores, found)) if sees_the_few else {})

    return kept_of(request).answer(("aside", found.id), ask)


@router.get("/campaigns/{campaign}/definitions")
def campaign_definitions(request: Request, campaign: str) -> Response:
    """What the figures of one campaign mean, in our words and in those of other tools."""
    stores = stores_of(request)
    answer = definitions(stores, find(stores, campaign))
    return render(request, "definitions.html", **definitions_view.values(answer))


@router.get("/campaigns/{campaign}/pace")
def campaign_pace(request: Request, campaign: str) -> Response:
    """How fast a campaign's opens and clicks come."""
    stores = stores_of(request)
    answer = pace_of(request, find(stores, campaign))
    return render(request, "pace.html", **pace_view.values(answer, stores.zone))


@router.get("/campaigns/{campaign}/people")
def campaign_people(
    request: Request, campaign: str, there: Narrowed, *, outcome: Text = "all", page: Page = 1
) -> Response:
    """The people of one campaign, or those behind one number."""
    stores = stores_of(request)
    answer = people_or_last(stores, find(stores, campaign), outcome=outcome, there=there, page=page)
    return render(request, "people.html", **people_view.values(answer, stores.zone))


@router.get("/campaigns/{campaign}/deliveries/{delivery}")
def delivery(request: Request, campaign: str, delivery: str) -> Response:
    """One recipient's copy, and why each open and click was taken for whose it was taken."""
    stores = stores_of(request)
    answer = delivery_card(stores, find(stores, campaign), delivery)
    return render(request, "delivery.html", **delivery_view.values(answer, stores.zone))


@router.get("/person")
def one_person(request: Request, *, address: Address = "") -> Response:
    """One recipient over all campaigns; without an address, where to look for one."""
    if not address:
        return RedirectResponse("/people", status_code=303)
    stores, given = stores_of(request), address.strip()
    answer = person(stores, given)
    handle = stores.state.known_handles([given])[given]
    hour = best_hours(stores, [handle], now=now_of(request))[handle]
    score = score_of(stores, desk_of(request), handle, now=now_of(request))
    names = {copy.campaign: copy.name for copy in answer.copies}
    values = person_view.values(answer, hour, stores.zone) | calls_view.score(score, names, stores.zone)
    return render(request, "person.html", **values)


@router.get("/compare")
def comparison(request: Request, *, c: Campaigns = (), age: Age = None, segment: Text = "") -> Response:
    """Campaigns side by side, oldest first; without two of them, a list to choose from."""
    stores, chosen = stores_of(request), list(dict.fromkeys(c))
    known, _ = _known(request)
    values: dict[str, Any] = {"sides": []}
    if len(chosen) > 1:
        found = oldest_first([find(stores, each) for each in chosen], known)
        values = compare_view.values(comparison_of(request, found, age, segment), stores.zone)
    choice = compare_view.choice(known, chosen, stores.zone)
    values |= {"segment": segment, "segments": [each.name for each in stores.state.segments()]}
    return render(request, "compare.html", here="compare", choice=choice, **values)


@router.get("/timing")
def all_timing(request: Request) -> Response:
    """At which hours people react to mail."""
    stores, now = stores_of(request), now_of(request)
    answer = kept_of(request).glanced("timing", lambda: timing(stores, now=now))
    return render(request, "timing.html", here="timing", **timing_view.values(answer))


@router.get("/campaigns/{campaign}/timing")
def campaign_timing(request: Request, campaign: str) -> Response:
    """At which hours people reacted to one campaign."""
    stores = stores_of(request)
    answer = timing(stores, now=now_of(request), campaign=find(stores, campaign))
    return render(request, "timing.html", **timing_view.values(answer))


@router.get("/bounces")
def bounces(request: Request) -> Response:
    """What came back of all campaigns."""
    zone = stores_of(request).zone
    return render(request, "bounces.html", here="bounces", **bounces_view.values(returned_of(request), zone))


@router.get("/campaigns/{campaign}/bounces")
def campaign_bounces(request: Request, campaign: str) -> Response:
    """What came back of one campaign."""
    answer = returned_of(request, find(stores_of(request), campaign))
    return render(request, "bounces.html", **bounces_view.values(answer, stores_of(request).zone))


@router.get("/domains")
def domains(request: Request) -> Response:
    """Recipient domains, and what machines do there."""
    stores, now = stores_of(request), now_of(request)
    answer = kept_of(request).glanced("domains", lambda: atlas(stores, now=now))
    told = forecast(answer, everybody(answer))
    return render(request, "domains.html", here="domains", **domains_view.values(answer, told, stores.zone))


@router.get("/status")
def status(request: Request) -> Response:
    """What the installation says of itself."""
    values = status_view.values(status_of(request), stores_of(request).zone)
    is_open = actor_of(request).kind is Kind.ANYBODY
    return render(request, "status.html", here="status", is_open=is_open, **values)


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=8).hexdigest()
