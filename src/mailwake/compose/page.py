"""One HTML text: its links, what may be done with each, and where a pixel can stand.

Nothing here knows of messages or recipients. Numbers of links, tracked or not, follow the document.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

from mailwake.compose.copy import Slot
from mailwake.compose.links import Link, Role, label_of, looks_like_button, named_role, visible_text
from mailwake.compose.options import ComposeOptions
from mailwake.compose.targets import WhyNot, add_parameters, clean, is_address, judge_target
from mailwake.markup.charset import Text
from mailwake.markup.entities import decode_attribute
from mailwake.markup.layout import Content, Edit
from mailwake.markup.places import safe_places
from mailwake.markup.scan import Tag, attributes, scan
from mailwake.tokens import MAX_LINK_NUMBER, MAX_TARGET_BYTES, LinkToken, Minter

#: Links in this last part of a document are its footer, if nothing else is known of them.
_FOOTER_SHARE = 0.85
_PAGES = {
    "mailwake:unsubscribe": "u",
    "{{unsubscribe_url}}": "u",
    "{{ unsubscribe_url }}": "u",
    "mailwake:preferences": "p",
    "{{preferences_url}}": "p",
    "{{ preferences_url }}": "p",
}
#: Marks by which senders switch click tracking off, here and elsewhere (SendGrid, SparkPost, Postmark, Mandrill).
_NO_TRACK = ("data-no-track", "data-pm-no-track", "mc:disable-tracking")
_NO_TRACK_VALUES = (("clicktracking", "off"), ("data-msys-clicktrack", "0"))
#: A transparent GIF of 43 bytes, inside the mail itself, so that nothing is fetched for it.
_BLANK_IMAGE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


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


@lru_cache(maxsize=4_096)
def read_href(written: str) -> str:
    """An address as written, decoded and cleaned; remembered, because every copy of a mail has the same ones."""
    return clean(decode_attribute(written))


class Page:
    """An HTML text that was looked through once.

    Args:
        text: the markup.
        options: what the sender wants.
        first_number: number of its first link.
    """

    def __init__(self, text: Text, options: ComposeOptions, *, first_number: int = 1) -> None:
        self.text = text
        self.first_number = first_number
        self._options = options
        self._scan = scan(text.view)
        self.is_amp = self._scan.is_amp
        self.occurrences = [self._read(tag, number) for number, tag in enumerate(self._scan.tags, first_number)]
        self.is_empty = not text.view.strip("\ufeff\u00ef\u00bb\u00bf \t\r\n\f\0")

    def _read(self, tag: Tag, number: int) -> Occurrence:
        start, end, quote = tag.href or (0, 0, "")
        written = self.text.value(start, end)
        if written is None:
            return Occurrence(tag, start, end, quote, self.text.readable(start, end), "", WhyNot.UNDECODABLE)
        href = read_href(written)
        page = _PAGES.get(href) if self._options.own_pages else None
        if page and not self.is_amp:
            return Occurrence(tag, start, end, quote, href, "", WhyNot.OWN_PAGE, page)
        why, host = judge_target(href)
        if not why and number > MAX_LINK_NUMBER:
            why = WhyNot.TOO_MANY
        return Occurrence(tag, start, end, quote, href, host, why or self._why_not(tag, href, host))

    def _why_not(self, tag: Tag, href: str, host: str) -> WhyNot | None:
        """Reasons that lie in the document and not in the address."""
        if self.is_amp:
            return WhyNot.AMP
        if tag.is_inert:
            return WhyNot.INERT
        if host in self._options.own_hosts:
            return WhyNot.OWN_HOST
        if _has_no_track(tag, self.text.view):
            return WhyNot.NO_TRACK
        content = self.text.view[tag.end : tag.content_end]
        if ("." in content or "&" in content) and is_address(visible_text(self._content(tag))):
            return WhyNot.TEXT_IS_URL
        if self._options.utm and len(self.target(href).encode()) > MAX_TARGET_BYTES:
            return WhyNot.TOO_LONG
        return None

    def _content(self, tag: Tag) -> str:
        content = self.text.readable(tag.end, min(tag.content_end, tag.end + 4_000))
        return content.partition("<![endif]")[0].partition("</v:")[0] if tag.where == "mso" else content

    def target(self, href: str) -> str:
        """What is sealed for an address: itself, with the parameters that the sender wants added."""
        return add_parameters(href, self._options.utm) if self._options.utm else href

    @property
    def next_number(self) -> int:
        """The number after its last link."""
        return self.first_number + len(self.occurrences)

    @cached_property
    def skeleton(self) -> bytes:
        """Digest of the sequence of tags and the number of links; text and addresses do not matter."""
        written = f"{len(self.occurrences)}{self._scan.sequence}"
        return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Its links in document order."""
        return tuple(self._link(each, number) for number, each in enumerate(self.occurrences, self.first_number))

    def _link(self, found: Occurrence, number: int) -> Link:
        values = {
            name: decode_attribute(self.text.readable(start, end))
            for name, (start, end, _) in attributes(self.text.view, found.tag.name_end, found.tag.end - 1).items()
            if name in ("title", "alt", "class", "style", "role", "background")
        }
        label, is_image = label_of(self._content(found.tag), values.get("title") or values.get("alt"))
        return Link(
            number=number,
            href=found.href,
            label=label,
            role=self._role(found, label, values, is_image=is_image),
            tracked=found.why_not is None,
            why_not=found.why_not,
            where=found.tag.where,
        )

    def _role(self, found: Occurrence, label: str, values: dict[str, str], *, is_image: bool) -> Role:
        if found.page:
            return Role.UNSUBSCRIBE if found.page == "u" else Role.PREFERENCES
        named = named_role(label, found.href[:500], found.host)
        if named:
            return named
        if looks_like_button(found.tag.name, values):
            return Role.CTA
        if is_image or found.tag.name == "area":
            return Role.IMAGE
        return Role.FOOTER if found.tag.start > len(self.text.view) * _FOOTER_SHARE else Role.TEXT

    @cached_property
    def pixel_place(self) -> int | None:
        """Where the pixel goes, as a position of the view; None: nowhere.

        Before the last real </body>, else at the end of the document; never into a link, the structure of a table, or
        what is no markup.
        """
        if self.is_amp or self.is_empty:
            return None
        found, view = self._scan, self.text.view
        end = found.html_end if found.body_end is None else found.body_end
        if end is None:
            end = len(view[: found.readable_end].rstrip(" \t\r\n\f\0\x1a"))
        if found.is_clean:
            return end
        places = [place for place in self._safe_places if place <= end]
        return places[-1] if places else None

    @cached_property
    def _safe_places(self) -> list[int]:
        return safe_places(self.text.view)

    @property
    def wants_decoys(self) -> bool:
        """Whether decoys are asked for, and there is room for one at the top and one at the end."""
        return self._options.decoys and self.pixel_place is not None and len(self._safe_places) >= 3

    def edits(self, minter: Minter, base: str, template: int, *, clicks: bool = True) -> list[Edit]:
        """What makes its links ours.

        Args:
            minter: seals the link parts.
            base: scheme and host, without a slash at the end.
            template: id of the template.
            clicks: whether links are tracked; pages of ours are linked in any case.
        """
        edits, prefix = [], f"{base}/c/".encode()
        for number, found in enumerate(self.occurrences, self.first_number):
            if found.page:
                content: Content = (f"{base}/{found.page}/".encode(), Slot.PAGE)
            elif found.why_not or not clicks:
                continue
            else:
                part = minter.link(LinkToken(template, number, self.target(found.href)))
                content = (prefix, Slot.CLICKED, f"/{part}".encode())
            edits.append(self.edit(found.start, found.end, content, may_break=bool(found.quote)))
        return edits

    def pixel_edit(self, base: str) -> Edit | None:
        """What puts the pixel in; None where it has no place."""
        place = self.pixel_place
        if place is None:
            return None
        before, after = f'<img src="{base}/o/', '" width="1" height="1" alt="">'
        return self.edit(place, place, (before.encode(), Slot.OPENED, after.encode()), may_break=True)

    def decoy_edits(self, minter: Minter, base: str, template: int, first_number: int) -> list[Edit]:
        """What puts two hidden links in, one into the first third and one into the last third of the body.

        Where exactly follows from the template's id, so that all copies agree and no scanner can know it beforehand.
        Source: Barracuda follows the first link of a mail, others take a sample; a person sees neither kind.
        """
        places = self._safe_places
        third = len(places) // 3
        seed = hashlib.blake2b(template.to_bytes(4), digest_size=16, person=b"mailwake decoy").digest()
        top = places[int.from_bytes(seed[:4]) % third]
        bottom = places[-1 - int.from_bytes(seed[4:8]) % third]
        edits = []
        for index, place in enumerate((top, bottom)):
            part = minter.link(LinkToken(template, first_number + index, ""))
            before, after = _DECOYS[(index + seed[8]) % 2]
            content = (f"{before}{base}/c/".encode(), Slot.CLICKED, f"/{part}{after}".encode())
            edits.append(self.edit(place, place, content, may_break=True))
        return edits

    def edit(self, start: int, end: int, content: Content, *, may_break: bool = False) -> Edit:
        """An edit in bytes from one in positions of the view."""
        text = self.text
        if not text.is_ascii_based:
            content = tuple(item if isinstance(item, int) else text.encode(item.decode()) for item in content)
        return Edit(start * text.unit, end * text.unit, content, may_break and text.is_ascii_based)


#: Kinds of decoy: hidden by style and without text, and an invisible picture. Screen readers and the tab key pass by.
_DECOYS = (
    (
        '<div style="display:none;mso-hide:all" aria-hidden="true"><a href="',
        '" tabindex="-1" aria-hidden="true"></a></div>',
    ),
    (
        '<a href="',
        f'" tabindex="-1" aria-hidden="true"><img src="{_BLANK_IMAGE}" width="1" height="1" alt="" border="0"></a>',
    ),
)
DECOYS_PER_MESSAGE = len(_DECOYS)


def _has_no_track(tag: Tag, view: str) -> bool:
    if "track" not in view[tag.start : tag.end].lower():
        return False
    found = attributes(view, tag.name_end, tag.end - 1)
    if any(name in found for name in _NO_TRACK):
        return True
    return any(
        name in found and view[found[name][0] : found[name][1]].strip().lower() == value
        for name, value in _NO_TRACK_VALUES
    )
