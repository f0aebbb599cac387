"""`mailwake export`: what leaves as files.

While a dashboard runs it owns the event store's file, so its API is asked; otherwise the file is opened for reading.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import msgspec
import typer
from rich.console import Console

from mailwake.audit.words import EVERYTHING, Action, Thing
from mailwake.cli.acting import audited_act, moment
from mailwake.cli.export.fetching import fetch
from mailwake.cli.options import ConfigOption
from mailwake.cli.packing import maker_of
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput, Misconfigured
from mailwake.exports import formats
from mailwake.exports.pack import make_pack, public_text
from mailwake.exports.snapshot import write_snapshot
from mailwake.exports.tables import asked_of, rows_of, table_named
from mailwake.exports.verify import Verified, public_key_of
from mailwake.exports.verify import verify as verify_pack
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.people.there import There
from mailwake.settings import DEFAULT_FILE, Settings, load

WHAT = "campaigns, people, links, events, bounces, suppressions or segment; with --pack, the file to write."


def command(  # noqa: PLR0913 - one for each option
    what: Annotated[str, typer.Argument(help=WHAT)] = "",
    out: Annotated[str, typer.Argument(help="File to write; its ending is the format. Without: standard output.")] = "",
    *,
    campaign: Annotated[str, typer.Option(help="Of this campaign, by name or number.")] = "",
    outcome: Annotated[str, typer.Option(help="Of people: those alone, such as clicked_human.")] = "",
    client: Annotated[str, typer.Option(help="Of people: opened or clicked with this program alone.")] = "",
    device: Annotated[str, typer.Option(help="Of people: on this sort of device alone.")] = "",
    country: Annotated[str, typer.Option(help="Of people: from this country alone, two letters.")] = "",
    provider: Annotated[str, typer.Option(help="Of people: at this mailbox provider alone.")] = "",
    hour: Annotated[str, typer.Option(help="Of people: in this hour of the week by their clock, such as tue-14.")] = "",
    segment: Annotated[str, typer.Option(help="Name of the segment.")] = "",
    format: Annotated[str, typer.Option(help="csv, jsonl or parquet; else as the file's ending says.")] = "",  # noqa: A002
    pack: Annotated[str, typer.Option(help="A campaign as a signed pack: data, definitions, rules, figures.")] = "",
    verify: Annotated[Path | None, typer.Option(help="A pack of another installation: is it whole, and right?")] = None,
    key: Annotated[str, typer.Option(help="With --verify: its public key, or a file that holds it.")] = "",
    public_key: Annotated[bool, typer.Option("--public-key", help="Print what others check our packs with.")] = False,
    sql: Annotated[Path | None, typer.Option(help="Everything as a DuckDB file with views, for notebooks.")] = None,
    addresses: Annotated[bool, typer.Option("--addresses", help="With --sql: addresses as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --verify: what was found, as JSON.")] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Write a table as CSV (no cell runs as a formula), JSON lines or Parquet; make signed packs and check them; make
    a database for notebooks.

    Example: mailwake export people clicked.csv --campaign "Spring news" --outcome clicked_human
    """
    if verify is not None:
        _verify(verify, key, as_json=as_json)
        return
    if public_key:
        print(public_text(maker_of(load(config)).key))
        return
    if sql is not None:
        with audited_act(config, Action.EXPORT_MADE, EVERYTHING, after={"addresses": addresses}):
            _snapshot(load(config), sql, addresses=addresses)
        return
    if pack:
        with audited_act(config, Action.EXPORT_MADE, Thing("campaign", pack)):
            _pack(load(config), pack, what)
        return
    if not what:
        raise Misconfigured("mailwake export", f"say what: {WHAT}")
    chosen = _format(format, out)
    asked = {"campaign": campaign, "outcome": outcome, "segment": segment}
    there = There(client=client, device=device, country=country, provider=provider, hour=hour)
    with audited_act(config, Action.EXPORT_MADE, Thing("table", what), after={k: v for k, v in asked.items() if v}):
        _table(load(config), what, asked, there, out=out, chosen=chosen)


