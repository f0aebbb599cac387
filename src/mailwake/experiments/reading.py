"""Shares, spans and measures as people type them, on a terminal or in a form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailwake.errors import BadInput
from mailwake.experiments.design import CONVERSIONS, METRICS

_SHARE = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*%?")
_SPAN = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)\s*([hdw])")
_SECONDS = {"h": 3_600, "d": 86_400, "w": 604_800}
#: short for the ids of what may decide
_SHORT = {
    "clicks": "human_click_rate__delivered_trackable",
    "opens": "human_open_rate__delivered_trackable",
    "conversions": CONVERSIONS,
}


def percent_in(text: str, what: str) -> float:
    """A part of one, from percents such as "20" or "2.5 %".

    Raises:
        BadInput: it is none.
    """
    found = _SHARE.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{what} {text[:40]!r}: write it in percent, such as 20 or 2.5")
    return float(found[1]) / 100


def seconds_in(text: str, what: str) -> int:
    """Seconds, from "4h", "3d" or "2w".

    Raises:
        BadInput: it is no span.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise BadInput(f"{what} {text[:40]!r}: write it as 4h, 3d or 2w")
    return round(float(found[1]) * _SECONDS[found[2]])


def weights_in(text: str, count: int) -> Sequence[float]:
    """A weight for each variant, from "90,10"; empty: all the same.

    Raises:
        BadInput: they are none, or not as many.
    """
    if not text.strip():
        return [1.0] * count
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(f"--weights {text[:40]!r}: write numbers with commas between, such as 90,10") from None
    if len(found) != count:
        raise BadInput(f"--weights {text[:40]!r}: there are {count} variants, and as many weights are needed")
    return found


def metric_in(text: str) -> str:
    """The id of what may decide, from it or from `clicks`, `opens` or `conversions`.

    Raises:
        BadInput: it may not.
    """
    found = _SHORT.get(text, text)
    if found not in METRICS:
        raise BadInput(f"{text[:80]!r} decides no experiment; clicks, opens or conversions can")
    return found
