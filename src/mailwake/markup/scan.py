"""Finds tags in HTML as a browser does, at their exact places.

This is the tokenizer of the WHATWG HTML Standard (section 13.2.5) with as much of the tree builder as decides what a
tag is: raw text, script data with its escaped states, foreign content, templates. It builds no tree and changes
nothing. What only Outlook reads, inside ``<!--[if mso]>…<![endif]-->``, is scanned with the same rules and marked so.

One pass, linear in the size of the text: patterns use possessive repetition only, so nothing is tried twice.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mailwake.markup.entities import decode_attribute

_SPACE = r"\t\n\f\r "
_ATTRIBUTE = (
    rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:\"[^\"]*+\"|'[^']*+'|(?=>)|[^{_SPACE}\"'>][^{_SPACE}>]*+)|(?![{_SPACE}]*+=))"
)
_REST = rf"(?:[{_SPACE}/]++|{_ATTRIBUTE})*+>"
#: Names that decide something; every other tag is jumped over inside one pattern.
_NAMES = (
    "a|area|/a|script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext|/?template|svg|math|/body|/?html"
    "|v:[a-z]++"
)
#: The commonest tags in their commonest spelling, which are most of a mail: three times as fast as the general rule.
_COMMON_TAG = (
    r"/[b-z](?!ody|tml|emplate)[a-z0-9]*+>"
    r"|(?:t(?:[dr]|able|body)|p|div|s(?:pan|trong)|i(?:mg)?|br?|em|u|font|center|h[1-6]|ul|ol|li|meta|link)"
    r"(?:>|(?:[ \t\r\n]++[a-z-]++=\"[^\"]*+\")*+[ \t\r\n]*+/?+>)"
)
_PLAIN_TAG = rf"(?!(?ai:{_NAMES})[{_SPACE}/>])/?+[a-zA-Z][^{_SPACE}/>]*+{_REST}"
_PLAIN_COMMENT = r"!--(?!(?ai:\[if)\b)(?:-?>|(?:[^-]++|-(?!-!?>))*+--!?>)"
_BOGUS = r"(?:!(?!--)|\?|/(?![a-zA-Z]))[^>]*+>"


def _jump_over(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?:[^<]*+<(?:{'|'.join(alternatives)}|(?![a-zA-Z/!?])))*+[^<]*+")


_JUMP = _jump_over(_COMMON_TAG, _PLAIN_TAG, _PLAIN_COMMENT, _BOGUS)
#: Inside a conditional comment no comment can end, so none is looked for.
_JUMP_OUTLOOK = _jump_over(_COMMON_TAG, _PLAIN_TAG, _BOGUS)
JUMP_TO_ANY = _jump_over(_PLAIN_COMMENT, _BOGUS)
_SEQUENCE = re.compile(r"<[a-zA-Z/!?][a-zA-Z0-9:]*+")
_TABLE_PART = re.compile(r"<(?ai:/?(?:table|td|th|tr|tbody|thead|tfoot|caption)\b)")
_LINK_START = re.compile("<a")
#: A link in its commonest spelling: its address, the end of its tag and, where its content is text, its end.
_PLAIN_LINK = re.compile(
    r"<a(?:[ \t\r\n]++(?!href=)[a-z-]++=\"[^\"]*+\")*+[ \t\r\n]++href=\"([^\"]*+)\""
    r"(?:[ \t\r\n]++[a-z-]++=\"[^\"]*+\")*+[ \t\r\n]*+(>)(?:[^<]*+(</a>))?+"
)
TAG = re.compile(rf"<(/?+[a-zA-Z][^{_SPACE}/>]*+){_REST}")
_PAIR = re.compile(
    rf"([^{_SPACE}/>][^{_SPACE}/>=]*+)"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:\"([^\"]*+)\"|'([^']*+)'|(?=>)|([^{_SPACE}\"'>][^{_SPACE}>]*+)))?+"
)
_COMMENT_END = re.compile(r"--!?>")
_CONDITION = re.compile(r"<!--\[(?ai:if)\b([^\]>]*+)\]>")
_NEGATED = re.compile(r"!\s*(?:\([^()]*+\)|[^()&|]*+)")
_READ_BY_OUTLOOK = re.compile(r"(?ai:mso|vml|\bie\b|outlook|supportmisalignedcolumns)")
_SCRIPT = re.compile(rf"<!--|-->|<(/?+)(?ai:script)(?=[{_SPACE}/>])")
_RAW_TEXT = frozenset(("style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"))
_RAW_END = {name: re.compile(rf"</(?ai:{name})(?=[{_SPACE}/>])") for name in _RAW_TEXT}
#: VML shapes that take ``href`` (https://learn.microsoft.com/en-us/windows/win32/vml/href-attribute--vml)
VML = frozenset(
    f"v:{shape}"
    for shape in ("shape", "rect", "roundrect", "oval", "line", "polyline", "curve", "arc", "group", "image")
)
#: Tags that end foreign content (WHATWG HTML 13.2.6.5)
_BREAKS_OUT = re.compile(
    r"b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|h[1-6]|head|hr|i|img|li|listing|menu|meta|nobr|ol|p|pre"
    r"|ruby|s|small|span|strong|strike|sub|sup|table|tt|u|ul|var"
)
#: Foreign elements with HTML inside (WHATWG HTML 13.2.6, integration points)
_HTML_INSIDE = frozenset({"foreignobject", "desc", "title", "mi", "mo", "mn", "ms", "mtext", "annotation-xml"})


@dataclass(slots=True)
class Tag:
    """A start tag that can carry a link, and what its label is cut from."""

    name: str
    start: int
    #: where its name ends
    name_end: int
    end: int
    #: (start, end, quote) of the value of its first href; None: it has none
    href: tuple[int, int, str] | None
    #: "html", or "mso" for what only Outlook reads
    where: str
    #: a browser does not show it: inside <template>
    is_inert: bool = False
    #: where its content ends
    content_end: int = 0


@dataclass(slots=True)
class Scan:
    """What a pass over the text found."""

    #: tags with an ``href``, in document order
    tags: list[Tag] = field(default_factory=list)
    #: start of the last real </body>, or None
    body_end: int | None = None
    #: start of the last real </html>, or None
    html_end: int | None = None
    #: where the last construct that never ends begins; the length of the text if there is none
    readable_end: int = 0
    is_amp: bool = False
    #: the names of all tags, comments and declarations as they follow each other, lower case, whatever they are in
    sequence: str = ""
    #: no <a> and no <table> was open at `body_end` (or at the end, where there is none)
    is_clean: bool = True


class Span(NamedTuple):
    """Where an address stands."""

    start: int
    end: int
    tag: str
    attribute: str
    #: character references decoded
    value: str


def spans(html: str) -> list[Span]:
    """Every ``href`` that can be followed, in document order: of a, area and VML shapes.

    Args:
        html: any text; offsets count its characters.
    """
    tags = [(tag.name, *tag.href) for tag in scan(html).tags if tag.href]
    return [Span(start, end, name, "href", decode_attribute(html[start:end])) for name, start, end, _ in tags]


def attributes(view: str, start: int, end: int) -> dict[str, tuple[int, int, str]]:
    """Name to (start, end, quote) of each attribute; the first of a name wins, as in browsers.

    Args:
        view: the text.
        start: after the tag's name.
        end: the tag's closing ``>``.
    """
    found: dict[str, tuple[int, int, str]] = {}
    for match in _PAIR.finditer(view, start, end + 1):
        name = match[1].lower()
        if name in found:
            continue
        group = match.lastindex or 1
        if group == 1:
            found[name] = (match.end(), match.end(), "")
        else:
            found[name] = (*match.span(group), ("", "", '"', "'", "")[group])
    return found


def scan(view: str) -> Scan:
    """Find everything that carries a link, and where the body ends."""
    return Scanner(view).run()


#: Markup between two links is remembered up to this length; the copies of one mail share most of it.
_RUN_CHARS = 16_384


@lru_cache(maxsize=2_048)
def _plain_run(markup: str) -> str | None:
    """The sequence of names in markup in which nothing decides anything; None when something does."""
    jumped = _JUMP.match(markup)
    return _sequence(markup) if jumped and jumped.end() == len(markup) else None


def _sequence(view: str, start: int = 0, end: int = sys.maxsize) -> str:
    return "".join(_SEQUENCE.findall(view, start, end)).lower()


class Scanner:
    """One pass over a text. Who has to see every tag derives from it.

    Args:
        view: the text.
    """

    jump = _JUMP

    def __init__(self, view: str) -> None:
        self.view = view
        #: sequences of names, and up to where they go
        self.named: list[str] = []
        self.named_to = 0
        #: up to here no run is looked for: it was, and something in it decides
        self.tried_to = 0
        self.found = Scan(readable_end=len(view))
        self.where = "html"
        self.templates = 0
        self.anchor: Tag | None = None
        #: links and tables overlap, so that only a closer look tells where links are open
        self.is_tangled = False
        #: names of the open elements of foreign content, outermost first
        self.foreign: list[str] = []

    def run(self) -> Scan:
        """Scan the whole text."""
        end = len(self.view)
        self.region(0, end)
        self.found.sequence = "".join((*self.named, _sequence(self.view, self.named_to)))
        if self.found.body_end is None:
            self.found.is_clean = self.is_clean()
        self.found.is_clean &= not self.has_open_table()
        self.close_anchor(self.found.readable_end)
        return self.found

    def is_clean(self) -> bool:
        """Whether no link, template or foreign element is open."""
        return not (self.anchor or self.foreign or self.templates or self.is_tangled)

    def has_open_table(self) -> bool:
        """Whether some table is never closed, as far as counting tells."""
        names = self.found.sequence
        if names.count("<table") != names.count("</table"):
            return True
        return names.rfind("<table") > names.rfind("</table") or names.find("</table") < names.find("<table")

    def region(self, position: int, end: int) -> None:
        """Scan from a position to an end: the whole text, or the inside of a conditional comment."""
        jump = _JUMP_OUTLOOK if self.where == "mso" else self.jump
        while position < end:
            if self.foreign:
                position = self.foreign_step(position, end)
                continue
            if position >= self.tried_to and self.where == "html":
                position = self.run_over(position, end)
            jumped = jump.match(self.view, position, end)
            position = jumped.end() if jumped else position
            if position < end:
                position = self.step(position, end)

    def run_over(self, position: int, end: int) -> int:
        """To the next link, if nothing before it decides anything."""
        link = _LINK_START.search(self.view, position, end)
        self.tried_to = upcoming = link.start() if link else end
        if not 0 < upcoming - position <= _RUN_CHARS:
            return position
        names = _plain_run(self.view[position:upcoming])
        if names is None:
            return position
        self.named += (_sequence(self.view, self.named_to, position), names)
        self.named_to = upcoming
        return upcoming

    def step(self, position: int, end: int) -> int:
        """Deal with one thing that decides something; returns where to go on."""
        if self.view.startswith("</a>", position):
            self.end_anchor(position)
            return position + 4
        plain = _PLAIN_LINK.match(self.view, position, end)
        if plain:
            after = plain.end(2)
            self.open_link(Tag("a", position, position + 2, after, (*plain.span(1), '"'), self.where))
            if plain[3]:
                self.close_anchor(plain.start(3))
            return plain.end()
        return self.any_step(position, end)

    def any_step(self, position: int, end: int) -> int:
        """The same without shortcuts."""
        tag = TAG.match(self.view, position, end)
        if tag:
            return self.tag(tag, end)
        if self.view.startswith("<!--", position):
            return self.comment(position, end)
        return self.stop(position, end)

    def stop(self, position: int, end: int) -> int:
        """A construct that never ends: browsers drop the rest."""
        if self.where == "html":
            self.found.readable_end = min(self.found.readable_end, position)
        return end

    def comment(self, position: int, end: int) -> int:
        """A conditional comment, or one that never ends; the plain ones were jumped over."""
        condition = _CONDITION.match(self.view, position, end)
        if self.where == "mso":  # a marker inside a marker
            return condition.end() if condition else position + 4
        closing = _COMMENT_END.search(self.view, condition.end() if condition else position + 4, end)
        if closing is None:
            return self.stop(position, end)
        if condition and _is_for_outlook(condition[1]):
            self.outlook(condition.end(), closing.start())
        return closing.end()

    def outlook(self, position: int, end: int) -> None:
        """Scan what only Outlook reads, without letting it touch what the others see."""
        kept = self.anchor, self.templates
        self.anchor, self.where = None, "mso"
        self.region(position, end)
        self.close_anchor(end)
        self.foreign.clear()
        self.where = "html"
        self.anchor, self.templates = kept

    def tag(self, match: re.Match[str], end: int) -> int:
        """One tag with a name that decides something, in HTML."""
        name, after = match[1].lower(), match.end()
        if name in ("a", "area") or name in VML:
            self.link(match, name)
        elif name == "/a":
            self.end_anchor(match.start())
        elif name == "script":
            return self.script(match, end)
        elif name in _RAW_TEXT:
            closing = _RAW_END[name].search(self.view, after, end)
            return closing.start() if closing else self.stop(match.start(), end)
        elif name == "plaintext":
            return self.stop(match.start(), end)
        elif name in ("svg", "math"):
            if self.view[after - 2] != "/":
                self.foreign.append(name)
        else:
            self.structure(match, name)
        return after

    def structure(self, match: re.Match[str], name: str) -> None:
        """Tags that say where we are: body, html, templates."""
        if name == "template":
            self.templates += 1
        elif name == "/template":
            self.templates -= self.templates > 0
        elif self.where == "html" and not self.templates:
            if name == "/body":
                self.found.body_end = match.start()
                self.found.is_clean = self.is_clean()
            elif name == "/html":
                self.found.html_end = match.start()
            elif name == "html":
                found = attributes(self.view, match.end(1), match.end() - 1)
                self.found.is_amp |= any(each.endswith("4email") for each in found)

    def link(self, match: re.Match[str], name: str) -> None:
        """A tag that can carry a link."""
        href = attributes(self.view, match.end(1), match.end() - 1).get("href")
        where = "mso" if name.startswith("v:") else self.where
        self.open_link(Tag(name, match.start(), match.end(1), match.end(), href, where))

    def open_link(self, tag: Tag) -> None:
        """Note a link, and that its content begins."""
        tag.is_inert, tag.content_end = self.templates > 0, tag.end
        if tag.name != "area":
            self.close_anchor(tag.start)
            self.anchor = tag
        if tag.href:
            self.found.tags.append(tag)

    def end_anchor(self, position: int) -> None:
        """An end tag; in a table that began inside the link it does not close the link in every browser's tree."""
        if self.anchor:
            if _TABLE_PART.search(self.view, self.anchor.end, position):
                content = self.view[self.anchor.end : position].lower()
                self.is_tangled |= not 0 < content.count("<table") == content.count("</table")
            self.close_anchor(position)

    def close_anchor(self, position: int) -> None:
        """Note where the content of the open link ends."""
        if self.anchor:
            self.anchor.content_end = position
            self.anchor = None

    def script(self, tag: re.Match[str], end: int) -> int:
        """To the end tag of a script, through its escaped and double-escaped states (13.2.5.15 and following)."""
        is_escaped = is_double = False
        position = tag.end()
        while match := _SCRIPT.search(self.view, position, end):
            position = match.end()
            if match[0] == "<!--":
                is_escaped, position = True, match.start() + 2  # `<!-->` opens and closes
            elif match[0] == "-->":
                is_escaped = is_double = False
            elif not match[1]:
                is_double = is_escaped
            elif is_double:
                is_double = False
            else:
                return match.start()
        return self.stop(tag.start(), end)

    def foreign_step(self, position: int, end: int) -> int:
        """One construct inside <svg> or <math>; see WHATWG HTML 13.2.6.5."""
        view = self.view
        position = view.find("<", position, end)
        if position < 0:
            return end
        top = self.foreign[-1]
        tag = TAG.match(view, position, end)
        if tag is None:
            return self.foreign_markup(position, end)
        name = tag[1].lower()
        if name[0] == "/":
            return self.foreign_end(tag, name[1:])
        if top in _HTML_INSIDE:
            return self.tag(tag, end)
        if _BREAKS_OUT.fullmatch(name) or (name == "font" and self.is_styled_font(tag)):
            self.break_out()
            return self.tag(tag, end)
        if name == "a":
            self.link(tag, name)
        if view[tag.end() - 2] != "/" and name != "a":
            self.foreign.append(name)
        return tag.end()

    def is_styled_font(self, tag: re.Match[str]) -> bool:
        """Whether a <font> is one that ends foreign content."""
        return not {"color", "face", "size"}.isdisjoint(attributes(self.view, tag.end(1), tag.end() - 1))

    def break_out(self) -> None:
        """Back to HTML, as far as the next element that holds HTML."""
        while self.foreign and self.foreign[-1] not in _HTML_INSIDE:
            self.foreign.pop()

    def foreign_end(self, tag: re.Match[str], name: str) -> int:
        """An end tag inside foreign content."""
        if name in ("p", "br") and self.foreign[-1] not in _HTML_INSIDE:
            self.break_out()
        elif name == "a":
            self.close_anchor(tag.start())
        elif name in self.foreign:
            while self.foreign.pop() != name:
                pass
        elif name in ("body", "html"):
            self.structure(tag, f"/{name}")
        return tag.end()

    def foreign_markup(self, position: int, end: int) -> int:
        """Comments, CDATA and whatever else starts with ``<`` and is no tag."""
        view = self.view
        if view.startswith("<!--", position):
            closing = _COMMENT_END.search(view, position + 4, end)
            return closing.end() if closing else self.stop(position, end)
        if view.startswith("<![CDATA[", position) and self.foreign[-1] not in _HTML_INSIDE:
            after = view.find("]]>", position, end)
            return after + 3 if after >= 0 else self.stop(position, end)
        if view[position + 1 : position + 2] in ("!", "?"):
            after = view.find(">", position, end)
            return after + 1 if after >= 0 else self.stop(position, end)
        if view[position + 1 : position + 2].isalpha() or view[position + 1 : position + 2] == "/":
            return self.stop(position, end)
        return position + 1


def _is_for_outlook(condition: str) -> bool:
    """Whether an expression such as ``(gte mso 9)|(IE)`` holds in some Outlook; purely negated ones do not."""
    return _READ_BY_OUTLOOK.search(_NEGATED.sub("", condition)) is not None