def _pack(settings: Settings, campaign: str, out: str) -> None:
    if not out:
        raise Misconfigured("--pack", "name the file to write, such as spring.zip")

    def write(stores: Stores, path: Path) -> None:
        make_pack(stores, find(stores, campaign), path, maker_of(settings))

    fetch(settings, f"/api/pack?{urlencode({'campaign': campaign})}", write, Path(out))
    print(f"{out} written; others check it with `mailwake export --verify {out} --key KEY`", file=sys.stderr)
    print(f"your key, to be told to them by another way: {public_text(maker_of(settings).key)}", file=sys.stderr)


def _snapshot(settings: Settings, out: Path, *, addresses: bool) -> None:
    from importlib.metadata import version

    if out.exists():
        raise BadInput(f"{out} is there already; name another file, or remove it")

    def write(stores: Stores, path: Path) -> None:
        with _spinner() as each:
            write_snapshot(stores, path, now=moment(), addresses=addresses, version=version("mailwake"), each=each)

    fetch(settings, f"/api/snapshot?addresses={str(addresses).lower()}", write, out)
    print(f"{out} written; open it for reading: duckdb -readonly {out} (docs/howto/notebook.md)", file=sys.stderr)


@contextmanager
def _spinner() -> Iterator[Callable[[str], None]]:
    """Says on a terminal what is being written."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("writing {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("campaigns", total=None)
        yield lambda name: progress.update(task, description=name)


def _verify(path: Path, key: str, *, as_json: bool) -> None:
    if not key:
        raise Misconfigured(
            "--key",
            "name the public key of whoever made the pack, as they told it to you; the one inside proves nothing",
        )
    given = Path(key)
    told = verify_pack(path, public_key_of(given.read_text("utf-8") if given.is_file() else key))
    if as_json:
        print(msgspec.json.encode(told).decode())
    else:
        _say(told)
    if told.differences:
        raise BadInput("the data do not come to the figures that the pack claims")


def _say(told: Verified) -> None:
    print(f"signature and hashes hold: {visible(told.campaign)}, {told.events:,} events in {told.files} files")
    print(f"judged by {', '.join(visible(name) for name in told.rulesets) or 'no rules'}")
    if not told.same_definitions:
        print("its definitions are not those of this version; the figures were counted by this version's")
    print(f"{told.checked - len(told.differences)} of {told.checked} figures, counted again from the data, agree")
    for each in told.differences:
        print(f"  {visible(each.name)}: the pack claims {each.claimed}, its data come to {each.found}")


def _format(wanted: str, out: str) -> str:
    ending = Path(out).suffix.removeprefix(".")
    found = wanted or (ending if ending in formats.FORMATS else "csv")
    if found not in formats.FORMATS:
        raise Misconfigured("--format", f"there is no format {found!r}; there are {', '.join(formats.FORMATS)}")
    if found == "parquet" and not out:
        raise Misconfigured("--format", "Parquet cannot go to a terminal; name a file")
    return found


def _table(settings: Settings, what: str, asked: dict[str, str], there: There, *, out: str, chosen: str) -> None:
    table = table_named(what)

    def write(stores: Stores, path: Path) -> None:
        batches = rows_of(stores, table, asked_of(stores, table, **asked, there=there, now=moment()))
        if chosen == "parquet":
            formats.parquet_file(table.columns, batches, path)
            return
        make = formats.csv_parts if chosen == "csv" else formats.json_parts
        with path.open("wb") as file:
            file.writelines(make(table.columns, batches))

    query = urlencode({"format": chosen, **{name: value for name, value in asked.items() if value}, **there.chosen})
    fetch(settings, f"/api/export/{what}?{query}", write, Path(out) if out else None)
    if out:
        print(f"{out} written", file=sys.stderr)
