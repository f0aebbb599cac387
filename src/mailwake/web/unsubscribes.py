"""The page of unsubscriptions that a machine may have pressed, and the one form of the dashboard that changes anything.

`mailwake.web.guard` lets only forms through that a page of ours has sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from mailwake.errors import BadInput
from mailwake.events import Note
from mailwake.leaving.incidents import apply_now, held, recent, restore
from mailwake.views import unsubscribes_view
from mailwake.web.api import Page, now_of, stores_of
from mailwake.web.rendering import render

PATH = "/unsubscribes"
#: A reason of 200 characters is at most 2,400 bytes of a form, whatever its letters.
FORM_BYTES = 8_192
_FIELDS = 4
#: Who did it, as it is kept: the dashboard knows no users.
BY = "dashboard"
_ACTS = {"restore": restore, "apply": apply_now}

router = APIRouter(include_in_schema=False)


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form.

    Raises:
        BadInput: it is too long or no form.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            raise BadInput("the form is too long; give a shorter reason")
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"))
    except ValueError:
        raise BadInput("the form cannot be read; reload the page and try again") from None


@router.get(PATH)
def unsubscribes(request: Request, *, page: Page = 1) -> Response:
    """What is held, by incident, and the newest presses of the button."""
    stores = stores_of(request)
    asked = unsubscribes_view.Asked(page=page, total=stores.state.unsubscribe_count(Note.BUTTON))
    newest = recent(stores.state, page=page, page_size=unsubscribes_view.PAGE_SIZE)
    values = unsubscribes_view.values(held(stores.state), newest, asked, stores.zone)
    return render(request, "unsubscribes.html", here="unsubscribes", **values)


@router.post(PATH)
def decide(request: Request, form: Annotated[Mapping[str, str], Depends(form_of)]) -> Response:
    """Restore or apply one press or a whole incident, and show the page again."""
    chosen = [name for name in _ACTS if name in form]
    if len(chosen) != 1:
        raise BadInput("the form has to say what to do, once; reload the page and try again")
    told = form[chosen[0]]
    if not (told.isascii() and told.isdecimal() and len(told) < 20):
        raise BadInput("the form names no unsubscription; reload the page and try again")
    _ACTS[chosen[0]](stores_of(request).state, [int(told)], at=now_of(request), by=BY, why=form.get("why", ""))
    return RedirectResponse(PATH, status_code=303)
