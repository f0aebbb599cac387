"""Lists of people behind a number: those of a link as page and API, and every such list as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import Path, Query, Request
from starlette.responses import Response, StreamingResponse

from mailwake.comparing.best_hours import PersonHour, best_hours
from mailwake.drawing.rows import safe_cell
from mailwake.events import Micros
from mailwake.framing.rendering import render
from mailwake.insight.answers import Person
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.people.on_link import Follower, people_on_link, to_json
from mailwake.people.people import PAGE_SIZE, people
from mailwake.views import on_link_view
from mailwake.web.api import Outcome, Page, PageSize, guarded, now_of, stores_of
from mailwake.web.narrowing import Narrowed

router = guarded()

Number = Annotated[int, Path(ge=1, le=1_000_000, description="Of the link in its template, from 1.")]
Template = Annotated[str, Query(max_length=20, description="Id of the template; else the first with such a link.")]
Who = Annotated[str, Query(max_length=20, description="all, human, possible or machine.")]
#: rows that are asked for at once
_CHUNK = 1_000
T = TypeVar("T")


@router.get("/api/campaigns/{campaign}/links/{number}/people")
def api(
    request: Request,
    campaign: str,
    number: Number,
    *,
    template: Template = "",
    who: Who = "all",
    page: Page = 1,
    page_size: PageSize = PAGE_SIZE,
) -> Response:
    """Who followed one link, a page at a time."""
    stores = stores_of(request)
    asked = {"template": template, "who": who}
    answer = people_on_link(stores, find(stores, campaign), number, **asked, page=page, page_size=page_size)
    return Response(to_json(answer), media_type="application/json")


@router.get("/campaigns/{campaign}/links/{number}/people", include_in_schema=False)
def on_link(
    request: Request, campaign: str, number: Number, *, template: Template = "", who: Who = "all", page: Page = 1
) -> Response:
    """The same as a page."""
    stores = stores_of(request)
    answer = people_on_link(stores, find(stores, campaign), number, template=template, who=who, page=page)
    return render(request, "on_link.html", **on_link_view.values(answer, stores.zone))


@router.get("/campaigns/{campaign}/links/{number}/people.csv", include_in_schema=False)
def on_linkcsv_answer(
    request: Request, campaign: str, number: Number, *, template: Template = "", who: Who = "all"
) -> Response:
    """Everybody who followed one link."""
    stores, found = stores_of(request), find(stores_of(request), campaign)
    first = people_on_link(stores, found, number, template=template, who=who, page_size=1)  # refuses before it begins

    def chunk(page: int) -> Sequence[Follower]:
        asked = {"template": first.template, "who": who}
        return people_on_link(stores, found, number, **asked, page=page, page_size=_CHUNK).people

    head = ("email", "by", "clicks", "first_at", "last_at")
    cells = ((each.address, each.who, str(each.clicks), each.first_at, each.last_at) for each in gathered(chunk))
    return csv_answer("link", head, cells)


@router.get("/campaigns/{campaign}/people.csv", include_in_schema=False)
def people_csv(request: Request, campaign: str, there: Narrowed, *, outcome: Outcome = "all") -> Response:
    """Everybody of a campaign, or those behind one number."""
    stores, found = stores_of(request), find(stores_of(request), campaign)
    people(stores, found, outcome=outcome, there=there, page_size=1)  # refuses before it begins

    def chunk(page: int) -> Sequence[Sequence[str | datetime | None]]:
        some = people(stores, found, outcome=outcome, there=there, page=page, page_size=_CHUNK).people
        hours = _hours(stores, [each.address for each in some if each.address], now_of(request))
        return [_person(each, hours.get(each.address or "")) for each in some]

    head = ("email", "outcome", "opened_by", "clicked_by", "sent_at", "last_at", "best_hour", "clock", "reason")
    return csv_answer("people", head, gathered(chunk))


def _hours(stores: Stores, addresses: Sequence[str], now: Micros) -> dict[str, PersonHour]:
    handles = stores.state.known_handles(addresses)
    hours = best_hours(stores, handles.values(), now=now)
    return {address: hours[handle] for address, handle in handles.items()}


def _person(each: Person, best: PersonHour | None) -> Sequence[str | datetime | None]:
    """The best hour is empty where it cannot be said."""
    hour, clock = (None, None) if best is None or best.hour is None else (str(best.hour), best.clock)
    facts = (each.address, each.outcome, each.opened, each.clicked, each.sent_at, each.last_at)
    return (*facts, hour, clock, each.reason)


def gathered(chunk: Callable[[int], Sequence[T]]) -> Iterator[T]:
    """All lines of a list that comes in pages, until one is empty."""
    page = 1
    while found := chunk(page):
        yield from found
        page += 1


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[str | datetime | None]]) -> Response:
    """A table as a file of that name, sent while it is made; no cell runs as a formula."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_lines(head, rows), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(head: Sequence[str], rows: Iterable[Sequence[str | datetime | None]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for number, row in enumerate(rows, 1):
        writer.writerow([safe_cell(_cell(each)) for each in row])
        if number % _CHUNK == 0:
            yield _emptied(text)
    yield _emptied(text)


def _emptied(text: io.StringIO) -> str:
    told = text.getvalue()
    text.seek(0)
    text.truncate()
    return told


def _cell(value: str | datetime | None) -> str:
    """A time as the exports write it."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(value, datetime) else value or ""
