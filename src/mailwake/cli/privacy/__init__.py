"""`mailwake privacy`: what is recorded of people, and stopping it."""

from __future__ import annotations

import typer

from mailwake.cli.privacy import stopping

command = typer.Typer(
    help="""What is recorded of people, and stopping it.

    Example: mailwake privacy recording
    """,
    no_args_is_help=True,
)
command.command(name="stop-recording")(stopping.stop_recording)
command.command(name="resume")(stopping.resume)
command.command(name="recording")(stopping.recording)
