"""Rules: the page with what they decided and why, and the same for programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from mailwake.boards import workflows_view
from mailwake.errors import BadInput
from mailwake.framing.rendering import as_json, render
from mailwake.settings import Settings
from mailwake.web.api import Page, guarded, now_of, stores_of
from mailwake.workflows import answers
from mailwake.workflows.answers import Asked, RulesAnswer
from mailwake.workflows.desk import Desk
from mailwake.workflows.opening import opened_desk
from mailwake.workflows.trial import MAX_DAYS

PATH = "/workflows"
router = guarded()

Text = Annotated[str, Query(max_length=320)]
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="Days back from now.")]


@router.get(PATH, include_in_schema=False)
def page(
    request: Request,
    *,
    rule: Text = "",
    decision: Text = "",
    why: Text = "",
    address: Text = "",
    page: Page = 1,
    tried: Text = "",
    days: Days = 30,
) -> Response:
    """All rules, and what they decided, narrowed as the address says; one of them tried, where it is named."""
    asked = Asked(rule=rule, decision=decision, why=why, address=address, page=page)
    trial = None
    if tried:
        with _desk(request) as desk:
            trial = answers.tried(desk, tried, days=days, now=now_of(request))
    values = workflows_view.values(_told(request, asked), asked, trial, stores_of(request).zone)
    return render(request, "workflows.html", here="workflows", **values)


@router.get("/api/workflows")
def list_rules(
    request: Request, *, rule: Text = "", decision: Text = "", why: Text = "", address: Text = "", page: Page = 1
) -> Response:
    """All rules with what they did, and their decisions, the latest first."""
    return as_json(_told(request, Asked(rule=rule, decision=decision, why=why, address=address, page=page)))


@router.get("/api/workflows/why")
def explain(request: Request, *, address: Text, rule: Text = "") -> Response:
    """What rules made of the last thirty days of one person, and why."""
    with _desk(request) as desk:
        return as_json(answers.explained(desk, address, rule, now=now_of(request)))


@router.get("/api/workflows/{rule}/test")
def try_out(request: Request, rule: str, *, days: Days = 30) -> Response:
    """For whom a rule would have acted in the last days; nothing is done."""
    with _desk(request) as desk:
        return as_json(answers.tried(desk, rule, days=days, now=now_of(request)))


def _told(request: Request, asked: Asked) -> RulesAnswer:
    if request.app.state.settings is None:
        return answers.NOWHERE
    with _desk(request) as desk:
        return answers.everything(desk, asked)


@contextmanager
def _desk(request: Request) -> Iterator[Desk]:
    settings: Settings | None = request.app.state.settings
    if settings is None:
        raise BadInput("this dashboard shows stores alone; nobody told it where their rules are")
    with opened_desk(settings, stores_of(request)) as desk:
        yield desk
