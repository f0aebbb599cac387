"""A few segments that make sense for the demo's crowd, kept through the door that programs have."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from mailwake.errors import Unavailable

SEGMENTS: Mapping[str, str] = {
    "Clicked in several mails": "clicked >= 2 mails",
    "Clicks by machines alone": "clicked as machine and never clicked",
    "Opened but never clicked": "opened and never clicked as anybody",
    "Planner fans": 'clicked "plans" and not (unsubscribed or complained)',
    "Heard nothing from": "delivered and not active and not (bounced or unsubscribed)",
}
TIMEOUT_SECONDS = 30.0


def keep_segments(dashboard_url: str) -> None:
    """Keep them.

    Raises:
        Unavailable: the dashboard does not take one.
    """
    place = urlsplit(dashboard_url).netloc
    headers = {"Origin": dashboard_url, "Content-Type": "application/json"}
    for name, query in SEGMENTS.items():
        connection = http.client.HTTPConnection(place, timeout=TIMEOUT_SECONDS)
        body = msgspec.json.encode({"name": name, "query": query, "by": "demo"})
        try:
            connection.request("POST", "/api/segments", body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as fault:
            raise Unavailable(f"the dashboard does not answer: {fault}") from None
        finally:
            connection.close()
        if status != 200:
            raise Unavailable(f"the dashboard answers {status} to the segment {name!r}")
