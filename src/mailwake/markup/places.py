"""Where in a page something can be put that is sure to be shown.

Needs every tag and some of what the tree builder does with links and tables, so it is a pass of its own, taken only
when the end of the page will not do.

Source: WHATWG HTML 13.2.4.3 (formatting markers) and 13.2.6.4.9 (in table).
"""

from __future__ import annotations

import re

from mailwake.markup.scan import JUMP_TO_ANY, Scanner


def safe_places(view: str) -> list[int]:
    """Starts of tags before which an image may be put: in no link, table structure, raw text or Outlook-only part."""
    watcher = _Watcher(view)
    watcher.run()
    return watcher.places


class _Watcher(Scanner):
    """Stops at every tag and keeps account of open links and tables as the tree builder does."""

    jump = JUMP_TO_ANY

    def __init__(self, view: str) -> None:
        super().__init__(view)
        self.tried_to = len(view)  # every tag is looked at
        self.places: list[int] = []
        #: "a", "table", and "td", "th" or "caption" for what holds HTML again; outermost first
        self.open: list[str] = []
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
        if self.is_in_body and not self.links and self.open[-1:] != ["table"] and not self.templates:
            self.places.append(position)
        if name in ("a", "/a"):
            self.close_link()
            if name == "a":
                self.open_link_here()
        elif name == "table":
            self.open.append(name)
        elif _TABLE_PART.fullmatch(name):
            self.table_part(name)
        self.is_in_body |= name == "body"

    def table_part(self, name: str) -> None:
        """What the tree builder does with the parts of tables (13.2.6.4.9 to 13.2.6.4.15)."""
        around = next((each for each in reversed(self.open) if each != "a"), None)
        if around is None:
            return
        if name[0] != "/":
            self.back_to_table()
            if name in ("td", "th", "caption"):
                self.open.append(name)
        elif name == "/table":
            self.back_to_table()
            self.open.pop()
        elif name == f"/{around}" or (name == "/tr" and around in ("td", "th")):
            self.back_to_table()
        elif name in ("/tbody", "/thead", "/tfoot") and around in ("td", "th"):
            self.open.append("table")  # whether this ends the cell is not known here: no place is safe, no link closed

    def back_to_table(self) -> None:
        while self.open[-1] != "table":
            self.links -= self.open.pop() == "a"

    def open_link_here(self) -> None:
        """Between table and cell a link is moved in front of the table, and stays open behind it (foster parenting)."""
        index = len(self.open)
        while index and self.open[index - 1] == "table":
            index -= 1
        self.open.insert(index, "a")
        self.links += 1

    def close_link(self) -> None:
        """Close the link of this cell.

        One outside of the cell stays open (formatting markers, 13.2.4.3); one outside of a table that is open here is
        taken to stay open too, whatever becomes of it.
        """
        if self.open[-1:] == ["a"]:
            self.open.pop()
            self.links -= 1


_TABLE_PART = re.compile(r"/table|/?(?:td|th|tr|tbody|thead|tfoot|caption|colgroup)")
_BEFORE_BODY = re.compile(r"/?(?:head|title|style|script|noscript|template|xml|o:.*)|html|body|meta|link|base")
