"""Finds every link of a mail by its place in the source and writes its number beside it.

The scanner is the one that composing uses, and a number is given to every link that has an address, in the order of the
document: so number 7 here is number 7 in the tokens of the mail that went out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from mailwake.markup.charset import Text, read_text
from mailwake.markup.entities import decode_attribute
from mailwake.markup.scan import scan
from mailwake.markup.tags import Tag

#: What carries a number through the cleaning; the value starts with a word that no mail can know.
ATTRIBUTE = "data-mw"


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A mail's markup with the numbers of its links in it; as hostile as before."""

    html: str
    #: what the value of every mark begins with
    word: str
    #: number of a link to the number under which it is shown: its own, of an Outlook link that of the HTML link which
    #: the other programs show in its stead. Links that nobody could see are not in it
    shown_as: dict[int, int]
    #: how many links the mail has
    count: int


def mark(raw: bytes) -> Marked | None:
    """Write its number into every link.

    Args:
        raw: the HTML as sent, before tracking.

    Returns:
        None: its charset is unknown, so nothing of it can be shown, and no link of it has a place.
    """
    text = read_text(raw, None)
    if text is None:
        return None
    # A mail cannot hold the digest of itself, so it cannot forge a mark.
    word = f"{hashlib.blake2b(raw, digest_size=12, person=b'mailwake mark').hexdigest()}-"
    tags = [tag for tag in scan(text.view).tags if tag.href]
    pieces, position = list[str](), 0
    for number, tag in enumerate(tags, 1):
        if _can_be_seen(tag):
            pieces += (text.readable(position, tag.name_end), f' {ATTRIBUTE}="{word}{number}"')
            position = tag.name_end
    pieces.append(text.readable(position, len(text.view)))
    return Marked(html="".join(pieces), word=word, shown_as=_shown_as(text, tags), count=len(tags))


def _can_be_seen(tag: Tag) -> bool:
    return tag.where == "html" and not tag.is_inert


def _shown_as(text: Text, tags: Sequence[Tag]) -> dict[int, int]:
    shown = {number: number for number, tag in enumerate(tags, 1) if _can_be_seen(tag)}
    seen = {number: _target(text, tags[number - 1]) for number in shown}
    for number, tag in enumerate(tags, 1):
        if tag.where == "mso":
            twin = _twin(_target(text, tag), number, seen)
            if twin:
                shown[number] = twin
    return shown


#: The other link of a button written twice is not further off than this many links.
_NEAR = 3


def _twin(target: str, number: int, seen: dict[int, str]) -> int | None:
    """The link that stands for the same button where Outlook does not read: the next with the same target."""
    near = [other for other in range(number - _NEAR, number + _NEAR + 1) if seen.get(other) == target]
    return min(near, key=lambda other: (other < number, abs(other - number)), default=None)


def _target(text: Text, tag: Tag) -> str:
    start, end, _ = tag.href or (0, 0, "")
    return decode_attribute(text.readable(start, end)).strip()
