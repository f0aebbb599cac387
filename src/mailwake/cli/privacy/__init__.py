"""`mailwake privacy`: what is recorded of people, stopping it, and what they may ask; one file per sub-command."""

from __future__ import annotations

import typer

from mailwake.cli.privacy import stopping
from mailwake.cli.privacy.erase import erase
from mailwake.cli.privacy.explain import explain
from mailwake.cli.privacy.export import export
from mailwake.cli.privacy.record import record
from mailwake.cli.privacy.retention import retention

command = typer.Typer(
    help="""What is recorded of people, for how long, and stopping it; what is known of one person; forgetting them.

    Example: mailwake privacy explain ada@example.com
    """,
    no_args_is_help=True,
)
command.command("export")(export)
command.command("explain")(explain)
command.command("erase")(erase)
command.command("retention")(retention)
command.command("record")(record)
command.command("stop-recording")(stopping.stop_recording)
command.command("resume")(stopping.resume)
command.command("recording")(stopping.recording)
