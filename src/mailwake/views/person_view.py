"""What the page of one recipient shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.comparing.best_hours import PersonHour
from mailwake.drawing import figures, pieces
from mailwake.drawing.terms import country, term
from mailwake.language import at_start, noted, say
from mailwake.people.person import Copy, Person

NO = noted("no")
_WHO = {
    "human": noted("● by a person"),
    "possible": noted("◐ possibly"),
    "machine": noted("□ by a machine"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One copy, ready to read."""

    name: str
    href: str
    sent: str
    outcome: str
    opened: str
    clicked: str
    links: tuple[str, ...]
    last: str
    more: tuple[str, ...]


def values(answer: Person, hour: PersonHour, zone: ZoneInfo) -> dict[str, Any]:
    """What `person.html` names."""
    facts = (
        (say("Copies"), figures.count(answer.sent)),
        (say("Opened"), _of(answer.opened, answer.sent)),
        (say("Clicked in"), _of(answer.clicked, answer.sent)),
        (say("Active on"), pieces.listed(answer.days, answer.days, pieces.DAYS)),
        (say("Returns after 14 days"), figures.count(answer.returns)),
        (say("Best hour"), best_hour(hour)),
        (say("Last seen"), say("never") if answer.last_at is None else figures.moment(answer.last_at, zone)),
        (say("Devices"), ", ".join(map(term, answer.devices)) or say("not known")),
        (say("Countries"), ", ".join(map(country, answer.countries)) or say("not known")),
    )
    return {
        "address": answer.address,
        "consent": "/consent?" + urlencode({"address": answer.address}),
        "facts": facts,
        "lines": [_line(each, zone) for each in answer.copies],
        "is_all": answer.is_all,
    }


def _of(number: int, of: int) -> str:
    return say("%(number)s of %(all)s", number=figures.count(number), all=figures.count(of))


def best_hour(found: PersonHour) -> str:
    """When they are most likely to react, or why that cannot be said."""
    if found.hour is None:
        return at_start(found.cannot_say or say(figures.CANNOT_SAY))
    return say(
        "%(hour)s:00 to %(hour)s:59 in %(clock)s, %(sure)s sure by %(reactions)s reactions",
        hour=f"{found.hour:02}",
        clock=found.clock,
        sure=figures.whole_percent(found.sureness),
        reactions=figures.count(found.reactions),
    )


def _line(copy: Copy, zone: ZoneInfo) -> Line:
    more = []
    if copy.returns:
        more.append(say("came back after more than 14 days (%(count)s×)", count=figures.count(copy.returns)))  # noqa: RUF001
    if copy.forward is not None:
        more.append(say("passed on: %(how)s (%(why)s)", how=copy.forward.likelihood, why=copy.forward.why))
    return Line(
        name=copy.name,
        href=f"/campaigns/{copy.campaign}/deliveries/{copy.delivery}",
        sent="" if copy.sent_at is None else figures.moment(copy.sent_at, zone),
        outcome=term(copy.outcome),
        opened=say(_WHO.get(copy.opened or "", NO)),
        clicked=say(_WHO.get(copy.clicked or "", NO)),
        links=copy.links,
        last="" if copy.last_at is None else figures.moment(copy.last_at, zone),
        more=tuple(more),
    )
