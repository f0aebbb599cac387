"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

#: `--config FILE`, the same everywhere.
ConfigOption = Annotated[str, typer.Option("--config", "-c", help="Settings file.", envvar="MAILWAKE_CONFIG")]
