"""`mailwake privacy`: what is recorded of people, stopping it, and what they may ask; one file per sub-command."""

from __future__ import annotations

import typer

from mailwake.cli.privacy import stopping
from mailwake.cli.privacy.erase import erase
from mailwake.cli.privacy.explain import explain
from mailwake.cli.privacy.export import export

command = typer.Typer(
    help="""What is recorded of people and stopping it; what is known of one person, and how it is forgotten.

    Example: mailwake privacy explain ada@example.com
    """,
    no_args_is_help=True,
)
command.command("export")(export)
command.command("explain")(explain)
command.command("erase")(erase)
command.command("stop-recording")(stopping.stop_recording)
command.command("resume")(stopping.resume)
command.command("recording")(stopping.recording)
