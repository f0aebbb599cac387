"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: `--config FILE`, the same everywhere.
ConfigOption = Annotated[str, typer.Option("--config", "-c", help="Settings file.", envvar="MAILWAKE_CONFIG")]
#: `--preflight`, `--examined` and `--force`, wherever a run of mail begins.
PreflightOption = Annotated[
    bool, typer.Option("--preflight", help="Look at it as [preflight] gate = stop does: a problem stops it.")
]
ExaminedOption = Annotated[
    Path | None, typer.Option("--examined", help="Write the message that preflight looks at to this file.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Mail it whatever preflight finds.")]
