"""How tags, comments and conditions are spelt: the patterns that the scanner moves by.

Source: WHATWG HTML 13.2.5 (tokenization). Patterns repeat possessively only, so nothing is tried twice, and none can
run over its own beginning and fail, so no search is quadratic.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPACE = r"\t\n\f\r "
_ATTRIBUTE = (
    rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:\"[^\"]*+\"|'[^']*+'|(?=>)|[^{_SPACE}\"'>][^{_SPACE}>]*+)|(?![{_SPACE}]*+=))"
)
_REST = rf"(?>(?:[{_SPACE}/]++|{_ATTRIBUTE})*)>"
#: Names that decide something; every other tag is jumped over inside one pattern.
_NAMES = (
    "a|area|/a|script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext|/?template|svg|math|/body|/?html"
    "|v:[a-z]++"
)
#: The commonest tags in their commonest spelling, which are most of a mail: three times as fast as the general rule.
_COMMON_TAG = (
    r"/[b-z](?!ody|tml|emplate)[a-z0-9]*+>"
    r"|(?:t(?:[dr]|able|body)|p|div|s(?:pan|trong)|i(?:mg)?|br?|em|u|font|center|h[1-6]|ul|ol|li|meta|link)"
    r"(?:>|(?>(?:[ \t\r\n]++[a-z-]++=\"[^\"]*+\")*)[ \t\r\n]*+/?+>)"
)
_PLAIN_TAG = rf"(?!(?ai:{_NAMES})[{_SPACE}/>])/?+[a-zA-Z][^{_SPACE}/>]*+{_REST}"
_PLAIN_COMMENT = r"!--(?!(?ai:\[if)\b)(?:-?>|(?>(?:[^-]++|-(?!-!?>))*)--!?>)"
_BOGUS = r"(?:!(?!--)|\?|/(?![a-zA-Z]))[^>]*+>"


def _jump_over(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?>(?:[^<]*+<(?:{'|'.join(alternatives)}|(?![a-zA-Z/!?])))*)[^<]*+")


JUMP = _jump_over(_COMMON_TAG, _PLAIN_TAG, _PLAIN_COMMENT, _BOGUS)
#: Inside a conditional comment no comment can end, so none is looked for.
JUMP_OUTLOOK = _jump_over(_COMMON_TAG, _PLAIN_TAG, _BOGUS)
JUMP_TO_ANY = _jump_over(_PLAIN_COMMENT, _BOGUS)
JUMP_TO_ANY_OUTLOOK = _jump_over(_BOGUS)
SEQUENCE = re.compile(r"<[a-zA-Z/!?][a-zA-Z0-9:]*+")
TABLE_PART = re.compile(r"<(?ai:/?(?:table|td|th|tr|tbody|thead|tfoot|caption)\b)")
#: A link in its commonest spelling: its address, the end of its tag and, where its content is text, its end.
PLAIN_LINK = re.compile(
    r"<a(?>(?:[ \t\r\n]++(?!href=)[a-z-]++=\"[^\"]*+\")*)[ \t\r\n]++href=\"([^\"]*+)\""
    r"(?>(?:[ \t\r\n]++[a-z-]++=\"[^\"]*+\")*)[ \t\r\n]*+(>)(?>(?:[^<]*+(</a>))?)"
)
TAG = re.compile(rf"<(/?+[a-zA-Z][^{_SPACE}/>]*+){_REST}")
_PAIR = re.compile(
    rf"([^{_SPACE}/>][^{_SPACE}/>=]*+)"
    rf"(?>(?:[{_SPACE}]*+=[{_SPACE}]*+(?:\"([^\"]*+)\"|'([^']*+)'|(?=>)|([^{_SPACE}\"'>][^{_SPACE}>]*+)))?)"
)
COMMENT_END = re.compile(r"--!?>")
CONDITION = re.compile(r"<!--\[(?ai:if)\b([^\]<>]*+)\]>")
_NEGATED = re.compile(r"!\s*(?:\([^()]*+\)|[^()&|]*+)")
_READ_BY_OUTLOOK = re.compile(r"(?ai:mso|vml|\bie\b|outlook|supportmisalignedcolumns)")
SCRIPT = re.compile(rf"<!--|-->|<(/?+)(?ai:script)(?=[{_SPACE}/>])")
RAW_TEXT = frozenset(("style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"))
RAW_END = {name: re.compile(rf"</(?ai:{name})(?=[{_SPACE}/>])") for name in RAW_TEXT}
#: VML shapes that take ``href`` (https://learn.microsoft.com/en-us/windows/win32/vml/href-attribute--vml)
VML = frozenset(
    f"v:{shape}"
    for shape in ("shape", "rect", "roundrect", "oval", "line", "polyline", "curve", "arc", "group", "image")
)


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

    def moved(self, by: int) -> Tag:
        """The same tag, counted from another place."""
        href = (self.href[0] + by, self.href[1] + by, self.href[2]) if self.href else None
        places = self.start + by, self.name_end + by, self.end + by
        return Tag(self.name, *places, href, self.where, self.is_inert, self.content_end + by)


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


def is_for_outlook(condition: str) -> bool:
    """Whether an expression such as ``(gte mso 9)|(IE)`` holds in some Outlook; purely negated ones do not."""
    return _READ_BY_OUTLOOK.search(_NEGATED.sub("", condition)) is not None
