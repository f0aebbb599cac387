"""The audit log: its page, the same for programs, and the whole of it as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from mailwake.audit import answers
from mailwake.audit.answers import Asked
from mailwake.audit.checking import Checked, verify
from mailwake.audit.opening import anchors_of
from mailwake.boards import audit_view
from mailwake.errors import BadInput
from mailwake.settings import Settings
from mailwake.store.audit import AuditStore
from mailwake.web.api import Page, PageSize, stores_of
from mailwake.web.rendering import as_json, render

PATH = "/audit"
router = APIRouter()

Text = Annotated[str, Query(max_length=320)]
Check = Annotated[bool, Query(description="Go through the whole chain.")]


@router.get(PATH, include_in_schema=False)
def page(
    request: Request,
    *,
    action: Text = "",
    actor: Text = "",
    outcome: Text = "",
    person: Text = "",
    page: Page = 1,
    check: Check = False,
) -> Response:
    """Who did what, narrowed as the address says."""
    asked = Asked(action=action, actor=actor, outcome=outcome, person=person, page=page)
    store, stores = _store(request), stores_of(request)
    told = answers.page_of(store, stores.state, asked)
    choices = {"actors": store.actors(), "actions": answers.actions_of(store)}
    values = audit_view.values(told, asked, **choices, zone=stores.zone)
    checked = audit_view.checked(_checked(request)) if check else None
    return render(request, "audit.html", here="status", checked=checked, **values)


@router.get("/api/audit")
def list_lines(
    request: Request,
    *,
    action: Text = "",
    actor: Text = "",
    outcome: Text = "",
    person: Text = "",
    page: Page = 1,
    page_size: PageSize = answers.PAGE_SIZE,
) -> Response:
    """Who did what, the latest first; `person` is the address of a recipient."""
    asked = Asked(action=action, actor=actor, outcome=outcome, person=person, page=page, page_size=page_size)
    return as_json(answers.page_of(_store(request), stores_of(request).state, asked))


@router.get("/api/audit/check")
def check_chain(request: Request) -> Response:
    """Whether every line is what it was when it was written; the first that is not is named."""
    return as_json(_checked(request))


@router.get("/api/audit.jsonl")
def export(request: Request) -> Response:
    """All lines as JSON, one a line, from the oldest, as they were hashed."""
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    lines = answers.exported(_store(request))
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


def _store(request: Request) -> AuditStore:
    store: AuditStore = request.app.state.audit.store
    return store


def _checked(request: Request) -> Checked:
    settings: Settings | None = request.app.state.settings
    if settings is None:
        raise BadInput("this dashboard shows stores alone; nobody told it where their anchors are")
    return verify(_store(request), anchors_of(settings))
