"""Leaves of a mail what lays it out. Nothing that is left loads, runs, sends or leads anywhere.

The work is done by nh3 (Ammonia), which parses as a browser does and writes the tree anew from a list of what may
stay: here the list is layout, pictures without an address and our marks.
"""

from __future__ import annotations

import re
from collections import Counter

import nh3

from mailwake.clickmap.marking import ATTRIBUTE, Marked
from mailwake.clickmap.styles import clean_attribute, clean_sheet
from mailwake.errors import BadInput

#: More is no mail that somebody would read, and mail programs cut it at a twentieth (Gmail: 102 kB).
MAX_CHARS = 2_000_000
#: Elements inside of each other: the parser's time grows with the square of it.
MAX_DEPTH = 1_000
_LAYOUT = """
a abbr address area article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl
dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main map mark nav ol p pre q s samp
section small span strike strong style sub sup table tbody td tfoot th thead tr tt u ul var wbr
"""
#: These go with all that is in them: it was never meant to be read as text.
_NO_TEXT = """
script title template noembed noframes iframe object embed svg math select textarea audio video canvas xml
"""
#: Have no inside, or end by themselves.
_FLAT = """
br img hr meta link input col area base wbr source p li td th tr tbody thead tfoot dt dd option
"""
_TAGS, _WITH_CONTENT, _NO_DEPTH = (frozenset(words.split()) for words in (_LAYOUT, _NO_TEXT, _FLAT))
_ATTRIBUTES = {
    "*": {"style", "class", "align", "valign", "bgcolor", "dir", "lang", "width", "height", "title", ATTRIBUTE},
    "table": {"cellpadding", "cellspacing", "border", "frame", "rules"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"color", "face", "size"},
    "img": {"alt", "src", "usemap", "border", "hspace", "vspace"},
    "map": {"name"},
    "area": {"shape", "coords", "alt"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value", "type"},
    "hr": {"size", "color", "noshade"},
    "br": {"clear"},
}
_SHEET = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL)
_BODY = re.compile(r"<body\b((?>(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*))>", re.IGNORECASE)


def clean(marked: Marked) -> str:
    """The inside of a body, with marks whose values are bare numbers.

    Raises:
        BadInput: it is too long, or too deep, to be shown.
    """
    html = marked.html
    if len(html) > MAX_CHARS:
        raise BadInput("this mail is too long to be drawn; the table has the same numbers")
    if _depth(html) > MAX_DEPTH:
        raise BadInput("this mail is nested too deeply to be drawn; the table has the same numbers")

    def keep(_: str, name: str, value: str) -> str | None:
        if name == ATTRIBUTE:
            return value.removeprefix(marked.word) if value.startswith(marked.word) else None
        if name == "style":
            return clean_attribute(value) or None
        if name == "src":
            return value.strip() if value.strip().lower().startswith(("http://", "https://")) else ""
        return value

    cleaned = nh3.clean(
        _body_as_box(html),
        tags=_TAGS,
        clean_content_tags=_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https"},
        link_rel=None,
        strip_comments=True,
    )
    return _SHEET.sub(lambda found: f"<style>{clean_sheet(found[2])}</style>", cleaned)


def _body_as_box(html: str) -> str:
    """The body with its colours and spaces as a box, for a sanitizer of fragments drops the body itself."""
    return _BODY.sub(lambda found: f"{found[0]}<div {found[1]}>", html, count=1)


_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")


def _depth(html: str) -> int:
    """How deep it is at most, rather too deep: an end tag counts only where its element is open."""
    depth, deepest, open_ones = 0, 0, Counter[str]()
    for found in _TAG.finditer(html):
        name = found[2].lower()
        if name in _NO_DEPTH:
            continue
        if not found[1]:
            open_ones[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_ones[name]:
            open_ones[name] -= 1
            depth -= 1
    return deepest
