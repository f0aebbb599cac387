"""The log for programs; its page stands in `web.audit` and asks the same."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from mailwake.audit import answers
from mailwake.audit.answers import Asked
from mailwake.audit.checking import Checked, verify
from mailwake.audit.opening import anchors_of
from mailwake.errors import BadInput
from mailwake.settings import Settings
from mailwake.store.access.masked import MaskedState
from mailwake.store.audit import AuditStore
from mailwake.store.state import StateStore

router = APIRouter()

Text = Annotated[str, Query(max_length=320)]
Page = Annotated[int, Query(ge=1, le=1_000_000, description="From 1.")]
PageSize = Annotated[int, Query(ge=1, le=1_000, description="Lines per page.")]


def asked_of(
    *,
    action: Text = "",
    actor: Text = "",
    outcome: Text = "",
    person: Annotated[str, Query(max_length=320, description="Address of a recipient.")] = "",
    page: Page = 1,
    page_size: PageSize = answers.PAGE_SIZE,
) -> Asked:
    """Which lines a request is about."""
    return Asked(action=action, actor=actor, outcome=outcome, person=person, page=page, page_size=page_size)


AskedFor = Annotated[Asked, Depends(asked_of)]


@router.get("/api/audit")
def list_lines(request: Request, asked: AskedFor) -> Response:
    """Who did what, the latest first."""
    return _json(answers.page_of(store_of(request), _state_of(request), asked))


@router.get("/api/audit/check")
def check_chain(request: Request) -> Response:
    """Whether every line is what it was when it was written; the first that is not is named."""
    return _json(checked_of(request))


@router.get("/api/audit.jsonl")
def export(request: Request) -> Response:
    """All lines as JSON, one a line, from the oldest, as they were hashed."""
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    lines = answers.exported(store_of(request))
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


def store_of(request: Request) -> AuditStore:
    """The lines of this dashboard's installation."""
    store: AuditStore = request.app.state.audit.store
    return store


def _state_of(request: Request) -> StateStore:
    """What names recipients; to whoever may not know people it gives pseudonyms."""
    state: StateStore = request.app.state.stores.state
    actor = getattr(request.state, "actor", None)  # nobody, where nobody has to say who they are
    return state if actor is None or actor.knows_people else MaskedState(state)


def checked_of(request: Request) -> Checked:
    """What a check of the whole chain finds.

    Raises:
        BadInput: this dashboard is of no installation.
    """
    settings: Settings | None = request.app.state.settings
    if settings is None:
        raise BadInput("this dashboard shows stores alone; nobody told it where their anchors are")
    return verify(store_of(request), anchors_of(settings))


def _json(told: object) -> Response:
    return Response(msgspec.json.encode(told) + b"\n", media_type="application/json")
