"""`mailwake dmarc`: DMARC aggregate reports, from files or from mail that was put aside; and who sends in our name."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.work.reports import now, open_intake
from mailwake.drawing.terminal import visible
from mailwake.errors import Misconfigured
from mailwake.ingest.folders import find_mail
from mailwake.ingest.reports import FOLDER
from mailwake.postmaster.intake import Intake, Outcome
from mailwake.postmaster.waiting import take_waiting
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.store.state import StateStore, open_state


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help=".xml, .gz, .zip, .eml, mbox, Maildir, folders.")] = None,
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="What became of each report, an object a line; without "
                                          "paths the answer of the API.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Without paths: a table for a spreadsheet.")] = False,
) -> None:  # fmt: skip
    """Read DMARC aggregate reports; without paths, what was put aside by `mailwake ingest`, and say who sends.

    A report counts once, however often it comes. Nobody signs reports, so nothing acts on them.

    Example: mailwake dmarc ~/reports/*.zip
    """
    settings = load(config)
    if as_json and as_csv:
        raise Misconfigured("--json --csv", "choose one of them")
    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        opened = partial(open_intake, settings, state)
        if not paths:
            told = take_waiting(settings.data_folder / FOLDER, opened)
            if told and not as_json and not as_csv:
                print(_summary(told), file=sys.stderr)
            show(settings, state, as_json=as_json, as_csv=as_csv)
            return
        _take(opened(), paths, as_json=as_json)


def show(settings: Settings, state: StateStore, *, as_json: bool, as_csv: bool) -> None:
    """Print what providers told."""
    from mailwake.insight.stores import zone_named
    from mailwake.postmaster.answers import to_json
    from mailwake.postmaster.standing import networks_of, postmaster
    from mailwake.printing import postmaster as tables

    answer = postmaster(state, now=now(), own=networks_of(settings.postmaster.own_networks))
    if as_json:
        sys.stdout.write(to_json(answer).decode())
    elif as_csv:
        tables.write_csv(answer)
    else:
        tables.show(answer, zone_named(settings.web.timezone))


def _take(intake: Intake, paths: Iterable[Path], *, as_json: bool) -> None:
    told: Counter[str] = Counter()
    for name, outcome in _outcomes(intake, paths):
        told[outcome.what] += 1
        if as_json:
            print(msgspec.json.encode({"file": name, **_plain(outcome)}).decode())
        elif outcome.what == "refused" or outcome.left_out:
            print(f"mailwake: {visible(name)}: {_said(outcome)}", file=sys.stderr)
    intake.forget()
    if not as_json:
        print(_summary(told))
    if told["refused"]:
        raise typer.Exit(1)


def _outcomes(intake: Intake, paths: Iterable[Path]) -> Iterator[tuple[str, Outcome]]:
    from mailwake.cli.showing import counted

    for name, raw in counted(find_mail(paths), "files read"):
        found = intake.take(raw) or [Outcome(what="refused", why="there is no report in it")]
        yield from ((name, outcome) for outcome in found)


def _plain(outcome: Outcome) -> dict[str, object]:
    report = outcome.report
    about = {} if report is None else {
        "organisation": report.organisation, "report_id": report.report_id, "domain": report.domain,
    }  # fmt: skip
    return {"what": outcome.what, **about, "copies": outcome.copies, "left_out": outcome.left_out, "why": outcome.why}


def _said(outcome: Outcome) -> str:
    if outcome.what == "refused":
        return outcome.why
    lines = ", ".join(f"{number:,} with {why}" for why, number in sorted(outcome.left_out.items()))
    return f"lines left out: {lines}"


def _summary(told: Counter[str]) -> str:
    return f"{told['kept']:,} reports kept, {told['known']:,} known before, {told['refused']:,} refused"
