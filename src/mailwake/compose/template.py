"""An HTML template, compiled once; rendering for a recipient is a few seals and one join.

Takes markup, gives markup: the links tracked, the pixel in its place, ``{{name}}`` filled in. Messages that were
written by somebody else go through `message`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mailwake.compose.copy import FIRST_FREE, Copy, Slot, sealed_parts
from mailwake.compose.fields import FIELD, OWN_PAGES, PersonalLink, escape_value, value_of
from mailwake.compose.links import Link
from mailwake.compose.options import ComposeOptions
from mailwake.compose.page import Page
from mailwake.compose.passage import Occurrence, Stamp
from mailwake.compose.targets import WhyNot
from mailwake.errors import BadInput
from mailwake.events import CampaignId, TemplateId
from mailwake.markup.charset import Text, read_text
from mailwake.markup.layout import Edit, Layout, Patch, splice
from mailwake.markup.places import unquoted
from mailwake.markup.quoted import QuotedWriter, fold_quoted
from mailwake.modes import Mode, Modes
from mailwake.tokens import LinkToken, MessageToken, Minter

_LINE_END = re.compile(rb"\r\n|\n|\r")


def template_id(campaign: CampaignId, skeleton: bytes) -> TemplateId:
    """The 32-bit id of what a campaign sends; never 0.

    Args:
        campaign: whose mail it is.
        skeleton: of the message or template.
    """
    digest = hashlib.blake2b(campaign.to_bytes(8) + skeleton, digest_size=4, person=b"mailwake templ").digest()
    return TemplateId(int.from_bytes(digest) or 1)


@dataclass(frozen=True, kw_only=True)
class RecipientCopy:
    """What is different in one recipient's copy."""

    token: MessageToken
    #: merge fields by name; a value is plain text and is made safe for its place
    fields: Mapping[str, str] = field(default_factory=dict)


