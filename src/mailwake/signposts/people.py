"""The page that leads to people: a search, those who engage most, those who were active lately, and all lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from starlette.responses import Response

from mailwake.drawing import figures
from mailwake.framing.asking import guarded, kept_of, now_of, stores_of
from mailwake.framing.rendering import render
from mailwake.language import say, several
from mailwake.people.finding import ACTIVE_DAYS, MOST, Active, Found, active_people, find_people
from mailwake.scoring.calls import Call, calls
from mailwake.serving.entry import actor_of
from mailwake.serving.navigation import groups_for

router = guarded(include_in_schema=False)

Asked = Annotated[str, Query(max_length=320)]
#: lines of each list
LINES = 10
#: events, and how many seconds the most engaged are waited for where there are more; the rest of the page is there
_MANY, _RANKING_SECONDS = 1_000_000, 0.1
#: what the page of one person takes
_STORIES = "people:stories"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One person."""

    name: str
    #: of their page; empty: they are not known any more
    href: str
    #: what is told of them
    told: str
    at: str = ""


@router.get("/people")
def people(request: Request, *, q: Asked = "") -> Response:
    """Whoever is looked for, and where people are listed."""
    stores, actor = stores_of(request), actor_of(request)
    active = kept_of(request).answer("active", lambda: active_people(stores, now=now_of(request), limit=LINES))
    return render(
        request,
        "find_people.html",
        q=q.strip(),
        found=_found(find_people(stores, q)) if q.strip() else None,
        may_search=actor.knows_people,
        may_open=actor.may(_STORIES),
        sees_most=actor.knows_people,
        most=_most(request) if actor.knows_people else None,
        active=[_active(each, stores.zone) for each in active],
        days=ACTIVE_DAYS,
        lists=[
            (path, label)
            for group in groups_for(actor)
            if "people" in group.words
            for path, word, label in group.pages
            if word != "people"
        ],
    )


def _found(found: Found) -> dict[str, Any]:
    count = len(found.names)
    told = several("%(count)s person", "%(count)s people", count, count=figures.count(count))
    return {
        "told": say("the first %(count)s", count=figures.count(MOST)) if found.is_cut else told,
        "people": [Line(name=name, href=_href(name), told="") for name in found.names],
    }


def _most(request: Request) -> list[Line] | None:
    """By the score that decides whom to call: who engages most, by what they did lately themselves.

    Of a large store everybody is gone through for a minute at first, for which nobody waits: None.
    """
    stores, now = stores_of(request), now_of(request)
    desk = request.app.state.force.desk()
    is_large = stores.events.ask("latest")[0]["event_count"] > _MANY
    if is_large and not desk.is_ranked(stores, now, seconds=_RANKING_SECONDS):
        return None
    return [_scored(each) for each in calls(stores, desk, now=now, page_size=LINES).calls]


def _scored(call: Call) -> Line:
    name = call.address or ""
    score = call.score.score
    told = "" if score is None else say("score %(score)s", score=figures.count(score))
    return Line(name=name or say("address no longer known"), href=_href(name), told=told)


def _active(each: Active, zone: ZoneInfo) -> Line:
    acts: Iterable[str] = (
        several("%(count)s mail opened", "%(count)s mails opened", each.opened, count=figures.count(each.opened)),
        several("%(count)s clicked in", "%(count)s clicked in", each.clicked, count=figures.count(each.clicked)),
    )
    return Line(
        name=each.name or say("address no longer known"),
        href=_href(each.name or ""),
        told=", ".join(acts),
        at=figures.moment(each.last_at, zone),
    )


def _href(name: str) -> str:
    return f"/person?{urlencode({'address': name})}" if name else ""
