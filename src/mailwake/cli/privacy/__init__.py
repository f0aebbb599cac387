"""`mailwake privacy`: what is kept of people, and for how long; one file per sub-command."""

from __future__ import annotations

import typer

from mailwake.cli.privacy.retention import retention

command = typer.Typer(
    help="What is kept of people, and for how long (docs/explain/retention.md).\n\nExample: mailwake privacy retention",
    no_args_is_help=True,
)
command.command("retention")(retention)


@command.callback()
def privacy() -> None:
    """What is kept of people, and for how long (docs/explain/retention.md)."""
