"""A report as tables for a terminal, and as CSV for a spreadsheet. Figures read as on the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mailwake.drawing import fields, figures, pieces
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import UTC, say_fresh, table_of, visible
from mailwake.insight.answers import CampaignReport, Group, Overview, Ruleset
from mailwake.insight.metrics import Rate
from mailwake.insight.tally import Reaction
from mailwake.views import opens_view

#: rows of the longer rankings
TOP = 10
#: of the intervals in the table of rates; estimates have their own
RATES_CONFIDENCE = 0.95
TRUE_OPENS = "true_open_rate__delivered_both_trackable"
NOTHING_YET = (
    "No campaign yet. Send one through the relay or with `mailwake send`, or look at `mailwake demo` first; "
    "`mailwake doctor` says what is wrong when mail was sent and nothing shows."
)
#: metric and the head of its column
IN_OVERVIEW = (
    ("delivery_rate__sent", "Delivered"),
    ("human_open_rate__delivered_trackable", "Opened\nby people"),
    ("raw_open_rate__delivered_trackable", "Opened\nraw"),
    ("human_click_rate__delivered_trackable", "Clicked\nby people"),
    ("raw_click_rate__delivered_trackable", "Clicked\nraw"),
    ("unsubscribe_rate__delivered", "Unsub-\nscribed"),
    ("bounce_rate__sent", "Bounced"),
)


def show_overview(overview: Overview) -> None:
    """Print all campaigns."""
    console = Console()
    if not overview.campaigns:
        console.print(NOTHING_YET, soft_wrap=True)
        return
    console.print(_grid(("Sent", *(head for _, head in IN_OVERVIEW))), style="dim")
    for line in overview.campaigns:
        rates = {rate.metric: rate for rate in line.rates}
        cells = [_short(rates[metric]) for metric, _ in IN_OVERVIEW]
        console.print(f"[bold]{escape(visible(line.name))}[/bold]  [dim]{escape(line.stream)}[/dim]")
        console.print(_grid((figures.count(line.tally.sent), *cells)))
    console.print(
        "Under each rate its 95 % interval, in per cent; `mailwake report NAME` tells bases and machines.", style="dim"
    )
    _say_rulesets(console, overview.rulesets)
    say_fresh(console, overview.fresh_at)


def _grid(cells: Sequence[str]) -> Table:
    """A line of columns as wide as those above it."""
    grid = Table.grid()
    for place in range(len(cells)):
        grid.add_column(justify="right", width=8 if place == 0 else 10, no_wrap=True)
    grid.add_row(*cells)
    return grid


def show_campaign(report: CampaignReport) -> None:
    """Print one campaign."""
    console = Console()
    console.print(f"[bold]{escape(visible(report.name))}[/bold]  {escape(report.stream)}")
    for subject in report.subjects:
        console.print(f"“{escape(visible(fields.read(subject)))}”", style="dim")
    if report.sent_from and report.sent_to:
        first, last = figures.moment(report.sent_from, UTC), figures.moment(report.sent_to, UTC)
        console.print(f"sent {first} to {last} UTC", style="dim")
    console.print(_rates(rate for rate in report.rates if rate.confidence == RATES_CONFIDENCE))
    _say_opens(console, report)
    console.print(_reactions(report))
    for title, rows in (("Clients", report.clients), ("Devices", report.devices), ("Countries", report.countries)):
        if rows:
            console.print(_groups(title, rows))
    if report.links:
        console.print(_links(report))
    hits = report.counted_only
    if hits.opened != 0 or hits.clicked != 0:
        console.print(
            f"Counted only, of recipients who did not agree to more: {figures.few(hits.opened)} pixels, "
            f"{figures.few(hits.clicked)} links. No part of any rate."
        )
    _say_rulesets(console, report.rulesets)
    say_fresh(console, report.fresh_at)


def _say_opens(console: Console, report: CampaignReport) -> None:
    """Raw, machines, people by verdict and people as estimated, and what it rests on."""
    figure = pieces.by_metric(report.rates)[TRUE_OPENS]
    shown = opens_view.view(report.true_opens, figure, report.tally.opened_in_base)
    table = table_of("Opened, really", "Copies", "Rate", "90 % interval")
    for row in shown.readings:
        table.add_row(row.label, row.count, row.percent, row.more)
    if shown.readings:
        console.print(table)
    console.print(f"Cannot say: {shown.cannot_say}" if shown.cannot_say else " ".join(shown.how), style="dim")
    console.print(f"{shown.base.capitalize()}. {shown.clickers}. Rules: {escape(shown.rules)}.", style="dim")


def _rates(rates: Iterable[Rate]) -> Table:
    table = table_of("", "Copies", "Rate", "95 % interval")
    table.add_column("of")
    for rate in rates:
        base = rate.cannot_say or f"{figures.count(rate.base)} {rate.base_name}"
        span = figures.span(rate.low, rate.high)
        table.add_row(
            rate.label, figures.count(rate.count), "" if rate.cannot_say else figures.percent(rate.rate), span, base
        )
    return table


def _reactions(report: CampaignReport) -> Table:
    table = table_of("Copies", "Likely people", "Possibly", "Machines", "Raw")
    for label, reacted in (("Opened", report.tally.opened), ("Clicked", report.tally.clicked)):
        table.add_row(label, *_split(reacted))
    return table


def _groups(title: str, rows: Sequence[Group]) -> Table:
    table = table_of(title, "Opened, likely people", "Possibly", "Machines", "Clicked, likely people")
    for row in rows[:TOP]:
        opened = row.opened
        numbers = (opened.human, opened.possible, opened.machine, row.clicked.human)
        table.add_row(escape(visible(row.label)), *(figures.count(number) for number in numbers))
    return table


def _links(report: CampaignReport) -> Table:
    table = table_of("Link", "Likely people", "Possibly", "Machines", "Raw")
    for link in report.links[:TOP]:
        name = f"{link.number}. {visible(link.label) or '(no text)'} ({link.role})"
        table.add_row(escape(name), *_split(link.clicked))
    return table


def _split(reacted: Reaction) -> list[str]:
    return [figures.count(number) for number in (reacted.human, reacted.possible, reacted.machine, reacted.raw)]


def _short(rate: Rate) -> str:
    if rate.rate is None:
        return "cannot\nsay"
    return f"{figures.percent(rate.rate)}\n{figures.span(rate.low, rate.high).removesuffix(f'{figures.NBSP}%')}"


def _say_rulesets(console: Console, rulesets: Sequence[Ruleset]) -> None:
    if rulesets:
        console.print(escape(figures.rulesets(rulesets)) + ".", style="dim", soft_wrap=True)


def _pinned(rulesets: Sequence[Ruleset]) -> str:
    """For a cell: each ruleset with its share, "a 0.75; b 0.25"."""
    return "; ".join(f"{each.id} {each.share!r}" for each in rulesets)


def overview_csv(overview: Overview) -> None:
    """Write one row per campaign: counts, then every rate with its interval."""
    rows = []
    for line in overview.campaigns:
        tally, row = line.tally, {"id": line.id, "name": line.name, "stream": line.stream}
        row |= {"sent_from": _iso(line.sent_from), "sent_to": _iso(line.sent_to)}
        for name in ("sent", "delivered", "deferred", "bounced", "rejected", "failed", "complained", "unsubscribed"):
            row[name] = str(getattr(tally, name))
        for kind in ("opened", "clicked"):
            for who in ("human", "possible", "machine", "raw"):
                row[f"{kind}_{who}"] = str(getattr(getattr(tally, kind), who))
        for kind in ("opened", "clicked"):
            row[f"{kind}_expected"] = number(getattr(tally, f"{kind}_expected").mean)
        for rate in line.rates:
            row |= {rate.metric: number(rate.rate), f"{rate.metric}__low": number(rate.low)}
            row[f"{rate.metric}__high"] = number(rate.high)
        row["rulesets"] = _pinned(line.rulesets)
        rows.append(row)
    write_rows(rows)


def campaign_csv(report: CampaignReport) -> None:
    """Write one row per rate of a campaign."""
    write_rows(
        [
            {
                "campaign": report.name,
                "metric": rate.metric,
                "label": rate.label,
                "count": str(rate.count),
                "base": str(rate.base),
                "base_name": rate.base_name,
                "rate": number(rate.rate),
                "low": number(rate.low),
                "high": number(rate.high),
                "rulesets": _pinned(report.rulesets),
                "expected": number(rate.expected),
                "confidence": number(rate.confidence),
                "cannot_say": rate.cannot_say or "",
            }
            for rate in report.rates
        ]
    )


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
