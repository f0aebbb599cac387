"""Stand-ins for pictures, and image maps as boxes over them. Works on cleaned markup only.

Areas of an image map have no box of their own in a browser, so nothing can be drawn on them: a box is laid over the
picture where each was. Source: WHATWG HTML 4.8.14 (image maps: coordinates are CSS pixels of the picture as shown).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import count
from urllib.parse import quote

from mailwake.clickmap.marking import ATTRIBUTE

#: cleaned markup has every value in double quotes, and none with a double quote in it
_TAG = r"<%s((?:\s[\w-]+(?:=\"[^\"]*\")?)*)\s*/?>"
_IMAGE, _AREA = (re.compile(_TAG % name) for name in ("img", "area"))
_MAP = re.compile(r"</?map(?:\s[\w-]+(?:=\"[^\"]*\")?)*\s*>")
_MAP_AND_AREAS = re.compile(rf"{_TAG % 'map'}(.*?)</map>", re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w-]+)(?:=\"([^\"]*)\")?")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
#: Of a picture that does not say its size.
_WIDTH, _HEIGHT = 160, 60
#: Lines and pixels that only make room are not drawn.
_SPACER = 12
_MAX_SIDE = 4_000
#: Pictures of one mail that get a drawing of their own; all others are as large, and empty.
_MAX_DRAWN = 1_000
_EMPTY = "data:image/svg+xml,%3Csvg%20xmlns%3D%22http%3A%2F%2Fwww.w3.org%2F2000%2Fsvg%22%2F%3E"


def replace(markup: str, *, fetch: bool) -> str:
    """Markup whose pictures fetch nothing, with a box for every area of an image map.

    Args:
        markup: as `cleaning.clean` leaves it.
        fetch: keep the addresses of pictures on the web, so that the browser asks for them.
    """
    maps: dict[str, list[dict[str, str]]] = {}
    for found in _MAP_AND_AREAS.finditer(markup):
        areas = [_values(area[1]) for area in _AREA.finditer(found[2])]
        maps.setdefault(html.unescape(_values(found[1]).get("name", "")).lower(), areas)
    drawn_so_far = count()
    without = _MAP.sub("", _AREA.sub("", markup))

    def picture(found: re.Match[str]) -> str:
        values = _values(found[1])
        name = html.unescape(values.pop("usemap", "")).removeprefix("#").lower()
        drawn = _image(values, fetch=fetch, is_empty=next(drawn_so_far) >= _MAX_DRAWN)
        sides = _side(values.get("width", ""), 0), _side(values.get("height", ""), 0)
        boxes = "".join(_box(area, sides) for area in (maps.pop(name, []) if name else []))
        return f'<span class="mw-picture">{drawn}{boxes}</span>' if boxes else drawn

    return _IMAGE.sub(picture, without)


def _values(text: str) -> dict[str, str]:
    """Names to values, as they are written: still escaped."""
    return {found[1]: found[2] or "" for found in _ATTRIBUTE.finditer(text)}


def _image(values: dict[str, str], *, fetch: bool, is_empty: bool) -> str:
    source = values.pop("src", "")
    if not (fetch and source):
        source = _EMPTY if is_empty else html.escape(_stand_in(values))
    rest = "".join(f' {name}="{value}"' for name, value in values.items())
    return f'<img src="{source}" referrerpolicy="no-referrer"{rest}>'


def _stand_in(values: Mapping[str, str]) -> str:
    """A drawing as large as the picture, with its alternative text in it."""
    width = _side(values.get("width", ""), 0)
    height = _side(values.get("height", ""), 0)
    width, height = width or (height and max(height, _WIDTH)) or _WIDTH, height or _HEIGHT
    words = " ".join(html.unescape(values.get("alt", "")).split())[:200]
    inside = ""
    if width > _SPACER and height > _SPACER:
        # No colour of ours and no box where the mail may be dark or light: a grey that is seen on both.
        said = html.escape(words) if height >= 2 * _SPACER else ""
        inside = (
            f'<rect x=".5" y=".5" width="{width - 1:g}" height="{height - 1:g}" fill="#888" fill-opacity=".16" '
            f'stroke="#888" stroke-dasharray="3 3"/><text x="50%" y="50%" fill="#767676" font-family="sans-serif" '
            f'font-size="13" text-anchor="middle" dominant-baseline="central">{said}</text>'
        )
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}">{inside}</svg>'
    drawn = "".join(letter for letter in drawn if letter.isprintable() or letter == " ")
    return f"data:image/svg+xml,{quote(drawn, safe='', errors='replace')}"


def _side(text: str, otherwise: float) -> float:
    found = _NUMBER.match(text.strip())
    if found is None or text.strip().endswith("%") or not float(found[0]) > 0:
        return otherwise
    return min(float(found[0]), _MAX_SIDE)


def _box(values: Mapping[str, str], sides: tuple[float, float]) -> str:
    """An area as a box: its rectangle, or the smallest that holds it; without coordinates all of the picture.

    Where the picture says its size, the box is a part of it and stays in place where the picture is drawn smaller.
    """
    number = values.get(ATTRIBUTE, "")
    if not number.isdecimal():
        return ""
    place = _rectangle(values.get("shape", "").lower(), [float(n) for n in _NUMBER.findall(values.get("coords", ""))])
    if place is None:
        where = "inset:0"
    else:
        left, top, right, bottom = place
        across, down = [(100 / side, "%") for side in sides] if all(sides) else [(1.0, "px")] * 2
        parts = (
            ("left", left, across),
            ("top", top, down),
            ("width", right - left, across),
            ("height", bottom - top, down),
        )
        where = ";".join(f"{name}:{number * factor:g}{unit}" for name, number, (factor, unit) in parts)
    return f'<span class="mw-area" {ATTRIBUTE}="{number}" style="position:absolute!important;{where}"></span>'


def _rectangle(shape: str, numbers: list[float]) -> tuple[float, float, float, float] | None:
    numbers = [min(max(number, -_MAX_SIDE), _MAX_SIDE) for number in numbers]
    if shape in ("circ", "circle"):
        if len(numbers) < 3:
            return None
        x, y, radius = numbers[0], numbers[1], abs(numbers[2])
        return x - radius, y - radius, x + radius, y + radius
    if shape == "default" or len(numbers) < 4:
        return None
    across, down = numbers[0::2], numbers[1::2]
    return min(across), min(down), max(across), max(down)
