"""Segments: the page with its editor, their people, and the same for programs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.errors import BadInput
from mailwake.framing.rendering import as_json, render
from mailwake.segments import answers, keeper, naming
from mailwake.segments.completion import complete
from mailwake.segments.lexer import MAX_CHARS
from mailwake.segments.sunset import MAX_DAYS, sunset
from mailwake.serving.forms import by_of, form_of, json_of
from mailwake.views import segments_view
from mailwake.web.api import Cursor, Page, PageSize, guarded, kept_of, now_of, stores_of
from mailwake.web.lists import csv_answer

PATH = "/segments"
_KINDS = {"live": True, "static": False}

router = guarded()
T = TypeVar("T")

Text = Annotated[str, Query(max_length=MAX_CHARS, description="In the language of segments.")]
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="Days without a sign.")]
AskedDays = Annotated[int | None, Query(ge=1, le=MAX_DAYS)]
Form = Annotated[Mapping[str, str], Depends(form_of)]
Members = Annotated[Mapping[str, str], Depends(json_of)]


@router.get(PATH, include_in_schema=False)
def segments(request: Request, *, query: Text = "", days: AskedDays = None) -> Response:
    """The editor with what a query means, all segments, and a sunset where one is asked for.

    While somebody writes, htmx takes the answer alone, and nothing else is counted for it.
    """
    stores, now = stores_of(request), now_of(request)
    is_part = "hx-request" in request.headers
    answer, fault = None, None
    if query.strip():
        try:
            answer = _kept(request, [query], ("query", query), lambda: answers.query(stores, query, now=now))
        except BadInput as found:
            fault = found
    values = segments_view.values(
        query,
        answer,
        fault,
        following=complete(f"{query} " if answer else query, names=_names(request)),
        segments=() if is_part else _segments(request),
        sunset=None if days is None or is_part else _sunset(request, days),
        zone=stores.zone,
    )
    return render(request, "segments.html", here="segments", **values)


@router.post(PATH, include_in_schema=False)
def change(request: Request, form: Form) -> Response:
    """Make or delete a segment, and show the page again."""
    if form.get("act") == "add":
        _add(request, form)
    elif form.get("act") == "delete":
        keeper.delete(stores_of(request).state, form.get("name", ""))
    else:
        raise BadInput("the form has to say what to do; reload the page and try again")
    return RedirectResponse(PATH, status_code=303)


@router.get("/segments/{name}", include_in_schema=False)
def segment_people(request: Request, name: str, *, page: Page = 1) -> Response:
    """The people of a segment, a page at a time."""
    stores, now = stores_of(request), now_of(request)
    found = keeper.counted(stores, keeper.find(stores.state, name), now=now)
    offset = (page - 1) * segments_view.PAGE_SIZE
    handles = keeper.members(stores, found.segment, now=now, limit=segments_view.PAGE_SIZE, offset=offset)
    values = segments_view.people(answers.told(found), keeper.addresses(stores, handles), page=page, zone=stores.zone)
    return render(request, "segment.html", here="segments", **values)


@router.get("/segments/{name}/people.csv", include_in_schema=False)
def segment_csv(request: Request, name: str) -> Response:
    """Everybody of a segment, for a spreadsheet or for `mailwake send`."""
    stores = stores_of(request)
    handles = keeper.members(stores, keeper.find(stores.state, name), now=now_of(request))
    return csv_answer("segment", ("email",), ((address,) for address in keeper.addresses(stores, handles) if address))


@router.get("/api/segments")
def list_segments(request: Request) -> Response:
    """All segments with their sizes, by name."""
    return as_json({"segments": answers.segments(stores_of(request), now=now_of(request))})


@router.get("/api/segments/{name}")
def one_segment(request: Request, name: str) -> Response:
    """One segment with its sizes."""
    stores = stores_of(request)
    return as_json(answers.told(keeper.counted(stores, keeper.find(stores.state, name), now=now_of(request))))


@router.get("/api/segments/{name}/people")
def list_people(
    request: Request, name: str, *, page: Page = 1, page_size: PageSize = 100, cursor: Cursor = ""
) -> Response:
    """The addresses of a segment's people, a page at a time; null where one is no longer known."""
    stores, now = stores_of(request), now_of(request)
    return as_json(answers.people(stores, name, page=page, page_size=page_size, cursor=cursor, now=now))


