"""Images and text of a page, with where they stand; the links are `compose`'s to find."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|\Z)", re.IGNORECASE)


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


@dataclass(frozen=True, kw_only=True)
class Page:
    """What stands in a page besides its links."""

    images: tuple[Image, ...]
    #: what programs for mail drop (script, form, embedded, stylesheet): where the first of its kind starts in the view
    dropped: dict[str, int]
    #: (start, end) in the view of each run of text between tags
    runs: tuple[tuple[int, int], ...]


def read_page(text: Text) -> Page:
    """Look through a page once."""
    watcher = _Watcher(text)
    watcher.walk()
    watcher.run_to(len(text.view))
    return Page(images=tuple(watcher.images), dropped=watcher.dropped, runs=tuple(watcher.runs))


def visible(text: Text, start: int, end: int) -> str:
    """What a reader sees of a run of text; empty for comments."""
    return decode_attribute(_COMMENT.sub(" ", text.readable(start, end)))


class _Watcher(Scanner):
    """Stops at every tag."""

    jump = JUMP_TO_ANY

    def __init__(self, text: Text) -> None:
        super().__init__(text.view)
        self.text = text
        self.images: list[Image] = []
        self.runs: list[tuple[int, int]] = []
        self.dropped: dict[str, int] = {}
        self.links = self.after = 0
        self.is_seen = True
        #: names of what is open since something hidden was; empty: nothing is
        self.hidden: list[str] = []

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
        if name in ("a", "/a"):
            self.links = 1 if name == "a" else 0
        if (kind := _DROPPED.get(name)) and self.is_dropped(kind, match):
            self.dropped.setdefault(kind, match.start())
        if name == "img":
            self.image(match)
        elif self.hidden:
            self.follow(name)
        elif name[0] != "/" and _HIDDEN.search(self.values(match).get("style", "")) and name not in _VOID:
            self.hidden = [name]

    def is_dropped(self, kind: str, match: re.Match[str]) -> bool:
        """Data for Gmail's own use is no script, and an icon no stylesheet."""
        values = self.values(match, "type", "rel")
        if kind == "stylesheet":
            return "stylesheet" in values.get("rel", "").lower().split()
        return kind != "script" or values.get("type", "").lower() != "application/ld+json"

    def follow(self, name: str) -> None:
        """Keep account of what is open inside of what is hidden, by the one name that can close it."""
        if name == self.hidden[0]:
            self.hidden.append(name)
        elif name == f"/{self.hidden[0]}":
            self.hidden.pop()

    def run_to(self, position: int) -> None:
        if self.is_seen and position > self.after:
            self.runs.append((self.after, position))

    def values(self, match: re.Match[str], *names: str) -> dict[str, str]:
        found = attributes(self.view, match.end(1), match.end() - 1)
        return {
            name: decode_attribute(self.text.readable(start, end)).strip()
            for name, (start, end, _) in found.items()
            if name in (names or ("src", "alt", "width", "height", "style"))
        }

    def image(self, match: re.Match[str]) -> None:
        values = self.values(match)
        self.images.append(
            Image(
                start=match.start(),
                src=values.get("src", ""),
                alt=values.get("alt"),
                width=values.get("width", "").removesuffix("px"),
                height=values.get("height", "").removesuffix("px"),
                is_hidden=bool(self.hidden) or _HIDDEN.search(values.get("style", "")) is not None,
                is_linked=bool(self.links),
            )
        )


_VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "area", "base", "col", "embed", "source", "wbr"))
