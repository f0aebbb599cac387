"""`mailwake check-list`: a list of addresses looked through before it is mailed. Changes nothing in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from mailwake.atlas.answers import Atlas
from mailwake.atlas.exchangers import DnsResolver, RouteResolver
from mailwake.cli.acting import moment, state_of
from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.drawing import figures
from mailwake.drawing.rows import write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.hygiene import answers, domains
from mailwake.hygiene.answers import Hygiene
from mailwake.hygiene.checks import domains_of
from mailwake.hygiene.desk import looked_through
from mailwake.hygiene.words import SEVERITY_LABELS
from mailwake.insight.stores import Stores
from mailwake.merge.people import People, read_people
from mailwake.profiles import STREAMS
from mailwake.settings import DEFAULT_FILE, Settings, load

#: lines shown on a terminal; --csv and --json have all
MOST_LINES = 40


def command(
    people: Annotated[Path, typer.Argument(help="A CSV with a column email, as `mailwake send` takes it.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    stream: Annotated[str, typer.Option(help=f"Of the mail that is to go out: {', '.join(STREAMS)}.")] = "marketing",
    offline: Annotated[bool, typer.Option("--offline", help="Ask no name server; what is kept is used.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything that was found, as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="What is to be mended, one row per finding.")] = False,
) -> None:
    """Look a list through before it is mailed: what cannot arrive, what looks mistyped, what to know. Changes nothing.

    No mail server is asked about single addresses: name servers are, about domains, each once.

    Example: mailwake check-list people.csv --csv > mend.csv
    """
    listed, settings = read_people(people), load(config)
    if not offline:
        look_up(config, listed)
    mailed = mailed_lately(settings)
    with state_of(config) as state:
        told = looked_through(state, listed, settings, now=moment(), stream=stream, mailed=mailed)
    if as_json:
        sys.stdout.write(answers.to_json(told).decode())
    elif as_csv:
        write_rows(answers.rows(told))
    else:
        show(told)


def look_up(config: str, listed: People, resolver: RouteResolver | None = None) -> None:
    """Ask the DNS whether the list's domains take mail, with a bar on a terminal."""
    from rich.progress import Progress

    console, names = Console(stderr=True), domains_of(listed)
    with state_of(config) as state, Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("asking the DNS", total=len(names) - len(domains.kept(state, names, now=moment())))
        done = domains.look_up(state, names, resolver or DnsResolver(), now=moment(), each=lambda: bar.advance(task))
    if silent := done.given_up + done.unanswered:
        console.print(f"No name server answers for {silent:,} domains; nobody knows whether they take mail.")


def mailed_lately(settings: Settings) -> dict[str, int]:
    """Domain to different people mailed there lately, where domains have enough people to be named."""

    def answer(stores: Stores) -> bytes:
        from mailwake.atlas.answers import to_json
        from mailwake.atlas.domains import atlas

        return to_json(atlas(stores, now=moment()))

    known = msgspec.json.decode(answer_of(settings, "/api/domains", answer), type=Atlas)
    return {line.name: line.recipients for line in known.domains if line.name}


def summary(told: Hygiene) -> str:
    """One line about a list; empty where all of it is fine."""
    if told.fine == told.addresses:
        return ""
    kinds = [f"{group.label.lower()}: {group.addresses:,}" for group in told.groups if group.severity != "know"]
    return f"list: {told.fine:,} of {told.addresses:,} addresses are fine · {' · '.join(kinds)}"


def show(told: Hygiene) -> None:
    """Print what was found, the worst first."""
    console = Console()
    console.print(
        f"{figures.count(told.addresses)} addresses: {figures.count(told.fine)} fine, {figures.count(told.leave_out)} "
        f"to leave out, {figures.count(told.look_at)} to look at. "
        f"{figures.count(told.domains_known)} of {figures.count(told.domains)} domains known.",
        soft_wrap=True,
    )
    if not told.groups:
        return
    table = table_of("Found", "Addresses")
    table.add_column("What to do")
    for group in told.groups:
        label = f"{SEVERITY_LABELS[group.severity]}: {group.label}"
        table.add_row(label, figures.count(group.addresses), escape(group.mend))
    console.print(table)
    _show_lines(console, told)


def _show_lines(console: Console, told: Hygiene) -> None:
    worth = [(line, found) for line in told.lines for found in line.findings if found.severity != "know"]
    labels = {group.code: group.label for group in told.groups}
    for line, found in worth[:MOST_LINES]:
        meant = f" → {found.suggestion}" if found.suggestion else f": {found.detail}" if found.detail else ""
        text = f"line {line.line}: {line.address or '(empty)'}: {labels[found.code].lower()}{meant}"
        console.print(escape(visible(text)), soft_wrap=True)
    if len(worth) > MOST_LINES:
        console.print(f"… and {len(worth) - MOST_LINES:,} more; --csv has all of them.")
