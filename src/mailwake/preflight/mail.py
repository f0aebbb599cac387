"""A message, read once for all checks: its lines, its header fields, its parts, its links.

Lines are those of the bytes as given. A file whose lines all end in LF is how mail is kept on disk, and stands for the
same with CR LF, as it travels.
"""

from __future__ import annotations

import binascii
import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from mailwake.compose.links import Link, visible_text
from mailwake.compose.options import ComposeOptions
from mailwake.compose.page import Page as LinkPage
from mailwake.compose.passage import content_of
from mailwake.compose.plain import PlainText
from mailwake.compose.shown import shown
from mailwake.compose.targets import judge_target
from mailwake.looks.page import Page, read_page
from mailwake.markup.addresses import addresses_in, is_group
from mailwake.markup.charset import Text, read_text
from mailwake.markup.mime import Entity, read_message
from mailwake.markup.tags import Tag
from mailwake.markup.transfer import decode_anyhow, read_body
from mailwake.preflight.names import is_mailbox

_LONE_LF = re.compile(rb"(?<!\r)\n")
_BLOCK = re.compile(r"<(?:/?(?:p|div|tr|table|li|ul|ol|h[1-6]|body|center|hr)\b)[^<>]*+>", re.IGNORECASE)
#: Where a sentence, or an entry of a row of links, ends; not a question, which the link answers.
_SENTENCE = re.compile(r"(?<=[.!])\s|[\u3002\uff01|\u2022\xb7]")
#: In text: where another address ends; a line of its own behind the address, unless the sentence goes on there.
_BEFORE, _AFTER = re.compile(r"https?://\S+"), re.compile(r"\n(?!\s*[a-zß-ÿ])")
#: An address in text, without the quotes, and the letters of languages that write no spaces, that stand behind it.
_BARE = re.compile(
    r"https?://[^/?#\xa0-\xbf\u2000-\u206f\u3000-\u303f\uff00-\uffef]+"
    r"(?:[/?#][^\xa0-\xbf\u2000-\u206f\u2e80-\U0010ffff]*)?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\b(?:id|name)\s*+=\s*+[\"']?+\s*+([^\"'\s>]+)", re.IGNORECASE)
_URI = re.compile(r"<([^<>]*)>")
#: Nobody names more ways to leave a list.
_MOST_URIS = 20
_AROUND_CHARS = 300


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """One link of the message, where it stands."""

    link: Link
    #: lower case; empty where the address names none
    host: str
    #: all that a reader sees of it; empty in a text part, where that is the address itself
    text: str
    #: the sentence that it stands in, without it
    around: str
    #: it can be seen; by styles that the page itself has, as far as those say
    is_seen: bool
    #: of the message
    line: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """A text part that is shown."""

    entity: Entity
    text: Text
    #: as it travels
    size_bytes: int
    #: of the first line of its body
    first_line: int
    #: where in the decoded bytes each line of the body as it travels starts
    starts: tuple[int, ...]

    @property
    def is_html(self) -> bool:
        """It is a page."""
        return self.entity.content_type == "text/html"

    def line(self, position: int) -> int:
        """The line of the message that a position of the view stands on."""
        return self.first_line + bisect.bisect_right(self.starts, position * self.text.unit) - 1

    @cached_property
    def said(self) -> str:
        """All of it as text, for people."""
        return self.text.readable(0, len(self.text.view))

    @cached_property
    def page(self) -> Page:
        """Its images and text."""
        return read_page(self.text)


