"""What the page of a campaign's pace shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.comparing.pace import AtAge, CampaignPace, Ending, Pace
from mailwake.drawing import curves, figures
from mailwake.drawing.curves import AgeChart, AgeRow
from mailwake.language import say, within


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
        "sent": ""
        if answer.sent_from is None
        else say("first sent %(when)s", when=figures.moment(answer.sent_from, zone)),
        "paces": [view(each) for each in (answer.opened, answer.clicked)],
    }


def by_people(kind: str) -> str:
    """What people did, as a heading."""
    return say("Clicked by people") if kind == "clicked" else say("Opened by people")


def view(pace: Pace) -> PaceView:
    """One kind of reaction."""
    title = by_people(pace.kind)
    return PaceView(
        kind=pace.kind,
        title=title,
        base=say("%(base)s %(base_name)s", base=figures.count(pace.base), base_name=say(pace.base_name)),
        checkpoints=tuple(checkpoint(each) for each in pace.checkpoints),
        half_life=say("nobody yet") if pace.half_life is None else figures.duration(pace.half_life),
        ending=_ending(pace.ending),
        rests=_rests(pace.ending),
        chart=curves.by_age(pace.curve, title, pace.ending),
    )


def checkpoint(point: AtAge) -> AgeRow:
    """One checkpoint in words; a campaign too young for it says so."""
    row = curves.row_of(point)
    if point.cannot_say is None:
        return row
    return AgeRow(age=row.age, percent=say("not yet"), span="", base=say("no copy is that old"))


def checkpoints(found: Mapping[str, Sequence[AtAge]]) -> dict[str, Any] | None:
    """Opened and clicked at each checkpoint, a line each; None: nothing was sent."""
    if not found:
        return None
    columns = [[checkpoint(each) for each in some] for some in found.values()]
    rows = [{"age": cells[0].age, "cells": cells} for cells in zip(*columns, strict=True)]
    return {"heads": [by_people(kind) for kind in found], "rows": rows}


def _ending(found: Ending) -> str:
    if found.rate is None:
        return say(figures.CANNOT_SAY)
    return f"{figures.about(found.rate)} ({figures.about_span(found.low, found.high)})"


def _rests(found: Ending) -> str:
    if found.cannot_say is not None:
        return within("cannot say: %(why)s", found.cannot_say)
    age = figures.age(found.age)
    if found.earlier:
        return say(
            "when copies are %(age)s old; 90\N{NO-BREAK SPACE}%% interval. It rests on this campaign and on "
            "%(earlier)s earlier campaigns of this stream.",
            age=age,
            earlier=found.earlier,
        )
    return say(
        "when copies are %(age)s old; 90\N{NO-BREAK SPACE}%% interval. It rests on this campaign alone.", age=age
    )
