"""What the page of one campaign shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.drawing import charts, fields, figures, over_time, pieces, world
from mailwake.drawing.charts import Part
from mailwake.drawing.over_time import Asked
from mailwake.drawing.pieces import Figure
from mailwake.drawing.terms import term
from mailwake.insight.answers import CampaignReport
from mailwake.insight.metrics import metrics
from mailwake.insight.opens import TrueOpens
from mailwake.insight.series import Series
from mailwake.insight.tally import Reaction
from mailwake.language import around, noted, say
from mailwake.people.people import LISTED
from mailwake.views import opens_view

TILES = (
    "delivery_rate__sent",
    "human_open_rate__delivered_trackable",
    "human_click_rate__delivered_trackable",
    "unsubscribe_rate__delivered",
    "bounce_rate__sent",
    "complaint_rate__delivered",
)
#: lines of a ranking before the rest is folded away
TOP = 8
_WHO = ("likely", "possible", "machine", "raw")


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A piece of the leading sentence."""

    text: str
    #: human or machine: strong, in that colour; empty: plain
    kind: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reactions:
    """Opened or clicked: people, possible people, machines, raw."""

    label: str
    base: str
    parts: tuple[Part, ...]
    figures: tuple[Figure, ...]
    #: where the people of each figure are listed
    outcomes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A rate and what it means."""

    metric: str
    label: str
    percent: str
    sentence: str


def values(report: CampaignReport, asked: Asked, hour: Series | None = None, *, zone: ZoneInfo) -> dict[str, Any]:
    """What `campaign.html` names.

    Args:
        report: the answer.
        asked: what is ranked and drawn.
        hour: the first hour, where that is asked for and known.
        zone: the viewer's.
    """
    figure = pieces.by_metric(report.rates)
    links = pieces.links(report.links, report.id)
    return {
        "id": report.id,
        "name": report.name,
        "stream": term(report.stream) if report.stream else say("stream not known"),
        "subjects": [fields.read(each) for each in report.subjects],
        "sent": pieces.sent(report.sent_from, report.sent_to, zone),
        "rulesets": figures.rulesets(report.rulesets) if report.rulesets else "",
        "lead": lead(report, figure),
        "tiles": [figure[metric] for metric in TILES],
        "funnel": pieces.funnel(report.tally, figure),
        "troubles": pieces.troubles(report.tally, figure),
        "opens": opens_view.view(
            report.true_opens, figure["true_open_rate__delivered_both_trackable"], report.tally.opened_in_base
        ),
        "whole": [figure[f"whole_{kind}_rate__delivered"] for kind in ("open", "click")],
        "whole_why": [each.cannot_say for each in report.rates if each.metric.startswith("whole_") and each.cannot_say],
        "people": f"/campaigns/{report.id}/people",
        "listed": LISTED,
        "reactions": [
            _reactions("opened", report.tally.opened_in_base, report.tally.opens_trackable, figure),
            _reactions("clicked", report.tally.clicked_in_base, report.tally.clicks_trackable, figure),
        ],
        "machine_share": figure["machine_alone_rate__clicked"],
        "machine_why": () if report.machines is None else pieces.why(report.machines),
        "outside": _outside(report),
        "by": asked.by,
        "rankings": _rankings(report, asked.by),
        "world": _world(report, asked.by),
        "links": links,
        "any_hits": any(link.hits != "0" for link in links),
        "counted_only": _counted_only(report),
        "definitions": [_definition(each) for each in figure.values()],
        **over_time.values(report, asked, hour, zone),
    }


def lead(report: CampaignReport, figure: Mapping[str, Figure]) -> list[Word]:
    """The campaign in two sentences, for who reads no further."""
    tally = report.tally
    if not tally.sent:
        return [Word(text=say("Nothing of this campaign was sent through Mailwake yet."))]
    delivered = say(
        "%(delivered)s of %(sent)s copies were delivered.",
        delivered=figures.count(tally.delivered),
        sent=figures.count(tally.sent),
    )
    return _words([delivered, *_lead_of_people(report, figure), *_lead_of_machines(report)])


def _words(parts: Iterable[str | Word]) -> list[Word]:
    """Sentences one after the other; `around` has put words into them."""
    return [Word(text=part) if isinstance(part, str) else part for part in parts]


def _lead_of_people(report: CampaignReport, figure: Mapping[str, Figure]) -> list[str | Word]:
    tally = report.tally
    if not tally.opens_trackable and not tally.clicks_trackable:
        return [" ", say("None can tell whether it was opened or clicked: nobody had agreed to that.")]
    opened, clicked = (figure[f"human_{kind}_rate__delivered_trackable"] for kind in ("open", "click"))
    told = around(
        "Of those that can tell, people opened %(opened)s and clicked in %(clicked)s.",
        opened=Word(text=opened.percent, kind="human"),
        clicked=Word(text=clicked.percent, kind="human"),
    )
    return [" ", *told, *_estimated(report.true_opens)]


def _lead_of_machines(report: CampaignReport) -> list[str | Word]:
    opened, clicked = report.tally.opened_in_base.machine, report.tally.clicked_in_base.machine
    if not opened + clicked:
        return []
    told = around(
        "Machines alone account for %(opens)s and %(clicks)s; they are shown apart.",
        opens=Word(text=say("%(count)s opens", count=figures.count(opened)), kind="machine"),
        clicks=Word(text=say("%(count)s clicks", count=figures.count(clicked)), kind="machine"),
    )
    return [" ", *told]


def _estimated(found: TrueOpens) -> list[str | Word]:
    if found.rate is None:
        return []
    told = around(
        "With those who read without pictures, and no pixel that Apple fetched unread, %(about)s opened %(span)s.",
        about=Word(text=say("about %(rate)s", rate=figures.about(found.rate)), kind="human"),
        span=Word(text=f"({figures.about_span(found.low, found.high)})"),
    )
    return [" ", *told]


_TITLES = {"opened": noted("Opened"), "clicked": noted("Clicked")}


def _reactions(name: str, reacted: Reaction, whole: int, figure: Mapping[str, Figure]) -> Reactions:
    kind = {"opened": "open", "clicked": "click"}[name]
    shown = tuple(figure[f"{who}_{kind}_rate__delivered_trackable"] for who in _WHO)
    return Reactions(
        label=say(_TITLES[name]),
        base=shown[0].base,
        parts=charts.bar(reacted, whole),
        figures=shown,
        outcomes=(*(f"{name}_{who}" for who in ("human", "possible", "machine")), name),
    )


def _outside(report: CampaignReport) -> str:
    """Says so where reactions are known of copies that are in no base."""
    tally = report.tally
    opened = tally.opened.raw - tally.opened_in_base.raw
    clicked = tally.clicked.raw - tally.clicked_in_base.raw
    if not opened and not clicked:
        return ""
    return say(
        "Besides, %(opened)s opened and %(clicked)s clicked copies are not known as delivered; they are part of no "
        "rate here, and of the drawings below.",
        opened=figures.count(opened),
        clicked=figures.count(clicked),
    )


#: ranking to the filter of a list of people
_AXES = {"clients": "client", "devices": "device", "countries": "country"}


def _rankings(report: CampaignReport, by: str) -> list[dict[str, Any]]:
    told = (
        (
            "clients",
            say("Clients"),
            say("More clients"),
            say("Client"),
            say("Gmail and Apple Mail fetch through proxies, which may hide another client."),
            report.clients,
        ),
        (
            "devices",
            say("Devices"),
            say("More devices"),
            say("Device"),
            say("A proxy does not tell the device behind it."),
            report.devices,
        ),
        (
            "countries",
            say("Countries"),
            say("More countries"),
            say("Country"),
            say("Of the request. A proxy or gateway may stand elsewhere than its user."),
            report.countries,
        ),
    )
    rankings = []
    for name, title, more_title, head, sentence, rows in told:
        ranked = pieces.groups(rows, by, f"/campaigns/{report.id}/people?{_AXES[name]}=")
        cut = TOP if len(ranked) > TOP + 1 else len(ranked)
        rankings.append(
            {
                "name": name,
                "title": title,
                "more_title": more_title,
                "head": head,
                "sentence": sentence,
                "rows": ranked[:cut],
                "more": ranked[cut:],
            }
        )
    return rankings


def _world(report: CampaignReport, by: str) -> dict[str, Any]:
    """The map, and how many copies are on none."""
    proxied, unknown = (
        sum(getattr(row, by).human for row in report.countries if row.name == name) for name in ("proxied", None)
    )
    parts = [
        say(message, count=figures.count(number))
        for number, message in (
            (proxied, noted("%(count)s are unknown, because a proxy asked")),
            (unknown, noted("%(count)s are unknown, because the address tells no country")),
        )
        if number
    ]
    return {
        "width": world.WIDTH,
        "height": world.HEIGHT,
        "dots": world.dots(report.countries, by),
        "unknown": f"{'; '.join(parts)}." if parts else "",
    }


def _counted_only(report: CampaignReport) -> list[dict[str, str]]:
    hits = report.counted_only
    if hits.opened == 0 and hits.clicked == 0:
        return []
    return [
        {"label": say("Pixel fetched"), "hits": figures.few(hits.opened)},
        {"label": say("Link followed"), "hits": figures.few(hits.clicked)},
    ]


def _definition(figure: Figure) -> Definition:
    return Definition(
        metric=figure.metric,
        label=figure.label,
        percent=figure.percent,
        sentence=say(metrics()[figure.metric].sentence),
    )
