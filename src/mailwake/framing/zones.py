"""In whose time zone pages are: the installation's, or the one that whoever looks has chosen.

Nothing else follows a viewer: what programs read, what leaves as a file, and the days that segments and rules speak of
are the same for everybody.
"""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Request
from starlette.responses import Response

from mailwake.errors import BadInput
from mailwake.language import say

#: of the address, for one page; and of the browser, for all of them
PARAMETER, COOKIE = "tz", "mailwake_zone"
_YEAR_SECONDS = 365 * 86_400
_MOST_CHARS = 60


@cache
def names() -> frozenset[str]:
    """Every time zone by its IANA name, as far as this machine knows them."""
    return frozenset(each for each in available_timezones() if each == "UTC" or "/" in each)


def zone_asked(name: str) -> ZoneInfo:
    """A time zone by its IANA name, in any case.

    Raises:
        BadInput: there is none of this name; names the nearest.
    """
    given = name.strip()[:_MOST_CHARS]
    if given in names():
        return ZoneInfo(given)
    folded = {each.casefold(): each for each in names()}
    if given.casefold() in folded:
        return ZoneInfo(folded[given.casefold()])
    near = get_close_matches(given.casefold().replace(" ", "_"), folded, n=1)
    nearest = folded[near[0]] if near else "America/New_York"
    raise BadInput(say("“%(name)s” is no time zone; write its IANA name, such as %(near)s", name=given, near=nearest))


def zone_of(request: Request) -> ZoneInfo:
    """The zone of a page: of its address, else of the browser's cookie, else of the installation.

    Raises:
        BadInput: the address names none that there is. A cookie that does is as good as none.
    """
    own: ZoneInfo = request.app.state.stores.zone
    if not _is_page(request.url.path):
        return own
    asked = request.query_params.get(PARAMETER)
    if asked is not None:
        return zone_asked(asked)
    chosen = request.cookies.get(COOKIE)
    with suppress(BadInput):
        return zone_asked(unquote(chosen)) if chosen else own
    return own


def shown_zone(request: Request) -> ZoneInfo:
    """As `zone_of`; the installation's where the address names none, for the page that says so has a zone too."""
    try:
        return zone_of(request)
    except BadInput:
        own: ZoneInfo = request.app.state.stores.zone
        return own


def _is_page(path: str) -> bool:
    return not path.startswith("/api/") and not path.endswith((".csv", ".svg"))


def remember(response: Response, zone: ZoneInfo | None) -> None:
    """Let a browser keep its zone for a year; None takes it away."""
    name = quote(zone.key, safe="") if zone else ""
    response.set_cookie(COOKIE, name, max_age=_YEAR_SECONDS if zone else 0, path="/", httponly=True, samesite="lax")
