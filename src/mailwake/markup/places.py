"""Where in a page something can be put that is sure to be shown, and what stands in a tag.

Both need every tag, and the first some of what the tree builder does with links and tables, so each is a pass of its
own, taken only by who has to know.

Source: WHATWG HTML 13.2.4.3 (formatting markers) and 13.2.6.4.9 (in table).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mailwake.markup.scan import Scanner
from mailwake.markup.tags import JUMP_TO_ANY, JUMP_TO_ANY_OUTLOOK, attributes


class Places(NamedTuple):
    """Where in a page something would be shown."""

    #: starts of tags before which an image may be put: in no link, table structure, raw text, nothing that is hidden
    #: and nothing that only Outlook reads
    safe: list[int]
    #: (start, end) of each element that its style hides, with all in it; one that is never closed ends with the text
    hidden: list[tuple[int, int]]


def find_places(view: str) -> Places:
    """Look through a page for its places."""
    watcher = _Watcher(view)
    watcher.walk()
    watcher.show(len(view))
    return Places(watcher.places, watcher.hidden_parts)


def _hidings(view: str) -> Iterator[int]:
    """Where something may say that it is not displayed."""
    for found in _NONE.finditer(view):
        place = found.start()
        if view[max(0, place - _MAX_BEFORE) : place].rstrip().lower().endswith("display"):
            yield place


def may_stay_hidden(view: str, sequence: str) -> bool:
    """Whether an element that its style hides may be left open, as far as counting tells; cheap, and no proof.

    Args:
        view: the text.
        sequence: the names of its tags, see `mailwake.markup.scan.Stretch.names`.
    """
    names, last = set[str](), 0
    for place in _hidings(view):
        start, last = view.rfind("<", last, place), place
        name = _START.match(view, start) if start >= 0 else None
        if name and view.find(">", start, place) < 0:
            names.add(name[1].lower())
    return any(sequence.count(f"<{name}") != sequence.count(f"</{name}") for name in names - _NEVER_HIDDEN)


class _Box:
    """A table, or what holds HTML again inside of one; the body is the outermost.

    Args:
        name: "body", "table", "td", "th" or "caption".
        around: the box that it is in.
    """

    __slots__ = ("around", "home", "links", "name", "opened")

    def __init__(self, name: str, around: _Box | None) -> None:
        self.name, self.around = name, around
        #: links that are open in it, and in no box further in
        self.links = 0
        #: elements that are open in it and in nothing hidden, by name
        self.opened = Counter[str]()
        #: where a link goes that is opened here: between table and cell it is moved in front of the table, and stays
        #: open behind it (foster parenting)
        self.home: _Box = around.home if around and name == "table" else self


class _Hidden:
    """An element that its style hides, while it is open.

    Args:
        name: of it.
        start: where it begins.
        box: that it is in; it ends with it.
    """

    __slots__ = ("blocks", "box", "inside", "is_over", "name", "start")

    def __init__(self, name: str, start: int, box: _Box) -> None:
        self.name, self.start, self.box = name, start, box
        #: what is open of each name since, with the element itself
        self.inside = Counter({name: 1})
        #: of these, how many an end tag of an inline element does not reach through
        self.blocks = 0
        self.is_over = False

    def leave(self, around: _Box) -> None:
        """Its box ends, and it with it; but formatting is opened again behind everything but a cell (13.2.4.3)."""
        self.is_over = self.name not in _FORMATTING or self.box.name != "table"
        self.box = around

    @property
    def is_walled(self) -> bool:
        """Whether something is open in it that no tag inside reaches through."""
        return any(self.inside[scope] for scope in _SCOPES)


class _Watcher(Scanner):
    """Stops at every tag and keeps account of open links and tables as the tree builder does."""

    jump = JUMP_TO_ANY

    def __init__(self, view: str) -> None:
        super().__init__(view)
        self.places: list[int] = []
        self.box = _Box("body", None)
        self.links = 0
        self.is_in_body = False
        self.hidden: _Hidden | None = None
        self.hidden_parts: list[tuple[int, int]] = []
        self.styles = list(_hidings(view))
        self.style = 0

    def step(self, position: int, end: int) -> int:
        return self.any_step(position, end)

    def tag(self, match: re.Match[str], end: int) -> int:
        name = match[1].lower()
        if self.where == "html":
            self.note(match.start(), name)
            if not self.templates:
                self.look_behind(match, name)
        return super().tag(match, end)

    def note(self, position: int, name: str) -> None:
        self.is_in_body |= not _BEFORE_BODY.fullmatch(name)
        if self.templates:
            return  # links and tables in it are its own: none of them opens or closes one around it
        if self.is_in_body and not self.links and not self.hidden and self.box.name != "table":
            self.places.append(position)
        if name in ("a", "/a"):
            self.close_link()
            if name == "a":
                self.box.home.links += 1
                self.links += 1
        elif name == "table":
            if (
                self.hidden and self.box.name == "table"
            ):  # it closes the one around it, and what is in which is not known
                self.hidden.box = _Box("body", None)
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
            if self.hidden and self.hidden.box is self.box:
                self.hidden.leave(self.box.around)
            self.box = self.box.around

    def look_behind(self, match: re.Match[str], name: str) -> None:
        """Keep account of what style hides; the tag itself was dealt with."""
        hidden = self.hidden
        if hidden and (hidden.is_over or (self.box is hidden.box and self.ends_hidden(hidden, name))):
            self.show(match.start())
        if self.hidden:
            return
        bare, opened = name.lstrip("/"), self.box.opened
        if bare in _SCOPES:
            opened.clear()  # what is open around it cannot be closed from inside
        elif bare != name:
            opened[bare] -= opened[bare] > 0
        elif name in _BLOCKS:
            opened[name] += 1
        if bare == name and not self.is_ignored(name) and self.is_hiding(match):
            opened[name] -= name in _BLOCKS
            self.hidden = _Hidden(name, match.start(), self.box)

    def is_ignored(self, name: str) -> bool:
        """Whether a start tag opens nothing: void elements, and parts of tables where there is no table."""
        return name in _NEVER_HIDDEN or (self.box.around is None and _TABLE_PART.fullmatch(name) is not None)

    def ends_hidden(self, hidden: _Hidden, name: str) -> bool:
        """Whether a tag is the end of what is hidden: its own, that of what it stands in, or one it cannot stand in.

        Where browsers might see it otherwise, it stays hidden.
        """
        bare, inside, opened = name.lstrip("/"), hidden.inside, hidden.box.opened
        if bare == name:
            inside[name] += name not in _NEVER_HIDDEN
            hidden.blocks += name not in _NEVER_HIDDEN and name not in _LIGHT
            is_closing = name == hidden.name if name in _ROWS else hidden.name == "p" and name in _ENDS_PARAGRAPH
            return is_closing and not hidden.is_walled
        if inside[bare] > (bare == hidden.name):
            inside[bare] -= 1
            hidden.blocks -= bare not in _LIGHT
            return False
        if hidden.is_walled:
            return False
        if bare == hidden.name:
            return not hidden.blocks or bare in _BLOCKS or bare in _ROWS or bare == "p"
        opened[bare] -= (closes := bare in _BLOCKS and opened[bare] > 0)
        return closes and hidden.name not in _FORMATTING

    def is_hiding(self, match: re.Match[str]) -> bool:
        """Whether a start tag says that it is not displayed."""
        while self.style < len(self.styles) and self.styles[self.style] < match.start():
            self.style += 1
        if self.style >= len(self.styles) or self.styles[self.style] > match.end():
            return False
        style = attributes(self.view, match.end(1), match.end() - 1).get("style")
        return style is not None and _HIDING.search(self.view, style[0], style[1]) is not None

    def show(self, position: int) -> None:
        """What was hidden ends before a position."""
        if self.hidden:
            self.hidden_parts.append((self.hidden.start, position))
            self.hidden = None

    def close_link(self) -> None:
        """Close the link of this cell.

        One outside of the cell stays open (formatting markers, 13.2.4.3); one outside of a table that is open here is
        taken to stay open too, whatever becomes of it.
        """
        if self.box.links:
            self.box.links -= 1
            self.links -= 1


_TABLE_PART = re.compile(r"/table|/?(?:td|th|tr|tbody|thead|tfoot|caption|colgroup)")
_HIDING = re.compile(r"(?ai:display)\s*+:\s*+(?ai:none)")
#: Looked for first, because a colon is found several times faster than a word in any case.
_NONE = re.compile(r":\s*+(?ai:none)")
_MAX_BEFORE = 40
_START = re.compile(r"<([a-zA-Z][a-zA-Z0-9:]*+)")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: void elements (WHATWG HTML 13.1.2), and the page itself
_NEVER_HIDDEN = _names("area base br col embed hr img input link meta source track wbr html body")
#: an end tag of these closes all that stands in them (13.2.6.4.7)
_BLOCKS = _names("address article aside blockquote center div dl figure footer header main nav ol pre section ul")
#: through these no end tag reaches (13.2.4.2, what is in scope)
_SCOPES = _names("applet button marquee object select")
#: opened again behind a block that ended in them (13.2.4.3)
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
#: these keep the end tag of an inline element from closing it in no case
_LIGHT = _FORMATTING | {"span"}
#: what closes an open p; a table does not in every mode
_ENDS_PARAGRAPH = _BLOCKS | _names("dd dt fieldset form h1 h2 h3 h4 h5 h6 hr li p")
_ROWS = _names("tr tbody thead tfoot")
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
