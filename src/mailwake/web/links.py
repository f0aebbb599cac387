"""Links after delivery: what stopped answering, and where readers go instead; the same for programs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.framing.rendering import as_json, render
from mailwake.serving.forms import by_of, form_of, json_of
from mailwake.watchdog import answers, view
from mailwake.watchdog.deciding import decide as decide_on
from mailwake.watchdog.desk import Desk, opened_desk
from mailwake.web.api import guarded, now_of, stores_of

PATH = "/links"
router = guarded()
Href = Annotated[str, Query(max_length=16_384, description="A link as it stands in the mail.")]
Form = Annotated[Mapping[str, str], Depends(form_of)]
Members = Annotated[Mapping[str, str], Depends(json_of)]


@router.get(PATH, include_in_schema=False)
def page(request: Request, *, href: Href = "") -> Response:
    """What stands, and the form for one link."""
    with _desk(request) as desk:
        values = view.values(desk.standing(), desk.card(href) if href else None, stores_of(request).zone)
    return render(request, "links.html", **values)


@router.post(PATH, include_in_schema=False)
def change(request: Request, form: Form) -> Response:
    """Decide where the readers of a link go, and show it."""
    with _desk(request) as desk:
        decide_on(desk, form, at=now_of(request), by=by_of(request, form))
    return RedirectResponse(f"{PATH}?{urlencode({'href': form.get('href', '')})}", status_code=303)


@router.get("/api/links")
def list_links(request: Request) -> Response:
    """Alarms, links whose readers go elsewhere, and what was decided."""
    with _desk(request) as desk:
        return as_json(answers.everything(desk.standing()))


@router.get("/api/link")
def one_link(request: Request, *, href: Href) -> Response:
    """All of one link."""
    with _desk(request) as desk:
        return as_json(answers.one(desk.card(href)))


@router.post("/api/links")
def decide(request: Request, given: Members) -> Response:
    """Decide where readers of a link go: `act href why`, `to insist` to replace, `template number` or `leading`."""
    with _desk(request) as desk:
        decide_on(desk, given, at=now_of(request), by=by_of(request, given))
        return as_json(answers.one(desk.card(given["href"])))


def _desk(request: Request) -> AbstractContextManager[Desk]:
    return opened_desk(request.app.state.settings)
