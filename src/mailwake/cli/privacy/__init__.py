"""`mailwake privacy`: what people may ask about themselves; one file per sub-command."""

from __future__ import annotations

import typer

from mailwake.cli.privacy.erase import erase
from mailwake.cli.privacy.explain import explain
from mailwake.cli.privacy.export import export

command = typer.Typer(
    help="What is known of one person, and how it is forgotten (docs/explain/erasure.md).\n\n"
    "Example: mailwake privacy explain ada@example.com",
    no_args_is_help=True,
)
command.command("export")(export)
command.command("explain")(explain)
command.command("erase")(erase)