@router.get("/api/segments/{name}/handles")
def list_handles(request: Request, name: str) -> Response:
    """All of a segment's people as handles, which mean something to this installation alone."""
    stores = stores_of(request)
    handles = keeper.members(stores, keeper.find(stores.state, name), now=now_of(request))
    return as_json({"handles": [str(handle) for handle in handles]})


@router.post("/api/segments")
def add_segment(request: Request, given: Members) -> Response:
    """Make a segment: `name query`, and optionally `kind` (live or static) and `by`."""
    _add(request, given)
    return one_segment(request, given.get("name", "").strip())


@router.post("/api/segments/delete")
def delete_segment(request: Request, given: Members) -> Response:
    """Forget a segment: `name`."""
    keeper.delete(stores_of(request).state, given.get("name", ""))
    return as_json({"deleted": 1})


@router.get("/api/query")
def ask_query(request: Request, *, query: Text) -> Response:
    """What a query means, and how many people it chooses."""
    return as_json(answers.query(stores_of(request), query, now=now_of(request)))


@router.get("/api/query/handles")
def query_handles(request: Request, *, query: Text) -> Response:
    """All people that a query chooses, as handles."""
    return as_json({"handles": [str(each) for each in keeper.chosen(stores_of(request), query, now=now_of(request))]})


@router.get("/api/query/next")
def query_next(
    request: Request, *, query: Text = "", cursor: Annotated[int | None, Query(ge=0, le=MAX_CHARS)] = None
) -> Response:
    """What may come next at a cursor: `next[]` with `text meaning start query`."""
    return as_json({"next": [asdict(each) for each in complete(query, cursor, names=_names(request))]})


@router.get("/api/sunset")
def ask_sunset(request: Request, *, days: Days = 180) -> Response:
    """What no more mail to people without a sign for so long would have spared and lost in the last year."""
    return as_json(answers.sunset_told(sunset(stores_of(request), days, now=now_of(request))))


def _names(request: Request) -> naming.Names:
    return kept_of(request).answer("names", lambda: naming.names(stores_of(request)))


def _segments(request: Request) -> tuple[answers.SegmentAnswer, ...]:
    stores, now, known = stores_of(request), now_of(request), stores_of(request).state.segments()
    asked = ("segments", *((each.id, each.created_at) for each in known))
    return _kept(request, [each.query for each in known], asked, lambda: answers.segments(stores, now=now))


def _sunset(request: Request, days: int) -> answers.SunsetAnswer:
    stores, now = stores_of(request), now_of(request)
    return _kept(request, [], ("sunset", days), lambda: answers.sunset_told(sunset(stores, days, now=now)))


def _kept(request: Request, queries: Sequence[str], asked: Hashable, ask: Callable[[], T]) -> T:
    """An answer made of these queries, given again until something is written or their spans have moved on."""
    mark = getattr(stores_of(request).events, "written", None)  # of a store whose answers are remembered
    return kept_of(request).answer(asked, ask, mark=mark, lasts=keeper.lasting_seconds(queries))


def _add(request: Request, given: Mapping[str, str]) -> None:
    kind = given.get("kind") or "live"
    if kind not in _KINDS:
        raise BadInput(f"there is no kind {kind[:40]!r}; there are live and static")
    keeper.add(
        stores_of(request),
        given.get("name", ""),
        given.get("query", ""),
        is_live=_KINDS[kind],
        now=now_of(request),
        by=by_of(request, given),
    )
