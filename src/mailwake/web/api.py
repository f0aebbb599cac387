"""The JSON API: insight's answers, byte for byte what `mailwake report --json` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Annotated

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from mailwake.apidoc.shapes import ScoredPerson
from mailwake.atlas.answers import to_json as atlas_to_json
from mailwake.atlas.domains import DAYS, atlas
from mailwake.comparing.best_hours import best_hours
from mailwake.comparing.changes import Changes, changes
from mailwake.comparing.changes import to_json as changes_to_json
from mailwake.comparing.compare import MOST, Comparison, compare
from mailwake.comparing.compare import aggregates_only as without_parts
from mailwake.comparing.compare import to_json as compare_to_json
from mailwake.comparing.pace import CampaignPace, pace
from mailwake.comparing.pace import to_json as pace_to_json
from mailwake.comparing.timing import timing
from mailwake.comparing.timing import to_json as timing_to_json
from mailwake.deliverability.returned import Returned, returned
from mailwake.deliverability.returned import to_json as returned_to_json
from mailwake.exports.events import events_page
from mailwake.exports.events import to_json as events_to_json
from mailwake.framing.asking import guarded as guarded  # noqa: PLC0414 - these four are passed on to the other pages
from mailwake.framing.asking import kept_of as kept_of  # noqa: PLC0414
from mailwake.framing.asking import now_of as now_of  # noqa: PLC0414
from mailwake.framing.asking import stores_of as stores_of  # noqa: PLC0414
from mailwake.insight.answers import CampaignReport, Overview, to_json
from mailwake.insight.cells import aggregates_only
from mailwake.insight.cursors import MAX_CHARS
from mailwake.insight.dialects import definitions, dialects
from mailwake.insight.dialects import to_json as definitions_to_json
from mailwake.insight.reconcile import reconcile
from mailwake.insight.reconcile import to_json as reconcile_to_json
from mailwake.insight.report import campaign_report, find, overview
from mailwake.monitoring.status import Status
from mailwake.monitoring.status import to_json as status_to_json
from mailwake.people.delivery import delivery_card
from mailwake.people.delivery import to_json as delivery_to_json
from mailwake.people.people import FILTERS, PAGE_SIZE, people
from mailwake.people.person import person
from mailwake.scoring.answers import score_of
from mailwake.scoring.desk import Desk
from mailwake.scoring.force import Force
from mailwake.segments.within import within
from mailwake.serving.entry import actor_of
from mailwake.store.state import Campaign
from mailwake.web.narrowing import Narrowed

MAX_PAGE = 1_000_000
MAX_PAGE_SIZE = 1_000

router = guarded()

Page = Annotated[int, Query(ge=1, le=MAX_PAGE, description="From 1.")]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="Lines per page.")]
Cursor = Annotated[str, Query(max_length=MAX_CHARS, description="`next` of the page before; `page` is of no use then.")]
Days = Annotated[int, Query(ge=1, le=3_660, description="How far back.")]
Outcome = Annotated[
    str, Query(max_length=40, description="Which deliveries to list.", json_schema_extra={"enum": list(FILTERS)})
]

Address = Annotated[str, Query(min_length=3, max_length=320, description="In any spelling.")]
Campaigns = Annotated[Sequence[str], Query(max_length=MOST, description="Ids or names; the first is the measure.")]
Age = Annotated[int | None, Query(ge=60, le=31_622_400, description="Seconds; else the latest that all have reached.")]
Dialect = Annotated[
    str,
    Query(
        max_length=40,
        description="The only one; without it all of them.",
        json_schema_extra={"enum": ["", *dialects()]},
    ),
]
InSegment = Annotated[str, Query(max_length=200, description="Name of a segment: its people's copies alone.")]


def report_of(request: Request, campaign: str) -> CampaignReport:
    """All that is known of a campaign, as whoever asks may see it."""
    stores = stores_of(request)
    told = campaign_report(stores, find(stores, campaign))
    return told if actor_of(request).sees_the_few else aggregates_only(told)


def status_of(request: Request) -> Status:
    """What the installation says of itself, now."""
    look: Callable[[], Status] = request.app.state.look
    return look()


def desk_of(request: Request) -> Desk:
    """How this installation scores, by the model that is in force."""
    return force_of(request).desk()


def force_of(request: Request) -> Force:
    """Which model is in force."""
    force: Force = request.app.state.force
    return force


def changes_of(request: Request, known: Overview) -> Changes:
    """What changed since last week, kept a while: it goes through the events of weeks."""
    stores, now = stores_of(request), now_of(request)
    return kept_of(request).answer("changes", lambda: changes(stores, known, now=now))


def returned_of(request: Request, only: Campaign | None = None) -> Returned:
    """What came back, of one campaign or of all, kept a while: it goes through every refusal."""
    stores, now = stores_of(request), now_of(request)
    return kept_of(request).answer(("returned", only and only.id), lambda: returned(stores, now=now, campaign=only))


def pace_of(request: Request, campaign: Campaign) -> CampaignPace:
    """How fast a campaign goes, kept a while: it looks at all copies, and at earlier campaigns."""
    stores, now = stores_of(request), now_of(request)
    return kept_of(request).answer(("pace", campaign.id), lambda: pace(stores, campaign, now=now))


def comparison_of(request: Request, campaigns: Sequence[Campaign], age: int | None, segment: str) -> Comparison:
    """Campaigns side by side, kept a while."""
    stores, now = stores_of(request), now_of(request)

    def ask() -> Comparison:
        return compare(within(stores, segment, now=now), campaigns, now=now, age=age, segment=segment)

    told = kept_of(request).answer(("compare", *(each.id for each in campaigns), age, segment), ask)
    return told if actor_of(request).sees_the_few else without_parts(told)


@router.get("/health")
def health(request: Request) -> Response:
    """Answers as soon as the stores do."""
    stores_of(request).events.ask("latest")
    return _json(b'{"status":"ok"}')


@router.get("/api/status")
def status(request: Request) -> Response:
    """What the installation says of itself: roles, sums, log and disk."""
    return _json(status_to_json(status_of(request)))


@router.get("/api/campaigns")
def campaigns(request: Request) -> Response:
    """All campaigns, last sent first, and their sum."""
    return _json(to_json(overview(stores_of(request))))


@router.get("/api/changes")
def all_changes(request: Request) -> Response:
    """What changed since last week: the mail of two weeks at equal age."""
    return _json(changes_to_json(changes_of(request, overview(stores_of(request)))))


@router.get("/api/campaigns/{campaign}")
def campaign(request: Request, campaign: str) -> Response:
    """Everything known about one campaign, by id or name."""
    return _json(to_json(report_of(request, campaign)))


@router.get("/api/campaigns/{campaign}/reconcile")
def campaign_reconcile(request: Request, campaign: str) -> Response:
    """What an ESP told of a campaign against what we learned ourselves."""
    stores = stores_of(request)
    return _json(reconcile_to_json(reconcile(stores, find(stores, campaign))))


@router.get("/api/campaigns/{campaign}/definitions")
def campaign_definitions(request: Request, campaign: str, *, dialect: Dialect = "") -> Response:
    """One campaign's figures with their definitions, in our words and in those of other tools."""
    stores = stores_of(request)
    return _json(definitions_to_json(definitions(stores, find(stores, campaign), dialect)))


