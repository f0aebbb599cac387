"""What readers get to see: text beside the HTML, words beside pictures, all of it before Gmail clips, no merge tags.

Source: https://www.spamresource.com/2022/01/what-is-gmail-clipping-and-what-to-do.html (102 kB, as senders measure),
https://www.w3.org/TR/WCAG22/#non-text-content (alternatives to pictures).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from urllib.parse import unquote

from mailwake.compose.shown import shown
from mailwake.compose.targets import has_placeholder
from mailwake.looks.page import Image, Run
from mailwake.markup.mime import Entity
from mailwake.markup.words import readable
from mailwake.preflight.findings import Finding, finding, fold
from mailwake.preflight.mail import Mail, Part

#: Gmail clips the HTML behind this; of the parts as they are decoded.
CLIP_BYTES = 102 * 1024
#: A few links more, and it is clipped; as it travels, which is never less than what Gmail counts.
NEAR_CLIP_BYTES = 95 * 1024
#: SpamAssassin's HTML_IMAGE_ONLY rules begin below 3,200 characters; below this nothing else can be read.
FEW_CHARS = 200
#: What shows: neither white space nor a character without width.
_SEEN = re.compile(r"[^\s\u00ad\u034f\u200b-\u200f\u2060\ufeff]")
#: Words that mean something: short ones stand in every text; where no spaces part words, every sign is one.
_WORDS = re.compile(r"[\u0e00-\u0eff\u2e80-\ufaff]|[^\W\d_\u0e00-\u0eff\u2e80-\ufaff]{4,}")
_ADDRESS = re.compile(r"https?://\S+")
#: Fewer different words of a page, and of a text, are too few to compare. SpamAssassin's MPART_ALT_DIFF minds a text
#: with 1 % of the page's words or less; the shares here are judgement: any two texts in one language share some words.
FEW_OF_PAGE, FEW_WORDS, LEAST_OF_PAGE, LEAST_IN_BOTH = 40, 20, 0.05, 0.2
#: How the source of a page begins.
_SOURCE = re.compile(r"[\s\ufeff]*<(?:!doctype\s+html|html)\b[^>]*>\s*<", re.IGNORECASE)
#: Nor below the first, of which no more than the second stands before what the law and the list want at the end.
FEW_WITH_FOOTER, FEW_BEFORE_FOOTER = 500, 60
#: An address that begins with its scheme: https, cid, data.
_WHOLE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_OWN = ("{{unsubscribe_url}}", "{{preferences_url}}")
#: What programs call pictures by themselves.
_FILE_NAME = re.compile(r"[\w %().-]+\.(?:png|jpe?g|gif|webp|svg|bmp)|(?:image|img|dsc)[-_ ]?\d+", re.IGNORECASE)


@lru_cache(maxsize=1)
def _tags() -> re.Pattern[str]:
    """What merge tags look like."""
    data = tomllib.loads(resources.files(__package__).joinpath("merge_tags.toml").read_text(encoding="utf-8"))
    names, patterns = "|".join(data["names"]), "|".join(tag["pattern"] for tag in data["tag"])
    return re.compile(patterns.replace("NAMES", names).replace("UPPER", f"(?-i:{names.upper()})"), re.IGNORECASE)


@lru_cache(maxsize=1)
def _words() -> Mapping[str, list[tuple[str, re.Pattern[str]]]]:
    """What is said of what, in many languages: (what every such text holds, the whole of it)."""
    data = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    entries = {
        kind: [each if isinstance(each, dict) else {"has": each, "like": ""} for each in data[kind]] for kind in data
    }
    return {kind: [(each["has"], re.compile(each["like"])) for each in known] for kind, known in entries.items()}


def says(kind: str, text: str) -> bool:
    """Whether words of a kind of `words.toml` are in a text."""
    text = text.lower()
    return any(part in text and whole.search(text) for part, whole in _words()[kind])


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
    elif pages and texts and _says_else(texts, pages):
        yield finding("text_differs", mail.line(texts[0].entity.start))
    for part in texts:
        if _SOURCE.match(part.said):
            yield finding("page_as_text", mail.line(part.entity.start))
    if pages:
        yield from _size(mail, pages[0])
    for page in pages:
        yield from _pictures(mail, page)
        for kind, start in page.page.dropped.items():
            yield finding(f"{kind}_dropped", page.line(start))
    yield from _placeholders(mail)


def _says_else(texts: Sequence[Part], pages: Sequence[Part]) -> bool:
    """Whether the text has next to nothing of what the page says, or is of something else."""
    page = {word for each in pages for run in each.page.runs for word in _WORDS.findall(run.text.lower())}
    text = {word for each in texts for word in _WORDS.findall(_ADDRESS.sub(" ", each.said.lower()))}
    if len(page) < FEW_OF_PAGE:
        return False
    both, fewer = len(page & text), min(len(page), len(text))
    return both < LEAST_OF_PAGE * len(page) or (fewer >= FEW_WORDS and both < LEAST_IN_BOTH * fewer)


def _size(mail: Mail, first: Part) -> Iterator[Finding]:
    line = mail.line(first.entity.start)
    bare = _together(mail.message, {id(page.entity): len(page.text.raw) for page in mail.pages})
    travelling = _together(mail.message, {id(page.entity): page.size_bytes for page in mail.pages})
    if bare > CLIP_BYTES:
        yield finding("clipped", line, kilobytes=f"{bare / 1024:.0f}")
    elif travelling > NEAR_CLIP_BYTES:
        yield finding("nearly_clipped", line, kilobytes=f"{travelling / 1024:.0f}")


def _together(entity: Entity | None, sizes: Mapping[int, int]) -> int:
    """Bytes of the pages that are shown one below the other; of alternatives one is shown."""
    if entity is None or not entity.parts:
        return sizes.get(id(entity), 0)
    each = [_together(part, sizes) for part in entity.parts]
    return max(each) if entity.content_type == "multipart/alternative" else sum(each)


def _pictures(mail: Mail, page: Part) -> Iterator[Finding]:
    images = [image for image in page.page.images if not image.is_dot and not image.is_hidden]
    first = images[0].start if images else page.page.background
    if first is not None and _is_wordless(page.page.runs, first):
        chars = _chars(page.page.runs)
        yield finding("image_only", page.line(first), images[0].src if images else "", chars=str(chars))
    found = (_judge(image, mail, page) for image in images)
    yield from fold((each for each in found if each), lambda each: each.values.get("src"))
    without = [image for image in images if _says_nothing(image)]
    if without:
        lines = [page.line(image.start) for image in without]
        yield finding("alt_missing", lines[0], without[0].src, count=f"{len(without):,}").also(lines)


def _judge(image: Image, mail: Mail, page: Part) -> Finding | None:
    """What is wrong with the address of a picture, as it is written."""
    src, line = image.src, page.line(image.start)
    if not src:
        return finding("image_empty", line)
    if src.lower().startswith("cid:") and unquote(src[4:]) not in mail.content_ids and not has_placeholder(src):
        return finding("image_not_attached", line, src, src=src)
    is_lost = not _WHOLE.match(src) and not has_placeholder(src)
    return finding("image_relative", line, src, src=src) if is_lost else None


def _says_nothing(image: Image) -> bool:
    """To whoever does not see it; the name of a file says as little."""
    alt = None if image.alt is None else image.alt.strip()
    return alt is None or (image.is_linked and not alt) or _FILE_NAME.fullmatch(alt) is not None


def _is_wordless(runs: Sequence[Run], first: int) -> bool:
    """Whether there is hardly any text, or hardly any before the footer that follows the first picture."""
    footer = (at for at, run in enumerate(runs) if run.start > first and says("footer", run.text))
    chars, before = _chars(runs), _chars(runs[: next(footer, len(runs))])
    return chars < FEW_CHARS or (chars < FEW_WITH_FOOTER and before < FEW_BEFORE_FOOTER)


def _chars(runs: Sequence[Run]) -> int:
    """Characters of text, white space collapsed, as far as it matters whether there are many."""
    total = 0
    for run in runs:
        total += len(" ".join(run.text.split()))
        if total >= FEW_WITH_FOOTER:
            break
    return total


def _placeholders(mail: Mail) -> Iterator[Finding]:
    """The first merge tag of the subject and other fields, and of each part's text."""
    for name, value, line in mail.fields:
        if name in ("subject", "from", "to", "reply-to") and (tag := tag_in(readable(value))):
            yield finding("placeholder", line, readable(value), tag=tag)
    found = ((part, first) for part in mail.parts if (first := _first_tag(part)))
    tags = (finding("placeholder", part.line(place), tag, tag=tag) for part, (place, tag) in found)
    yield from fold(tags, lambda each: each.values["tag"])
    for page in mail.pages:
        yield from _tag_of_picture(page)


