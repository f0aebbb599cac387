"""`mailwake heatmap`: clicks on each place of a link in a campaign's mail, as a table, for programs or as a picture."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer

from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.drawing import fields
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput, Misconfigured, Unavailable
from mailwake.events import Micros, TemplateId
from mailwake.insight.click_map import LAYERS, Asked, ClickMap, Mail, click_map, to_json
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.segments.within import within
from mailwake.settings import DEFAULT_FILE, Settings, load


def command(  # noqa: PLR0913 - one for each option
    campaign: Annotated[str, typer.Argument(help="Name or number of a campaign.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    layer: Annotated[str, typer.Option(help="Whose clicks a picture shows: human, machine or raw.")] = "human",
    segment: Annotated[str, typer.Option(help="Name of a segment: copies sent to its people alone.")] = "",
    device: Annotated[str, typer.Option(help="desktop, mobile or tablet; without it, all.")] = "",
    variant: Annotated[
        str, typer.Option(help="Which of a campaign's mails: its number, or words of its subject.")
    ] = "",
    versus: Annotated[
        str, typer.Option(help="Less the rates of this mail: one of the same campaign, or another campaign's name.")
    ] = "",
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
    if variant or versus:
        asked = _with_mails(settings, campaign, asked, variant=variant, versus=versus)
    if png is not None:
        _photograph(settings, campaign, asked, png)
        return
    body = _map(settings, campaign, asked)
    if as_json:
        sys.stdout.write(body.decode())
    else:
        _print(msgspec.json.decode(body, type=ClickMap), as_csv=as_csv)


def _with_mails(settings: Settings, campaign: str, asked: Asked, *, variant: str, versus: str) -> Asked:
    """With the two mails that were named."""
    mails = _told(settings, campaign).mails
    template = _named(mails, variant) if variant else None
    if variant and template is None:
        raise BadInput(f"{campaign!r} has no such mail {variant!r}; it has {listed(mails)}")
    other = _named(mails, versus) if versus else None
    if versus and other is None:
        other = int(_told(settings, versus).mail.template)
    return replace(asked, template=template, versus=other)


def _named(mails: Sequence[Mail], words: str) -> int | None:
    """The mail of that number, or the only one with these words in its subject."""
    if words.isascii() and words.isdecimal():
        by_number = dict(enumerate(mails, 1)).get(int(words))
        return next((int(each.template) for each in mails if each.template == words or each is by_number), None)
    found = [each for each in mails if words.casefold() in fields.read(each.subject).casefold()]
    whole = [each for each in found if words.casefold() == fields.read(each.subject).casefold()]
    found = whole if len(whole) == 1 else found
    return int(found[0].template) if len(found) == 1 else None


def listed(mails: Sequence[Mail]) -> str:
    """The mails with the numbers that choose them."""
    return ", ".join(f"{number} “{visible(fields.read(mail.subject))}”" for number, mail in enumerate(mails, 1))


def _photograph(settings: Settings, campaign: str, asked: Asked, file: Path) -> None:
    from mailwake.clickmap.camera import photograph, why_not

    if missing := why_not():
        raise Misconfigured("--png", missing)
    told = msgspec.json.decode(_map(settings, campaign, asked), type=ClickMap)
    asked = replace(asked, template=int(told.mail.template))
    path = f"/{_place(campaign)}/mail?{_query(asked)}"
    taken = photograph(answer_of(settings, path, lambda stores: _drawn(stores, campaign, asked)).decode())
    try:
        file.write_bytes(taken)
    except OSError as fault:
        raise Unavailable(f"cannot write {file}: {fault.strerror}") from None
    print(f"{file}: {asked.layer} clicks on “{visible(fields.read(told.mail.subject))}” of {campaign!r}")
    if len(told.mails) > 1:
        print(f"it has {len(told.mails)} mails, and --variant chooses: {listed(told.mails)}")


def _told(settings: Settings, campaign: str) -> ClickMap:
    return msgspec.json.decode(_map(settings, campaign, Asked()), type=ClickMap)


def _map(settings: Settings, campaign: str, asked: Asked) -> bytes:
    path = f"/api/{_place(campaign)}?{_query(asked)}"
    return answer_of(settings, path, lambda stores: to_json(_answer(stores, campaign, asked)))


def _place(campaign: str) -> str:
    return f"campaigns/{quote(campaign, safe='')}/map"


def _query(asked: Asked) -> str:
    told = {name: getattr(asked, name) for name in ("layer", "segment", "device", "template", "versus")}
    return urlencode({name: value for name, value in told.items() if value})


def _print(told: ClickMap, *, as_csv: bool) -> None:
    from mailwake.printing import click_map as tables

    tables.write_csv(told) if as_csv else tables.show(told)


def _answer(stores: Stores, campaign: str, asked: Asked) -> ClickMap:
    narrowed = within(stores, asked.segment, now=Micros(time.time_ns() // 1_000))
    return click_map(narrowed, find(stores, campaign), asked)


def _drawn(stores: Stores, campaign: str, asked: Asked) -> bytes:
    """The mail as the page frames it."""
    from mailwake.views.click_map_view import drawn

    answer = _answer(stores, campaign, asked)
    return drawn(answer, stores.state.html(TemplateId(int(answer.mail.template))) or b"").encode()
