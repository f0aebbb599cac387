"""Goals: their page, what campaigns earned of them, and the same for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.earnings import keeper
from mailwake.earnings.answers import CampaignConversions, to_json
from mailwake.earnings.report import campaign_conversions, goal_report, goals, model_named
from mailwake.errors import BadInput
from mailwake.framing.rendering import as_json, render
from mailwake.insight.report import find
from mailwake.serving.forms import by_of, form_of, json_of
from mailwake.views import conversions_view, goals_view
from mailwake.web.api import guarded, now_of, stores_of

PATH = "/goals"

router = guarded()

Name = Annotated[str, Query(max_length=60, description="Name of a goal; without it the first.")]
ModelName = Annotated[str, Query(max_length=20, description="last, first or linear.")]
Segments = Annotated[bool, Query(description="Add up segments too; each is a question over all events.")]
Form = Annotated[Mapping[str, str], Depends(form_of)]
Members = Annotated[Mapping[str, str], Depends(json_of)]


@router.get(PATH, include_in_schema=False)
def all_goals(request: Request) -> Response:
    """All goals, and how a shop says that one was reached."""
    stores = stores_of(request)
    told = goals(stores, now=now_of(request))
    return render(request, "goals.html", here="goals", **goals_view.values(told, stores.zone))


@router.post(PATH, include_in_schema=False)
def change(request: Request, form: Form) -> Response:
    """Make or delete a goal, and show the page again."""
    if form.get("act") == "add":
        _add(request, form)
    elif form.get("act") == "delete":
        keeper.delete(stores_of(request).state, form.get("name", ""))
    else:
        raise BadInput("the form has to say what to do; reload the page and try again")
    return RedirectResponse(PATH, status_code=303)


@router.get("/goals/{name}", include_in_schema=False)
def one_goal_page(request: Request, name: str, *, model: ModelName = "", segments: Segments = False) -> Response:
    """One goal, and which campaigns led to it."""
    stores = stores_of(request)
    told = goal_report(stores, name, model_named(model), with_segments=segments, now=now_of(request))
    return render(request, "goal.html", here="goals", **goals_view.goal_values(told, stores.zone))


@router.get("/campaigns/{campaign}/conversions", include_in_schema=False)
def conversions_page(
    request: Request, campaign: str, *, goal: Name = "", model: ModelName = "", segments: Segments = False
) -> Response:
    """What one campaign earned."""
    told = _conversions(request, campaign, goal, model, with_segments=segments)
    return render(request, "conversions.html", **conversions_view.values(told))


@router.get("/api/goals")
def list_goals(request: Request) -> Response:
    """All goals with what they came to, by name."""
    return as_json({"goals": goals(stores_of(request), now=now_of(request))})


@router.get("/api/goals/{name}")
def one_goal(request: Request, name: str, *, model: ModelName = "", segments: Segments = False) -> Response:
    """One goal, and which campaigns and segments led to it."""
    told = goal_report(stores_of(request), name, model_named(model), with_segments=segments, now=now_of(request))
    return Response(to_json(told), media_type="application/json")


@router.post("/api/goals")
def add_goal(request: Request, given: Members) -> Response:
    """Make a goal: `name`, and optionally `window_days value currency by`."""
    return one_goal(request, _add(request, given))


@router.post("/api/goals/delete")
def delete_goal(request: Request, given: Members) -> Response:
    """Forget a goal: `name`. What was reached stays."""
    keeper.delete(stores_of(request).state, given.get("name", ""))
    return as_json({"deleted": 1})


@router.get("/api/campaigns/{campaign}/conversions")
def conversions(
    request: Request, campaign: str, *, goal: Name = "", model: ModelName = "", segments: Segments = False
) -> Response:
    """What one campaign earned of one goal: per link, variant and segment, and against its holdout."""
    return Response(
        to_json(_conversions(request, campaign, goal, model, with_segments=segments)), media_type="application/json"
    )


def _conversions(request: Request, campaign: str, goal: str, model: str, *, with_segments: bool) -> CampaignConversions:
    stores, chosen = stores_of(request), model_named(model)
    found = find(stores, campaign)
    return campaign_conversions(
        stores, found, goal=goal, model=chosen, with_segments=with_segments, now=now_of(request)
    )


def _add(request: Request, given: Mapping[str, str]) -> str:
    window = given.get("window_days") or str(keeper.WINDOW_DAYS)
    if not (window.isascii() and window.isdecimal() and len(window) < 6):
        raise BadInput(f"a window of {window[:20]!r} cannot be; write a number of days")
    goal = keeper.add(
        stores_of(request).state,
        given.get("name", ""),
        window_days=int(window),
        value=given.get("value", ""),
        currency=given.get("currency", ""),
        now=now_of(request),
        by=by_of(request, given),
    )
    return goal.name
