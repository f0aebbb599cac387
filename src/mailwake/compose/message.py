"""A raw message in, the tracked one out; every byte that is not a link, the pixel or a named header stays.

Only what a mail program shows as the message itself is touched: inline text/html leaves. Attachments, attached
messages, AMP and calendar parts stay, and so do preamble, epilogue, boundaries and the sender's own headers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from urllib.parse import urlsplit

from mailwake.compose.copy import Copy
from mailwake.compose.headers import added_headers
from mailwake.compose.links import Link, Role
from mailwake.compose.metadata import with_metadata
from mailwake.compose.options import ComposeOptions
from mailwake.compose.page import DECOYS_PER_MESSAGE, Page
from mailwake.compose.passage import Stamp
from mailwake.compose.plain import PlainText
from mailwake.compose.protect import SEALED, Untouched, protection
from mailwake.compose.shown import seen_by_all, shown
from mailwake.compose.targets import WhyNot
from mailwake.markup.charset import read_text
from mailwake.markup.layout import Block, Layout, Patch, Sheet, Wrapped, splice
from mailwake.markup.mime import Entity, read_message
from mailwake.markup.transfer import Encoded, decode_anyhow, read_body
from mailwake.modes import OFF, Mode, Modes
from mailwake.tokens import Minter

__all__ = ["ComposeOptions", "Draft", "Instrumented", "instrument", "instrument_html"]


#: Of a subject, so much is decoded; the standard library takes the square of its length.
_SUBJECT_CHARS = 4_000
#: Encodings that add line ends of their own.
_WITH_LINES = ("quoted-printable", "base64")


@dataclass(frozen=True, kw_only=True)
class Instrumented:
    """One recipient's copy of a message."""

    message: bytes
    links: tuple[Link, ...]
    #: whether there is a pixel in it
    pixel: bool
    #: why it passes as it is; None when it was instrumented
    untouched: str | None


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A leaf that is edited."""

    entity: Entity
    body: Encoded
    page: Page | PlainText

    @property
    def codec(self) -> str | None:
        """What inserted text has to be encoded with; None: it is ASCII as it is."""
        return None if self.page.text.is_ascii_based else self.page.text.codec


class Draft:
    """A message that was read once and can be rendered for any number of recipients.

    Use `read`. Rendering for the second recipient of the same modes is a seal and a join.
    """

    def __init__(self, raw: bytes, options: ComposeOptions) -> None:
        self._raw, self._options = raw, options
        self._newline = _first_newline(raw)
        self._bodies: dict[int, Encoded | None] = {}
        self._problem: Untouched | None = None
        self._parts: tuple[_Part, ...] = ()
        self._sheets: dict[tuple[Minter, str, int, Modes], Sheet] = {}
        self._message = read_message(raw)
        self._sealed: Untouched | None = Untouched.NOT_A_MESSAGE
        if self._message:
            self._sealed = protection(self._message, raw, self._decode, dkim_signed=options.dkim_signed)
            if not self._sealed:
                self._parts = tuple(self._read_parts(self._message))
        self._pixel_part = self._choose_pixel_part()

    @classmethod
    def read(cls, raw: bytes, options: ComposeOptions) -> Draft:
        """Look through a message; never fails, whatever the bytes.

        Args:
            raw: as it would go over the wire, any line ends.
            options: what the sender wants.
        """
        return cls(raw, options)

    def _read_parts(self, message: Entity) -> Iterator[_Part]:
        number, entities = 1, list(shown(message))
        kinds = ("text/html", "text/plain") if self._options.text_parts else ("text/html",)
        for kind in kinds:
            for entity in entities:
                part = self._read_part(entity, number) if entity.content_type == kind else None
                if part:
                    number = part.page.next_number
                    yield part

    def _read_part(self, entity: Entity, number: int) -> _Part | None:
        body = self._body(entity)
        text = read_text(body.decoded, entity.parameters.get("charset")) if body else None
        if body is None or text is None:
            self._problem = Untouched.ENCODING
            return None
        page: Page | PlainText
        if entity.content_type == "text/html":
            page = Page(text, self._options, first_number=number)
        else:
            page = PlainText(text, self._options, first_number=number)
        return _Part(entity=entity, body=body, page=page)

    def _body(self, entity: Entity) -> Encoded | None:
        """What is behind the transfer encoding of a part; undone once."""
        place = entity.body_start
        if place not in self._bodies:
            # Encodings know CR LF and LF; where lines end in CR alone, they are shown LF in its place.
            lone_cr = self._newline == b"\r" and entity.encoding in _WITH_LINES
            raw, newline = (entity.lines, b"\n") if lone_cr else (self._raw, self._newline)
            self._bodies[place] = read_body(raw[place : entity.body_end], entity.encoding, newline)
        return self._bodies[place]

    def _decode(self, entity: Entity) -> bytes | None:
        body = self._body(entity)
        return body.decoded if body else decode_anyhow(self._raw[entity.body_start : entity.body_end], entity.encoding)

    def _choose_pixel_part(self) -> _Part | None:
        """The one part that every reader gets to see."""
        able = {
            id(part.entity): part
            for part in self._parts
            if isinstance(part.page, Page) and part.page.pixel_place is not None
        }
        chosen = seen_by_all(self._message, able) if self._message and able else None
        return able[id(chosen)] if chosen else None

    @property
    def _pages(self) -> list[Page]:
        return [part.page for part in self._parts if isinstance(part.page, Page)]

    @property
    def _next_number(self) -> int:
        return self._parts[-1].page.next_number if self._parts else 1

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every link that could be tracked and every one that could not, with the reason."""
        found = tuple(link for part in self._parts for link in part.page.links)
        part = self._pixel_part
        return found + (_decoys(part.page, self._next_number) if part and isinstance(part.page, Page) else ())

    @property
    def others(self) -> tuple[Link, ...]:
        """Addresses that are never tracked because of what they stand in; see `Page.others`."""
        return tuple(link for page in self._pages for link in page.others)

    @property
    def pixel(self) -> bool:
        """Whether a pixel has a place in it."""
        return self._pixel_part is not None

    @property
    def has_end(self) -> bool:
        """Whether a second pixel stands at its end."""
        part = self._pixel_part
        return part is not None and isinstance(part.page, Page) and part.page.top_place is not None

    @cached_property
    def untouched(self) -> str | None:
        """Why the whole message passes as it is, whatever the mode; None when there is something to instrument."""
        if self._sealed:
            return self._sealed
        if self.pixel or any(part.page.has_links for part in self._parts):
            return None
        if self._problem:
            return self._problem
        if not self._pages:
            return Untouched.NO_HTML
        return Untouched.AMP if any(page.is_amp for page in self._pages) else Untouched.EMPTY

    @property
    def html(self) -> bytes | None:
        """The first HTML part that is shown, as UTF-8 whatever it travelled in; None when there is none."""
        if not self._pages:
            return None
        text = self._pages[0].text
        return text.raw if text.codec == "utf-8" else text.raw.decode(text.codec, "replace").encode()

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """First value of each header, names in lower case, unfolded but not decoded."""
        if self._message is None:
            return MappingProxyType({})
        names = dict.fromkeys(name for name, _ in self._message.fields)
        return MappingProxyType({name: self._message.header(name) or "" for name in names})

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a header by its lower-case name, unfolded but not decoded; bytes beyond ASCII are UTF-8."""
        return self._message.values(name) if self._message else ()

    @cached_property
    def subject(self) -> str:
        """The subject, decoded (RFC 2047)."""
        from email.errors import HeaderParseError
        from email.header import decode_header, make_header

        written = self.headers.get("subject", "")[:_SUBJECT_CHARS]
        written = written.encode("latin-1", "replace").decode("utf-8", "replace")
        try:
            return str(make_header(decode_header(written)))
        except (HeaderParseError, LookupError, UnicodeError, ValueError):
            return written

    @cached_property
    def skeleton(self) -> bytes:
        """Digest of tags and number of links: the same for copies that differ only in text or personal addresses."""
        return hashlib.blake2b(b"".join(page.skeleton for page in self._pages), digest_size=16).digest()

    def links_in(self, modes: Modes) -> tuple[Link, ...]:
        """The links as they are in a copy of these modes."""
        return _links_in(self.links, modes)

    def untouched_in(self, modes: Modes) -> str | None:
        """Why a copy of these modes passes as it is; None when it is instrumented."""
        return self.untouched or (Untouched.OFF if modes == OFF and not self._has_own_pages else None)

    @cached_property
    def _has_own_pages(self) -> bool:
        return any(page.has_own_pages for page in self._pages)

    def render(self, copy: Copy) -> bytes:
        """One recipient's copy.

        Raises:
            BadInput: the base URL cannot stand in a header.
        """
        modes = copy.token.modes
        untouched = self.untouched_in(modes)
        if self._message is None or untouched in SEALED or (untouched and not self._options.mark_untouched):
            return self._raw
        key = (copy.minter, copy.base, copy.token.template, modes)
        sheet = self._sheets.get(key)
        if sheet is None:
            sheet = self._sheets[key] = self._compile(copy, self._message, untouched)
        return sheet.fill(copy.values(sheet.slots))

    def _compile(self, copy: Copy, message: Entity, untouched: str | None) -> Sheet:
        raw, place = self._raw, message.header_end
        head, line = with_metadata(raw[:place], message, self._options.esp, copy, may_edit=untouched is None)
        content: list[bytes | int | Block] = [
            *head,
            *added_headers(message, copy, self._options, newline=self._newline, untouched=untouched, more=line),
        ]
        for part in sorted(self._parts, key=lambda part: part.entity.body_start):
            edited = self._edited(part, copy)
            if edited:
                content.append(raw[place : part.entity.body_start])
                content += edited
                place = part.entity.body_end
        content.append(raw[place:])
        return Sheet(content)

    def _edited(self, part: _Part, copy: Copy) -> list[bytes | int | Block]:
        """The part's body with everything of this copy in it; empty when nothing of it changes."""
        patches = self._patches(part, copy)
        if not patches:
            return []
        content = part.body.edit(patches, part.codec)
        if self._newline == b"\r" and part.entity.encoding in _WITH_LINES:
            return [Wrapped(Sheet(content), lambda data: data.replace(b"\n", b"\r"))]
        return content

    def _patches(self, part: _Part, copy: Copy) -> list[Patch]:
        if isinstance(part.page, Page):
            has_pixel = part is self._pixel_part
            return _page_patches(part.page, copy, has_pixel=has_pixel, first_decoy=self._next_number)
        edits = part.page.edits(copy.minter, copy.base, copy.token.template, clicks=copy.token.modes.clicks > Mode.OFF)
        return [Patch(0, len(part.body.decoded), tuple(edits))] if edits else []


