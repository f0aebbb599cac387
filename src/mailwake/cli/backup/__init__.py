"""`mailwake backup`: all of an installation in a folder of its own, while everything runs."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited_act
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.errors import BadInput
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.store.events import EventStore
from mailwake.store.rights.ledger import open_rights

SNAPSHOT = "snapshot"
#: a copy of a large event store takes its time
PATIENCE_SECONDS = 3_600.0


def command(
    folder: Annotated[str, typer.Argument(help="Empty, or not there yet; of a backup with --check.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    check: Annotated[bool, typer.Option("--check", help="Look whether a backup is whole; take none.")] = False,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave keys and secrets out; keep them elsewhere.")
    ] = False,
) -> None:
    """Copy settings, keys, log, events and state while everything runs. It holds addresses and keys: keep it safe.

    Example: mailwake backup /backups/2026-11-26
    """
    if check:
        _check(Path(folder))
        return
    from mailwake.backup.taking import take

    settings = load(config)
    configure(settings.logging, "command")
    if not (settings.data_folder / "state.sqlite").exists():
        raise BadInput(f"there is nothing in {settings.data_folder} yet that could be backed up")
    with audited_act(config, Action.BACKUP_TAKEN, Thing("backup", Path(folder).name), after={"keys": not without_keys}):
        done = take(
            settings,
            Path(config),
            Path(folder),
            events=lambda path: _events(settings, path),
            with_keys=not without_keys,
        )
    size = sum(each.size for each in done.manifest.files)
    print(f"{len(done.manifest.files):,} files, {size:,} bytes in {done.folder}")
    if done.manifest.left_out:
        print(f"keep apart: {', '.join(done.manifest.left_out)}")


def _check(folder: Path) -> None:
    from mailwake.backup.checking import check, unsaved

    manifest, wrong = check(folder)
    wrong = wrong or unsaved(folder, manifest)
    for each in wrong:
        print(each)
    if wrong:
        raise BadInput(f"the backup in {folder} is not whole")
    print(f"whole: {len(manifest.files):,} files, taken {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC")


def _events(settings: Settings, path: Path) -> dict[str, int]:
    """The event store in a file, by its owner or, where there is none, from here; its cursors."""
    from mailwake.rights.errands import FOLDER, do_here_or_ask

    beside = settings.data_folder / FOLDER / f"{secrets.token_hex(8)}.duckdb"
    beside.parent.mkdir(mode=0o700, exist_ok=True)
    asked = {"name": beside.name}
    try:
        with closing(open_rights(settings.data_folder / "state.sqlite")) as rights:
            raw = do_here_or_ask(
                settings.data_folder,
                rights,
                SNAPSHOT,
                asked,
                here=lambda events: snapshot(settings, events, asked),
                patience_seconds=PATIENCE_SECONDS,
            )
        shutil.move(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return msgspec.json.decode(raw, type=dict[str, int])


def snapshot(settings: Settings, events: EventStore, asked: Mapping[str, Any]) -> bytes:
    """Write the event store to a file in the folder of errands; its cursors as JSON."""
    from mailwake.rights.errands import FOLDER

    return msgspec.json.encode(events.copy_to(settings.data_folder / FOLDER / Path(str(asked["name"])).name))
