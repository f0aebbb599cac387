"""What the list of campaigns shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.drawing import figures, pieces
from mailwake.drawing.paging import pages
from mailwake.drawing.pieces import Figure, Split
from mailwake.drawing.terms import term
from mailwake.insight.answers import CampaignLine, Overview
from mailwake.insight.metrics import rates

PAGE_SIZE = 25
#: of all campaigns together
TILES = (
    "delivery_rate__sent",
    "human_open_rate__delivered_trackable",
    "human_click_rate__delivered_trackable",
    "unsubscribe_rate__delivered",
    "bounce_rate__sent",
    "complaint_rate__delivered",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the reader narrowed the list to."""

    #: part of a name, in any case
    q: str = ""
    stream: str = ""
    #: from 1
    page: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A campaign in the list."""

    id: str
    name: str
    stream: str
    #: when it was sent, in words
    sent: str
    sent_count: str
    delivered: Figure
    opened: Figure
    opened_split: Split
    clicked: Figure
    clicked_split: Split
    unsubscribed: Figure
    bounced: Figure


def values(overview: Overview, asked: Asked, zone: ZoneInfo) -> dict[str, Any]:
    """What `campaigns.html` names."""
    fitting = [line for line in overview.campaigns if _fits(line, asked)]
    start = (asked.page - 1) * PAGE_SIZE
    shown = fitting[start : start + PAGE_SIZE]
    figure = pieces.by_metric(rates(overview.total))
    number = len(overview.campaigns)
    return {
        "any_campaign": bool(overview.campaigns),
        "total": pieces.listed(number, number, pieces.CAMPAIGNS),
        "rulesets": figures.rulesets(overview.rulesets) if overview.rulesets else "",
        "tiles": [figure[metric] for metric in TILES],
        "asked": asked,
        "streams": sorted({line.stream for line in overview.campaigns if line.stream}),
        "listed": pieces.listed(len(fitting), number, pieces.CAMPAIGNS),
        "campaigns": [_line(line, zone) for line in shown],
        "pages": pages(
            "/", {"q": asked.q, "stream": asked.stream}, page=asked.page, total=len(fitting), page_size=PAGE_SIZE
        ),
    }


def _fits(line: CampaignLine, asked: Asked) -> bool:
    return asked.q.casefold() in line.name.casefold() and asked.stream in ("", line.stream)


def _line(line: CampaignLine, zone: ZoneInfo) -> Line:
    figure = pieces.by_metric(line.rates)
    tally = line.tally
    return Line(
        id=line.id,
        name=line.name,
        stream=term(line.stream),
        sent=pieces.sent(line.sent_from, line.sent_to, zone),
        sent_count=figures.count(tally.sent),
        delivered=figure["delivery_rate__sent"],
        opened=figure["human_open_rate__delivered_trackable"],
        opened_split=pieces.split("Opened", tally.opened_in_base, tally.opens_trackable),
        clicked=figure["human_click_rate__delivered_trackable"],
        clicked_split=pieces.split("Clicked", tally.clicked_in_base, tally.clicks_trackable),
        unsubscribed=figure["unsubscribe_rate__delivered"],
        bounced=figure["bounce_rate__sent"],
    )
