"""Addresses that a reader can be led to by something else than an ``href``: in drawings and in forms.

Nothing is done with them; whoever asks what of a mail is watched should not have to find out that these are not.

Source: WHATWG HTML 4.10.18.6 (form submission), SVG 1.1 section 17.1 (links)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mailwake.markup.scan import Scanner, holds_html
from mailwake.markup.tags import JUMP_TO_ANY, JUMP_TO_ANY_OUTLOOK, attributes

_WORDS = re.compile(r"(?ai:xlink:href|action)")
_FORMS = {"form": "action", "button": "formaction", "input": "formaction"}


class Other(NamedTuple):
    """One such address, where it stands."""

    #: "svg" or "form"
    kind: str
    #: of the attribute's value
    start: int
    end: int
    #: "html", or "mso" for what only Outlook reads
    where: str


def others(view: str) -> list[Other]:
    """All of them, in document order."""
    if not _WORDS.search(view):
        return []
    spotter = _Spotter(view)
    spotter.walk()
    return spotter.others


class _Spotter(Scanner):
    """Stops at every tag."""

    jump, jump_outlook = JUMP_TO_ANY, JUMP_TO_ANY_OUTLOOK

    def __init__(self, view: str) -> None:
        super().__init__(view)
        self.others: list[Other] = []

    def step(self, position: int, end: int) -> int:
        return self.any_step(position, end)

    def tag(self, match: re.Match[str], end: int) -> int:
        name = match[1].lower()
        if name in _FORMS:
            self.note("form", match, _FORMS[name])
        return super().tag(match, end)

    def link(self, match: re.Match[str], name: str) -> None:
        if self.foreign and not holds_html(self.foreign[-1]):
            self.note("svg", match, "xlink:href", unless="href")
        super().link(match, name)

    def note(self, kind: str, match: re.Match[str], attribute: str, *, unless: str = "") -> None:
        """Keep what a tag says, where it says it."""
        found = attributes(self.view, match.end(1), match.end() - 1)
        if attribute in found and unless not in found:
            start, end, _ = found[attribute]
            self.others.append(Other(kind, start, end, self.where))
