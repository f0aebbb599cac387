"""The form at the end of every page: in which time zone this browser is shown times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends
from starlette.responses import RedirectResponse, Response

from mailwake.framing.asking import guarded
from mailwake.framing.zones import remember, zone_asked
from mailwake.serving.entry import returning
from mailwake.serving.forms import form_of

router = guarded(include_in_schema=False)

Form = Annotated[Mapping[str, str], Depends(form_of)]


@router.post("/zone")
def choose(form: Form) -> Response:
    """Keep a zone in the browser, none for the installation's, and go back to where the form was."""
    wanted = form.get("zone", "").strip()
    back = RedirectResponse(returning(form.get("return_to", "/")), status_code=303)
    remember(back, zone_asked(wanted) if wanted else None)
    return back
