"""A campaign over time: how much of it is drawn, and who; each choice is an address, so it works without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import charts, figures
from mailwake.insight.answers import CampaignReport
from mailwake.insight.series import MINUTE, Series
from mailwake.language import noted, say

_SPANS = ("hour", "day", "all")
_WHO = {"human": noted("likely people"), "possible": noted("possibly people"), "machine": noted("machines")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the reader of a campaign's page chose."""

    #: opened or clicked: what clients, devices and countries are ranked by
    by: str = "opened"
    #: hour, day or all: how much of the time is drawn
    span: str = "day"
    #: human, possible, machine: who is not drawn; never all of them
    hidden: tuple[str, ...] = ()

    @property
    def query(self) -> list[tuple[str, str]]:
        """As parts of an address."""
        return [("span", self.span), ("by", self.by), *(("hide", kind) for kind in self.hidden)]


def asked(items: Iterable[tuple[str, str]]) -> Asked:
    """What an address asks for; what it may not ask for is as if it had not."""
    given = list(items)
    last = dict(given)
    hidden = tuple(kind for kind in _WHO if ("hide", kind) in given)
    return Asked(
        by="clicked" if last.get("by") == "clicked" else "opened",
        span=last["span"] if last.get("span") in _SPANS else "day",
        hidden=hidden if len(hidden) < len(_WHO) else (),
    )


def values(report: CampaignReport, asked: Asked, hour: Series | None, zone: ZoneInfo) -> dict[str, Any]:
    """What `_over_time.html` names.

    Args:
        report: the answer.
        asked: what to draw.
        hour: the first hour, where that is asked for and known.
        zone: the viewer's.
    """
    whole, day = report.over_time, report.first_day
    kept = {"kept": "".join(f"&hide={kind}" for kind in asked.hidden), "hidden": asked.hidden}
    if whole is None:
        return {
            **kept, "charts": [], "spans": {}, "span": "all", "step": "", "series": [],
            "zone": figures.zone_name(zone, report.sent_from),
        }  # fmt: skip
    spans = {"hour": say("first hour")} if whole.step_seconds > MINUTE else {}
    spans |= {} if day is None else {"day": say("first 24 hours")}
    told = {"hour": hour, "day": day}.get(asked.span)
    shown = told or whole
    return {
        **kept,
        "charts": [charts.chart(shown, kind, zone, hidden=asked.hidden) for kind in ("opened", "clicked")],
        "spans": spans | {"all": say("all")} if spans else {},
        "span": asked.span if told else "all",
        "step": figures.step(shown.step_seconds),
        "zone": figures.zone_name(zone, shown.points[0].start),
        "series": [_switch(report.id, asked, kind) for kind in _WHO],
    }


def _switch(campaign: str, asked: Asked, kind: str) -> dict[str, Any]:
    """One of those drawn, and where they are hidden or shown; the only one left cannot be hidden."""
    is_shown = kind not in asked.hidden
    hidden = (*asked.hidden, kind) if is_shown else tuple(each for each in asked.hidden if each != kind)
    query = urlencode(replace(asked, hidden=hidden).query)
    return {
        "label": say(_WHO[kind]),
        "is_shown": is_shown,
        "href": "" if len(hidden) == len(_WHO) else f"/campaigns/{campaign}?{query}#over-time",
    }
