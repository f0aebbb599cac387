"""`mailwake replay`: history judged again by other rules; first shown, then applied, and undone if it was wrong."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited_act
from mailwake.cli.options import ConfigOption
from mailwake.errors import Misconfigured, Unavailable
from mailwake.events import SECOND, Micros, Verdict
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.store.events import EventStore, Judgement

#: Verdicts laid ready at once.
_STAGED = 20_000
#: A bar appears when it takes longer than this.
_PATIENCE_SECONDS = 1.0
_DAY = 86_400 * SECOND
_COLUMNS = (
    ("opened_human", "Opened\nby people"),
    ("opened_machine", "Opened\nby machines"),
    ("clicked_human", "Clicked\nby people"),
    ("clicked_machine", "Clicked\nby machines"),
    ("human_clickers", "People\nwho clicked"),
)


def command(
    ruleset: Annotated[Path | None, typer.Option("--ruleset", help="TOML file with the weights to judge by.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only events from this day on, UTC.")
    ] = None,
    config: ConfigOption = DEFAULT_FILE,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Put the new verdicts and the ruleset into force.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Return to the verdicts and the ruleset before the last --apply.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as one JSON object.")] = False,
) -> None:
    """Judge history again by another ruleset, from stored evidence, and show how the numbers would change.

    Changes nothing without --apply. While `mailwake serve` runs it owns the event store: stop it first.

    Example: mailwake replay --ruleset new.toml --since 2026-11-01
    """
    if rollback == (ruleset is not None) or (rollback and apply):
        raise Misconfigured("--ruleset --rollback", "name a ruleset to judge by, or --rollback alone")
    settings = load(config)
    if ruleset is None:
        with audited_act(config, Action.REPLAY_ROLLED_BACK, Thing("ruleset")):
            outcome = _roll_back(settings)
        _say(outcome, as_json=as_json)
        return
    start = Micros(0) if since is None else Micros(int(since.replace(tzinfo=UTC).timestamp()) * SECOND)
    of = Thing("ruleset", ruleset.name)
    with audited_act(config, Action.REPLAY_APPLIED, of) if apply else nullcontext():
        outcome = _replay(settings, ruleset, start, apply=apply)
    _say(outcome, as_json=as_json)


def _replay(settings: Settings, path: Path, since: Micros, *, apply: bool) -> dict[str, Any]:
    from mailwake.history.replay import Effect, replay
    from mailwake.history.rulesets import in_force, keep
    from mailwake.judge.rules import load_rules

    rules = load_rules(path)
    effect, now = Effect(), Micros(time.time_ns() // 1_000)
    with closing(open_history(settings, read_only=not apply)) as events:
        former = in_force(events, settings.data_folder)
        with progress(events) as show:
            judged = replay(events, rules, since=since, until=Micros(now + _DAY), show=show)
            while some := list(islice(judged, _STAGED)):
                for again in some:
                    effect.add(again)
                if apply:
                    events.stage([_judgement(again.row["id"], again.verdict) for again in some])
        if apply:
            keep(path, rules, settings.data_folder)
            events.swap(ruleset=rules.id, at=now)
        names = _names(settings)
    return {
        "done": "applied" if apply else "compared",
        "ruleset": rules.id,
        "former": former.id,
        "since": None if not since else datetime.fromtimestamp(since / SECOND, UTC).date().isoformat(),
        "events": effect.events,
        "changed": effect.changed,
        "campaigns": [
            {
                "id": None if number is None else str(number),
                "name": "no campaign" if number is None else names.get(number, f"campaign {number}"),
                "before": before.told(),
                "after": after.told(),
            }
            for number, (before, after) in sorted(effect.campaigns.items(), key=lambda each: each[0] or 0)
        ],
    }


def _roll_back(settings: Settings) -> dict[str, Any]:
    from mailwake.history.rulesets import in_force

    with closing(open_history(settings, read_only=False)) as events:
        swaps = events.ask("swaps")
        count = events.roll_back(at=Micros(time.time_ns() // 1_000))
        return {
            "done": "rolled_back",
            "ruleset": in_force(events, settings.data_folder).id,
            "former": swaps[0]["ruleset"],
            "events": count,
        }


def _judgement(identity: int, verdict: Verdict) -> Judgement:
    from mailwake.pipeline.item import Why
    from mailwake.pipeline.rows import judgement

    return judgement(identity, verdict, Why(Micros(0)))


def open_history(settings: Settings, *, read_only: bool) -> EventStore:
    """The event store, which nobody else may have open.

    Raises:
        Unavailable: somebody has, or there is none; says what to do.
    """
    from mailwake.store.events import open_events

    path = settings.data_folder / "events.duckdb"
    if not path.exists():
        raise Unavailable(f"there is no history yet: {path} does not exist")
    try:
        return open_events(path, read_only=read_only)
    except Unavailable as fault:
        if "owns" not in str(fault):
            raise
        raise Unavailable(
            "another process has the event store open, and this needs it alone: "
            "stop `mailwake serve`, run this again, then start it"
        ) from fault


def _names(settings: Settings) -> dict[int, str]:
    from mailwake.store.state import open_state

    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        return {int(campaign.id): campaign.name for campaign in state.campaigns()}


@contextmanager
def progress(events: EventStore) -> Iterator[Callable[[Micros], None]]:
    """A bar on a terminal, once it takes over a second, that fills as history passes by."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    last = events.ask("latest")[0]["happened_at"] or 0
    columns = (TextColumn("history"), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task, first, begun = bar.add_task("history", total=None), 0, time.monotonic()

    def show(at: Micros) -> None:
        nonlocal first
        first = first or at
        bar.update(task, completed=at - first, total=max(last - first, 1))
        if not bar.live.is_started and time.monotonic() - begun > _PATIENCE_SECONDS:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()


def _say(outcome: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
        return
    match outcome["done"]:
        case "rolled_back":
            print(f"{outcome['events']:,} verdicts are back as they were; {outcome['ruleset']} is in force again")
            return
        case "applied":
            print(f"{outcome['ruleset']} is in force instead of {outcome['former']}; --rollback undoes it")
        case _:
            print(f"{outcome['ruleset']} instead of {outcome['former']}; nothing was changed, --apply would")
    print(f"{outcome['events']:,} events judged again, {outcome['changed']:,} of them otherwise")
    if outcome["campaigns"]:
        _table(outcome["campaigns"])


def _table(campaigns: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from mailwake.drawing.terminal import visible

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Campaign", overflow="fold")
    for _, head in _COLUMNS:
        table.add_column(head, justify="right")
    for line in campaigns:
        cells = (f"{_figure(line['before'][name])} → {_figure(line['after'][name])}" for name, _ in _COLUMNS)
        table.add_row(escape(visible(line["name"])), *cells)
    Console().print(table)
    print("Opens and clicks are sums of P(human), and of its complement for machines.")


def _figure(number: float) -> str:
    """Small sums with a digit more: other rules often move them by less than one."""
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.1f}"
