"""Who gets no mail, and incidents: the page with its forms, and the same for programs.

`mailwake.serving.guard` lets nothing change anything that no page of ours has sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from mailwake.boards import suppressions_view
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.framing.rendering import as_json, render
from mailwake.insight.cursors import make_cursor, read_cursor
from mailwake.serving.forms import by_of, form_of, id_in, json_of
from mailwake.suppression import acts, listing
from mailwake.web.api import Cursor, Page, PageSize, guarded, now_of, stores_of

PATH = "/suppressions"
_DECISIONS: Mapping[str, Callable[..., int]] = {"undo": acts.undo, "apply": acts.apply, "close": acts.close}
#: Incidents of any age; there are few.
_INCIDENTS = 1_000

router = guarded()

Reason = Annotated[str, Query(max_length=64, description="Of this reason alone.")]
Address = Annotated[str, Query(max_length=320)]
Form = Annotated[Mapping[str, str], Depends(form_of)]
Members = Annotated[Mapping[str, str], Depends(json_of)]


@router.get(PATH, include_in_schema=False)
def suppressions(request: Request, *, address: Address = "", reason: Reason = "", page: Page = 1) -> Response:
    """How many by reason, the newest or all of one address, the forms, and incidents."""
    stores, size = stores_of(request), suppressions_view.PAGE_SIZE
    state, address = stores.state, address.strip()
    if address:
        rows = listing.history(state, address)
    else:
        rows = listing.holding(state, reason=reason, page=page, page_size=size)
    asked = suppressions_view.Asked(address=address, reason=reason, page=page)
    counts, incidents = state.holding_counts(), state.incidents()
    of = state.held_back(), state.suppressed_since(Micros(0))
    values = suppressions_view.values(asked, rows, counts=counts, of=of, incidents=incidents, zone=stores.zone)
    return render(request, "suppressions.html", here="suppressions", **values)


@router.post(PATH, include_in_schema=False)
def change(request: Request, form: Form) -> Response:
    """Add or lift an address, or decide on an incident, and show the page again."""
    if "incident" in form:
        act = _DECISIONS.get(form.get("act", ""))
        if act is None:
            raise BadInput("the form has to say what to do with the incident; reload the page and try again")
        number = id_in(form["incident"], "incident")
        act(stores_of(request).state, number, at=now_of(request), by=by_of(request), why=form.get("why", ""))
        return RedirectResponse(PATH, status_code=303)
    if form.get("act") == "add":
        _add(request, form)
    elif form.get("act") == "lift":
        _lift(request, form)
    else:
        raise BadInput("the form has to say what to do; reload the page and try again")
    return RedirectResponse(f"{PATH}?{suppressions_view.query(address=form.get('address', ''))}", status_code=303)


@router.get("/api/suppressions")
def list_suppressions(
    request: Request, *, reason: Reason = "", page: Page = 1, page_size: PageSize = 100, cursor: Cursor = ""
) -> Response:
    """What holds, newest first, a page at a time."""
    of_list = f"suppressions {reason}"
    before = read_cursor(of_list, cursor, 2) if cursor else None
    state = stores_of(request).state
    counts = state.holding_counts()
    rows = listing.holding(state, reason=reason, page=page, page_size=page_size, before=before)
    last = rows[-1].row if len(rows) == page_size else None
    total = counts.get(reason, 0) if reason else sum(counts.values())
    told = {"counts": counts, "page": page, "page_size": page_size, "total": total}
    after = None if last is None else make_cursor(of_list, last.at, last.number or 0)
    return as_json({**told, "suppressions": [listing.told(row) for row in rows], "next": after})


@router.get("/api/suppressions/{address}")
def address_suppressions(request: Request, address: str) -> Response:
    """All that ever held against an address, oldest first, with the words that it was decided on."""
    rows = listing.history(stores_of(request).state, address)
    return as_json(
        {
            "address": address,
            "holds": any(row.row.lifted_at is None for row in rows),
            "suppressions": [listing.told(row) for row in rows],
        }
    )


@router.post("/api/suppressions")
def add_suppression(request: Request, given: Members) -> Response:
    """Suppress an address: `address why`, and optionally `reason stream campaign by`."""
    return as_json({"added": int(_add(request, given))})


@router.post("/api/suppressions/lift")
def lift_suppression(request: Request, given: Members) -> Response:
    """Take back what holds against an address: `address why`, and optionally `reason by`."""
    done = _lift(request, given)
    return as_json({"lifted": done.lifted, "stays": done.stays})


@router.get("/api/incidents")
def list_incidents(
    request: Request, *, only_open: Annotated[bool, Query(alias="open", description="Not closed.")] = False
) -> Response:
    """Storms, alarms and imports, the latest first."""
    found = stores_of(request).state.incidents(only_open=only_open)[:_INCIDENTS]
    return as_json({"incidents": [listing.told_incident(each) for each in found]})


def _add(request: Request, given: Mapping[str, str]) -> bool:
    _only(given, "act", "address", "why", "reason", "stream", "campaign", "by")
    return acts.add(
        stores_of(request).state,
        given.get("address", ""),
        at=now_of(request),
        by=by_of(request, given),
        why=given.get("why", ""),
        reason=given.get("reason") or acts.BY_HAND,
        reach=acts.Reach(given.get("stream", ""), given.get("campaign", "")),
    )


def _lift(request: Request, given: Mapping[str, str]) -> acts.Lifted:
    _only(given, "act", "address", "why", "reason", "by")
    return acts.lift(
        stores_of(request).state,
        given.get("address", ""),
        at=now_of(request),
        by=by_of(request, given),
        why=given.get("why", ""),
        reason=given.get("reason") or None,
    )


def _only(given: Mapping[str, str], *names: str) -> None:
    if unknown := sorted(set(given) - set(names)):
        raise BadInput(f"there is no field {unknown[0][:40]!r}; there are {', '.join(names[1:])}")