def _tag_of_picture(page: Part) -> Iterator[Finding]:
    """The first merge tag in the words or the address of a picture; an address with one loads nothing."""
    for image in page.page.images:
        if tag := tag_in(image.alt or "") or tag_in(image.src):
            yield finding("placeholder", page.line(image.start), tag, tag=tag)
            return


def tag_in(text: str) -> str:
    """The first merge tag of a text; empty where there is none."""
    return found[0] if (found := _tag(text)) else ""


def _tag(text: str, *, is_label: bool = False) -> re.Match[str] | None:
    """The first one that is none of ours, which become addresses; what a link is called may stand in brackets."""
    for found in _tags().finditer(text):
        tag = found[0].replace(" ", "")
        if tag not in _OWN and not (is_label and tag.lower() == "[unsubscribe]"):
            return found
    return None


def _first_tag(part: Part) -> tuple[int, str] | None:
    if not part.is_html:
        text = part.text.readable(0, len(part.text.view))
        found = _tag(text)
        return (
            (len(text[: found.start()].encode(part.text.codec, "replace")) // part.text.unit, found[0])
            if found
            else None
        )
    for runs in _lines(part):
        if found := _tag("".join(run.text for run in runs), is_label=runs[0].is_linked):
            at = found.start()
            for run in runs:
                if at < len(run.text):
                    return run.start + at, found[0]
                at -= len(run.text)
    return None


def _lines(page: Part) -> Iterator[Sequence[Run]]:
    """Text as it is read across tags that end no line; code is shown as it is written, and means nothing."""
    runs = [run for run in page.page.runs if not run.look.is_code]
    starts = [at for at, run in enumerate(runs) if not (at and run.goes_on and run.is_linked == runs[at - 1].is_linked)]
    for first, end in pairwise((*starts, len(runs))):
        yield runs[first:end]
