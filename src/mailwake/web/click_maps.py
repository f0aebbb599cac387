"""The click map: its page, the drawing of the mail that the page frames, a picture to keep, and the API.

The drawing is somebody else's HTML. It has an address and a policy of its own, so that nothing of it can run or load
wherever it is opened; see docs/decisions/0028.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from mailwake.clickmap.camera import photograph, why_not
from mailwake.clickmap.sheet import POLICY, POLICY_WITH_PICTURES, height_of
from mailwake.errors import BadInput
from mailwake.events import TemplateId
from mailwake.framing.rendering import render
from mailwake.insight.click_map import Asked, ClickMap, choices, click_map, to_json
from mailwake.insight.report import find
from mailwake.segments.within import within
from mailwake.views import click_map_svg, click_map_view
from mailwake.views.click_map_view import ALL, STEPS
from mailwake.web.api import InSegment, guarded, now_of, stores_of

router = guarded()

Word = Annotated[str, Query(max_length=100)]
Layer = Annotated[str, Query(max_length=20, description="human, machine or raw.")]
Id = Annotated[str, Query(max_length=20, description="Id of a template.")]
Step = Annotated[int, Query(ge=0, le=ALL)]
Seconds = Annotated[int | None, Query(ge=0, le=10**10, description="Only clicks up to this age of their copy.")]


def _filters(
    *,
    layer: Layer = "human",
    template: Id = "",
    device: Word = "",
    client: Word = "",
    country: Word = "",
    versus: Id = "",
    segment: InSegment = "",
) -> Asked:
    """What every address here understands."""
    narrowed = Asked(layer=layer, device=device, client=client, country=country, segment=segment)
    return replace(narrowed, template=_id(template), versus=_id(versus))


def _id(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise BadInput(f"{text!r} is no id of a template")
    return int(text)


Filters = Annotated[Asked, Depends(_filters)]


def _answer(request: Request, campaign: str, asked: Asked, seconds: int | None) -> ClickMap:
    stores = within(stores_of(request), asked.segment, now=now_of(request))
    return click_map(stores, find(stores, campaign), replace(asked, until_seconds=seconds))


@router.get("/api/campaigns/{campaign}/map")
def api(request: Request, campaign: str, asked: Filters, *, until_seconds: Seconds = None) -> Response:
    """Clicks on each occurrence of a link in one mail, and how they differ from those in another."""
    return Response(to_json(_answer(request, campaign, asked, until_seconds)), media_type="application/json")


@router.get("/campaigns/{campaign}/map", include_in_schema=False)
def page(request: Request, campaign: str, asked: Filters, *, step: Step = ALL, pictures: bool = False) -> Response:
    """The mail with its marks, and the table that says the same."""
    answer, stores = _answer(request, campaign, asked, STEPS[step][0]), stores_of(request)
    found, segments = choices(stores, find(stores, campaign)), [each.name for each in stores.state.segments()]
    values = click_map_view.values(answer, found, step=step, pictures=pictures, height=height_of(_raw(request, answer)))
    return render(request, "click_map.html", segments=segments, no_png=why_not(), **values)


@router.get("/campaigns/{campaign}/map/mail", include_in_schema=False)
def drawing(request: Request, campaign: str, asked: Filters, *, step: Step = ALL, pictures: bool = False) -> Response:
    """The mail as sent, harmless, every link marked."""
    answer = _answer(request, campaign, asked, STEPS[step][0])
    policy = POLICY_WITH_PICTURES if pictures else POLICY
    drawn = click_map_view.drawn(answer, _raw(request, answer), fetch=pictures)
    return HTMLResponse(drawn, headers={"Content-Security-Policy": policy})


@router.get("/campaigns/{campaign}/map.svg", include_in_schema=False)
def picture(request: Request, campaign: str, asked: Filters, *, step: Step = ALL) -> Response:
    """The links in the order of the mail with their numbers, as a picture."""
    answer = _answer(request, campaign, asked, STEPS[step][0])
    return _file(answer, "svg", "image/svg+xml", click_map_svg.picture(answer, until=STEPS[step][1]))


@router.get("/campaigns/{campaign}/map.png", include_in_schema=False)
def photo(request: Request, campaign: str, asked: Filters, *, step: Step = ALL) -> Response:
    """The mail with its marks as a picture, where a browser is installed that draws it."""
    answer = _answer(request, campaign, asked, STEPS[step][0])
    drawn = click_map_view.drawn(answer, _raw(request, answer))
    return _file(answer, "png", "image/png", photograph(drawn))


def _raw(request: Request, answer: ClickMap) -> bytes:
    return stores_of(request).state.html(TemplateId(int(answer.mail.template))) or b""


def _file(answer: ClickMap, kind: str, media: str, body: str | bytes) -> Response:
    named = f'attachment; filename="click-map-{answer.id}-{answer.mail.template}.{kind}"'
    return Response(body, media_type=media, headers={"Content-Disposition": named})
