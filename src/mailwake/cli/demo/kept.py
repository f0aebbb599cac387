"""Goals and a few segments that make sense for the demo's crowd, kept through the door that programs have."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from mailwake.errors import Unavailable
from mailwake.simulate.shop import Shop

Kept = Sequence[dict[str, str]]
SEGMENTS: Kept = (
    {"name": "Clicked in several mails", "query": "clicked >= 2 mails", "by": "demo"},
    {"name": "Clicks by machines alone", "query": "clicked as machine and never clicked", "by": "demo"},
    {"name": "Opened but never clicked", "query": "opened and never clicked as anybody", "by": "demo"},
    {"name": "Planner fans", "query": 'clicked "plans" and not (unsubscribed or complained)', "by": "demo"},
    {"name": "Clicked in Germany", "query": 'clicked country "DE"', "by": "demo"},
    {"name": "Heard nothing from", "query": "delivered and not active and not (bounced or unsubscribed)", "by": "demo"},
)
GOALS: Kept = (
    {"name": "purchase", "window_days": "14", "value": "29.00", "currency": "EUR", "by": "demo"},
    {"name": "trial", "window_days": "7", "by": "demo"},
)
#: reached by records of the org, where there is one
DEAL: Kept = ({"name": "deal", "window_days": "30", "currency": "EUR", "by": "demo"},)
#: one visit in five buys something, another in eight begins a trial
SHOP = Shop(parameter="mw_ref", goals=(("purchase", 0.2, (900, 24_900)), ("trial", 0.125, None)))
TIMEOUT_SECONDS = 30.0


def keep(dashboard_url: str, path: str, wanted: Kept) -> None:
    """Keep them.

    Raises:
        Unavailable: the dashboard does not take one.
    """
    place = urlsplit(dashboard_url).netloc
    headers = {"Origin": dashboard_url, "Content-Type": "application/json"}
    for each in wanted:
        connection = http.client.HTTPConnection(place, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", path, msgspec.json.encode(each), headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as fault:
            raise Unavailable(f"the dashboard does not answer: {fault}") from None
        finally:
            connection.close()
        if status != 200:
            raise Unavailable(f"the dashboard answers {status} to {each['name']!r}")
