"""`mailwake heatmap`: clicks on each place of a link in a campaign's mail, as a table, for programs or as a picture."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.errors import Misconfigured
from mailwake.events import Micros, TemplateId
from mailwake.insight.click_map import LAYERS, Asked, ClickMap, click_map, to_json
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.segments.within import within
from mailwake.settings import DEFAULT_FILE, load


def command(
    campaign: Annotated[str, typer.Argument(help="Name or number of a campaign.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    layer: Annotated[str, typer.Option(help="Whose clicks a picture shows: human, machine or raw.")] = "human",
    segment: Annotated[str, typer.Option(help="Name of a segment: copies sent to its people alone.")] = "",
    device: Annotated[str, typer.Option(help="desktop, mobile or tablet; without it, all.")] = "",
    png: Annotated[
        Path | None, typer.Option("--png", help="Draw the mail with its marks into this file; needs Chromium.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for a spreadsheet.")] = False,
) -> None:
    """Where people clicked in the mail as it was sent, and where machines did.

    Example: mailwake heatmap "Spring news" --png spring.png
    """
    if as_json + as_csv + (png is not None) > 1:
        raise Misconfigured("--json --csv --png", "choose one of them")
    if layer not in LAYERS:
        raise Misconfigured("--layer", f"there is no {layer!r}; choose one of {', '.join(LAYERS)}")
    settings, asked = load(config), Asked(layer=layer, segment=segment, device=device)
    place = f"campaigns/{quote(campaign, safe='')}/map"
    filters = urlencode({"layer": layer, "segment": segment, "device": device})
    if png is not None:
        from mailwake.cli.pictures import photograph

        drawing = answer_of(settings, f"/{place}/mail?{filters}", lambda stores: _drawn(stores, campaign, asked))
        photograph(drawing.decode(), png)
        print(f"{png}: {layer} clicks on the mail of {campaign!r}")
        return
    body = answer_of(settings, f"/api/{place}?{filters}", lambda stores: to_json(_answer(stores, campaign, asked)))
    if as_json:
        sys.stdout.write(body.decode())
    else:
        _print(msgspec.json.decode(body, type=ClickMap), as_csv=as_csv)


def _print(told: ClickMap, *, as_csv: bool) -> None:
    from mailwake.printing import click_map as tables

    tables.write_csv(told) if as_csv else tables.show(told)


def _answer(stores: Stores, campaign: str, asked: Asked) -> ClickMap:
    narrowed = within(stores, asked.segment, now=Micros(time.time_ns() // 1_000))
    return click_map(narrowed, find(stores, campaign), asked)


def _drawn(stores: Stores, campaign: str, asked: Asked) -> bytes:
    """The mail as the page frames it."""
    from mailwake.clickmap.sheet import draw
    from mailwake.views.click_map_view import badges

    answer = _answer(stores, campaign, asked)
    raw = stores.state.html(TemplateId(int(answer.mail.template))) or b""
    return draw(raw, badges(answer)).html.encode()
