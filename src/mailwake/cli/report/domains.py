"""Recipient domains as a table for a terminal, and as CSV for a spreadsheet. Figures read as on the page."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mailwake.atlas.answers import Atlas, DomainLine, Forecast, Share
from mailwake.atlas.domains import LEAST_RECIPIENTS, MOST_DOMAINS
from mailwake.atlas.exchangers import DnsResolver, Resolver
from mailwake.atlas.exchangers import look_up as ask_for
from mailwake.boards import domains_view
from mailwake.drawing import figures
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import say_fresh, table_of, visible
from mailwake.events import Micros
from mailwake.merge.people import read_people
from mailwake.settings import Settings
from mailwake.store.state import open_state, split_address


def look_up(settings: Settings, resolver: Resolver | None = None) -> None:
    """Ask the DNS who takes the mail of the domains that are told apart, and keep it."""
    from rich.progress import Progress

    path = settings.data_folder / "state.sqlite"
    if not path.exists():
        return
    console = Console(stderr=True)
    state = open_state(path)
    try:
        names = state.shared_domains(at_least=LEAST_RECIPIENTS)[:MOST_DOMAINS]
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("asking the DNS", total=len(names))
            done = ask_for(
                state,
                names,
                resolver or DnsResolver(),
                now=Micros(time.time_ns() // 1_000),
                each=lambda _: progress.advance(task),
            )
    finally:
        state.close()
    if done.given_up:
        console.print(f"No name server answers; {done.unanswered + done.given_up} domains are not looked up.")
    else:
        console.print(f"MX of {done.found} domains looked up, {done.fresh} known, {done.unanswered} without an answer.")


def audience(path: Path) -> dict[str, int]:
    """Domain to how many people of a list are there; lines that would get no mail are left out."""
    return dict(Counter(split_address(person.address)[1] for person in read_people(path).people))


def show(known: Atlas, told: Forecast) -> None:
    """Print the domains, and what the next send to all of them has to expect."""
    console = Console()
    if not known.copies:
        console.print("Nothing was delivered with tracked links lately; send a campaign first.", soft_wrap=True)
        return
    labels = domains_view.delay_labels(known.delay_edges)
    table = table_of("Domain", "Recipients", "Copies clicked\nby machines", "Clicks\nby machines")
    table.add_column("Mostly after")
    table.add_column("Gateway")
    for line in (*known.domains, *((known.others,) if known.others else ())):
        table.add_row(*_cells(line, labels))
    console.print(table)
    _say(console, told, "everybody above")
    say_fresh(console, known.fresh_at)


def _cells(line: DomainLine, labels: tuple[str, ...]) -> tuple[str, ...]:
    gateway = "several" if line.gateway is None else domains_view.gateway_name(line.gateway)
    often = labels[max(range(len(labels)), key=lambda place: line.delays[place])] if sum(line.delays) else ""
    name = "other domains" if line.name is None else escape(visible(line.name))
    cells = (_short(line.machine_copies), _short(line.machine_clicks))
    return (name, figures.count(line.recipients), *cells, often, gateway)


def _short(share: Share) -> str:
    if share.rate is None:
        return figures.CANNOT_SAY
    return f"{figures.percent(share.rate)} ({figures.span(share.low, share.high)})"


def show_forecast(told: Forecast, *, as_csv: bool) -> None:
    """Print what machines will do to a send."""
    if as_csv:
        write_rows([{"copies": str(told.copies), "known": str(told.known), "links": number(told.links), **_flat(told)}])
        return
    _say(Console(), told, f"{figures.count(told.copies)} people, {figures.count(told.known)} of them at known domains")


def _say(console: Console, told: Forecast, whom: str) -> None:
    links = "" if told.links is None else f", with {told.links:.3g} links"
    console.print(f"To expect of a send to {whom}{links}:")
    for share in (told.false_clicks, told.machine_copies):
        console.print(f"  {share.label}: {share.cannot_say or _short(share)}")


def _flat(told: Forecast) -> dict[str, str]:
    row: dict[str, str] = {}
    for share in (told.false_clicks, told.machine_copies):
        row |= _columns(share)
    return row


def _columns(share: Share) -> dict[str, str]:
    name = share.metric
    return {name: number(share.rate), f"{name}__low": number(share.low), f"{name}__high": number(share.high)}


def domains_csv(known: Atlas) -> None:
    """Write one row per domain; the last is all others."""
    rows = []
    for line in (*known.domains, *((known.others,) if known.others else ())):
        gateway = line.gateway
        row = {"domain": line.name or "", "domains": str(line.domains), "recipients": str(line.recipients)}
        row["gateway_by_exchanger"] = (gateway and gateway.by_exchanger) or ""
        row["gateway_by_clicks"] = (gateway and gateway.by_clicks) or ""
        row["exchangers"] = " ".join((gateway and gateway.exchangers) or ())
        for share in (line.machine_copies, line.machine_clicks):
            row |= {f"{share.metric}__count": number(share.count), f"{share.metric}__base": number(share.base)}
            row |= _columns(share)
        row |= {f"clicks_below_{edge}_s": str(n) for edge, n in zip(known.delay_edges, line.delays, strict=False)}
        row |= {"clicks_later": str(line.delays[-1]), "baited": str(line.baited)}
        rows.append(row)
    write_rows(rows)
    sys.stdout.flush()
