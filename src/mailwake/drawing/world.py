"""Countries as dots where they lie: a map without coasts, which every country with mail stands out of.

Places are cities, not middles of countries; the projection is equirectangular. The table beside says the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt

from mailwake.drawing import figures
from mailwake.insight.answers import Group

#: of the drawing, in degrees; nobody lives south of it
WIDTH, HEIGHT, _NORTH = 360, 142, 84
#: radius of the largest dot, and of the smallest that says anything
_LARGEST, _SMALLEST = 13.0, 2.4


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """One country."""

    x: str
    y: str
    #: empty: no mail was read there
    radius: str
    says: str


@cache
def places() -> dict[str, tuple[float, float]]:
    """ISO 3166-1 alpha-2 to degrees east and north."""
    text = files("mailwake.drawing").joinpath("places.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {code: (float(east), float(north)) for code, north, east in rows}


def dots(rows: Iterable[Group], by: str) -> tuple[Dot, ...]:
    """Every country; those with likely people as circles whose area grows with how many, the largest first.

    Args:
        rows: countries of a campaign.
        by: opened or clicked.
    """
    people = {row.name: getattr(row, by).human for row in rows if row.name in places()}
    labels = {row.name: row.label for row in rows}
    most = max(people.values(), default=0)
    found = sorted(places(), key=lambda code: (-people.get(code, 0), code))
    return tuple(_dot(code, labels.get(code, code), people.get(code, 0), most) for code in found if _is_shown(code))


def _is_shown(code: str) -> bool:
    return _NORTH - HEIGHT < places()[code][1] < _NORTH


def _dot(code: str, label: str, people: int, most: int) -> Dot:
    east, north = places()[code]
    radius = max(_SMALLEST, _LARGEST * sqrt(people / most)) if people else 0.0
    return Dot(
        x=f"{(east + 180) % 360:.1f}",
        y=f"{_NORTH - north:.1f}",
        radius=f"{radius:.1f}" if people else "",
        says=f"{label}: {figures.count(people)}",
    )
