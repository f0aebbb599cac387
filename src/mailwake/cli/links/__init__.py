"""`mailwake links`: whether links of delivered mail still lead somewhere, and sending their readers elsewhere."""

from __future__ import annotations

import typer

from mailwake.cli.links import deciding, looking

command = typer.Typer(
    help="""Whether links of delivered mail still lead somewhere, and sending their readers elsewhere.

    Example: mailwake links list
    """,
    no_args_is_help=True,
)
command.command(name="list")(looking.list_links)
command.command(name="check")(looking.check)
command.command(name="replace")(deciding.replace)
command.command(name="stop")(deciding.stop)
command.command(name="restore")(deciding.restore)
command.command(name="keep")(deciding.keep)
