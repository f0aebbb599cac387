"""Whom to call today: the page, the same for programs and spreadsheets, and what another model would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from mailwake.boards import calls_view
from mailwake.framing.rendering import render
from mailwake.scoring.answers import to_json
from mailwake.scoring.calls import PAGE_SIZE, Call, calls, owners
from mailwake.scoring.force import named, use
from mailwake.scoring.leads import learn_from
from mailwake.scoring.model import read_model
from mailwake.scoring.movers import movers
from mailwake.serving.forms import long_json_of, table_json_of
from mailwake.web.api import Page, PageSize, desk_of, force_of, guarded, now_of, stores_of
from mailwake.web.lists import csv_answer, gathered

router = guarded()

Band = Annotated[str, Query(max_length=20, description="Hot, Warm, Cool or Cold; without it all with a score.")]
Owner = Annotated[str, Query(max_length=200, description="As the CRM spells it; without it anybody.")]
Members = Annotated[Mapping[str, str], Depends(long_json_of)]
Table = Annotated[Mapping[str, str], Depends(table_json_of)]
#: people whose owners are offered to choose from
_OFFERED = 1_000
_CHUNK = 500


@router.get(calls_view.PATH, include_in_schema=False)
def calls_page(request: Request, *, band: Band = "", owner: Owner = "", page: Page = 1) -> Response:
    """The best first, with reasons and drafts."""
    stores, desk, now = stores_of(request), desk_of(request), now_of(request)
    answer = calls(stores, desk, now=now, band=band, owner=owner, page=page)
    offered = owners(desk, desk.ranking(stores, now), _OFFERED)
    return render(request, "calls.html", here="calls", **calls_view.values(answer, offered, stores.zone))


@router.get("/calls.csv", include_in_schema=False)
def calls_csv(request: Request, *, band: Band = "", owner: Owner = "") -> Response:
    """The whole list."""
    stores, desk, now = stores_of(request), desk_of(request), now_of(request)
    calls(stores, desk, now=now, band=band, owner=owner, page_size=1)  # refuses before it begins

    def chunk(page: int) -> Sequence[Call]:
        return calls(stores, desk, now=now, band=band, owner=owner, page=page, page_size=_CHUNK).calls

    return csv_answer("calls", calls_view.CSV_HEAD, map(calls_view.csv_row, gathered(chunk)))


@router.get("/api/calls")
def list_calls(
    request: Request, *, band: Band = "", owner: Owner = "", page: Page = 1, page_size: PageSize = PAGE_SIZE
) -> Response:
    """People by score, the best first, with reasons, the latest act and a draft of what to write."""
    stores, desk = stores_of(request), desk_of(request)
    answer = calls(stores, desk, now=now_of(request), band=band, owner=owner, page=page, page_size=page_size)
    return Response(to_json(answer), media_type="application/json")


@router.post("/api/score/movers")
def compare_models(request: Request, given: Members) -> Response:
    """Who would move under a model whose file is the text `model`, or that is kept as `name`; changes nothing."""
    stores, desk = stores_of(request), desk_of(request)
    if "name" in given:
        other = named(stores.state, force_of(request).points, given["name"])
    else:
        other = read_model(given.get("model", ""), where="model")
    found = movers(stores, desk.model, other, desk.contacts, now=now_of(request))
    return Response(to_json(found), media_type="application/json")


@router.post("/api/score/learn")
def try_learning(request: Request, given: Table) -> Response:
    """Whether a learned model tells who converts better than the points; `leads` is a table. One that does is kept."""
    found = learn_from(stores_of(request), given.get("leads", ""), force_of(request).points, now=now_of(request))
    return Response(to_json(found), media_type="application/json")


@router.post("/api/score/use")
def put_in_force(request: Request, given: Members) -> Response:
    """Score by the model `name` from now on: the points, or one that was learned, stood its test and is kept."""
    found = use(stores_of(request).state, force_of(request).points, given.get("name", ""))
    return Response(to_json(found), media_type="application/json")
