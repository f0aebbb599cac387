"""What was refused for good, added up by campaign and recipient domain, also what no cause was written down of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mailwake.events import CampaignId, Micros
from mailwake.insight.domain_names import domain_names
from mailwake.insight.stores import Stores
from mailwake.store.state import Campaign, Refusal

#: The cause and the class of copies that came back and of which no cause was written down.
NO_CAUSE, UNTOLD = "no_cause", "untold"
#: copies read at once; whoever looks at a page waits no longer for it than that
_BATCH = 2_000


@dataclass(kw_only=True, slots=True)
class Why:
    """The refusals of one cause."""

    klass: str
    first_at: int
    last_at: int
    #: whose copies; of a recipient who is not known the copy's own number
    handles: set[int] = field(default_factory=set)
    #: what servers said to how many
    words: Counter[str] = field(default_factory=Counter)

    @property
    def copies(self) -> int:
        """A recipient's copy of a campaign counts once, however often it was refused."""
        return len(self.handles)

    def add(self, handle: int, at: int, words: str) -> None:
        """Somebody was refused once more."""
        self.handles.add(handle)
        self.words[words] += 1
        self.first_at, self.last_at = min(self.first_at, at), max(self.last_at, at)


@dataclass(kw_only=True, slots=True)
class Cell:
    """The copies of one campaign to one domain that were refused. No copy is in two cells, so that they add up."""

    #: None: not known, here and below
    campaign: int | None
    domain: str | None
    #: whose copies, each once, whatever it was refused for
    handles: set[int] = field(default_factory=set)
    #: class to whose copies
    classes: dict[str, set[int]] = field(default_factory=dict)
    #: cause to its refusals
    causes: dict[str, Why] = field(default_factory=dict)
    #: the storms that some were part of
    storms: set[int] = field(default_factory=set)

    @property
    def copies(self) -> int:
        """How many were refused."""
        return len(self.handles)

    @property
    def first_at(self) -> int:
        """The first refusal, microseconds."""
        return min(why.first_at for why in self.causes.values())

    def by_class(self) -> Counter[str]:
        """Class to copies, each once per class."""
        return Counter({klass: len(handles) for klass, handles in self.classes.items()})

    def add(self, handle: int, at: int, *, category: str, klass: str, words: str) -> None:
        """A copy was refused once more."""
        why = self.causes.get(category)
        if why is None:
            why = self.causes[category] = Why(klass=klass, first_at=at, last_at=at)
        why.add(handle, at, words)
        self.handles.add(handle)
        self.classes.setdefault(klass, set()).add(handle)


#: By campaign and domain.
_Cells = dict[tuple[int | None, str | None], Cell]


def _cell(cells: _Cells, campaign: int | None, domain: str | None) -> Cell:
    """The cell of that place, a new one at first."""
    found = cells.get((campaign, domain))
    if found is None:
        found = cells[campaign, domain] = Cell(campaign=campaign, domain=domain)
    return found


def refused(stores: Stores, campaign: Campaign | None, since: Micros) -> list[Cell]:
    """All that was refused for good from a time on.

    Args:
        stores: where to look.
        campaign: the only one; None: all of them.
        since: microseconds since 1970.
    """
    rows = stores.state.refusals_of_campaign(None if campaign is None else campaign.id, since=since)
    copies = {(row.handle, row.campaign) for row in rows}
    asked = {"campaign": 0 if campaign is None else campaign.id, "since": since}
    back = (row for some in stores.events.stream("returned_copies", batch=_BATCH, **asked) for row in some)
    return [*_told(rows), *_untold(stores, (row for row in back if (row["recipient"], row["campaign"]) not in copies))]


def _told(rows: Iterable[Refusal]) -> Iterable[Cell]:
    """Those whose cause was written down; a copy stays with the domain that it was first refused at."""
    cells: _Cells = {}
    domains: dict[tuple[int, CampaignId | None], str | None] = {}
    for row in rows:
        domain = domains.setdefault((row.handle, row.campaign), row.domain)
        cell = _cell(cells, row.campaign, domain)
        cell.add(row.handle, row.at, category=row.category, klass=row.klass, words=row.quoted)
        if row.incident is not None:
            cell.storms.add(row.incident)
    return cells.values()


def _untold(stores: Stores, rows: Iterable[Mapping[str, Any]]) -> Iterable[Cell]:
    """Those that came back without a cause; whose recipient is not known counts by its own number."""
    cells: _Cells = {}
    someone: dict[str, dict[str, Any]] = {}
    for row in rows:
        domain, handle = row["domain"], row["recipient"] or row["unit"]
        cell = _cell(cells, row["campaign"], domain)
        cell.add(handle, row["bounced_at"], category=NO_CAUSE, klass=UNTOLD, words=row["reason"] or "")
        if domain:
            someone.setdefault(domain, {"domain": domain, "one": row["recipient"]})["another"] = row["recipient"]
    names = domain_names(stores, someone.values())
    for cell in cells.values():
        cell.domain = names.get(cell.domain or "")
    return cells.values()
