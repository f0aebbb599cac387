"""The page of the audit log; what programs ask stands in `mailwake.audit.routes`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mailwake.audit import answers, routes
from mailwake.audit.routes import AskedFor
from mailwake.boards import audit_view
from mailwake.framing.rendering import render
from mailwake.web.api import stores_of

router = APIRouter()
router.include_router(routes.router)


@router.get("/audit", include_in_schema=False)
def page(request: Request, asked: AskedFor, *, check: bool = False) -> Response:
    """Who did what, narrowed as the address says, and whether the chain holds."""
    store, stores = routes.store_of(request), stores_of(request)
    told = answers.page_of(store, stores.state, asked)
    choices = {"actors": store.actors(), "actions": answers.actions_of(store)}
    checked = audit_view.checked(routes.checked_of(request)) if check else None
    values = audit_view.values(told, asked, **choices, zone=stores.zone)
    return render(request, "audit.html", checked=checked, **values)
