"""`mailwake hygiene`: whom to pause, of those whose last open is known by the day alone."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.drawing.terminal import visible
from mailwake.hygiene.inactive import Inactive, inactive, to_json
from mailwake.insight.stores import Stores
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.days import open_days


def command(
    *,
    inactive_since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day, UTC.")],
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")] = False,
) -> None:
    """List recipients in mode deliverability who were mailed before a day and since, and opened nothing since.

    One address a line, to pause them; no day of anybody is told.

    Example: mailwake hygiene --inactive-since 2026-06-01
    """
    settings, since = load(config), inactive_since.replace(tzinfo=UTC).date()

    def answer(stores: Stores) -> bytes:
        with closing(open_days(settings.data_folder / "state.sqlite")) as days:
            return to_json(inactive(stores.state, stores.events, days, since=since))

    body = answer_of(settings, f"/api/hygiene?inactive_since={since.isoformat()}", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=Inactive)
    for address in found.recipients:
        print(visible(address))
    print(f"{len(found.recipients):,} of {found.of:,} opened nothing since {since.isoformat()}", file=sys.stderr)
