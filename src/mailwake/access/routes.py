"""What each route takes, from ``routes.toml``; what stands nowhere there is answered to nobody."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What the table says of one route."""

    #: all of them are needed; none: being logged in is enough
    permissions: tuple[str, ...]
    #: whoever asks, logged in or not
    is_public: bool
    #: it shows people
    reveals: bool
    #: it makes a file
    exports: bool


@cache
def table() -> dict[str, Line]:
    """Method in lower case, a blank, and the path or its template, to what it takes."""
    tree = tomllib.loads(files(__package__).joinpath("routes.toml").read_text(encoding="utf-8"))
    needs = {route: tuple(group.split()) for group, routes in tree["needs"].items() for route in routes}
    needs |= dict.fromkeys([*tree["public"]["routes"], *tree["anybody"]["routes"]], ())
    return {
        route: Line(
            permissions=permissions,
            is_public=route in tree["public"]["routes"],
            reveals=route in tree["reveals"]["routes"],
            exports=route in tree["exports"]["routes"],
        )
        for route, permissions in needs.items()
    }


def line_of(method: str, template: str, path: str = "") -> Line | None:
    """What a route takes; None: nobody may.

    Args:
        method: as HTTP has it; HEAD is GET without the answer.
        template: of the path, such as ``/campaigns/{campaign}``.
        path: itself, where a line of its own may stand for it.
    """
    word = {"HEAD": "get"}.get(method, method.lower())
    return table().get(f"{word} {path}") or table().get(f"{word} {template}")