def _first_newline(raw: bytes) -> bytes:
    """The message's own line end: that of its first line."""
    lf = raw.find(b"\n")
    if lf < 0:
        return b"\r" if b"\r" in raw else b"\r\n"
    return b"\r\n" if raw[lf - 1 : lf] == b"\r" else b"\n"


def instrument_html(html: bytes, copy: Copy, options: ComposeOptions) -> Instrumented:
    """One copy of an HTML page that stands by itself; merge tags of any language stay as they are.

    Args:
        html: the page, in any charset; named in a ``<meta>``, marked, or guessed.
        copy: whose copy it is.
        options: what the sender wants.
    """
    text = read_text(html, None)
    if text is None:
        return Instrumented(message=html, links=(), pixel=False, untouched=Untouched.ENCODING)
    page, modes = Page(text, _with_own_host(options, copy)), copy.token.modes
    content = splice(html, _page_patches(page, copy, first_decoy=page.next_number))
    block = Wrapped(Layout(content), bytes, None if text.is_ascii_based else text.codec)
    links = page.links + _decoys(page, page.next_number)
    return Instrumented(
        message=block.fill(copy.values(block.slots)),
        links=_links_in(links, modes) + page.others,
        pixel=page.pixel_place is not None and modes.opens > Mode.OFF,
        untouched=Untouched.AMP if page.is_amp else None,
    )


