"""Cuts a query into tokens, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from mailwake.language import noted, say
from mailwake.segments.faults import Unclear

#: longer queries are read by nobody
MAX_CHARS = 2_000
_PIECES = re.compile(
    r"""(?P<space>\s+)
    | (?P<date>\d{4}-\d{2}-\d{2}\b)
    | (?P<span>\d{1,9}[hdw]\b)
    | (?P<number>\d{1,9}\b)
    | (?P<word>[A-Za-z]+)
    | (?P<sign>>=|<=|[≥≤<>=])
    | (?P<bracket>[()])
    | (?P<text>"(?:\\["\\]|[^"\\])*" | [\u201c\u201d\u201e](?:\\["\\]|[^\\\u201c\u201d])*[\u201c\u201d])""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\([\"\\])")
#: what a text in quotes says, by the word before it
_TEXTS = {
    "": noted("part of a name"),
    "clicked": noted("part of a link's label or target"),
    "converted": noted("the name of a goal"),
    "provider": noted("a mailbox provider, such as Gmail,"),
    "campaign": noted("part of a campaign's name"),
    "domain": noted("the domain of an address, such as acme.example,"),
    "country": noted("two letters of a country, such as DE,"),
    "client": noted("a mail program, such as Apple Mail,"),
}
_SAME = {"≥": ">=", "≤": "<="}


class Kind(Enum):
    """What a token is; the value is what a person calls it."""

    WORD = "a word"
    NUMBER = "a number"
    SPAN = "a span such as 60d"
    DATE = "a day such as 2026-01-31"
    TEXT = 'a text in quotes ("…")'
    SIGN = "a sign"
    BRACKET = "a bracket"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query."""

    kind: Kind
    #: as it counts: words in lower case, texts without quotes and escapes
    text: str
    #: place of its first character, from 0
    at: int
    #: place after its last
    end: int


def tokens(query: str) -> list[Token]:
    """The tokens of a query; the last one is the end.

    Raises:
        Unclear: it is too long, or holds something that is no token.
    """
    if len(query) > MAX_CHARS:
        problem = say(
            "a query has at most %(most)s characters, this one has %(count)s",
            most=f"{MAX_CHARS:,}",
            count=f"{len(query):,}",
        )
        raise Unclear(problem, at=MAX_CHARS)
    found: list[Token] = []
    at = 0
    while at < len(query):
        piece = _PIECES.match(query, at)
        if piece is None or piece.lastgroup is None:
            raise Unclear(_trouble(query, at, found[-1].text if found else ""), at=at)
        if piece.lastgroup != "space":
            found.append(_token(piece.lastgroup, piece[0], at))
        at = piece.end()
    return [*found, Token(Kind.END, "", len(query), len(query))]


def quoted(text: str) -> str:
    """A text in quotes, as `tokens` reads it back."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _token(group: str, text: str, at: int) -> Token:
    end = at + len(text)
    if group == "text":
        return Token(Kind.TEXT, _ESCAPED.sub(r"\1", text[1:-1]), at, end)
    return Token(Kind[group.upper()], _SAME.get(text, text.lower()), at, end)


def _trouble(query: str, at: int, behind: str) -> str:
    if query[at] in '"\u201c\u201d\u201e':
        what = say(_TEXTS.get(behind, _TEXTS[""]))
        return say("this text in quotes does not end; write %(what)s and close it with a quote", what=what)
    if query[at] == "'":
        return say('write texts in double quotes: "…"')
    return say("%(sign)s has no meaning here", sign=repr(query[at]))
