"""One HTML text: its links, what may be done with each, and where a pixel can stand.

Nothing here knows of messages or recipients. Numbers of links, tracked or not, follow the document.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property

from mailwake.compose.copy import Slot
from mailwake.compose.links import Link, Role, label_of, looks_like_button, named_role
from mailwake.compose.options import ComposeOptions
from mailwake.compose.passage import Judge, Occurrence, Passage, Stamp, content_of
from mailwake.compose.targets import add_parameters, clean, judge_target
from mailwake.markup.charset import Text
from mailwake.markup.entities import decode_attribute
from mailwake.markup.layout import Content, Edit, Patch, flatten
from mailwake.markup.others import Other, others
from mailwake.markup.places import Places, find_places, may_stay_hidden
from mailwake.markup.scan import scan
from mailwake.markup.tags import attributes
from mailwake.tokens import MAX_LINK_NUMBER, LinkToken, Minter

#: Links in this last part of a document are its footer, if nothing else is known of them.
_FOOTER_SHARE = 0.85
#: A transparent GIF of 43 bytes, inside the mail itself, so that nothing is fetched for it.
_BLANK_IMAGE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


class Page:
    """An HTML text that was looked through once.

    Args:
        text: the markup.
        options: what the sender wants.
        first_number: number of its first link.
    """

    def __init__(self, text: Text, options: ComposeOptions, *, first_number: int = 1) -> None:
        self.text = text
        self.first_number = self.next_number = first_number
        self._options = options
        self._scan = scan(text.view)
        self.is_amp = self._scan.is_amp
        #: (start, end, number of its first link, its links) of each stretch that has links
        self._passages: list[tuple[int, int, int, Passage]] = []
        judge = Judge(text, options, is_amp=self.is_amp)
        for start, stretch in self._scan.stretches:
            if stretch.tags:
                number = self.next_number
                self._passages.append((start, start + stretch.length, number, judge.passage(start, stretch, number)))
                self.next_number += len(stretch.tags)
        self.is_empty = not text.view.strip("\ufeff\u00ef\u00bb\u00bf \t\r\n\f\0")

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        """Its links in document order, whatever may be done with them."""
        return [found.moved(start) for start, _, _, passage in self._passages for found in passage.occurrences]

    @cached_property
    def has_links(self) -> bool:
        """Whether some link of it can be made ours."""
        return any(found.why_not is None for found in self._judged) or self.has_own_pages

    @cached_property
    def has_own_pages(self) -> bool:
        """Whether it links to a page of ours."""
        return any(found.page for found in self._judged)

    @property
    def _judged(self) -> Iterable[Occurrence]:
        return (found for *_, passage in self._passages for found in passage.occurrences)

    def target(self, href: str) -> str:
        """What is sealed for an address: itself, with the parameters that the sender wants added."""
        return add_parameters(href, self._options.utm) if self._options.utm else href

    @cached_property
    def skeleton(self) -> bytes:
        """Digest of the sequence of tags and the number of links; text and addresses do not matter."""
        written = f"{self.next_number - self.first_number}{self._scan.sequence}"
        return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Its links in document order."""
        return tuple(self._link(each, number) for number, each in enumerate(self.occurrences, self.first_number))

    @cached_property
    def others(self) -> tuple[Link, ...]:
        """Addresses in drawings and forms that would be tracked if they were links; they are told of, no more."""
        if self.is_amp:
            return ()
        told = ((each, clean(decode_attribute(self.text.readable(each.start, each.end)))) for each in self._others)
        return tuple(
            Link(number=0, href=href, label="", role=Role.TEXT, tracked=False, why_not=each.kind, where=each.where)
            for each, href in told
            if judge_target(href)[0] is None
        )

    @property
    def _others(self) -> list[Other]:
        return others(self.text.view)

    def _link(self, found: Occurrence, number: int) -> Link:
        values = {
            name: decode_attribute(self.text.readable(start, end))
            for name, (start, end, _) in attributes(self.text.view, found.tag.name_end, found.tag.end - 1).items()
            if name in ("title", "alt", "class", "style", "role", "background")
        }
        label, is_image = label_of(content_of(found.tag, self.text), values.get("title") or values.get("alt"))
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
        what is no markup. Nowhere in a page that is shorter than the sender wants it for one.
        """
        if self.is_amp or self.is_empty or len(self.text.view) < self._options.pixel_min_bytes:
            return None
        found, view = self._scan, self.text.view
        end = found.html_end if found.body_end is None else found.body_end
        if end is None:
            end = len(view[: found.readable_end].rstrip(" \t\r\n\f\0\x1a"))
        if found.is_clean and not self._is_hidden(end):
            return end
        places = [place for place in self._places.safe if place <= end]
        return places[-1] if places else None

    def _is_hidden(self, place: int) -> bool:
        """Whether a place is in an element that its style hides, such as one that is never closed."""
        if not may_stay_hidden(self.text.view, self._scan.sequence):
            return False
        return any(start < place <= end for start, end in self._places.hidden)

    @cached_property
    def _places(self) -> Places:
        return find_places(self.text.view)

    def takes_decoys(self, first_number: int) -> bool:
        """Whether decoys are asked for, and there is room for one at the top and one at the end, with numbers left."""
        if not self._options.decoys or first_number + DECOYS_PER_MESSAGE - 1 > MAX_LINK_NUMBER:
            return False
        return self.pixel_place is not None and len(self._places.safe) >= 3

    def edits(self, stamp: Stamp) -> list[Edit]:
        """What makes its links ours, in order; in bytes."""
        return flatten(self.patches(stamp))

    def patches(self, stamp: Stamp, more: Sequence[Edit] = ()) -> list[Patch]:
        """The same by stretches of text, so that what was done to a stretch before need not be done again.

        Args:
            stamp: whose links they become.
            more: other edits, in order; in positions of the view.
        """
        patches = []
        for start, end, number, passage in self._passages:
            edits = passage.edits(stamp, number)
            if edits:
                patches.append(Patch(start, end, edits))
        for edit in more:
            _put(patches, edit)
        return patches if self.text.is_literal else [self._written(patch) for patch in patches]

    def _written(self, patch: Patch) -> Patch:
        """A patch in bytes from one in positions of the view."""
        text, unit = self.text, self.text.unit
        edits = [
            Edit.put(
                edit.start * unit,
                edit.end * unit,
                self._encoded(edit.content),
                may_break=edit.may_break and text.is_ascii_based,
            )
            for edit in patch.edits
        ]
        return Patch(patch.start * unit, patch.end * unit, tuple(edits))

    def _encoded(self, content: Content) -> Content:
        if self.text.is_ascii_based:
            return content
        return tuple(item if isinstance(item, int) else self.text.encode(item.decode()) for item in content)

    @cached_property
    def top_place(self) -> int | None:
        """Where the pixel goes when another stands at the end; None: one is enough, or there is room for one alone."""
        end = self.pixel_place
        if not self._options.end_pixel or end is None:
            return None
        return next((place for place in self._places.safe if place < end), None)

    def pixel_edits(self, base: str) -> list[Edit]:
        """What puts the pixel in, or both; in positions of the view; empty where there is no place."""
        top, end = self.top_place, self.pixel_place
        if end is None:
            return []
        put = _background if self._options.background_pixel else _picture
        if top is None:
            return [put(base, end)]
        return [put(base, top), put(base, end, END)]

    def decoy_edits(self, minter: Minter, base: str, template: int, first_number: int) -> list[Edit]:
        """What puts two hidden links in, one into the first third and one into the last third of the body.

        Where exactly follows from the template's id, so that all copies agree and no scanner can know it beforehand.
        Source: Barracuda follows the first link of a mail, others take a sample; a person sees neither kind.
        """
        places = self._places.safe
        third = len(places) // 3
        seed = hashlib.blake2b(template.to_bytes(4), digest_size=16, person=b"mailwake decoy").digest()
        top = places[int.from_bytes(seed[:4]) % third]
        bottom = places[-1 - int.from_bytes(seed[4:8]) % third]
        edits = []
        for index, place in enumerate((top, bottom)):
            part = minter.link(LinkToken(template, first_number + index, ""))
            before, after = _DECOYS[(index + seed[8]) % 2]
            content = (f"{before}{base}/c/".encode(), Slot.CLICKED, f"/{part}{after}".encode())
            edits.append(Edit.put(place, place, content, may_break=True))
        return edits


#: behind the message part of the pixel at the end; the edge knows it by that
END = "/end"


_PICTURE = (b'<img src="', b'" width="1" height="1" alt="">')
#: Outlook for Windows loads no background, and it alone reads what stands in such a comment. Which clients load what:
#: https://www.caniemail.com, features css-background-image and html-background.
_BACKGROUND = (b'<div style="width:1px;height:1px;background-image:url(', b')"></div>')
_FOR_OUTLOOK = (b"<!--[if mso]>", b"<![endif]-->")


def _picture(base: str, place: int, which: str = "") -> Edit:
    return Edit.put(place, place, _pixel(base, which, _PICTURE), may_break=True)


def _background(base: str, place: int, which: str = "") -> Edit:
    before, after = _FOR_OUTLOOK
    picture = (before, *_pixel(base, which, _PICTURE), after)
    return Edit.put(place, place, (*_pixel(base, which, _BACKGROUND), *picture), may_break=True)


def _pixel(base: str, which: str, form: tuple[bytes, bytes]) -> Content:
    before, after = form
    return (before + f"{base}/o/".encode(), Slot.OPENED, which.encode() + after)


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


def _put(patches: list[Patch], edit: Edit) -> None:
    """Add an edit to the patch of the text that it is in."""
    index = bisect.bisect_right(patches, edit.start, key=lambda patch: patch.start) - 1
    if index >= 0 and edit.start < patches[index].end:
        start, end, edits = patches[index]
        joined = sorted((*edits, edit.moved(-start)), key=lambda each: (each.start, each.end))
        patches[index] = Patch(start, end, tuple(joined))
    else:
        patches.insert(index + 1, Patch(edit.start, edit.end, (edit.moved(-edit.start),)))
