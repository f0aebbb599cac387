"""`mailwake keys`: make and list the master keys that seal links.

The key file has one line a slot and is made with mode 0600. Old slots stay for ever: mail already delivered needs them.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited_act
from mailwake.cli.options import ConfigOption
from mailwake.errors import BadInput, Misconfigured
from mailwake.settings import Settings, load
from mailwake.tokens import format_key, new_key, parse_keys

command = typer.Typer(
    help="Make and list the keys that seal links.\n\nExample: mailwake keys new",
    no_args_is_help=True,
)

HostOption = Annotated[str, typer.Option(help="A tracking host of [hosts] that has a key file of its own.")]


@command.command("new")
def new(config: ConfigOption = "mailwake.toml", host: HostOption = "") -> None:
    """Add a key in a new slot; from the next start on it seals, and the older ones still read.

    Example: mailwake keys new
    """
    settings = load(config)
    path = key_file(settings, host)
    slot = append_key(path, today=datetime.now(UTC).date())
    if (settings.data_folder / "state.sqlite").exists():  # the first key is there before anything else
        with audited_act(config, Action.KEY_ADDED, Thing("key", f"slot {slot}{' of ' + host if host else ''}")):
            pass
    print(f"slot {slot} added to {path}; restart Mailwake to seal with it, and back the file up")


@command.command("list")
def show(
    config: ConfigOption = "mailwake.toml",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    host: HostOption = "",
) -> None:
    """List the slots, oldest first, and which one seals. Never shows a key.

    Example: mailwake keys list
    """
    settings = load(config)
    reference, option = key_reference(settings, host)
    text = settings.secret(reference, option)
    ring = parse_keys(text)
    for slot, created in slots(text):
        use = "seals and reads" if slot == ring.newest else "reads"
        if as_json:
            print(f'{{"slot":{slot},"created":"{created}","use":"{use}"}}')
        else:
            print(f"slot {slot:<4} created {created or 'unknown':<11} {use}")


def key_reference(settings: Settings, host: str = "") -> tuple[str, str]:
    """Where keys are, and the option that says so.

    Args:
        settings: of the installation.
        host: a further tracking host; empty: the installation itself.

    Raises:
        BadInput: there is no such host.
        Misconfigured: the host has no keys of its own.
    """
    if not host:
        return settings.keys.ref, "keys.ref"
    option = f'hosts."{host}".keys'
    if host not in settings.hosts:
        known = ", ".join(settings.hosts) or "none"
        raise BadInput(f"--host {host}: there is no such table in mailwake.toml; the hosts there are: {known}")
    if not settings.hosts[host].keys:
        raise Misconfigured(
            option, 'its keys are derived from [keys]; to give it others, write keys = "file:NAME.keys"'
        )
    return settings.hosts[host].keys, option


def key_file(settings: Settings, host: str = "") -> Path:
    """The file that holds the keys.

    Raises:
        BadInput: there is no such host.
        Misconfigured: the keys come from somewhere that we cannot write.
    """
    reference, option = key_reference(settings, host)
    kind, _, name = reference.partition(":")
    if kind != "file":
        raise Misconfigured(option, f"keys come from {reference}; add the new line there yourself")
    return settings.path(name)


def append_key(path: Path, *, today: date) -> int:
    """Add a fresh key to a key file, or make the file; returns its slot.

    Raises:
        BadInput: all 256 slots are taken.
        Misconfigured: the file is there and cannot be read.
    """
    slot = 0
    if path.exists():
        slot = parse_keys(path.read_text(encoding="utf-8")).newest + 1
    if slot > 255:
        raise BadInput("all 256 slots are taken; start a new installation on a new tracking host")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(format_key(slot, new_key(), today))
        file.flush()
        os.fsync(file.fileno())
    return slot


def slots(text: str) -> list[tuple[int, str]]:
    """(slot, day of creation or nothing) of every line of a key file, oldest first."""
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    return sorted((int(words[0]), words[2] if len(words) > 2 else "") for words in lines if words)