class Template:
    """A compiled template.

    Args:
        html: the markup; bytes in any charset that keeps ASCII, named in a ``<meta>`` or guessed.
        options: what the sender wants.
        minter: seals the addresses.
        base_url: scheme and host of pixel and links.
        template_id: id for every copy; None: each copy's token says it.

    Raises:
        BadInput: the charset cannot be edited in place.
    """

    def __init__(
        self,
        html: bytes | str,
        *,
        options: ComposeOptions,
        minter: Minter,
        base_url: str,
        template_id: TemplateId | None = None,
    ) -> None:
        self._is_text = isinstance(html, str)
        raw = html.encode("utf-8", "surrogatepass") if isinstance(html, str) else html
        text = read_text(raw, "utf-8" if self._is_text else None)
        if text is None or not text.is_ascii_based:
            raise BadInput("the template's charset cannot be edited in place; save it as UTF-8")
        self._minter, self._base_url, self._template_id = minter, base_url, template_id
        self._page = Page(text, options)
        self._personal = {
            number: PersonalLink(found.href)
            for number, found in enumerate(self._page.occurrences, 1)
            if FIELD.search(found.href) and not found.page
        }
        self._fields = _fields_outside_links(text, self._page.occurrences)
        self._layouts: dict[tuple[bool, Modes, int], Layout] = {}

    @property
    def has_end(self) -> bool:
        """Whether a second pixel stands at the end of each copy."""
        return self._page.top_place is not None

    @property
    def fields(self) -> frozenset[str]:
        """The names of all merge fields."""
        linked = {name for link in self._personal.values() for name in link.fields}
        return frozenset(linked | {name for _, _, name, _ in self._fields}) - OWN_PAGES.keys()

    @property
    def skeleton(self) -> bytes:
        """Digest of tags and number of links, for `template_id`."""
        return self._page.skeleton

    @property
    def links(self) -> tuple[Link, ...]:
        """Its links in document order; personal ones count as tracked."""
        return tuple(
            replace(link, tracked=True, why_not=None)
            if link.number in self._personal and self._personal[link.number].can_be_tracked
            else link
            for link in self._page.links
        )

    def links_in(self, modes: Modes) -> tuple[Link, ...]:
        """The links as they are in a copy of these modes."""
        if modes.clicks >= Mode.INDIVIDUAL:
            return self.links
        why = WhyNot.OFF if modes.clicks == Mode.OFF else None
        return tuple(
            replace(link, tracked=False, why_not=why or WhyNot.PERSONAL)
            if link.tracked and (why or link.number in self._personal)
            else link
            for link in self.links
        )

    def render(self, recipient: RecipientCopy) -> bytes | str:
        """One recipient's HTML, of the type that the template was given in.

        Raises:
            BadInput: a field is missing, or its value cannot stand where the template has it.
        """
        layout = self._layout(recipient.token, is_wire=False)
        rendered = layout.fill(self._values(recipient, layout))
        return rendered.decode("utf-8", "surrogatepass") if self._is_text else rendered

    def render_quoted_printable(self, recipient: RecipientCopy) -> bytes:
        """The same as the body of a MIME part: quoted-printable, lines of at most 76 characters, CR LF.

        Raises:
            BadInput: see `render`.
        """
        layout = self._layout(recipient.token, is_wire=True)
        values = self._values(recipient, layout)
        values[FIRST_FREE:] = map(fold_quoted, values[FIRST_FREE:])
        return layout.fill(values)

    def _values(self, recipient: RecipientCopy, layout: Layout) -> list[bytes]:
        values = sealed_parts(self._minter, recipient.token, layout.slots)
        if not self._personal and not self._fields:
            return values
        codec = self._page.text.codec
        for _, _, name, is_unquoted in self._fields:
            value = "" if name in OWN_PAGES else escape_value(value_of(recipient.fields, name), is_unquoted=is_unquoted)
            values.append(value.encode(codec, "xmlcharrefreplace"))
        for number, link in self._personal.items():
            values.append(self._personal_href(number, link, recipient).encode(codec, "xmlcharrefreplace"))
        return values

    def _personal_href(self, number: int, link: PersonalLink, recipient: RecipientCopy) -> str:
        href, can_be_tracked = link.render(recipient.fields)
        if not can_be_tracked or recipient.token.modes.clicks < Mode.INDIVIDUAL:
            return escape_value(href, is_unquoted=not self._page.occurrences[number - 1].quote)
        template = self._number(recipient.token)
        copy = Copy(minter=self._minter, base_url=self._base_url, token=recipient.token)
        return copy.click_url(self._minter.link(LinkToken(template, number, self._page.target(href))))

    def _number(self, token: MessageToken) -> int:
        return token.template if self._template_id is None else self._template_id

    def _layout(self, token: MessageToken, *, is_wire: bool) -> Layout:
        key = (is_wire, token.modes, token.template)
        layout = self._layouts.get(key)
        if layout is None:
            raw = self._page.text.raw
            content = splice(raw, [Patch(0, len(raw), tuple(self._edits(token)))])
            layout = self._layouts[key] = Layout(_quoted(content) if is_wire else content)
        return layout

    def _edits(self, token: MessageToken) -> list[Edit]:
        base, page, modes, template = self._base_url.rstrip("/"), self._page, token.modes, self._number(token)
        stamp = Stamp(self._minter, base, template, modes.clicks > Mode.OFF)
        edits = page.edits(stamp)
        edits += page.pixel_edits(base) if modes.opens > Mode.OFF else []
        if stamp.clicks and page.takes_decoys(page.next_number):
            edits += page.decoy_edits(self._minter, base, template, page.next_number)
        for place, found in enumerate(self._fields, FIRST_FREE):
            own = OWN_PAGES.get(found.name)
            edits.append(Edit.put(found.start, found.end, (f"{base}/{own}/".encode(), Slot.PAGE) if own else (place,)))
        for place, number in enumerate(self._personal, FIRST_FREE + len(self._fields)):
            link = page.occurrences[number - 1]
            edits.append(Edit.put(link.start, link.end, (place,)))
        return sorted(edits, key=lambda edit: (edit.start, edit.end))


class _Field(NamedTuple):
    """A merge field outside of addresses of links."""

    start: int
    end: int
    name: str
    #: it stands in a tag, without quotes around it
    is_unquoted: bool


def _fields_outside_links(text: Text, occurrences: Sequence[Occurrence]) -> list[_Field]:
    taken = [(found.start, found.end) for found in occurrences]
    matches, index = list[re.Match[str]](), 0
    for match in FIELD.finditer(text.view):
        while index < len(taken) and taken[index][1] <= match.start():
            index += 1
        if index == len(taken) or match.start() < taken[index][0]:
            matches.append(match)
    flags = unquoted(text.view, [match.start() for match in matches])
    return [
        _Field(*match.span(), text.readable(*match.span(1)), is_unquoted)
        for match, is_unquoted in zip(matches, flags, strict=True)
    ]


def _quoted(content: Sequence[bytes | int]) -> list[bytes | int]:
    """Content as quoted-printable; sealed parts stay whole, fields stand on lines of their own."""
    writer = QuotedWriter(b"\r\n")
    for item in content:
        if isinstance(item, int):
            if item < FIRST_FREE:
                writer.insert((item,))
            else:
                writer.insert_any_length(item)
            continue
        for index, line in enumerate(_LINE_END.split(item)):
            if index:
                writer.hard_break()
            writer.insert((line,))
    return writer.content
