"""`mailwake timing`: at which hours of the week people react, by their own clocks."""

from __future__ import annotations

import sys
import time
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.comparing.timing import Timing, timing, to_json
from mailwake.errors import Misconfigured
from mailwake.events import Micros
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.settings import DEFAULT_FILE, load


def command(
    campaign: Annotated[
        str, typer.Argument(help="Name or number of a campaign; without one, all of the last 90 days.")
    ] = "",
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet.")] = False,
) -> None:
    """The week by hours: when people open and click, by their own clocks, and the best hour or why none is named.

    Example: mailwake timing "Spring news"
    """
    from mailwake.printing import timing as tables

    if as_json and as_csv:
        raise Misconfigured("--json --csv", "choose one of them")

    def answer(stores: Stores) -> bytes:
        only = find(stores, campaign) if campaign else None
        return to_json(timing(stores, now=Micros(time.time_ns() // 1_000), campaign=only))

    path = f"/api/campaigns/{quote(campaign, safe='')}/timing" if campaign else "/api/timing"
    body = answer_of(load(config), path, answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=Timing)
    tables.write_csv(told) if as_csv else tables.show(told)
