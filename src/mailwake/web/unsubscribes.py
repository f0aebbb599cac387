"""The page of unsubscriptions that a machine may have pressed, and its form, which restores and applies them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from mailwake.boards import unsubscribes_view
from mailwake.errors import BadInput
from mailwake.events import Note
from mailwake.framing.rendering import render
from mailwake.leaving.incidents import apply_now, held, recent, restore
from mailwake.serving.forms import by_of, form_of, id_in
from mailwake.web.api import Page, guarded, now_of, stores_of

PATH = "/unsubscribes"
_ACTS = {"restore": restore, "apply": apply_now}

router = guarded(include_in_schema=False)


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
    ids = [id_in(form[chosen[0]], "unsubscription")]
    _ACTS[chosen[0]](stores_of(request).state, ids, at=now_of(request), by=by_of(request), why=form.get("why", ""))
    return RedirectResponse(PATH, status_code=303)
