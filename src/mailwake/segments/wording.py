"""A query back in words: as the language writes it, and as an English sentence."""

from __future__ import annotations

from datetime import date

from mailwake.segments.lexer import quoted
from mailwake.segments.tree import (
    JUDGED,
    Both,
    Condition,
    Count,
    Either,
    Engagement,
    Judged,
    Node,
    Not,
    Per,
    Sign,
    Span,
    State,
    Unit,
    Verb,
)

_UNITS = {Unit.HOURS: "hour", Unit.DAYS: "day", Unit.WEEKS: "week"}
_DID = {
    Verb.SENT: ("were sent a mail", "were never sent a mail"),
    Verb.DELIVERED: ("had a mail delivered", "never had a mail delivered"),
    Verb.OPENED: ("opened a mail", "never opened a mail"),
    Verb.CLICKED: ("clicked a link", "never clicked a link"),
    Verb.BOUNCED: ("had a mail bounce", "never had a mail bounce"),
    Verb.UNSUBSCRIBED: ("unsubscribed", "never unsubscribed"),
    Verb.COMPLAINED: ("reported a mail as spam", "never reported a mail as spam"),
    Verb.REPLIED: ("replied to a mail", "never replied to a mail"),
    Verb.CONVERTED: ("reached a goal", "never reached a goal"),
}
_BY = {
    Judged.HUMAN: "counting what probably people did",
    Judged.POSSIBLE: "counting what perhaps people did",
    Judged.MACHINE: "counting what probably machines did",
    Judged.ANYBODY: "whoever did it",
}
_SIGNS = {
    Sign.AT_LEAST: "at least",
    Sign.MORE: "more than",
    Sign.AT_MOST: "at most",
    Sign.FEWER: "fewer than",
    Sign.EXACTLY: "exactly",
}
_PER = {Per.TIMES: ("time", "times"), Per.DAYS: ("day", "different days"), Per.MAILS: ("mail", "different mails")}
_STATES = {
    Engagement.ACTIVE: "are active: gave a sign within the last {active} days",
    Engagement.LAPSING: "are lapsing: gave no sign for {active} days, but less than {dormant}",
    Engagement.DORMANT: "are dormant: gave no sign for {dormant} days or more",
}


def spelled(node: Node) -> str:
    """The query in the language's own spelling; reading it gives the same tree."""
    if isinstance(node, State):
        return node.engagement.value
    if isinstance(node, Condition):
        return _condition(node)
    if isinstance(node, Not):
        return f"not {_bracketed(node.of, (Both, Either))}"
    if isinstance(node, Both):
        return " and ".join(_bracketed(part, (Both, Either)) for part in node.parts)
    return " or ".join(_bracketed(part, (Either,)) for part in node.parts)


def _bracketed(node: Node, kinds: tuple[type, ...]) -> str:
    return f"({spelled(node)})" if isinstance(node, kinds) else spelled(node)


def _condition(said: Condition) -> str:
    words = (
        "never" if said.is_never else "",
        said.verb.value,
        quoted(said.text) if said.text else "",
        f"in campaign {quoted(said.campaign)}" if said.campaign else "",
        *(f"{name} {quoted(value)}" for name in ("domain", "country", "client") if (value := getattr(said, name))),
        "" if said.is_never else _count(said.count),
        f"in {said.within.amount}{said.within.unit}" if said.within else "",
        f"since {said.since}" if said.since else "",
        f"before {said.before}" if said.before else "",
        f"as {said.judged}" if said.judged else "",
    )
    return " ".join(word for word in words if word)


def _count(count: Count | None) -> str:
    if count is None:
        return ""
    return f"{count.sign} {count.number}" + ("" if count.per is Per.TIMES else f" {count.per}")


def explained(node: Node, *, active_days: int, dormant_days: int) -> str:
    """The query as a sentence.

    Args:
        node: what it says.
        active_days: days without a sign until somebody is lapsing.
        dormant_days: days without a sign until somebody is dormant.
    """
    days = {"active": str(active_days), "dormant": str(dormant_days)}
    return f"People {_clause(node, days)}."


def _clause(node: Node, days: dict[str, str]) -> str:
    if isinstance(node, State):
        return f"who {_STATES[node.engagement].format(**days)}"
    if isinstance(node, Condition):
        return f"who {_told(node)}"
    if isinstance(node, Not):
        return f"who are not among those {_inner(node.of, days)}"
    word = ", and " if isinstance(node, Both) else ", or "
    return word.join(_inner(part, days) for part in node.parts)


def _inner(node: Node, days: dict[str, str]) -> str:
    return f"({_clause(node, days)})" if isinstance(node, Both | Either) else _clause(node, days)


def _told(said: Condition) -> str:
    by = _BY[said.judged or Judged.HUMAN] if said.verb in JUDGED else ""
    facts = (
        f"with \u201c{said.text}\u201d in its label or target" if said.text else "",
        f"in a campaign with \u201c{said.campaign}\u201d in its name" if said.campaign else "",
        f"at {said.domain}" if said.domain else "",
        f"from {said.country}" if said.country else "",
        f"with {said.client}" if said.client else "",
        "" if said.is_never or said.count is None else _often(said.count),
        _within(said.within),
        f"since {_day(said.since)}" if said.since else "",
        f"before {_day(said.before)}" if said.before else "",
    )
    told = " ".join((_DID[said.verb][said.is_never], *(fact for fact in facts if fact)))
    return f"{told}, {by}" if by else told


def _often(count: Count) -> str:
    names = _PER[count.per]
    on = {Per.TIMES: "", Per.DAYS: "on ", Per.MAILS: "in "}[count.per]
    return f"{on}{_SIGNS[count.sign]} {count.number} {names[count.number != 1]}"


def _within(span: Span | None) -> str:
    if span is None:
        return ""
    name = _UNITS[span.unit]
    return f"in the last {name}" if span.amount == 1 else f"in the last {span.amount} {name}s"


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.day} {day:%B %Y}"
