"""A query back in words: as the language writes it, and as a sentence, clause by clause in the order of the query."""

from __future__ import annotations

from datetime import date

from mailwake.insight.report import country_names
from mailwake.language import forms, noted, say, several
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

_UNITS = {
    Unit.HOURS: forms("in the last hour", "in the last %(count)s hours"),
    Unit.DAYS: forms("in the last day", "in the last %(count)s days"),
    Unit.WEEKS: forms("in the last week", "in the last %(count)s weeks"),
}
_DID = {
    Verb.SENT: (noted("were sent a mail"), noted("were never sent a mail")),
    Verb.DELIVERED: (noted("had a mail delivered"), noted("never had a mail delivered")),
    Verb.OPENED: (noted("opened a mail"), noted("never opened a mail")),
    Verb.CLICKED: (noted("clicked a link"), noted("never clicked a link")),
    Verb.DEFERRED: (noted("had a mail put off"), noted("never had a mail put off")),
    Verb.BOUNCED: (noted("had a mail bounce"), noted("never had a mail bounce")),
    Verb.UNSUBSCRIBED: (noted("unsubscribed"), noted("never unsubscribed")),
    Verb.COMPLAINED: (noted("reported a mail as spam"), noted("never reported a mail as spam")),
    Verb.REPLIED: (noted("replied to a mail"), noted("never replied to a mail")),
    Verb.CONVERTED: (noted("reached a goal"), noted("never reached a goal")),
}
_BY = {
    Judged.HUMAN: noted("counting what probably people did"),
    Judged.POSSIBLE: noted("counting what perhaps people did"),
    Judged.MACHINE: noted("counting what probably machines did"),
    Judged.ANYBODY: noted("whoever did it"),
}
_SIGNS = {
    Sign.AT_LEAST: noted("at least"),
    Sign.MORE: noted("more than"),
    Sign.AT_MOST: noted("at most"),
    Sign.FEWER: noted("fewer than"),
    Sign.EXACTLY: noted("exactly"),
}
_PER = {
    Per.TIMES: forms("%(sign)s %(count)s time", "%(sign)s %(count)s times"),
    Per.DAYS: forms("on %(sign)s %(count)s day", "on %(sign)s %(count)s different days"),
    Per.MAILS: forms("in %(sign)s %(count)s mail", "in %(sign)s %(count)s different mails"),
}
#: clauses of a word and a text
_CLAUSES = ("domain", "provider", "country", "client")
_STATES = {
    Engagement.ACTIVE: noted("who are active: gave a sign within the last %(active)s days"),
    Engagement.LAPSING: noted("who are lapsing: gave no sign for %(active)s days, but less than %(dormant)s"),
    Engagement.DORMANT: noted("who are dormant: gave no sign for %(dormant)s days or more"),
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
        *(f"{name} {quoted(value)}" for name in _CLAUSES if (value := getattr(said, name))),
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
    return say("People %(clause)s.", clause=_clause(node, days))


def _clause(node: Node, days: dict[str, str]) -> str:
    if isinstance(node, State):
        return say(_STATES[node.engagement], **days)
    if isinstance(node, Condition):
        return say("who %(did)s", did=_told(node))
    if isinstance(node, Not):
        return say("who are not among those %(clause)s", clause=_inner(node.of, days))
    message = noted("%(first)s, and %(second)s") if isinstance(node, Both) else noted("%(first)s, or %(second)s")
    first, *others = (_inner(part, days) for part in node.parts)
    for other in others:
        first = say(message, first=first, second=other)
    return first


def _inner(node: Node, days: dict[str, str]) -> str:
    return f"({_clause(node, days)})" if isinstance(node, Both | Either) else _clause(node, days)


def _told(said: Condition) -> str:
    by = _BY[said.judged or Judged.HUMAN] if said.verb in JUDGED else ""
    facts = (
        _named(said),
        say("in a campaign with “%(text)s” in its name", text=said.campaign) if said.campaign else "",
        say("at %(domain)s", domain=said.domain) if said.domain else "",
        say("at the provider %(provider)s", provider=said.provider) if said.provider else "",
        say("from %(country)s", country=_country(said.country)) if said.country else "",
        say("with %(client)s", client=said.client) if said.client else "",
        "" if said.is_never or said.count is None else _often(said.count),
        _within(said.within),
        say("since %(day)s", day=_day(said.since)) if said.since else "",
        say("before %(day)s", day=_day(said.before)) if said.before else "",
    )
    told = " ".join((say(_DID[said.verb][said.is_never]), *(fact for fact in facts if fact)))
    return say("%(did)s, %(by)s", did=told, by=say(by)) if by else told


def _named(said: Condition) -> str:
    if said.text is None:
        return ""
    if said.verb is Verb.CONVERTED:
        return say("that is called “%(goal)s”", goal=said.text)
    return say("with “%(text)s” in its label or target", text=said.text)


def _country(code: str) -> str:
    return country_names().get(code.upper(), code)


def _often(count: Count) -> str:
    return several(*_PER[count.per], count.number, sign=say(_SIGNS[count.sign]), count=count.number)


def _within(span: Span | None) -> str:
    if span is None:
        return ""
    return several(*_UNITS[span.unit], span.amount, count=span.amount)


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.day} {day:%B %Y}"
