"""`mailwake compare`: campaigns at equal age, and why two of them differ."""

from __future__ import annotations

import re
import sys
import time
from typing import Annotated
from urllib.parse import urlencode

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.comparing.compare import Comparison, compare, to_json
from mailwake.errors import Misconfigured
from mailwake.events import Micros
from mailwake.insight.report import find
from mailwake.insight.stores import Stores, zone_named
from mailwake.segments.within import within
from mailwake.settings import DEFAULT_FILE, load

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


def command(
    campaigns: Annotated[
        list[str], typer.Argument(help="Names or numbers; the first is what others are compared with.")
    ],
    *,
    config: ConfigOption = DEFAULT_FILE,
    at: Annotated[
        str, typer.Option(help="Age of the copies, such as 2h or 3d; else the latest that all reached.")
    ] = "",
    segment: Annotated[str, typer.Option(help="Name of a segment: copies sent to its people alone.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet.")] = False,
) -> None:
    """Campaigns side by side when their copies were equally old; of two, also why they differ.

    Example: mailwake compare "Spring news" "Summer news" --at 3d
    """
    from mailwake.printing import compare as compare_tables

    if as_json and as_csv:
        raise Misconfigured("--json --csv", "choose one of them")
    settings, age = load(config), _age(at)

    def answer(stores: Stores) -> bytes:
        found = [find(stores, each) for each in dict.fromkeys(campaigns)]
        now = Micros(time.time_ns() // 1_000)
        return to_json(compare(within(stores, segment, now=now), found, now=now, age=age, segment=segment))

    wanted = [("c", each) for each in campaigns] + ([] if age is None else [("age", str(age))])
    wanted += [("segment", segment)] if segment else []
    body = answer_of(settings, f"/api/compare?{urlencode(wanted)}", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    told = msgspec.json.decode(body, type=Comparison)
    compare_tables.write_csv(told) if as_csv else compare_tables.show(told, zone_named(settings.web.timezone))


def _age(text: str) -> int | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,4})([mhd])", text.strip().lower())
    if found is None:
        raise Misconfigured("--at", f"{text[:20]!r} is no age; write one such as 90m, 2h or 3d")
    return int(found[1]) * _SECONDS[found[2]]
