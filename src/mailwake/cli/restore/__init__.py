"""`mailwake restore`: a backup back into an empty folder, without whoever was erased since."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited_act


def command(
    backup: Annotated[str, typer.Argument(help="Folder that `mailwake backup` wrote.")],
    folder: Annotated[str, typer.Argument(help="Empty, or not there yet; the settings come to lie in it.")],
    *,
    ledger: Annotated[
        str, typer.Option("--ledger", help="forgotten.log as it was last: who was erased or withdrew since.")
    ] = "",
    keys: Annotated[str, typer.Option("--keys", help="Folder with the keys that were left out.")] = "",
) -> None:
    """Put a backup back, and forget again whoever was erased or withdrew since it was taken.

    Example: mailwake restore /backups/2026-11-26 /srv/mailwake --ledger /elsewhere/forgotten.log
    """
    from mailwake.backup.restoring import restore

    done = restore(
        Path(backup), Path(folder), ledger=Path(ledger) if ledger else None, keys=Path(keys) if keys else None
    )
    taken_at = f"{done.manifest.taken_at:%Y-%m-%d %H:%M:%S}"
    with audited_act(str(done.config), Action.BACKUP_RESTORED, Thing("backup", taken_at)):
        pass
    print(f"restored to {done.config.parent}, as of {taken_at} UTC")
    print(f"forgotten again: {done.forgotten.erased:,} erased, {done.forgotten.withdrawn:,} withdrawn")
    if not ledger:
        print("no --ledger was given: whoever was erased or withdrew after the backup is back; name it if you have it")
    for each in done.missing:
        print(f"put back by hand: {each}")