def _page_patches(page: Page, copy: Copy, *, has_pixel: bool = True, first_decoy: int) -> list[Patch]:
    """Everything that goes into a page, in order."""
    modes, template, base = copy.token.modes, copy.token.template, copy.base
    stamp = Stamp(copy.minter, base, template, modes.clicks > Mode.OFF)
    more = page.pixel_edits(base) if has_pixel and modes.opens > Mode.OFF else []
    if has_pixel and stamp.clicks and page.takes_decoys(first_decoy):
        more += page.decoy_edits(copy.minter, base, template, first_decoy)
    return page.patches(stamp, more)


def _decoys(page: Page, first: int) -> tuple[Link, ...]:
    if not page.takes_decoys(first):
        return ()
    return tuple(
        Link(number=number, href="", label="", role=Role.DECOY, tracked=True, why_not=None, where="html")
        for number in range(first, first + DECOYS_PER_MESSAGE)
    )


def _links_in(links: tuple[Link, ...], modes: Modes) -> tuple[Link, ...]:
    if modes.clicks > Mode.OFF:
        return links
    kept = [link for link in links if link.role is not Role.DECOY]
    return tuple(replace(link, tracked=False, why_not=WhyNot.OFF) if link.tracked else link for link in kept)


def _with_own_host(options: ComposeOptions, copy: Copy) -> ComposeOptions:
    host = (urlsplit(copy.base_url).hostname or "").lower()
    return options if host in options.own_hosts else replace(options, own_hosts=options.own_hosts | {host})


def instrument(message: bytes, copy: Copy, options: ComposeOptions) -> Instrumented:
    """One recipient's copy of a message that is not sent to anybody else.

    Args:
        message: as it would go over the wire.
        copy: whose copy it is.
        options: what the sender wants; links to the copy's own host are left alone in any case.
    """
    draft, modes = Draft.read(message, _with_own_host(options, copy)), copy.token.modes
    untouched = draft.untouched_in(modes)
    return Instrumented(
        message=draft.render(copy),
        links=draft.links_in(modes) + draft.others,
        pixel=draft.pixel and not untouched and modes.opens > Mode.OFF,
        untouched=untouched,
    )
