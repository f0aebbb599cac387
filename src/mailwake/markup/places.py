"""Where in a page something can be put that is sure to be shown, and what stands in a tag.

Both need every tag, and the first some of what the tree builder does with links and tables, so each is a pass of its
own, taken only by who has to know.

Source: WHATWG HTML 13.2.4.3 (formatting markers) and 13.2.6.4.9 (in table).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailwake.markup.scan import Scanner
from mailwake.markup.tags import JUMP_TO_ANY, JUMP_TO_ANY_OUTLOOK, attributes


def safe_places(view: str) -> list[int]:
    """Starts of tags before which an image may be put: in no link, table structure, raw text or Outlook-only part."""
    watcher = _Watcher(view)
    watcher.walk()
    return watcher.places


class _Box:
    """A table, or what holds HTML again inside of one; the body is the outermost.

    Args:
        name: "body", "table", "td", "th" or "caption".
        around: the box that it is in.
    """

    __slots__ = ("around", "home", "links", "name")

    def __init__(self, name: str, around: _Box | None) -> None:
        self.name, self.around = name, around
        #: links that are open in it, and in no box further in
        self.links = 0
        #: where a link goes that is opened here: between table and cell it is moved in front of the table, and stays
        #: open behind it (foster parenting)
        self.home: _Box = around.home if around and name == "table" else self


class _Watcher(Scanner):
    """Stops at every tag and keeps account of open links and tables as the tree builder does."""

    jump = JUMP_TO_ANY

    def __init__(self, view: str) -> None:
        super().__init__(view)
        self.places: list[int] = []
        self.box = _Box("body", None)
        self.links = 0
        self.is_in_body = False

    def step(self, position: int, end: int) -> int:
        return self.any_step(position, end)

    def tag(self, match: re.Match[str], end: int) -> int:
        name = match[1].lower()
        if self.where == "html":
            self.note(match.start(), name)
        return super().tag(match, end)

    def note(self, position: int, name: str) -> None:
        self.is_in_body |= not _BEFORE_BODY.fullmatch(name)
        if self.templates:
            return  # links and tables in it are its own: none of them opens or closes one around it
        if self.is_in_body and not self.links and self.box.name != "table":
            self.places.append(position)
        if name in ("a", "/a"):
            self.close_link()
            if name == "a":
                self.box.home.links += 1
                self.links += 1
        elif name == "table":
            self.box = _Box(name, self.box)
        elif _TABLE_PART.fullmatch(name):
            self.table_part(name)
        self.is_in_body |= name == "body"

    def table_part(self, name: str) -> None:
        """What the tree builder does with the parts of tables (13.2.6.4.9 to 13.2.6.4.15)."""
        inside = self.box.name
        if self.box.around is None:
            return
        if name[0] != "/":
            self.back_to_table()
            if name in ("td", "th", "caption"):
                self.box = _Box(name, self.box)
        elif name == "/table":
            self.back_to_table()
            self.leave()
        elif name == f"/{inside}" or (name == "/tr" and inside in ("td", "th")):
            self.back_to_table()
        elif name in ("/tbody", "/thead", "/tfoot") and inside in ("td", "th"):
            # whether this ends the cell is not known here: no place is safe, no link closed
            self.box = _Box("table", self.box)

    def back_to_table(self) -> None:
        while self.box.name != "table":
            self.leave()

    def leave(self) -> None:
        if self.box.around:
            self.links -= self.box.links
            self.box = self.box.around

    def close_link(self) -> None:
        """Close the link of this cell.

        One outside of the cell stays open (formatting markers, 13.2.4.3); one outside of a table that is open here is
        taken to stay open too, whatever becomes of it.
        """
        if self.box.links:
            self.box.links -= 1
            self.links -= 1


_TABLE_PART = re.compile(r"/table|/?(?:td|th|tr|tbody|thead|tfoot|caption|colgroup)")
_BEFORE_BODY = re.compile(r"/?(?:head|title|style|script|noscript|template|xml|o:.*)|html|body|meta|link|base")


def unquoted(view: str, places: Sequence[int]) -> list[bool]:
    """Which places are inside of a tag and not inside of a quoted value, where a space would start an attribute.

    Args:
        view: the text.
        places: in order.
    """
    finder = _Finder(view, places)
    finder.walk()
    return finder.is_unquoted


class _Finder(Scanner):
    """Stops at every tag and tells the places in it."""

    jump, jump_outlook = JUMP_TO_ANY, JUMP_TO_ANY_OUTLOOK

    def __init__(self, view: str, places: Sequence[int]) -> None:
        super().__init__(view)
        self.places = places
        self.is_unquoted = [False] * len(places)
        self.index = 0

    def step(self, position: int, end: int) -> int:
        return self.any_step(position, end)

    def match_tag(self, position: int, end: int) -> re.Match[str] | None:
        match = super().match_tag(position, end)
        while self.index < len(self.places) and self.places[self.index] < position:
            self.index += 1
        if match and self.index < len(self.places) and self.places[self.index] < match.end():
            self.look_into(match)
        return match

    def look_into(self, match: re.Match[str]) -> None:
        quoted = [span for *span, quote in attributes(self.view, match.end(1), match.end() - 1).values() if quote]
        value = 0
        while self.index < len(self.places) and (place := self.places[self.index]) < match.end():
            while value < len(quoted) and quoted[value][1] <= place:
                value += 1
            self.is_unquoted[self.index] = not (value < len(quoted) and quoted[value][0] <= place)
            self.index += 1
