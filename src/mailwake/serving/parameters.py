"""What a question to the API may ask: what it does not know is refused, for an answer to another question misleads."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from mailwake.errors import BadInput

#: what other APIs call what has another name here
_ELSEWHERE = {"limit": "page_size", "per_page": "page_size", "size": "page_size", "offset": "page", "q": "query"}
_MOST_CHARS = 60


def known_parameters(route: APIRoute) -> tuple[str, ...]:
    """The names of the query that a route reads, those of what it depends on too, in their order."""
    return tuple(dict.fromkeys(_names(route.dependant)))


def _names(of: Dependant) -> Iterator[str]:
    yield from (field.alias for field in of.query_params)
    for each in of.dependencies:
        yield from _names(each)


def refuse_unknown(request: Request) -> None:
    """Nothing, if the API knows every parameter of the query.

    Raises:
        BadInput: it does not know one; names the nearest that it knows.
    """
    route = request.scope.get("route")
    if not request.url.path.startswith("/api/") or not isinstance(route, APIRoute):
        return
    known = known_parameters(route)
    for name in request.query_params:
        if name not in known:
            raise BadInput(_told(name[:_MOST_CHARS], known))


def _told(name: str, known: tuple[str, ...]) -> str:
    if not known:
        return f"there is no parameter {name!r} here; this takes none"
    near = [_ELSEWHERE[name]] if _ELSEWHERE.get(name) in known else get_close_matches(name, known, n=1)
    if near:
        return f"there is no parameter {name!r} here; the nearest is {near[0]!r}"
    return f"there is no parameter {name!r} here; there are {', '.join(known)}"