class Mail:
    """A message to be judged.

    Args:
        raw: its bytes, as they are about to leave or as they are kept on disk.
        options: how links are judged.

    Attributes:
        raw: with the line ends of the wire.
        message: its places; None: the bytes do not start like a message.
    """

    def __init__(self, raw: bytes, options: ComposeOptions) -> None:
        if b"\r\n" not in raw[:2_000_000]:
            raw = _LONE_LF.sub(b"\r\n", raw)
        self.raw, self._options = raw, options
        self.message: Entity | None = read_message(raw)
        self._ends = [found.start() for found in re.finditer(rb"\n", raw)]

    def line(self, offset: int) -> int:
        """The number of the line that a byte stands on, from 1."""
        return bisect.bisect_left(self._ends, offset) + 1

    @cached_property
    def fields(self) -> tuple[tuple[str, str, int], ...]:
        """(name in lower case, unfolded value, line) of every header field, in order."""
        if self.message is None:
            return ()
        found, at = [], self.message.start
        for name, value in self.message.fields:
            text = re.sub(r"\r?\n", "", value.decode("utf-8", "replace")).strip()
            found.append((name, text, self.line(at)))
            at += len(name) + 1 + len(value) + 1
        return tuple(found)

    def values(self, name: str) -> list[tuple[str, int]]:
        """(value, line) of every field of a name."""
        return [(value, line) for each, value, line in self.fields if each == name]

    def first(self, name: str) -> str | None:
        """The first value of a field; None where there is none."""
        return next((value for value, _ in self.values(name)), None)

    def line_of(self, name: str) -> int:
        """The line of the first field of a name; 1 where there is none."""
        return next((line for _, line in self.values(name)), 1)

    def addresses(self, name: str) -> list[str]:
        """Every address in the fields of a name, as it is written."""
        return addresses_in([value for value, _ in self.values(name)])

    @cached_property
    def sender_domain(self) -> str:
        """Of the From address, lower case, in ASCII; empty where From does not name the one whom mail can go to."""
        found = self.addresses("from")
        if len(found) != 1 or not is_mailbox(found[0]) or is_group(self.first("from") or ""):
            return ""
        domain = found[0].rpartition("@")[2].lower().rstrip(".")
        try:
            return domain if domain.isascii() else domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""

    @cached_property
    def is_tracked(self) -> bool:
        """It went through our hands."""
        return (self.first("x-mailwake") or "").startswith("tracked")

    @cached_property
    def unsubscribe_uris(self) -> tuple[str, ...]:
        """What List-Unsubscribe names between brackets, in order."""
        return tuple(uri[1].strip() for uri in islice(_URI.finditer(self.first("list-unsubscribe") or ""), _MOST_URIS))

    @cached_property
    def leaves(self) -> tuple[Entity, ...]:
        """Every part that holds no others."""
        return tuple(part for part in self.message.walk() if not part.parts) if self.message else ()

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The text parts that are shown and can be read."""
        if self.message is None:
            return ()
        return tuple(part for entity in shown(self.message) if (part := self._part(entity)))

    @property
    def pages(self) -> list[Part]:
        """Those that are HTML."""
        return [part for part in self.parts if part.is_html]

    def line_within(self, leaf: Entity, place: int) -> int:
        """The line of the message that a byte of a part, as it is decoded, stands on."""
        starts = list(_starts(self.raw[leaf.body_start : leaf.body_end], leaf.encoding))
        return self.line(leaf.body_start) + bisect.bisect_right(starts, place) - 1

    def _part(self, entity: Entity) -> Part | None:
        raw = self.raw[entity.body_start : entity.body_end]
        body = read_body(raw, entity.encoding, b"\r\n")
        decoded = body.decoded if body else decode_anyhow(raw, entity.encoding)
        text = read_text(decoded, entity.parameters.get("charset")) if decoded is not None else None
        if text is None:
            return None
        return Part(
            entity=entity,
            text=text,
            size_bytes=len(raw),
            first_line=self.line(entity.body_start),
            starts=tuple(_starts(raw, entity.encoding)),
        )

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """Every link of the pages, in document order."""
        found: list[Anchor] = []
        for part in self.pages:
            found += self._anchors(part, len(found) + 1)
        return tuple(found)

    def _anchors(self, part: Part, number: int) -> Iterator[Anchor]:
        page = LinkPage(part.text, self._options, first_number=number)
        for link, found in zip(page.links, page.occurrences, strict=True):
            tag = found.tag
            yield Anchor(
                link=link,
                host=found.host,
                text=visible_text(content_of(tag, part.text)),
                around=_sentence(part.text, tag),
                is_seen=tag.name != "a" or tag.where != "html" or part.page.shows(tag.start, tag.content_end),
                line=part.line(tag.start),
            )

    @cached_property
    def links(self) -> tuple[Anchor, ...]:
        """Those of the pages, then every address in the text parts, in order."""
        return (*self.anchors, *(link for part in self.parts if not part.is_html for link in self._addresses(part)))

    def _addresses(self, part: Part) -> Iterator[Anchor]:
        page = PlainText(part.text, self._options, first_number=len(self.anchors) + 1)
        for link, (start, end, *_) in zip(page.links, page.occurrences, strict=True):
            bare = found[0] if (found := _BARE.match(link.href)) else link.href
            why, host = judge_target(bare)
            before = part.text.readable(max(0, start - _AROUND_CHARS), start)
            after = part.text.readable(end, end + _AROUND_CHARS)
            yield Anchor(
                link=replace(link, href=bare, why_not=why),
                host=host,
                text="",
                around=_joined(_BEFORE.split(before)[-1], _AFTER.split(after)[0]),
                is_seen=True,
                line=part.line(start),
            )

    @cached_property
    def places(self) -> frozenset[str]:
        """What a link within the pages can lead to; every program knows the top."""
        return frozenset(("top", *(name for page in self.pages for name in _PLACE.findall(page.text.view))))

    @cached_property
    def content_ids(self) -> frozenset[str]:
        """What pictures that are attached are called."""
        return frozenset((part.header("content-id") or "").strip().strip("<>") for part in self.leaves)


def _sentence(text: Text, tag: Tag) -> str:
    before = text.readable(max(0, tag.start - _AROUND_CHARS), tag.start)
    after = text.readable(tag.content_end, tag.content_end + _AROUND_CHARS)
    return _joined(visible_text(_BLOCK.split(before)[-1] + "\0"), visible_text(_BLOCK.split(after)[0]))


def _joined(before: str, after: str) -> str:
    """The end of what stands before and the start of what stands behind, as far as both are of one sentence."""
    return f"{_SENTENCE.split(before)[-1]} {_SENTENCE.split(after)[0]}"


def _starts(raw: bytes, encoding: str) -> Iterator[int]:
    """Where in the decoded bytes each line starts."""
    at = 0
    for line in raw.splitlines(keepends=True) or [b""]:
        yield at
        if encoding == "quoted-printable":
            at += len(binascii.a2b_qp(line))
        elif encoding == "base64":
            at += len(line.strip()) * 3 // 4
        else:
            at += len(line)
