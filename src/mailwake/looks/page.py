"""Images and text of a page, with where they stand; the links are `compose`'s to find."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from typing import NamedTuple

from mailwake.markup.charset import Text
from mailwake.markup.entities import decode_attribute
from mailwake.markup.scan import Scanner
from mailwake.markup.tags import JUMP_TO_ANY, attributes

#: What stands in these is not read by anybody.
_UNSEEN = frozenset(("style", "script", "title", "head", "noscript", "template", "xml"))
_DROPPED = {
    "script": "script",
    "form": "form",
    "link": "stylesheet",
    **dict.fromkeys(("iframe", "frame", "object", "embed", "applet"), "embedded"),
}
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*+>", re.DOTALL)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:opacity|max-height)\s*:\s*0(?:\.0*)?(?:px)?\s*(?:;|!|\Z)",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"(?<![\w-])(font-size|color|background(?:-color|-image)?|width|height)\s*:\s*([^;!]*)", re.IGNORECASE
)
_TINY = re.compile(r"(?:0|[01](?:\.\d+)?(?:px|pt))")
_COLOUR = re.compile(r"#[0-9a-f]{3,6}|[a-z]+")
_WHITE = "#ffffff"
#: Within these a word goes on.
_INLINE = frozenset(
    ("a", "b", "i", "u", "s", "em", "strong", "span", "font", "small", "big", "sub", "sup", "mark", "wbr", "img")
)
_CODE = frozenset(("code", "samp", "kbd"))
#: Another one of the same name ends them.
_ENDED = frozenset(("p", "li", "td", "th", "tr", "dd", "dt"))
#: Of what is open, so much is looked through for what a tag ends.
_MOST_OPEN = 40


@dataclass(frozen=True, kw_only=True)
class Image:
    """An ``<img>`` that is shown."""

    #: position in the view
    start: int
    src: str
    #: None: it has none, which is something else than an empty one
    alt: str | None
    width: str
    height: str
    #: by its own style, or by the one of what it is in
    is_hidden: bool
    #: in a link
    is_linked: bool

    @property
    def is_dot(self) -> bool:
        """One pixel: nobody is meant to see it."""
        return self.width in ("0", "1") and self.height in ("0", "1")


class Look(NamedTuple):
    """How something looks, by its own style and by those of what it is in."""

    is_hidden: bool
    #: it is shown as it is written, so that signs in it mean nothing
    is_code: bool
    #: as it is written; empty: not said
    size: str
    #: empty: not said
    colour: str
    #: behind it; empty: nobody can say
    back: str

    @property
    def is_unseen(self) -> bool:
        """No reader can see text of it."""
        is_lost = self.colour != "" and self.colour == self.back
        return self.is_hidden or is_lost or _TINY.fullmatch(self.size) is not None


class Run(NamedTuple):
    """Text between two tags."""

    #: position in the view
    start: int
    #: as a reader would see it
    text: str
    look: Look
    is_linked: bool
    #: no line ends between the run before and this one
    goes_on: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """What stands in a page besides its links."""

    images: tuple[Image, ...]
    #: what programs for mail drop (script, form, embedded, stylesheet): where the first of its kind starts in the view
    dropped: dict[str, int]
    runs: tuple[Run, ...]
    #: where the first picture is that lies behind text; None: there is none
    background: int | None

    def shows(self, start: int, end: int) -> bool:
        """Whether a reader sees anything between two positions of the view."""
        first, last = (bisect.bisect_left(self.runs, at, key=lambda run: run.start) for at in (start, end))
        if any(run.text.strip() and not run.look.is_unseen for run in self.runs[first:last]):
            return True
        first, last = (bisect.bisect_left(self.images, at, key=lambda image: image.start) for at in (start, end))
        return not all(image.is_hidden or image.is_dot for image in self.images[first:last])


def read_page(text: Text) -> Page:
    """Look through a page once."""
    watcher = _Watcher(text)
    watcher.walk()
    watcher.run_to(len(text.view))
    return Page(
        images=tuple(watcher.images),
        dropped=watcher.dropped,
        runs=tuple(watcher.runs),
        background=watcher.background,
    )


class _Watcher(Scanner):
    """Stops at every tag."""

    jump = JUMP_TO_ANY

    def __init__(self, text: Text) -> None:
        super().__init__(text.view)
        self.text = text
        self.images: list[Image] = []
        self.runs: list[Run] = []
        self.dropped: dict[str, int] = {}
        self.links = self.after = 0
        self.is_seen, self.goes_on = True, False
        self.background: int | None = None
        #: a style sheet may say anything of what has a name
        self.has_sheet = re.search("<style", text.view, re.IGNORECASE) is not None
        #: what is open, and how it looks
        self.open = [("", Look(False, False, "", "", "" if self.has_sheet else _WHITE))]

    def step(self, position: int, end: int) -> int:
        return self.any_step(position, end)

    def tag(self, match: re.Match[str], end: int) -> int:
        if self.where == "html":
            self.note(match)
        return super().tag(match, end)

    def note(self, match: re.Match[str]) -> None:
        name = match[1].lower()
        self.run_to(match.start())
        self.after, self.is_seen = match.end(), name not in _UNSEEN
        self.goes_on &= name.lstrip("/") in _INLINE
        if name in ("a", "/a"):
            self.links = 1 if name == "a" else 0
        if (kind := _DROPPED.get(name)) and self.is_dropped(kind, match):
            self.dropped.setdefault(kind, match.start())
        if name[0] == "/" or name in _ENDED:
            self.close(name.lstrip("/"), 1 if name[0] != "/" else _MOST_OPEN)
        if name == "img":
            self.image(match)
        elif name[0] != "/" and name not in _VOID:
            self.open.append((name, self.look(name, match)))

    def is_dropped(self, kind: str, match: re.Match[str]) -> bool:
        """Data for Gmail's own use is no script, and an icon no stylesheet."""
        values = self.values(match, "type", "rel")
        if kind == "stylesheet":
            return "stylesheet" in values.get("rel", "").lower().split()
        return kind != "script" or values.get("type", "").lower() != "application/ld+json"

    def close(self, name: str, most: int) -> None:
        """What is open of a name ends, with all that is in it."""
        for at in range(len(self.open) - 1, max(0, len(self.open) - 1 - most), -1):
            if self.open[at][0] == name:
                del self.open[at:]
                return

    def look(self, name: str, match: re.Match[str]) -> Look:
        values, around = self.values(match, "style", "color", "bgcolor", "background", "class", "id"), self.open[-1][1]
        if not values and name not in _CODE:
            return around
        style = values.get("style", "")
        said = {key.lower(): value.strip().lower() for key, value in _STYLE.findall(style)}
        behind = values.get("background", "") + " ".join(
            value for key, value in said.items() if key.startswith("backg")
        )
        is_picture = ("url(" in behind or "background" in values) and said.get("width") != "1px"
        if is_picture and self.background is None:
            self.background = match.start()
        back = _colour(said.get("background-color") or behind or values.get("bgcolor", ""))
        if self.has_sheet and not values.keys().isdisjoint(("class", "id")):
            around = around._replace(size="", colour="", back="")
        return Look(
            is_hidden=around.is_hidden or _HIDDEN.search(style) is not None,
            is_code=around.is_code or name in _CODE,
            size=said.get("font-size", around.size),
            colour=_colour(said.get("color") or values.get("color", "")) or around.colour,
            back="" if is_picture else back or ("" if behind or "background-color" in said else around.back),
        )

    def run_to(self, position: int) -> None:
        if self.is_seen and position > self.after:
            text = decode_attribute(_COMMENT.sub(" ", self.text.readable(self.after, position)))
            self.runs.append(Run(self.after, text, self.open[-1][1], bool(self.links), self.goes_on))
            self.goes_on = True

    def values(self, match: re.Match[str], *names: str) -> dict[str, str]:
        found = attributes(self.view, match.end(1), match.end() - 1)
        return {
            name: decode_attribute(self.text.readable(start, end)).strip()
            for name, (start, end, _) in found.items()
            if name in names
        }

    def image(self, match: re.Match[str]) -> None:
        values = self.values(match, "src", "alt", "width", "height", "style")
        said = dict(_STYLE.findall(values.get("style", "").lower()))
        wide, high = (values.get(name) or said.get(name, "").strip() for name in ("width", "height"))
        self.images.append(
            Image(
                start=match.start(),
                src=values.get("src", ""),
                alt=values.get("alt"),
                width=wide.removesuffix("px"),
                height=high.removesuffix("px"),
                is_hidden=self.open[-1][1].is_hidden or _HIDDEN.search(values.get("style", "")) is not None,
                is_linked=bool(self.links),
            )
        )


def _colour(written: str) -> str:
    """One way of writing a colour; empty where it is none, or another one shines through."""
    found = _COLOUR.match(written.strip().lower())
    if not found or found[0] in ("transparent", "none", "inherit", "url", "rgb", "rgba", "linear"):
        return ""
    if len(found[0]) == 4 and found[0][0] == "#":
        return "#" + "".join(digit * 2 for digit in found[0][1:])
    return {"white": _WHITE, "black": "#000000"}.get(found[0], found[0])


_VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "area", "base", "col", "embed", "source", "wbr"))
