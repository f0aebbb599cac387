"""Who is told what happens, and who gets reports by mail: a page, and the same for programs. Both only look.

Endpoints and reports stand in the settings, because they hold secrets and addresses of others; nothing is changed here.
"""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from mailwake.boards import notifications_view
from mailwake.bulletins.standing import ReportStanding, reports
from mailwake.framing.rendering import as_json, render
from mailwake.notifying.standing import EndpointStanding, endpoints
from mailwake.settings import Settings
from mailwake.web.api import guarded, now_of, stores_of

router = guarded()


@router.get("/notifications", include_in_schema=False)
def notifications(request: Request) -> Response:
    """All endpoints and reports, and how it goes with each."""
    values = notifications_view.values(*_told(request), now=now_of(request), zone=stores_of(request).zone)
    return render(request, "notifications.html", here="notifications", **values)


@router.get("/api/notifications")
def list_notifications(request: Request) -> Response:
    """Webhooks out and reports by mail: how it goes with each endpoint, and when each report goes next."""
    told, mailed = _told(request)
    return as_json({"endpoints": told, "reports": mailed})


def _told(request: Request) -> tuple[tuple[EndpointStanding, ...], tuple[ReportStanding, ...]]:
    stores, settings = stores_of(request), _settings_of(request)
    if settings is None:
        return (), ()
    last = stores.events.ask("news_span")[0]["last_number"] or 0
    found = endpoints(settings.notify, stores.state, last_number=last)
    return found, reports(settings, stores.state, now=now_of(request))


def _settings_of(request: Request) -> Settings | None:
    found: Settings | None = request.app.state.settings
    return found
