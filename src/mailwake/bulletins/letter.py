"""The mail itself: what the overview says, as HTML with bars made of table cells, and the same as text.

Mail programs show no SVG and fetch pictures late or never; cells with a width and a colour are shown by all of them,
and the numbers stand beside each bar. There is no picture in it, no link but to the dashboard, and nothing that tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from mailwake.bulletins.curve import CAMPAIGNS, HEIGHT_PIXELS, Curve, curves
from mailwake.drawing import figures, pieces
from mailwake.drawing.pieces import Figure, Split, Stage
from mailwake.drawing.terminal import visible
from mailwake.insight.answers import CampaignLine, Overview
from mailwake.insight.series import Series
from mailwake.sections import Report

#: campaigns in one mail; the dashboard has them all
MOST = 20
_TEMPLATES = Path(__file__).parent / "templates"
_BAR_CELLS = 30
_SIGNS = {"human": "#", "possible": "+", "machine": "."}
#: as the dashboard in its light dress
COLORS = {"human": "#1f5fa8", "possible": "#8fb4dd", "machine": "#c9cdd2"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One reaction of a campaign."""

    label: str
    figure: Figure
    split: Split
    #: colour and width in whole per cent, what is left over last
    cells: tuple[tuple[str, int], ...]
    #: for text
    drawn: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One campaign in the mail."""

    name: str
    id: str
    sent: str
    count: str
    bars: tuple[Bar, ...]
    #: over time; of the first campaigns alone
    curves: tuple[Curve, ...]
    #: sent, delivered, opened, clicked, with the width of each bar in whole per cent
    funnel: tuple[tuple[str, str, int], ...]
    #: delivered, bounced, unsubscribed, complained
    others: tuple[Figure, ...]


OTHERS = ("delivery_rate__sent", "bounce_rate__sent", "unsubscribe_rate__delivered", "complaint_rate__delivered")


def chosen(overview: Overview, report: Report, now: datetime, zone: ZoneInfo) -> list[CampaignLine]:
    """The campaigns that a report is about, last sent first: those it names, or what was sent in its days.

    Days are whole: what went out on the first of them before the report's own hour belongs to it.
    """
    if report.campaigns:
        return [line for line in overview.campaigns if line.name in report.campaigns][:MOST]
    first = now.astimezone(zone).date() - timedelta(days=report.days)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    return [line for line in overview.campaigns if line.sent_to is not None and line.sent_to >= since][:MOST]


def build(
    overview: Overview,
    report: Report,
    *,
    name: str,
    at: datetime,
    zone: ZoneInfo,
    url: str,
    dead_links: Sequence[str] = (),
    over_time: Callable[[str], Series | None] = lambda _id: None,
) -> EmailMessage:
    """The mail, without a recipient.

    Args:
        overview: what is told.
        report: which campaigns.
        name: of the report.
        at: the moment that it is for; the Message-ID is made of it, so that a second copy is known as one.
        zone: of its times.
        url: of the dashboard.
        dead_links: targets of delivered mail that answer no more, and that readers are led to.
        over_time: what came in when, of the campaign of an id; None: nothing, or nobody may know.
    """
    lines = chosen(overview, report, at, zone)
    told = {
        "name": name,
        "day": figures.day(at, zone),
        "fresh": pieces.fresh(overview.fresh_at, zone),
        "days": report.days,
        "is_named": bool(report.campaigns),
        "parts": [
            _part(line, zone, over_time(line.id) if place < CAMPAIGNS else None) for place, line in enumerate(lines)
        ],
        "colors": COLORS,
        "height": HEIGHT_PIXELS,
        "dead_links": [visible(each) for each in dead_links[:MOST]],
        "dead_count": len(dead_links),
        "url": url.rstrip("/"),
        "rulesets": figures.rulesets(overview.rulesets) if overview.rulesets else "",
    }
    mail = EmailMessage(policy=SMTP)
    many = "1 campaign" if len(lines) == 1 else f"{len(lines)} campaigns"
    mail["Subject"] = f"Mailwake: {visible(name)}, {many}, {told['day']}"
    mail["From"] = report.sender
    mail["Date"] = at
    mail["Message-ID"] = f"<report.{name}.{int(at.timestamp())}@{report.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_environment().get_template("email_report.txt").render(told))
    mail.add_alternative(_environment().get_template("email_report.html").render(told), subtype="html")
    return mail


def _part(line: CampaignLine, zone: ZoneInfo, series: Series | None) -> Part:
    figure, tally = pieces.by_metric(line.rates), line.tally
    opened = pieces.split("Opened", tally.opened_in_base, tally.opens_trackable)
    clicked = pieces.split("Clicked", tally.clicked_in_base, tally.clicks_trackable)
    bars = (
        _bar(figure["human_open_rate__delivered_trackable"], opened),
        _bar(figure["human_click_rate__delivered_trackable"], clicked),
    )
    return Part(
        name=visible(line.name),
        id=line.id,
        sent=pieces.sent(line.sent_from, line.sent_to, zone),
        count=figures.count(tally.sent),
        bars=bars,
        curves=curves(series, zone),
        funnel=tuple(_stage(each) for each in pieces.funnel(tally, figure)),
        others=tuple(figure[metric] for metric in OTHERS),
    )


def _stage(stage: Stage) -> tuple[str, str, int]:
    human = [part for part in stage.parts if part.kind in ("human", stage.parts[0].kind)]
    return stage.label, stage.count, round(float(human[0].length.rstrip("%"))) if human else 0


def _bar(figure: Figure, split: Split) -> Bar:
    widths = [(part.kind, round(float(part.length.rstrip("%")))) for part in split.parts]
    cells = [(COLORS[kind], width) for kind, width in widths if width]
    left = 100 - sum(width for _, width in cells)
    drawn = "".join(_SIGNS[kind] * round(width * _BAR_CELLS / 100) for kind, width in widths)
    return Bar(
        label=split.label,
        figure=figure,
        split=split,
        cells=(*cells, *((("#eef0f2", left),) if left > 0 else ())),
        drawn=drawn[:_BAR_CELLS].ljust(_BAR_CELLS),
    )


def addressed(mail: EmailMessage, recipients: Sequence[str]) -> bytes:
    """A copy as it goes over the wire."""
    del mail["To"]
    mail["To"] = ", ".join(recipients)
    return mail.as_bytes()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
