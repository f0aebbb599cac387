"""Puts the package into the org, or takes it out, and says how it went."""

from __future__ import annotations

import sys

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mailwake.cli.logs import configure
from mailwake.crm.links import org_of
from mailwake.drawing.terminal import visible
from mailwake.orgpackage.deploying import Deployment, undeploy
from mailwake.orgpackage.deploying import deploy as put_in
from mailwake.settings import load


def deploy(config: str, *, check: bool, remove: bool, username: str) -> None:
    """Deploy or remove, with a bar on a terminal; ends with 1 where the org did not take it."""
    settings = load(config)
    configure(settings.logging, "command")
    org = org_of(settings, username=username)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task("deploying", total=None)
        done = (undeploy if remove else put_in)(
            org,
            check_only=check,
            progress=lambda parts_done, parts: shown.update(task, completed=parts_done, total=parts or None),
        )
    _tell(done)


def _tell(done: Deployment) -> None:
    for each in done.refusals:
        print(visible(str(each)))
    if not done.is_success:
        print(visible(f"not taken: {done.status} {done.message}".strip()))
        raise typer.Exit(1)
    what = "would be taken" if done.is_check else "taken"
    print(f"{what}: {done.parts_done} of {done.parts} parts")
