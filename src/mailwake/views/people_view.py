"""What the list of a campaign's people shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import charts, figures, pieces
from mailwake.drawing.paging import pages
from mailwake.drawing.terms import term
from mailwake.insight.answers import PeoplePage, Person
from mailwake.language import noted, say
from mailwake.people.people import FILTERS
from mailwake.views import there_view

#: filter to why its list is not as long as the figure that leads to it
_SUMS = {
    "opened_human": noted(
        "“Opened by people” among the campaign's figures adds up the probabilities of all copies in its base; this list"
        " holds each copy that a person more likely than not opened."
    ),
    "clicked_human": noted(
        "“Clicked by people” among the campaign's figures adds up the probabilities of all copies in its base; this"
        " list holds each copy in which a person more likely than not clicked."
    ),
}
#: who reacted to one copy
ONE = {"human": noted("a person"), "possible": noted("perhaps a person"), "machine": noted("a machine")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Who opened or clicked a copy."""

    kind: str
    mark: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One recipient's copy."""

    address: str
    #: of the page about this copy; empty: the copy has no number
    href: str
    outcome: str
    reason: str
    #: None: nobody that we know of
    opened: Who | None
    clicked: Who | None
    last: str


def values(answer: PeoplePage, zone: ZoneInfo) -> dict[str, Any]:
    """What `people.html` names."""
    path = f"/campaigns/{answer.id}/people"
    asked = {"outcome": answer.outcome, **there_view.chosen(answer)}
    narrowed = urlencode(there_view.chosen(answer))
    copies = pieces.listed(answer.total, answer.total, pieces.COPIES)
    return {
        "id": answer.id,
        "name": answer.name,
        "outcome": answer.outcome,
        "choices": {name: say(words) for name, words in FILTERS.items()},
        "csv": f"{path}.csv?{urlencode(asked)}",
        "to_org": f"/campaigns/{answer.id}/salesforce.csv?{urlencode(asked)}",
        "there": there_view.narrowings(answer, path),
        "narrowed": f"&{narrowed}" if narrowed else "",
        "segment": there_view.segment(answer),
        "listed": f"{copies} · {say(FILTERS[answer.outcome])}",
        "why_other": say(_SUMS[answer.outcome]) if answer.outcome in _SUMS and not there_view.chosen(answer) else "",
        "people": [_line(person, answer.id, zone) for person in answer.people],
        "pages": pages(path, asked, page=answer.page, total=answer.total, page_size=answer.page_size),
    }


def _line(person: Person, campaign: str, zone: ZoneInfo) -> Line:
    return Line(
        address=person.address or say("address no longer known"),
        href=f"/campaigns/{campaign}/deliveries/{person.delivery}" if person.delivery else "",
        outcome=term(person.outcome),
        reason=person.reason,
        opened=who(person.opened),
        clicked=who(person.clicked),
        last="" if person.last_at is None else figures.moment(person.last_at, zone),
    )


def who(kind: str | None) -> Who | None:
    """Who it was, with the mark that stands for it; None: nobody."""
    return None if kind is None else Who(kind=kind, mark=charts.MARKS[kind], name=say(ONE[kind]))
