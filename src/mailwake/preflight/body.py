"""What readers get to see: text beside the HTML, words beside pictures, all of it before Gmail clips, no merge tags.

Source: https://support.google.com/mail/answer/6594 (what Gmail shows of long mail; 102 kB is what senders measure),
https://www.w3.org/TR/WCAG22/#non-text-content (alternatives to pictures).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailwake.compose.shown import shown
from mailwake.compose.targets import has_placeholder
from mailwake.markup.words import readable
from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.mail import Mail, Part
from mailwake.preflight.markup import visible

#: Gmail clips the HTML part behind this; of the part as it travels, which is never less than what Gmail counts.
CLIP_BYTES = 102 * 1024
#: A few links more, and it is clipped.
NEAR_CLIP_BYTES = 95 * 1024
#: SpamAssassin's HTML_IMAGE_ONLY rules begin below 3,200 characters; below this nothing else can be read.
FEW_CHARS = 200
#: What shows: neither white space nor a character without width.
_SEEN = re.compile(r"[^\s\u00ad\u034f\u200b-\u200f\u2060\ufeff]")
#: How the source of a page begins.
_SOURCE = re.compile(r"[\s\ufeff]*<(?:!doctype\s+html|html)\b[^>]*>\s*<", re.IGNORECASE)
#: An address that begins with its scheme: https, cid, data.
_WHOLE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TAGS = re.compile(
    r"\{\{[^{}\n]{0,200}\}\}|\{%[^{}\n]{0,200}%\}|\*\|[^|*\n]{1,100}\|\*|%%[A-Za-z_][^%\n]{0,100}%%"
    r"|\[\[(?![\d\s.,-]+\])[^\[\]\n]{1,100}\]\]|\$\{(?![\d\s.,-]+\})[^{}\n]{1,100}\}|<%[^%\n]{1,200}%>|#\{[^{}\n]{1,100}\}"
    r"|\[(?:first|last|full|user|sur|fore)?[_ -]?(?:name|firstname|lastname|email|company)\]"
    r"|\{(?:first|last|full)[_-]?name\}|\|FNAME:[^|\n]{0,50}\|"
    # Salesforce, MailerLite; Mailgun, ActiveCampaign; Drupal
    r"|\{[!$][A-Za-z_][^{}\n]{0,200}\}|%(?:recipient|subscriber|contact)[._][\w.]{1,100}%"
    r"|%(?:first|last|full)?_?name%|%email%|\[(?:node|user|site|subscriber|contact):[\w:-]{1,100}\]"
    # AMPscript, Marketo; Word and Zoho; Pardot's and older ones; shortened names
    r"|%%=[^%\n]{1,200}=%%|\{(?:lead|company|my)\.[^{}\n]{1,100}\}|<<[A-Za-z_][\w .]{0,60}>>"
    r"|~[A-Za-z]\w{0,40}\.\w{1,40}~|@@[A-Za-z_]\w{0,60}@@|[\[{](?:[fl]name|e-?mail)[\]}]",
    re.IGNORECASE,
)


def check_body(mail: Mail) -> Iterator[Finding]:
    """Text part, pictures, size, merge tags."""
    if mail.message is None:
        return
    pages, texts = mail.pages, [part for part in mail.parts if not part.is_html]
    has_text = any(entity.content_type == "text/plain" for entity in shown(mail.message))
    if pages and not has_text:
        yield finding("text_missing", mail.line(pages[0].entity.start))
    elif pages and texts and not any(_SEEN.search(part.said) for part in texts):
        yield finding("text_empty", mail.line(texts[0].entity.start))
    for part in texts:
        if _SOURCE.match(part.said):
            yield finding("page_as_text", mail.line(part.entity.start))
    for page in pages:
        yield from _size(mail, page)
        yield from _pictures(page)
        for kind, start in page.page.dropped.items():
            yield finding(f"{kind}_dropped", page.line(start))
    yield from _placeholders(mail)


def _size(mail: Mail, page: Part) -> Iterator[Finding]:
    line, size = mail.line(page.entity.start), f"{page.size_bytes / 1024:.0f}"
    if page.size_bytes > CLIP_BYTES:
        yield finding("clipped", line, kilobytes=size)
    elif page.size_bytes > NEAR_CLIP_BYTES:
        yield finding("nearly_clipped", line, kilobytes=size)


def _pictures(page: Part) -> Iterator[Finding]:
    images = [image for image in page.page.images if not image.is_dot and not image.is_hidden]
    if images and _count(page) < FEW_CHARS:
        yield finding("image_only", page.line(images[0].start), images[0].src, chars=str(_count(page)))
    lost = [image for image in images if image.src and not _WHOLE.match(image.src) and not has_placeholder(image.src)]
    if lost:
        yield finding("image_relative", page.line(lost[0].start), lost[0].src, src=lost[0].src)
    without = [image for image in images if image.alt is None or (image.is_linked and not image.alt.strip())]
    if without:
        yield finding("alt_missing", page.line(without[0].start), without[0].src, count=f"{len(without):,}")


def _count(page: Part) -> int:
    """Characters of text, white space collapsed, as far as it matters whether there are many."""
    total = 0
    for start, end in page.page.runs:
        total += len(" ".join(visible(page.text, start, end).split()))
        if total >= FEW_CHARS:
            break
    return total


def _placeholders(mail: Mail) -> Iterator[Finding]:
    """The first merge tag of the subject and other fields, of each part's text, and of the addresses."""
    for name, value, line in mail.fields:
        if name in ("subject", "from", "to", "reply-to") and (found := _TAGS.search(readable(value))):
            yield finding("placeholder", line, readable(value), tag=found[0])
    for part in mail.parts:
        if (text := _first_tag(part)) is not None:
            place, tag = text
            yield finding("placeholder", part.line(place), tag, tag=tag)
    for page in mail.pages:
        yield from _tag_of_picture(page)
    for anchor in mail.anchors:
        if has_placeholder(anchor.link.href) and anchor.link.why_not != "own_page":
            yield finding("placeholder_link", anchor.line, anchor.link.href, href=anchor.link.href)
            return
        if mail.is_tracked and anchor.link.why_not == "own_page":
            yield finding("placeholder_link", anchor.line, anchor.link.href, href=anchor.link.href)
            return


def _tag_of_picture(page: Part) -> Iterator[Finding]:
    """The first merge tag in the words or the address of a picture; an address with one loads nothing."""
    for image in page.page.images:
        found = _TAGS.search(image.alt or "") or _TAGS.search(image.src)
        if found and not _is_own(found[0]):
            yield finding("placeholder", page.line(image.start), found[0], tag=found[0])
            return


def tag_in(text: str) -> str:
    """The first merge tag of a text; empty where there is none."""
    found = _TAGS.search(text)
    return found[0] if found else ""


def _first_tag(part: Part) -> tuple[int, str] | None:
    if not part.is_html:
        found = _TAGS.search(part.text.view)
        return (found.start(), found[0]) if found and not _is_own(found[0]) else None
    for start, end in part.page.runs:
        found = _TAGS.search(visible(part.text, start, end))
        if found and not _is_own(found[0]):
            return start, found[0]
    return None


def _is_own(tag: str) -> bool:
    """Ours, which become addresses when the mail is tracked."""
    return tag.strip("{} ") in ("unsubscribe_url", "preferences_url")