@router.get("/api/campaigns/{campaign}/pace")
def campaign_pace(request: Request, campaign: str) -> Response:
    """How fast a campaign's opens and clicks come: at equal age, half-life, forecast."""
    stores = stores_of(request)
    return _json(pace_to_json(pace_of(request, find(stores, campaign))))


@router.get("/api/campaigns/{campaign}/people")
def campaign_people(
    request: Request,
    campaign: str,
    there: Narrowed,
    *,
    outcome: Outcome = "all",
    page: Page = 1,
    page_size: PageSize = PAGE_SIZE,
    cursor: Cursor = "",
) -> Response:
    """What became of each recipient's copy, a page at a time."""
    stores = stores_of(request)
    found = find(stores, campaign)
    answer = people(stores, found, outcome=outcome, there=there, page=page, page_size=page_size, cursor=cursor)
    return _json(to_json(answer))


@router.get("/api/campaigns/{campaign}/events")
def campaign_events(
    request: Request, campaign: str, *, page_size: PageSize = MAX_PAGE_SIZE, cursor: Cursor = ""
) -> Response:
    """Every event of a campaign in order of time, a page at a time; opens and clicks as consent lets them out."""
    stores = stores_of(request)
    return _json(events_to_json(events_page(stores, find(stores, campaign), page_size=page_size, cursor=cursor)))


