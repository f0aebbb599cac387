"""Which rules are in force: named by the event store, kept as files in ``<data>/rulesets``.

The name stands in the store because it changes together with the verdicts; the file is found by it and never edited.
"""

from __future__ import annotations

import re
from pathlib import Path

from mailwake.errors import BadInput, Misconfigured
from mailwake.files import replace
from mailwake.judge.rules import CURRENT, Rules, load_rules
from mailwake.store.events import EventStore

FOLDER = "rulesets"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")


def in_force(events: EventStore, data: Path) -> Rules:
    """The rules by which new events are judged.

    Args:
        events: the store.
        data: the installation's data folder.

    Raises:
        Misconfigured: their file is missing or was edited.
    """
    path = path_in_force(events, data)
    if path == CURRENT:
        return load_rules(None)
    name = path.name.removesuffix(".toml")
    try:
        rules = load_rules(path)
    except BadInput as fault:
        raise Misconfigured(str(path), f"{fault}; put the file back, or run `mailwake replay --rollback`") from None
    if rules.id != name:
        raise Misconfigured(str(path), f"is {rules.id} now; rulesets are never edited: put the file back as it was")
    return rules


def path_in_force(events: EventStore, data: Path) -> Path:
    """The file of the rules in force; it may be missing."""
    swaps = events.ask("swaps")
    name = swaps[0]["ruleset"] if swaps else ""
    return data / FOLDER / f"{name}.toml" if name else CURRENT


def keep(path: Path, rules: Rules, data: Path) -> Path:
    """Copy a ruleset into the data folder, under its own name, durably.

    Raises:
        BadInput: its name is no file name.
    """
    if not _NAME.fullmatch(rules.id):
        raise BadInput(f"the ruleset's name {rules.id!r} is no file name; use letters, digits, dots and dashes")
    place = data / FOLDER / f"{rules.id}.toml"
    replace(place, path.read_bytes())
    return place
