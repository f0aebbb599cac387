"""The one place where errors become HTTP: JSON for the API, a page that helps for everybody else."""

from __future__ import annotations

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailwake.access.actors import NotAllowed
from mailwake.access.limits import TooOften
from mailwake.consents.standing import NobodyKnown
from mailwake.earnings.keeper import NoSuchGoal
from mailwake.errors import MailwakeError, Unavailable
from mailwake.experiments.design import NoSuchExperiment
from mailwake.insight.click_map import NoSuchTemplate
from mailwake.insight.report import NoSuchCampaign
from mailwake.language import noted, say
from mailwake.people.delivery import NoSuchDelivery
from mailwake.people.on_link import NoSuchLink
from mailwake.people.person import NoSuchPerson
from mailwake.segments.keeper import NoSuchSegment
from mailwake.store.access.masked import Hidden
from mailwake.web.rendering import render

log = structlog.get_logger(__name__)

_HEADINGS = {
    400: noted("This cannot be done as it was asked"),
    403: noted("This is not for you"),
    404: noted("There is nothing here"),
    405: noted("This page only shows, it changes nothing"),
    429: noted("That was too often"),
    503: noted("The data cannot be read just now"),
}
_OTHER = noted("Something went wrong")
#: Faults about something that is named in the address and is not there.
NOT_THERE = (
    NobodyKnown,
    NoSuchCampaign,
    NoSuchDelivery,
    NoSuchExperiment,
    NoSuchGoal,
    NoSuchLink,
    NoSuchPerson,
    NoSuchSegment,
    NoSuchTemplate,
)


def install(app: FastAPI) -> None:
    """Let an app answer its faults."""
    app.add_exception_handler(MailwakeError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _ours(request: Request, fault: Exception) -> Response:
    if isinstance(fault, Unavailable | TooOften):
        status = 503 if isinstance(fault, Unavailable) else 429
        return _answer(request, status, str(fault), {"Retry-After": str(round(fault.retry_after_seconds))})
    if isinstance(fault, NotAllowed | Hidden):
        return _answer(request, 403, str(fault))
    return _answer(request, 404 if isinstance(fault, NOT_THERE) else 400, str(fault))


def _http(request: Request, fault: Exception) -> Response:
    status = fault.status_code if isinstance(fault, HTTPException) else 500
    said = {404: say("The address leads to no page. It may be mistyped or from an older version.")}
    return _answer(request, status, said.get(status, say("The request cannot be answered as it is.")))


def _invalid(request: Request, fault: Exception) -> Response:
    errors = fault.errors() if isinstance(fault, RequestValidationError) else []
    said = "; ".join(f"{error['loc'][-1]}: {error['msg']}" for error in errors)
    return _answer(request, 400, said or say("The address has a part that cannot be understood."))


def _unexpected(request: Request, fault: Exception) -> Response:
    log.error("web.failed", exc_info=fault)
    return _answer(request, 500, say("Mailwake made a mistake; its log says more. Nothing was changed."))


def _answer(request: Request, status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    if request.url.path.startswith("/api/") or request.url.path == "/health":
        body = msgspec.json.encode({"error": sentence})
        return Response(body, status_code=status, media_type="application/json", headers=headers)
    heading = say(_HEADINGS.get(status, _OTHER))
    page = render(request, "fault.html", heading=heading, sentence=sentence, status=status)
    page.headers.update(headers or {})
    return page
