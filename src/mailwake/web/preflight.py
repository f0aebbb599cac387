"""A message that is about to leave, judged: the page with its form, and the same for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from mailwake.framing.rendering import as_json, render
from mailwake.preflight import view as preflight_view
from mailwake.preflight.asking import judged, message_in
from mailwake.preflight.upload import uploaded
from mailwake.serving.forms import TABLE_BODY_BYTES, body_of, table_json_of
from mailwake.web.api import guarded, now_of

router = guarded()


async def _body(request: Request) -> bytes:
    return await body_of(request, TABLE_BODY_BYTES)


@router.get("/preflight", include_in_schema=False)
def page(request: Request) -> Response:
    """The form."""
    return render(request, "preflight.html", **preflight_view.values(None, {}))


@router.post("/preflight", include_in_schema=False)
def judge(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
    """The findings of what was pasted or chosen, over the form."""
    message, given = uploaded(request.headers.get("content-type", ""), body)
    told = judged(message, given, request.app.state.settings, now=now_of(request))
    return render(request, "preflight.html", **preflight_view.values(told, given))


@router.post("/api/preflight")
def api(request: Request, given: Annotated[Mapping[str, str], Depends(table_json_of)]) -> Response:
    """What filters, providers and readers will find wrong with a message: `message` or `base64`."""
    return as_json(judged(message_in(given), given, request.app.state.settings, now=now_of(request)))
