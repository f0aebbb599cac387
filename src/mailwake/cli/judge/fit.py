"""`mailwake judge fit`: a new ruleset from the one in force and what this installation's own history proves."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.events import SECOND, Evidence, Micros
from mailwake.settings import DEFAULT_FILE, load

if TYPE_CHECKING:
    from mailwake.history.labels import Harvest
    from mailwake.history.refit import Fitted
    from mailwake.store.events import EventStore

_DAY = 86_400 * SECOND
#: Looked at unless --since says otherwise: gateways change, and all of it is held in memory.
_DAYS = 90


def command(
    config: ConfigOption = DEFAULT_FILE,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; by default named after the ruleset.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=["%Y-%m-%d"], help="Only events from this day on, UTC; by default 90 days."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as one JSON object.")] = False,
) -> None:
    """Fit the weights to this installation's own history and write a new ruleset; puts nothing into force.

    Machines are labelled by decoys and altered links, people by replies and conversions; the table shows whom these
    labels leave out. While `mailwake serve` runs it owns the event store: stop it first.

    Example: mailwake judge fit --out ours.toml && mailwake replay --ruleset ours.toml
    """
    from mailwake.cli.replay import open_history, progress
    from mailwake.history.labels import harvest
    from mailwake.history.refit import fit, ruleset, write_new
    from mailwake.history.rulesets import in_force, path_in_force

    settings, now = load(config), Micros(time.time_ns() // 1_000)
    start = Micros(now - _DAYS * _DAY if since is None else int(since.replace(tzinfo=UTC).timestamp()) * SECOND)
    with closing(open_history(settings, read_only=True)) as events:
        rules = in_force(events, settings.data_folder)
        tree = tomllib.loads(path_in_force(events, settings.data_folder).read_text(encoding="utf-8"))
        with progress(events) as show:
            found = harvest(rules, _history(events, start, Micros(now + _DAY), show))
    fitted = fit(rules, found)
    today = datetime.fromtimestamp(now / SECOND, UTC).date()
    path = out or Path(f"{tree['name']}-refit-{today}.toml")
    write_new(path, ruleset(tree, fitted, today=today))
    _say(path, found, fitted, as_json=as_json)


def _history(events: EventStore, since: Micros, until: Micros, show: Callable[[Micros], None]) -> Iterator[Evidence]:
    from mailwake.history.evidence import evidence_of, pages, times_of

    for page in pages(events, since=since, until=until):
        for row in page:
            yield from times_of(row)
            yield evidence_of(row)
        show(Micros(page[-1]["happened_at"]))


def _say(path: Path, found: Harvest, fitted: Sequence[Fitted], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(_outcome(path, found, fitted)).decode() + "\n")
        return
    for each in fitted:
        print(
            f"{each.scope}s: {each.people:,} labels of people, {each.machines:,} of machines; "
            f"held-out calibration error {each.error_before:.3f} before, {each.error_after:.3f} after; "
            f"temperature {1 / each.correction.factor:.2f}, offset {each.correction.offset:+.2f}"
        )
    _table(found)
    print(f"written: {path}; not in force. Look first: mailwake replay --ruleset {path}")


def _outcome(path: Path, found: Harvest, fitted: Iterable[Fitted]) -> dict[str, Any]:
    return {
        "written": str(path),
        "fitted": [
            {
                "scope": each.scope,
                "people": each.people,
                "machines": each.machines,
                "temperature": 1 / each.correction.factor,
                "offset": each.correction.offset,
                "calibration_error_before": each.error_before,
                "calibration_error_after": each.error_after,
            }
            for each in fitted
        ],
        "labels": [
            {"of": name, "events": each.events, "people": each.people, "machines": each.machines}
            for name, each in found.portions.items()
        ],
    }


def _table(found: Harvest) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Opens and clicks")
    for head in ("all", "labelled people", "labelled machines"):
        table.add_column(head, justify="right")
    for name, each in found.portions.items():
        shares = (f"{n:,} ({n / each.events:.1%})" for n in (each.people, each.machines))
        table.add_row(name, f"{each.events:,}", *shares)
    Console().print(table)
    print("Where the shares of a column differ much, its labels speak for some more than for others.")
