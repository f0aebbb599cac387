"""The page that shows a mail with its marks: no scripts, no address to go to, and nothing to load but by request.

Marks are style rules, so they need no script. They stand in the first cascade layer, in which an important rule
outdoes every rule of the mail, and the mail can add nothing to it, for it may not write layers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailwake.clickmap.cleaning import clean
from mailwake.clickmap.marking import ATTRIBUTE, mark
from mailwake.clickmap.pictures import replace
from mailwake.language import noted, say

#: What the page may do: show itself. Sent with it, so that it holds wherever it is opened.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
#: The same for somebody who wants the pictures fetched.
POLICY_WITH_PICTURES = POLICY.replace("img-src data:", "img-src data: https: http:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    """What the mark of one link says."""

    number: int
    #: what stands on it, after the number
    text: str
    #: for the list of links without a place
    label: str
    #: "html", "mso", "text" or "decoy"
    where: str = "html"
    #: how strong the outline is, 0-1
    strength: float = 0.0
    #: human, machine, raw, higher, lower, alike or none: colour and pattern
    kind: str = "none"
    #: below its link instead of above, so that marks of short neighbours do not cover each other
    is_low: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A drawn mail."""

    html: str
    #: links that are marked where they stand, an Outlook link at the link that the others see in its stead
    in_place: frozenset[int]
    #: links in the list under the mail
    beneath: tuple[int, ...]


def draw(raw: bytes, badges: Sequence[Badge], *, fetch: bool = False, note: str = "") -> Sheet:
    """The mail with a mark for every badge: in its place, or in the list under it.

    Args:
        raw: the HTML as sent, before tracking.
        badges: one for each link.
        fetch: let the browser ask for the mail's pictures.
        note: said in front, where the mail itself cannot be shown.

    Raises:
        BadInput: the mail cannot be drawn.
    """
    marked = mark(raw)
    inside = "" if marked is None else replace(clean(marked), fetch=fetch)
    placed = {int(number) for number in re.findall(rf'\s{ATTRIBUTE}="([0-9]+)"', inside)}
    shown_as = {} if marked is None else {n: at for n, at in marked.shown_as.items() if at in placed}
    at_place: dict[int, list[Badge]] = {}
    for badge in badges:
        if badge.number in shown_as:
            at_place.setdefault(shown_as[badge.number], []).append(badge)
    beneath = [badge for badge in badges if badge.number not in shown_as]
    rules = "".join(_rules(number, found) for number, found in sorted(at_place.items()))
    rules += "".join(_rules(badge.number, [badge]) for badge in beneath)
    said = "" if inside.strip() else f"<p>{html.escape(note) or 'This mail has no HTML that can be shown.'}</p>"
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta name="viewport" content="width=device-width"><title>Click map</title>'
        f"<style>@layer marks,ours;{_BASE}@layer marks{{{_MARKS}{rules}}}</style></head>"
        f'<body>{said}<div class="mw-mail">{inside}</div>{_list(beneath)}</body></html>'
    )
    return Sheet(
        html=page,
        in_place=frozenset(badge.number for badge in badges if badge.number in shown_as),
        beneath=tuple(badge.number for badge in beneath),
    )


