"""What the page of a campaign's pace shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.comparing.pace import AtAge, CampaignPace, Ending, Pace
from mailwake.drawing import curves, figures, pieces
from mailwake.drawing.curves import AgeChart, AgeRow


@dataclass(frozen=True, kw_only=True, slots=True)
class PaceView:
    """Opens, or clicks, ready to read."""

    kind: str
    title: str
    base: str
    checkpoints: tuple[AgeRow, ...]
    half_life: str
    ending: str
    #: what the forecast rests on, or why there is none
    rests: str
    chart: AgeChart


def values(answer: CampaignPace, zone: ZoneInfo) -> dict[str, Any]:
    """What `pace.html` names."""
    return {
        "id": answer.id,
        "name": answer.name,
        "sent": "" if answer.sent_from is None else f"first sent {figures.moment(answer.sent_from, zone)}",
        "fresh": pieces.fresh(answer.fresh_at, zone),
        "paces": [view(each) for each in (answer.opened, answer.clicked)],
    }


def view(pace: Pace) -> PaceView:
    """One kind of reaction."""
    title = f"{pace.kind.capitalize()} by people"
    return PaceView(
        kind=pace.kind,
        title=title,
        base=f"{figures.count(pace.base)} {pace.base_name}",
        checkpoints=tuple(checkpoint(each) for each in pace.checkpoints),
        half_life="nobody yet" if pace.half_life is None else figures.duration(pace.half_life),
        ending=_ending(pace.ending),
        rests=_rests(pace.ending),
        chart=curves.by_age(pace.curve, title),
    )


def checkpoint(point: AtAge) -> AgeRow:
    """One checkpoint in words; a campaign too young for it says so."""
    row = curves.row_of(point)
    if point.cannot_say is None:
        return row
    return AgeRow(age=row.age, percent="not yet", span="", base="no copy is that old")


def checkpoints(found: Mapping[str, Sequence[AtAge]]) -> dict[str, Any] | None:
    """Opened and clicked at each checkpoint, a line each; None: nothing was sent."""
    if not found:
        return None
    columns = [[checkpoint(each) for each in some] for some in found.values()]
    rows = [{"age": cells[0].age, "cells": cells} for cells in zip(*columns, strict=True)]
    return {"heads": [f"{kind.capitalize()} by people" for kind in found], "rows": rows}


def _ending(found: Ending) -> str:
    if found.rate is None:
        return figures.CANNOT_SAY
    return f"{figures.about(found.rate)} ({figures.about_span(found.low, found.high)})"


def _rests(found: Ending) -> str:
    if found.cannot_say is not None:
        return found.cannot_say.removeprefix("cannot say: ")
    earlier = f"and on {found.earlier} earlier campaigns of this stream" if found.earlier else "alone"
    age = figures.age(found.age)
    return f"when copies are {age} old; 90{figures.NBSP}% interval. It rests on this campaign {earlier}."
