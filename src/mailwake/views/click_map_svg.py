"""A click map as one picture without a browser: the links in the order of the mail, as bars, with all their numbers.

It shows the order and the numbers, not the mail itself, for that takes a browser to lay out.
"""

from __future__ import annotations

from html import escape

from mailwake.clickmap.sheet import Badge
from mailwake.drawing import fields, figures
from mailwake.insight.click_map import LAYERS, ClickMap, Spot
from mailwake.views import click_map_view

_WIDTH, _TOP, _LINE, _BAR = 960, 96, 46, 420
_LABEL_CHARS = 58
_FILLS = {
    "human": "#0868ac",
    "machine": "#66727d",
    "raw": "#17212b",
    "higher": "#1a6f43",
    "lower": "#b3261e",
    "alike": "#66727d",
    "none": "#8795a1",
}


def picture(answer: ClickMap, *, until: str) -> str:
    """The picture as SVG.

    Args:
        answer: the numbers.
        until: age of the copies until which clicks count, in words.
    """
    marks = click_map_view.badges(answer)
    height = _TOP + _LINE * len(marks) + 24
    lines = "".join(
        _line(answer, spot, mark, _TOP + _LINE * place)
        for place, (spot, mark) in enumerate(zip(answer.spots, marks, strict=True))
    )
    versus = (
        ""
        if answer.versus is None
        else f", less “{fields.read(answer.versus.subject)}” of {answer.versus.campaign_name}"
    )
    filters = ", ".join(part for part in (answer.device, answer.client, answer.country) if part)
    when = "all clicks" if answer.until_seconds is None else f"clicks within {until} of sending"
    said = f"{LAYERS[answer.layer]}, {when}{f', {filters}' if filters else ''}{versus}"
    base = f"rates of {figures.count(answer.mail.base)} delivered copies whose clicks may be told, 95 % intervals"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">'
        f'<title>Click map of {_text(answer.name)}</title><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="24" y="36" font-size="20" font-weight="bold">{_text(answer.name, 70)}</text>'
        f'<text x="24" y="58" fill="#53616e">{_text(f"“{answer.mail.subject}”, {said}", 130)}</text>'
        f'<text x="24" y="76" fill="#53616e">{_text(base, 130)}</text>{lines}</svg>\n'
    )


def _line(answer: ClickMap, spot: Spot, mark: Badge, y: int) -> str:
    told = click_map_view.row(answer, spot, 0)
    name = f"{spot.number}. {told.label}"
    more = f"{told.role}{f', {told.where}' if told.where else ''}"
    rate = f"{told.rate} ({told.span})" if told.span else told.rate
    change = f"{told.change} ({told.change_span}), {told.standing}" if told.change else ""
    numbers = f"● {told.human}  ◐ {told.possible}  □ {told.machine}  raw {told.raw}"
    return (
        f'<text x="24" y="{y + 14}">{_text(name, _LABEL_CHARS)}<tspan fill="#53616e"> {_text(more)}</tspan></text>'
        f'<rect x="24" y="{y + 20}" width="{_BAR}" height="10" fill="#eef1f3"/>'
        f'<rect x="24" y="{y + 20}" width="{_BAR * mark.strength:.1f}" height="10" fill="{_FILLS[mark.kind]}"/>'
        f'<text x="{_BAR + 40}" y="{y + 29}" font-weight="bold">{_text(told.badge)}</text>'
        f'<text x="{_BAR + 170}" y="{y + 14}" fill="#53616e">{_text(numbers)}</text>'
        f'<text x="{_BAR + 170}" y="{y + 29}" fill="#53616e">{_text(change or rate)}</text>'
    )


def _text(words: str, chars: int = 400) -> str:
    """For XML, which allows no controls; cut where there is no more room."""
    shown = "".join(letter if letter.isprintable() else " " for letter in words)
    return escape(shown if len(shown) <= chars else f"{shown[: chars - 1]}…")
