"""The links of one stretch of a page, judged once for all pages that have the stretch in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mailwake.compose.copy import Slot
from mailwake.compose.links import visible_text
from mailwake.compose.options import ComposeOptions
from mailwake.compose.targets import WhyNot, add_parameters, clean, is_address, judge_target
from mailwake.markup.charset import Text
from mailwake.markup.entities import decode_attribute
from mailwake.markup.layout import Content, Edit
from mailwake.markup.memory import Memory
from mailwake.markup.scan import Stretch
from mailwake.markup.tags import Tag, attributes
from mailwake.tokens import MAX_LINK_NUMBER, MAX_TARGET_BYTES, LinkToken, Minter

#: How a link looks to a reader is told by this much of its content.
_CONTENT_CHARS = 4_000
_PAGES = {
    "mailwake:unsubscribe": "u",
    "{{unsubscribe_url}}": "u",
    "{{ unsubscribe_url }}": "u",
    "mailwake:preferences": "p",
    "{{preferences_url}}": "p",
    "{{ preferences_url }}": "p",
}
#: Marks by which senders switch click tracking off, here and elsewhere (SendGrid, SparkPost, Postmark, Mandrill, SES,
#: Mautic, Ahoy). Source of the last three: braze.com/docs, docs.mautic.org, the manual of ahoy_email; in excerpts.
_NO_TRACK = ("data-no-track", "data-pm-no-track", "mc:disable-tracking", "ses:no-track")
_NO_TRACK_VALUES = (
    ("clicktracking", "off"),
    ("data-msys-clicktrack", "0"),
    ("data-mautic-disable-tracking", "true"),
    ("data-disable-tracking", "true"),
)


@dataclass(slots=True)
class Occurrence:
    """One link of a page."""

    tag: Tag
    #: of the attribute's value, in positions of the view
    start: int
    end: int
    #: around the value; empty: none
    quote: str
    href: str
    host: str
    why_not: WhyNot | None
    #: "u" or "p" for a page of ours
    page: str = ""
    #: what is sealed: the address with the parameters that the sender wants added
    target: str = ""

    def moved(self, by: int) -> Occurrence:
        """The same link, counted from another place."""
        tag, start, end = self.tag.moved(by), self.start + by, self.end + by
        return Occurrence(tag, start, end, self.quote, self.href, self.host, self.why_not, self.page, self.target)


class Stamp(NamedTuple):
    """What an address of ours is made of, besides the link."""

    minter: Minter
    #: scheme and host, without a slash at the end
    base: str
    #: id of the template
    template: int
    #: whether links are tracked; pages of ours are linked in any case
    clicks: bool


#: Campaigns that share a passage, such as a footer, for which its edits are kept at a time.
_MAX_STAMPS = 8


class Passage:
    """The links of a stretch; places count from its start.

    Args:
        occurrences: its links.
    """

    __slots__ = ("_edits", "occurrences")

    def __init__(self, occurrences: tuple[Occurrence, ...]) -> None:
        self.occurrences = occurrences
        self._edits: dict[tuple[Stamp, int], tuple[Edit, ...]] = {}

    def edits(self, stamp: Stamp, number: int) -> tuple[Edit, ...]:
        """What makes its links ours.

        Args:
            stamp: whose they become.
            number: of its first link.
        """
        edits = self._edits.get((stamp, number))
        if edits is None:
            if len(self._edits) >= _MAX_STAMPS:
                self._edits.clear()
            made = (self._edit(found, stamp, each) for each, found in enumerate(self.occurrences, number))
            edits = self._edits[stamp, number] = tuple(edit for edit in made if edit)
        return edits

    def _edit(self, found: Occurrence, stamp: Stamp, number: int) -> Edit | None:
        if found.page:
            content: Content = (f"{stamp.base}/{found.page}/".encode(), Slot.PAGE)
        elif found.why_not or not stamp.clicks:
            return None
        else:
            part = stamp.minter.link(LinkToken(stamp.template, number, found.target))
            content = (f"{stamp.base}/c/".encode(), Slot.CLICKED, f"/{part}".encode())
        return Edit.put(found.start, found.end, content, may_break=bool(found.quote))


#: Passages by the stretch and everything else that they depend on.
_KNOWN: Memory[tuple[Stretch, tuple[object, ...]], Passage] = Memory(4_096)


class Judge:
    """Says what may be done with the links of one page.

    Args:
        text: the page.
        options: what the sender wants.
        is_amp: it is an AMP document.
    """

    def __init__(self, text: Text, options: ComposeOptions, *, is_amp: bool) -> None:
        self._text, self._options, self._is_amp = text, options, is_amp
        self._rules = (text.codec, options.own_pages, options.own_hosts, tuple(options.utm.items()), is_amp)

    def passage(self, start: int, stretch: Stretch, number: int) -> Passage:
        """A stretch, judged.

        Args:
            start: where it starts in the page.
            stretch: what is in it.
            number: of its first link.
        """
        room = MAX_LINK_NUMBER + 1 - number
        if not self._text.is_literal or len(stretch.tags) > room:
            return self._judge(start, stretch, room)
        passage = _KNOWN.get((stretch, self._rules))
        if passage is None:
            passage = self._judge(start, stretch, room)
            _KNOWN.put((stretch, self._rules), passage)
        return passage

    def _judge(self, start: int, stretch: Stretch, room: int) -> Passage:
        """Judge all of its links; more than there is room for cannot be told apart."""
        found = [self._occurrence(tag, start, index < room) for index, tag in enumerate(stretch.tags)]
        return Passage(tuple(found))

    def _occurrence(self, tag: Tag, at: int, has_number: bool) -> Occurrence:
        start, end, quote = tag.href or (0, 0, "")
        written = self._text.value(at + start, at + end)
        if written is None:
            href = self._text.readable(at + start, at + end)
            return Occurrence(tag, start, end, quote, href, "", WhyNot.UNDECODABLE)
        href = clean(decode_attribute(written))
        page = _PAGES.get(href) if self._options.own_pages else None
        if page and not self._is_amp:
            return Occurrence(tag, start, end, quote, href, "", WhyNot.OWN_PAGE, page)
        why, host = judge_target(href)
        if not why and not has_number:
            why = WhyNot.TOO_MANY
        target = add_parameters(href, self._options.utm) if not why and self._options.utm else href
        why = why or self._why_not(tag, at, host, target)
        return Occurrence(tag, start, end, quote, href, host, why, "", target)

    def _why_not(self, tag: Tag, at: int, host: str, target: str) -> WhyNot | None:
        """Reasons that lie in the document and not in the address."""
        if self._is_amp:
            return WhyNot.AMP
        if tag.is_inert:
            return WhyNot.INERT
        if host in self._options.own_hosts:
            return WhyNot.OWN_HOST
        if _has_no_track(tag, at, self._text.view):
            return WhyNot.NO_TRACK
        content = self._text.view[at + tag.end : at + tag.content_end]
        if ("." in content or "&" in content) and is_address(visible_text(content_of(tag, self._text, at))):
            return WhyNot.TEXT_IS_URL
        if self._options.utm and len(target.encode()) > MAX_TARGET_BYTES:
            return WhyNot.TOO_LONG
        return None


def content_of(tag: Tag, text: Text, at: int = 0) -> str:
    """The markup inside of a link, as much of it as a reader needs to know what it is.

    Args:
        tag: the link.
        text: the page.
        at: where the tag's places count from.
    """
    content = text.readable(at + tag.end, at + min(tag.content_end, tag.end + _CONTENT_CHARS))
    return content.partition("<![endif]")[0].partition("</v:")[0] if tag.where == "mso" else content


def _has_no_track(tag: Tag, at: int, view: str) -> bool:
    if "track" not in view[at + tag.start : at + tag.end].lower():
        return False
    found = attributes(view, at + tag.name_end, at + tag.end - 1)
    if any(name in found for name in _NO_TRACK):
        return True
    return any(
        name in found and view[found[name][0] : found[name][1]].strip().lower() == value
        for name, value in _NO_TRACK_VALUES
    )
