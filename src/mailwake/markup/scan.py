"""Finds tags in HTML as a browser does, at their exact places.

This is the tokenizer of the WHATWG HTML Standard (section 13.2.5) with as much of the tree builder as decides what a
tag is: raw text, script data with its escaped states, foreign content, templates. It builds no tree and changes
nothing. What only Outlook reads, inside ``<!--[if mso]>…<![endif]-->``, is scanned with the same rules and marked so.

One pass, linear in the size of the text. The pass is made in *stretches*: behind the end of a link, where nothing is
open, the text that follows means the same whatever stood before it. So a stretch that another copy of the mail had too
is not scanned again.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from mailwake.markup.entities import decode_attribute
from mailwake.markup.memory import Memory
from mailwake.markup.tags import (
    COMMENT_END,
    CONDITION,
    JUMP,
    JUMP_OUTLOOK,
    PLAIN_LINK,
    RAW_END,
    RAW_TEXT,
    SCRIPT,
    SEQUENCE,
    TABLE_PART,
    TAG,
    VML,
    Tag,
    attributes,
    is_for_outlook,
)

#: Tags that end foreign content (WHATWG HTML 13.2.6.5)
_BREAKS_OUT = re.compile(
    r"b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|h[1-6]|head|hr|i|img|li|listing|menu|meta|nobr|ol|p|pre"
    r"|ruby|s|small|span|strong|strike|sub|sup|table|tt|u|ul|var"
)
#: Foreign elements with HTML inside (WHATWG HTML 13.2.6, integration points)
_HTML_INSIDE = frozenset({"foreignobject", "desc", "title", "mi", "mo", "mn", "ms", "mtext", "annotation-xml"})
_LINK_END = "</a>"


@dataclass(slots=True, eq=False)
class Stretch:
    """What was found in a part of a text; places count from its start."""

    length: int = 0
    #: tags with an ``href``, in document order
    tags: list[Tag] = field(default_factory=list)
    #: the names of all tags, comments and declarations as they follow each other, lower case, whatever they are in
    names: str = ""
    #: start of the last real </body>, or None
    body_end: int | None = None
    #: start of the last real </html>, or None
    html_end: int | None = None
    #: where the last construct that never ends begins; its length if there is none
    readable_end: int = sys.maxsize
    is_amp: bool = False
    #: links overlap with tables, drawings or templates, so that only a closer look tells where links are open
    is_tangled: bool = False
    #: no link, template or foreign element was open at `body_end` (or at the end, where there is none)
    is_clean: bool = True
    #: nothing that begins in it goes on behind it
    is_whole: bool = True


class Scan:
    """What a pass over a text found.

    Args:
        stretches: where each starts, and what is in it; in order and without gaps.
    """

    __slots__ = ("body_end", "html_end", "is_amp", "is_clean", "readable_end", "sequence", "stretches")

    def __init__(self, stretches: list[tuple[int, Stretch]]) -> None:
        self.stretches = stretches
        #: start of the last real </body>, or None
        self.body_end: int | None = None
        #: start of the last real </html>, or None
        self.html_end: int | None = None
        #: where the last construct that never ends begins; the length of the text if there is none
        self.readable_end = 0
        self.is_amp = False
        #: no <a> and no <table> was open at `body_end` (or at the end, where there is none)
        self.is_clean = True
        #: the names of all tags, see `Stretch`
        self.sequence = "".join([stretch.names for _, stretch in stretches])
        self._combine()

    def _combine(self) -> None:
        is_tangled = False
        for start, stretch in self.stretches:
            if stretch.body_end is not None:
                self.body_end, self.is_clean = start + stretch.body_end, stretch.is_clean and not is_tangled
            if stretch.html_end is not None:
                self.html_end = start + stretch.html_end
            self.is_amp |= stretch.is_amp
            is_tangled |= stretch.is_tangled
        if self.stretches:
            start, stretch = self.stretches[-1]
            self.readable_end = start + stretch.readable_end
            if self.body_end is None:
                self.is_clean = stretch.is_clean and not is_tangled
        self.is_clean &= not _has_open_table(self.sequence)

    @property
    def tags(self) -> list[Tag]:
        """Tags with an ``href``, in document order; places count from the start of the text."""
        return [tag.moved(start) for start, stretch in self.stretches for tag in stretch.tags]


def _has_open_table(names: str) -> bool:
    """Whether some table is never closed, as far as counting tells."""
    if names.count("<table") != names.count("</table"):
        return True
    return names.rfind("<table") > names.rfind("</table") or names.find("</table") < names.find("<table")


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


def holds_html(name: str) -> bool:
    """Whether what stands in a foreign element is HTML again."""
    return name in _HTML_INSIDE


def scan(view: str) -> Scan:
    """Find everything that carries a link, and where the body ends."""
    scanner, stretches, position = Scanner(view), list[tuple[int, Stretch]](), 0
    while position < len(view):
        found = recall(view, position)
        if found is None:
            found = scanner.explore(position)
            remember(view, position, found)
        stretches.append((position, found))
        position += found.length
    return Scan(stretches)


#: Stretches are not shorter than this while there is text: looking many up costs more than scanning a few again.
_MIN_LENGTH = 2_000
#: Longer stretches are scanned every time.
_MAX_REMEMBERED = 32_768
#: How many ends of links may be in a stretch, in comments or what only Outlook reads, for it to be found again.
_MAX_ENDS = 8
_GENERATION = 2_000_000
#: Stretches by their text; `_GOES_ON`: something that begins in it does not end in it.
_KNOWN: Memory[str, Stretch] = Memory(_GENERATION)
#: The same for the last stretch of a text, where what is open stays open.
_KNOWN_LAST: Memory[str, Stretch] = Memory(_GENERATION)
_GOES_ON = Stretch()


def recall(view: str, position: int) -> Stretch | None:
    """The stretch that begins here, if the same text was scanned before."""
    after = position + _MIN_LENGTH
    for _ in range(_MAX_ENDS):
        after = view.find(_LINK_END, after) + 4
        if after < 4 or after - position > _MAX_REMEMBERED:
            break
        found = _KNOWN.get(view[position:after])
        if found is not _GOES_ON:
            return found
    return _KNOWN_LAST.get(view[position:]) if len(view) - position <= _MAX_REMEMBERED else None


def remember(view: str, position: int, found: Stretch) -> None:
    """Keep a stretch for the next text that has it."""
    end = position + found.length
    if found.length > _MAX_REMEMBERED:
        return
    after = position + _MIN_LENGTH
    for _ in range(_MAX_ENDS):
        after = view.find(_LINK_END, after, end) + 4
        if after < 4:
            break
        if after == end and found.is_whole:
            _KNOWN.put(view[position:end], found, found.length)
            return
        _KNOWN.put(view[position:after], _GOES_ON, after - position)
    if end == len(view):
        _KNOWN_LAST.put(view[position:], found, found.length)


class Scanner:
    """One pass over a text. Who has to see every tag derives from it.

    Args:
        view: the text.
    """

    jump = JUMP
    jump_outlook = JUMP_OUTLOOK

    def __init__(self, view: str) -> None:
        self.view = view
        self.found = Stretch()
        #: a stretch ends here at the earliest
        self.least = len(view)
        self.where = "html"
        self.templates = 0
        self.anchor: Tag | None = None
        #: names of the open elements of foreign content, outermost first, and how many there are of each
        self.foreign: list[str] = []
        self.foreign_names: Counter[str] = Counter()

    def explore(self, start: int) -> Stretch:
        """Scan from a place where nothing is open to the next one behind a link, or to the end."""
        found = self.found = Stretch()
        self.least = start + _MIN_LENGTH + len(_LINK_END)
        end = self.region(start, len(self.view))
        found.length, found.names = end - start, "".join(SEQUENCE.findall(self.view, start, end)).lower()
        found.readable_end = min(found.readable_end, end)
        if found.body_end is None:
            found.is_clean = self.is_clean()
        found.is_whole = self.is_between() and found.readable_end == end
        self.close_anchor(found.readable_end)
        found.readable_end -= start
        found.tags = [tag.moved(-start) for tag in found.tags]
        if found.body_end is not None:
            found.body_end -= start
        if found.html_end is not None:
            found.html_end -= start
        return found

    def walk(self) -> None:
        """Scan the whole text, for those who see its tags go by."""
        position = 0
        while position < len(self.view):
            position = self.region(position, len(self.view))

    def is_stretch_end(self, position: int) -> bool:
        """Whether what follows means the same whatever stood before."""
        return self.view.startswith(_LINK_END, position - 4) and self.where == "html" and self.is_between()

    def is_between(self) -> bool:
        """Whether no link, template or foreign element is open."""
        return not (self.anchor or self.foreign or self.templates)

    def is_clean(self) -> bool:
        """The same, and there is no doubt about it."""
        return not self.found.is_tangled and self.is_between()

    def region(self, position: int, end: int) -> int:
        """Scan from a position to the end of a stretch, or to an end: of the text, or of a conditional comment."""
        jump, view = (self.jump_outlook if self.where == "mso" else self.jump), self.view
        while position < end:
            if self.foreign:
                position = self.foreign_step(position, end)
                continue
            jumped = jump.match(view, position, end)
            position = jumped.end() if jumped else position
            if position < end:
                position = self.step(position, end)
                if position >= self.least and self.is_stretch_end(position):
                    break
        return position

    def step(self, position: int, end: int) -> int:
        """Deal with one thing that decides something; returns where to go on."""
        if self.view.startswith(_LINK_END, position):
            self.end_anchor(position)
            return position + 4
        plain = PLAIN_LINK.match(self.view, position, end)
        if plain:
            after = plain.end(2)
            self.open_link(Tag("a", position, position + 2, after, (*plain.span(1), '"'), self.where))
            if plain[3]:
                self.close_anchor(plain.start(3))
            return plain.end()
        return self.any_step(position, end)

    def any_step(self, position: int, end: int) -> int:
        """The same without shortcuts."""
        tag = self.match_tag(position, end)
        if tag:
            return self.tag(tag, end)
        if self.view.startswith("<!--", position):
            return self.comment(position, end)
        return self.stop(position, end)

    def match_tag(self, position: int, end: int) -> re.Match[str] | None:
        """The whole tag that begins here, if one does and it ends."""
        return TAG.match(self.view, position, end)

    def stop(self, position: int, end: int) -> int:
        """A construct that never ends: browsers drop the rest."""
        if self.where == "html":
            self.found.readable_end = min(self.found.readable_end, position)
        return end

    def comment(self, position: int, end: int) -> int:
        """A conditional comment, or one that never ends; the plain ones were jumped over."""
        condition = CONDITION.match(self.view, position, end)
        if self.where == "mso":  # a marker inside a marker
            return condition.end() if condition else position + 4
        closing = COMMENT_END.search(self.view, condition.end() if condition else position + 4, end)
        if closing is None:
            return self.stop(position, end)
        if condition and is_for_outlook(condition[1]):
            self.outlook(condition.end(), closing.start())
        return closing.end()

    def outlook(self, position: int, end: int) -> None:
        """Scan what only Outlook reads, without letting it touch what the others see."""
        kept = self.anchor, self.templates
        self.anchor, self.where = None, "mso"
        self.region(position, end)
        self.close_anchor(end)
        self.foreign.clear()
        self.foreign_names.clear()
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
        elif name in RAW_TEXT:
            closing = RAW_END[name].search(self.view, after, end)
            return closing.start() if closing else self.stop(match.start(), end)
        elif name == "plaintext":
            return self.stop(match.start(), end)
        elif name in ("svg", "math"):
            if self.view[after - 2] != "/":
                self.open_foreign(name)
        else:
            self.structure(match, name)
        return after

    def structure(self, match: re.Match[str], name: str) -> None:
        """Tags that say where we are: body, html, templates."""
        if name in ("template", "/template"):
            self.found.is_tangled |= bool(self.anchor)  # links on either side of it close none on the other
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
            if TABLE_PART.search(self.view, self.anchor.end, position):
                content = self.view[self.anchor.end : position].lower()
                self.found.is_tangled |= not 0 < content.count("<table") == content.count("</table")
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
        while match := SCRIPT.search(self.view, position, end):
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
        tag = self.match_tag(position, end)
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
            self.found.is_tangled |= bool(self.anchor)  # one of HTML stays open behind it: 13.2.6.5 closes none
            self.link(tag, name)
        if view[tag.end() - 2] != "/" and name != "a":
            self.open_foreign(name)
        return tag.end()

    def open_foreign(self, name: str) -> None:
        """One element deeper into foreign content."""
        self.foreign.append(name)
        self.foreign_names[name] += 1

    def close_foreign(self) -> str:
        """Out of the innermost element of foreign content."""
        name = self.foreign.pop()
        self.foreign_names[name] -= 1
        return name

    def is_styled_font(self, tag: re.Match[str]) -> bool:
        """Whether a <font> is one that ends foreign content."""
        return not {"color", "face", "size"}.isdisjoint(attributes(self.view, tag.end(1), tag.end() - 1))

    def break_out(self) -> None:
        """Back to HTML, as far as the next element that holds HTML."""
        while self.foreign and self.foreign[-1] not in _HTML_INSIDE:
            self.close_foreign()

    def foreign_end(self, tag: re.Match[str], name: str) -> int:
        """An end tag inside foreign content."""
        if name in ("p", "br") and self.foreign[-1] not in _HTML_INSIDE:
            self.break_out()
        elif name == "a":
            self.close_anchor(tag.start())
        elif self.foreign_names[name]:
            while self.close_foreign() != name:
                pass
        elif name in ("body", "html"):
            self.structure(tag, f"/{name}")
        return tag.end()

    def foreign_markup(self, position: int, end: int) -> int:
        """Comments, CDATA and whatever else starts with ``<`` and is no tag."""
        view = self.view
        if view.startswith("<!--", position):
            closing = COMMENT_END.search(view, position + 4, end)
            return closing.end() if closing else self.stop(position, end)
        if view.startswith("<![CDATA[", position) and self.foreign[-1] not in _HTML_INSIDE:
            after = view.find("]]>", position, end)
            return after + 3 if after >= 0 else self.stop(position, end)
        upcoming = view[position + 1 : position + 2]
        if upcoming in ("!", "?"):
            after = view.find(">", position, end)
            return after + 1 if after >= 0 else self.stop(position, end)
        if upcoming == "/" or (upcoming.isascii() and upcoming.isalpha()):
            return self.stop(position, end)
        return position + 1
