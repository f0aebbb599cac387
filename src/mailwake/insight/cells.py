"""Hits that were only counted, as far as they may be shown: not where few people stand behind them.

A counter names nobody; but that of a template that three people got tells of three people, and the difference of two
tables tells of one. So a template's hits are shown where ten delivered copies or more stand behind them, and further
ones are left out until no subtraction gives the small ones away. `None` stands for what is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailwake.insight.answers import CampaignReport, Group
from mailwake.sampling.cells import LEAST, suppress
from mailwake.store.events import EventStore

_AXES = {"opened": "opens", "clicked": "clicks"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Counters:
    """What was counted of one campaign, without what is left out."""

    #: as the question `counters` has them, of templates that may be shown
    rows: tuple[Mapping[str, Any], ...]
    #: hits of all templates by type; None: left out
    totals: Mapping[str, int | None]
    #: templates whose clicks are left out
    hidden: frozenset[int] = frozenset()

    def clicks(self, template: int, link: int) -> int | None:
        """Hits on one link; None: left out."""
        if template in self.hidden:
            return None
        place = (template, link, "clicked")
        return sum(int(row["n"]) for row in self.rows if (row["template"], row["link"], row["type"]) == place)


def counters(events: EventStore, campaign: int) -> Counters:
    """What may be shown of a campaign's counters; every surface and every file takes them from here."""
    rows = events.ask("counters", campaign=campaign)
    if not rows:
        return Counters(rows=(), totals=dict.fromkeys(_AXES, 0))
    bases = events.ask("counted_bases", campaign=campaign)
    gone = next((row for row in events.ask("rolled") if row["campaign"] == campaign), None)
    kept, totals, hidden = list[Mapping[str, Any]](), dict[str, int | None](), frozenset[int]()
    for kind, axis in _AXES.items():
        mine = [row for row in rows if row["type"] == kind]
        people = {row["template"]: int(row[axis]) for row in bases}
        # Of copies whose rows are gone it is known how many could not tell, and not of which template they were.
        unknown = 1 if gone is None else int(gone["delivered"] - gone[f"{axis}_trackable"])
        shown = _shown(mine, people, unknown)
        kept += [row for row in mine if row["template"] in shown.templates]
        totals[kind] = sum(row["n"] for row in mine) if shown.total else None
        hidden = frozenset(row["template"] for row in mine) - shown.templates
    return Counters(rows=tuple(kept), totals=totals, hidden=hidden)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    templates: frozenset[int]
    total: bool


def _shown(rows: Iterable[Mapping[str, Any]], people: Mapping[int, int], unknown: int) -> _Shown:
    """Hits on copies of which nobody knows how many were delivered are few people's, as far as one can tell."""
    hit = {row["template"] for row in rows}
    names = sorted(hit | set(people))
    sizes = [people.get(name) or (unknown if name in hit else 0) for name in names]
    found = suppress(sizes)
    visible = frozenset(name for name, is_shown in zip(names, found.cells, strict=True) if is_shown)
    return _Shown(templates=visible, total=found.total)


def aggregates_only(report: CampaignReport) -> CampaignReport:
    """A report for who may see no single person: in its breakdowns small groups are left out, and what gives them away.

    Of a group those are counted whom it shows, which is fewer than stand behind it: so no small group is shown. Few of
    a large one may have clicked. When somebody did is left out altogether: a quarter of an hour has one person in it.
    """
    return replace(
        report,
        over_time=None,
        first_day=None,
        clients=_large(report.clients),
        devices=_large(report.devices),
        countries=_large(report.countries),
        links=tuple(link for link in report.links if not 0 < link.clicked.raw < LEAST),
    )


def _large(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    shown = suppress([max(group.opened.raw, group.clicked.raw) for group in groups])
    return tuple(group for group, is_shown in zip(groups, shown.cells, strict=True) if is_shown)