#: A frame is as high as its mail up to this, in CSS pixels; the page is not to end in a scroll without end.
LOWEST, HIGHEST = 420, 1_800
_LINE, _LINE_CHARS, _BLOCK, _UNSAID = 24, 64, 14, 60
#: What has no end goes on to the end of the mail, so that nothing is looked for twice.
_LOADED = re.compile(r"<img\b[^>]*+(?:>|\Z)", re.IGNORECASE)
_SIDES = re.compile(r"""\b(width|height)\s*=\s*["']?(\d{1,4})\b(?!%)""", re.IGNORECASE)
_BLOCKS = re.compile(r"<(?:p|h[1-6]|tr|li|div|br)\b", re.IGNORECASE)
_UNREAD = re.compile(
    r"<!--.*?(?:-->|\Z)|<style\b.*?(?:</style>|\Z)|<script\b.*?(?:</script>|\Z)|<[^>]*+(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)


def height_of(raw: bytes) -> int:
    """About how high a mail is on a sheet 600 wide, in CSS pixels: nobody may measure it, for its frame is shut.

    Pictures of one row are counted by the part of the sheet that they take. Rather too high: a frame that is too low
    hides marks, and one that is too high shows white.
    """
    text = raw[:1_000_000].decode("utf-8", "replace")
    pictures = sum(_picture_height(dict(_SIDES.findall(tag.lower()))) for tag in _LOADED.findall(text))
    words = len(" ".join(_UNREAD.sub(" ", text).split()))
    whole = pictures + words / _LINE_CHARS * _LINE + len(_BLOCKS.findall(text)) * _BLOCK
    return round(min(max(whole * 1.1 + 80, LOWEST), HIGHEST))


def _picture_height(sides: Mapping[str, str]) -> float:
    width, height = int(sides.get("width", 600)), int(sides.get("height", _UNSAID))
    return height * min(width / 600, 1)


_WHERE = {
    "mso": noted("only Outlook shows it"),
    "text": noted("in the text part"),
    "decoy": noted("a decoy, which nobody can see"),
    "html": noted("has no visible place"),
}


def _list(badges: Iterable[Badge]) -> str:
    lines = "".join(
        f'<li><span {ATTRIBUTE}="{badge.number}">{html.escape(badge.label or say("(no text)"))}</span> '
        f"<small>{html.escape(say(_WHERE.get(badge.where, _WHERE['html'])))}</small></li>"
        for badge in badges
    )
    head = html.escape(say("Links without a place of their own:"))
    return f'<div class="mw-beneath"><p>{head}</p><ul>{lines}</ul></div>' if lines else ""


#: kind to colour and line; the lines differ, so that nobody has to tell the colours apart
_LOOKS: Mapping[str, tuple[str, str]] = {
    "human": ("#0b6b3a", "solid"),
    "machine": ("#8a4b00", "dotted"),
    "raw": ("#3a3f8f", "double"),
    "higher": ("#0b6b3a", "solid"),
    "lower": ("#9c1c2b", "dashed"),
    "alike": ("#555b66", "dotted"),
    "none": ("#6b7280", "dotted"),
}


_LOW = ";top:auto!important;bottom:-13px!important"


def _rules(number: int, badges: Sequence[Badge]) -> str:
    strongest = max(badges, key=lambda badge: badge.strength)
    colour, line = _LOOKS[strongest.kind]
    share = min(max(strongest.strength, 0.0), 1.0)
    width = 1 + 4 * share + 2 * (line == "double")
    said = " + ".join(f"{badge.number}{' (Outlook)' * (badge.where == 'mso')}: {badge.text}" for badge in badges)
    mark_of = f'[{ATTRIBUTE}="{number}"]'
    return (
        f"{mark_of}{{outline:{width:.1f}px {line} {colour}!important;"
        f"box-shadow:inset 0 0 0 999px {colour}{round(share * 0x55):02x}!important}}"
        f"{mark_of}::after{{content:{_quoted(said)}!important;background:{colour}!important{_LOW * strongest.is_low}}}"
    )


def _quoted(text: str) -> str:
    """A CSS string; only what cannot end it stands there as it is."""
    return '"' + "".join(c if c.isalnum() or c in " .,:+%()-" else f"\\{ord(c):x} " for c in text) + '"'


#: In no layer comes last, so the mail's own rules go before these.
_BASE = (
    "@layer ours{html{background:#fff;color:#111;font-family:sans-serif}body{margin:0;padding:16px 10px}"
    f"a[{ATTRIBUTE}]{{color:#0645ad;text-decoration:underline}}"
    f"a[{ATTRIBUTE}]:has(> img:only-child){{display:inline-block}}img{{max-width:100%}}}}"
)
_MARKS = (
    "body{display:block!important;visibility:visible!important;opacity:1!important}"
    f"[{ATTRIBUTE}]{{position:relative!important;outline-offset:1px!important;cursor:default!important}}"
    f"[{ATTRIBUTE}]::after{{position:absolute!important;display:block!important;visibility:visible!important;"
    "opacity:1!important;top:-13px!important;left:-5px!important;right:auto!important;bottom:auto!important;"
    "z-index:2147483000!important;width:auto!important;height:auto!important;max-width:none!important;"
    "margin:0!important;padding:1px 4px!important;border:1px solid #fff!important;border-radius:7px!important;"
    "color:#fff!important;font:700 11px/13px sans-serif!important;letter-spacing:0!important;text-indent:0!important;"
    "text-transform:none!important;text-decoration:none!important;white-space:nowrap!important;"
    "float:none!important;clip-path:none!important;transform:none!important;filter:none!important}"
    f"[{ATTRIBUTE}]:hover::after{{z-index:2147483647!important}}"
    ".mw-picture{display:inline-block!important;position:relative!important;line-height:0}"
    ".mw-beneath{display:block!important;clear:both;margin:24px 0 0;padding:8px 0 0;border-top:1px solid #999;"
    "background:#fff!important;color:#222!important;font:13px/1.7 sans-serif!important}"
    ".mw-beneath li{margin:10px 0}.mw-beneath span{display:inline-block!important;padding:1px 60px 1px 4px}"
)