@router.get("/api/campaigns/{campaign}/deliveries/{delivery}")
def delivery(request: Request, campaign: str, delivery: str) -> Response:
    """Everything that happened to one recipient's copy, with every verdict and its reasons."""
    stores = stores_of(request)
    return _json(delivery_to_json(delivery_card(stores, find(stores, campaign), delivery)))


@router.get("/api/person")
def one_person(request: Request, *, address: Address) -> Response:
    """One recipient over all campaigns: how often and when they engage, with what, if they come back, and the score."""
    stores, given = stores_of(request), address.strip()
    answer = person(stores, given)
    (handle,) = stores.state.known_handles([given]).values()
    score = score_of(stores, desk_of(request), handle, now=now_of(request))
    told = {field.name: getattr(answer, field.name) for field in fields(answer)}
    return _json(msgspec.json.encode(ScoredPerson(**told, score=score)) + b"\n")


@router.get("/api/person/hour")
def person_hour(request: Request, *, address: Address) -> Response:
    """The hour of the day at which one recipient is most likely to react, or why none is named."""
    stores, given = stores_of(request), address.strip()
    found = person(stores, given)
    (handle,) = stores.state.known_handles([given]).values()
    hour = best_hours(stores, [handle], now=now_of(request))[handle]
    return _json(msgspec.json.encode({"address": found.address, "best": hour}) + b"\n")


@router.get("/api/compare")
def comparison(request: Request, *, c: Campaigns = (), age: Age = None, segment: InSegment = "") -> Response:
    """Campaigns at equal age, each compared with the first; of everybody, or of the people of a segment."""
    found = [find(stores_of(request), each) for each in dict.fromkeys(c)]
    return _json(compare_to_json(comparison_of(request, found, age, segment)))


@router.get("/api/timing")
def all_timing(request: Request) -> Response:
    """At which hours of the week people react to mail, by their own clocks, in the last 90 days."""
    return _json(timing_to_json(timing(stores_of(request), now=now_of(request))))


@router.get("/api/campaigns/{campaign}/timing")
def campaign_timing(request: Request, campaign: str) -> Response:
    """At which hours of the week people reacted to one campaign."""
    stores = stores_of(request)
    return _json(timing_to_json(timing(stores, now=now_of(request), campaign=find(stores, campaign))))


@router.get("/api/bounces")
def bounces(request: Request) -> Response:
    """What came back of all campaigns in the last 90 days, why, and what to do."""
    return _json(returned_to_json(returned_of(request)))


@router.get("/api/campaigns/{campaign}/bounces")
def campaign_bounces(request: Request, campaign: str) -> Response:
    """What came back of one campaign."""
    return _json(returned_to_json(returned_of(request, find(stores_of(request), campaign))))


@router.get("/api/domains")
def domains(request: Request, *, days: Days = DAYS) -> Response:
    """What machines do to mail at each recipient domain, by the mail of the last days."""
    return _json(atlas_to_json(atlas(stores_of(request), now=now_of(request), days=days)))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
