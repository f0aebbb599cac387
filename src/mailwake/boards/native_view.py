"""What the page on Salesforce's own tracking shows: where it and we disagree, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.mark import Mark
from mailwake.drawing import figures
from mailwake.language import noted, say, several
from mailwake.native.report import AGREE, DIFFER, UNSURE, NativeLine, NativeList, NativeReport

PATH = "/salesforce/reconcile"
_AXES = {
    "opened": noted("Opened"),
    "clicked": noted("Clicked"),
    "came_back": noted("Came back"),
    "not_compared": noted("Not compared"),
}
_MARKS = {
    AGREE: ("good", "✓", noted("agree")),
    DIFFER: ("bad", "≠", noted("differ")),
    UNSURE: ("unsure", "?", noted("cannot say")),
}
_SPANS = (7, 30, 90, 365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """What is told of one thing that can happen."""

    title: str
    #: mark, count, why, ids of records in the org
    rows: tuple[tuple[Mark, str, str, tuple[str, ...]], ...]


def values(told: NativeReport, zone: ZoneInfo) -> dict[str, Any]:
    """What `native.html` names."""
    return {
        "told": told,
        "read": "" if told.read_at is None else figures.moment(told.read_at, zone),
        "mails": several("%(count)s recipient of mail there", "%(count)s recipients of mail there", told.mails,
                         count=figures.count(told.mails)),
        "compared": several("%(count)s copy of ours found", "%(count)s copies of ours found", told.compared,
                            count=figures.count(told.compared)),
        "groups": list(_groups(told)),
        "lists": [_list(each, zone) for each in told.lists],
        "spans": [(f"{PATH}?days={days}", say("%(count)s days", count=str(days)), days == told.days)
                  for days in _SPANS],
    }  # fmt: skip


def _groups(told: NativeReport) -> Iterator[Group]:
    for axis, lines in groupby(told.lines, key=lambda line: line.axis):
        yield Group(title=say(_AXES[axis]), rows=tuple(_row(each) for each in lines))


def _row(line: NativeLine) -> tuple[Mark, str, str, tuple[str, ...]]:
    kind, sign, word = _MARKS[line.verdict]
    return Mark(kind=kind, sign=sign, word=say(word)), figures.count(line.count), say(line.why), line.records


def _list(told: NativeList, zone: ZoneInfo) -> tuple[str, str, str, str]:
    there, here = (say("cannot say") if n is None else figures.count(n) for n in (told.there, told.here))
    return told.name, "" if told.sent_at is None else figures.moment(told.sent_at, zone), there, here
