"""What may come next in a query that is being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailwake.language import noted
from mailwake.segments.faults import Unclear
from mailwake.segments.lexer import Kind, Token, quoted, tokens
from mailwake.segments.naming import Names
from mailwake.segments.parser import Parser

#: what each word means, said while it may be chosen
MEANINGS: Mapping[str, str] = {
    "sent": noted("a mail was sent to them"),
    "delivered": noted("a server took a mail for them"),
    "opened": noted("the pixel was fetched"),
    "clicked": noted("a link was followed"),
    "deferred": noted("a mail for them was put off"),
    "bounced": noted("a mail came back"),
    "unsubscribed": noted("they asked to stop"),
    "complained": noted("they reported a mail as spam"),
    "replied": noted("they answered a mail"),
    "converted": noted("they reached a goal"),
    "active": noted("gave a sign lately"),
    "lapsing": noted("gave no sign for a while"),
    "dormant": noted("gave no sign for long"),
    "never": noted("those who did not"),
    "not": noted("everybody else"),
    "and": noted("both hold"),
    "or": noted("one of them holds"),
    "(": noted("opens a group"),
    ")": noted("closes the group"),
    "in": noted('in 60d, or in campaign "…"'),
    "campaign": noted("part of its name"),
    "domain": noted("of their address"),
    "provider": noted("who has their mailbox"),
    "country": noted("two letters"),
    "client": noted("a mail program"),
    ">=": noted("at least so often"),
    ">": noted("more often"),
    "<=": noted("at most so often"),
    "<": noted("less often"),
    "=": noted("exactly so often"),
    "at": noted("at least, at most"),
    "exactly": noted("exactly so often"),
    "times": noted("every time counts"),
    "days": noted("different days"),
    "mails": noted("different mails"),
    "since": noted("from a day on"),
    "before": noted("until the day before"),
    "as": noted("who did it"),
    "human": noted("probably a person"),
    "possible": noted("perhaps a person"),
    "machine": noted("probably a machine"),
    "anybody": noted("person or machine"),
}
#: an example where no word can be offered
_EXAMPLES: Mapping[Kind, tuple[str, str]] = {
    Kind.TEXT: ('"…"', noted("part of a name, in quotes")),
    Kind.NUMBER: ("2", noted("a number")),
    Kind.SPAN: ("60d", noted("the last 60 days; h hours, w weeks")),
    Kind.DATE: ("2026-01-31", noted("a day")),
}
#: suggestions
MAX_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Next:
    """Something that may stand at the cursor."""

    #: what to put in the place of `start` up to the cursor
    text: str
    #: what it means
    meaning: str
    #: place of the first character it replaces
    start: int
    #: what the whole query up to the cursor becomes with it
    query: str


def complete(query: str, cursor: int | None = None, *, names: Names | None = None) -> list[Next]:
    """What may come next; nothing when what stands before the cursor is not understood.

    Args:
        query: so far.
        cursor: place, characters from 0; None: at the end.
        names: texts to offer in quotes, by the word they stand behind: clicked, converted, campaign, domain,
            provider, country, client.
            While one is written, those that hold it anywhere are offered.
    """
    before = query if cursor is None else query[: max(cursor, 0)]
    start, begun = _begun(before)
    try:
        known = tokens(before[:start])
    except Unclear:
        return []
    found: dict[str, str] = {}
    for each in _expected(known):
        found |= {each: MEANINGS.get(each, "")} if isinstance(each, str) else {}
    for each in _expected(known):
        found |= {} if isinstance(each, str) else _offered(each, known, names or {})
    low = begun.casefold().lstrip('"')
    return [
        Next(text=text, meaning=meaning, start=start, query=f"{before[:start]}{text}")
        for text, meaning in found.items()
        if (text.casefold().lstrip('"').startswith(low) and (text.startswith('"') or not begun.startswith('"')))
        or (begun.startswith('"') and _is_within(low, text, meaning))
    ][:MAX_SHOWN]


def _is_within(begun: str, text: str, meaning: str) -> bool:
    """Whether a text in quotes, or what it means, has this somewhere: a query asks for parts of names as well."""
    is_name = text.startswith('"') and text != _EXAMPLES[Kind.TEXT][0]
    return is_name and (begun in text.casefold() or begun in meaning.casefold())


def _begun(before: str) -> tuple[int, str]:
    """Where the word or text that is being written starts, and what of it is there."""
    is_open = before.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 1
    if is_open:
        start = before.rfind('"')
        return start, before[start:]
    start = len(before)
    while start and before[start - 1].isalnum():
        start -= 1
    return start, before[start:]


def _expected(known: list[Token]) -> list[str | Kind]:
    reading = Parser(known)
    try:
        reading.whole()
    except Unclear as fault:
        if fault.at < known[-1].at or not fault.expected:
            return []
    return list(reading.expected)


def _offered(kind: Kind, known: list[Token], names: Names) -> dict[str, str]:
    offered = names.get(known[-2].text) if kind is Kind.TEXT and len(known) > 1 else None
    if offered:
        return {quoted(name): offered[name] if isinstance(offered, Mapping) else "" for name in offered}
    text, meaning = _EXAMPLES[kind]
    return {text: meaning}
