"""Links summed up over all mail: by what they say, by where they lead, and by what sort of link they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mailwake.errors import BadInput
from mailwake.insight.stores import Stores
from mailwake.insight.tally import Reaction, reaction
from mailwake.language import noted
from mailwake.store.state import LinkRow

#: by what links are summed up: word in URLs to the words on the page
SORTS: Mapping[str, str] = {"label": noted("by text"), "role": noted("by role"), "target": noted("by target")}
_NAMES: Mapping[str, Callable[[LinkRow], str]] = {"label": lambda link: link.label, "target": lambda link: link.href}
Row = Mapping[str, Any]


@dataclass(kw_only=True, slots=True)
class LinkSum:
    """Links with something in common, in one campaign or in all of them."""

    name: str
    #: id of the only campaign; None: all of them
    campaign: int | None = None
    #: clicks, each counted
    clicks: int = 0
    #: of these by machines
    by_machines: int = 0
    #: copies: of a label or target each once per place of the link, of a role each once
    human: int = 0
    possible: int = 0
    machine: int = 0
    #: ids
    campaigns: set[int] = field(default_factory=set)

    @property
    def clicked(self) -> Reaction:
        """Copies, by who it most likely was."""
        return reaction(human=self.human, possible=self.possible, machine=self.machine)

    def add(self, row: Row) -> None:
        """Take one more row of a question in."""
        self.clicks += row["event_count"]
        self.by_machines += row["by_machines"]
        self.human += row["human"]
        self.possible += row["possible"]
        self.machine += row["machine"]
        self.campaigns.add(row["campaign"])


def link_sums(stores: Stores, by: str) -> tuple[LinkSum, ...]:
    """Every name of that sort, those that most copies were clicked for by people first.

    Raises:
        BadInput: there is no such sort.
    """
    return _summed(_named(stores, by), of_campaigns=False)


def by_campaign(stores: Stores, by: str, name: str) -> tuple[LinkSum, ...]:
    """One name, a line for each campaign.

    Raises:
        BadInput: there is no such sort.
    """
    return _summed(((each, row) for each, row in _named(stores, by) if each == name), of_campaigns=True)


def clicks_behind(stores: Stores, text: str) -> LinkSum:
    """All links that have this in their label or target, as a query's text chooses them."""
    wanted = text.casefold()
    known = _links(stores, lambda link: f"{link.label}\n{link.href}".casefold())
    found = LinkSum(name=text)
    for row in stores.events.ask("links_everywhere"):
        if wanted in known.get((row["template"], row["link"]), ""):
            found.add(row)
    return found


def _named(stores: Stores, by: str) -> Iterable[tuple[str, Row]]:
    """Rows of clicks with the name of their links."""
    if by not in SORTS:
        raise BadInput(f"links cannot be summed up by {by[:40]!r}; there are {', '.join(SORTS)}")
    if by == "role":
        return ((row["role"] or "", row) for row in stores.events.ask("roles"))
    known = _links(stores, _NAMES[by])
    rows = stores.events.ask("links_everywhere")
    return ((known.get((row["template"], row["link"]), ""), row) for row in rows)


def _links(stores: Stores, name: Callable[[LinkRow], str]) -> dict[tuple[int | None, int], str]:
    return {(link.template, link.number): name(link) for link in stores.state.tracked_links()}


def _summed(rows: Iterable[tuple[str, Row]], *, of_campaigns: bool) -> tuple[LinkSum, ...]:
    found: dict[tuple[str, int | None], LinkSum] = defaultdict(lambda: LinkSum(name=""))
    for name, row in rows:
        key = (name, row["campaign"] if of_campaigns else None)
        found[key].name, found[key].campaign = key
        found[key].add(row)
    return tuple(sorted(found.values(), key=lambda each: (-each.human, -each.clicks, each.name)))
