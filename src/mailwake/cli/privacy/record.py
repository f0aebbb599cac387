"""`mailwake privacy record`: the start of a record of processing, from the settings in force."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mailwake.cli.options import ConfigOption
from mailwake.processing.record import record_of, to_json
from mailwake.processing.words import to_text
from mailwake.settings import DEFAULT_FILE, load


def record(
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a program.")] = False,
) -> None:
    """Print the start of a record of processing (GDPR, Article 30), and what calls for an impact assessment.

    It says what this installation does with what it knows of people, by the settings in force; not that it may.

    Example: mailwake privacy record > record-of-processing.md
    """
    told = record_of(load(config))
    sys.stdout.write(to_json(told).decode() if as_json else to_text(told))
