"""Links in plain text, for senders who want them tracked there too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailwake.compose.copy import Slot
from mailwake.compose.links import LABEL_CHARS, Link, Role, named_role
from mailwake.compose.options import ComposeOptions
from mailwake.compose.targets import WhyNot, add_parameters, judge_target
from mailwake.markup.charset import Text
from mailwake.markup.layout import Content, Edit
from mailwake.tokens import MAX_LINK_NUMBER, LinkToken, Minter

_URL = re.compile(r"(?<![A-Za-z0-9])(?ai:https?)://[^<>\"\x00-\x20\x7f]+")
_CLOSING = {")": "(", "]": "[", "}": "{"}
_PAGE = re.compile(r"mailwake:(unsubscribe|preferences)\b|\{\{ ?(unsubscribe|preferences)_url ?\}\}")


class PlainText:
    """A text/plain part that was looked through once. Only wanted where `ComposeOptions.text_parts` is set.

    Args:
        text: the text.
        options: what the sender wants.
        first_number: number of its first link.
    """

    def __init__(self, text: Text, options: ComposeOptions, *, first_number: int) -> None:
        self.text = text
        self.first_number = first_number
        self._options = options
        #: (start, end, address, host, why not)
        self.occurrences = [self._read(match, number) for number, match in enumerate(_matches(text), first_number)]

    def _read(self, match: re.Match[str], number: int) -> tuple[int, int, str, str, str | None]:
        end = match.start() + len(_trim(match[0]))
        href = self.text.value(match.start(), end)
        if href is None:
            return match.start(), end, self.text.readable(match.start(), end), "", WhyNot.UNDECODABLE
        why, host = judge_target(href)
        if not why and number > MAX_LINK_NUMBER:
            why = WhyNot.TOO_MANY
        if not why and host in self._options.own_hosts:
            why = WhyNot.OWN_HOST
        return match.start(), end, href, host, why

    @property
    def has_links(self) -> bool:
        """Whether some link of it can be made ours."""
        return any(why is None for *_, why in self.occurrences)

    @property
    def next_number(self) -> int:
        """The number after its last link."""
        return self.first_number + len(self.occurrences)

    @property
    def links(self) -> tuple[Link, ...]:
        """Its links in order."""
        return tuple(
            Link(
                number=number,
                href=href,
                label=href[:LABEL_CHARS],
                role=named_role("", href[:500], host) or Role.TEXT,
                tracked=why is None,
                why_not=why,
                where="text",
            )
            for number, (_, _, href, host, why) in enumerate(self.occurrences, self.first_number)
        )

    def edits(self, minter: Minter, base: str, template: int, *, clicks: bool = True) -> list[Edit]:
        """What makes its links ours; see `Page.edits`."""
        edits, text = list[Edit](), self.text
        for match in self._pages():
            kind = (match[1] or match[2])[0]
            page: Content = (text.encode(f"{base}/{kind}/"), Slot.PAGE)
            edits.append(Edit.put(match.start() * text.unit, match.end() * text.unit, page))
        for number, (start, end, href, _, why) in enumerate(self.occurrences, self.first_number):
            if why or not clicks:
                continue
            part = minter.link(LinkToken(template, number, add_parameters(href, self._options.utm)))
            content = (text.encode(f"{base}/c/"), Slot.CLICKED, text.encode(f"/{part}"))
            edits.append(Edit.put(start * text.unit, end * text.unit, content))
        return sorted(edits, key=lambda edit: edit.start)

    def _pages(self) -> Iterator[re.Match[str]]:
        """The names of our pages; in an address they are part of the address."""
        index = 0
        for match in _PAGE.finditer(self.text.view):
            while index < len(self.occurrences) and self.occurrences[index][1] <= match.start():
                index += 1
            if index == len(self.occurrences) or match.end() <= self.occurrences[index][0]:
                yield match


#: What belongs to the sentence around an address and not to the address.
_PUNCTUATION = frozenset(".,;:!?'*_~")


def _matches(text: Text) -> list[re.Match[str]]:
    return list(_URL.finditer(text.view))


def _trim(url: str) -> str:
    """Without the punctuation of the sentence around it; closing brackets stay where they were opened."""
    end, counts = len(url), {bracket: url.count(bracket) for pair in _CLOSING.items() for bracket in pair}
    while end:
        last = url[end - 1]
        if last in _CLOSING and counts[last] > counts[_CLOSING[last]]:
            counts[last] -= 1
        elif last not in _PUNCTUATION:
            break
        end -= 1
    return url[:end]
