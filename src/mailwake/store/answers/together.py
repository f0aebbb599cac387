"""The answer to a question on all campaigns, put together from those on each.

Where many are missing they are asked together, so many that no question needs the memory that all at once would, and
the answer is taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from mailwake.store.events import EventStore

Rows = list[dict[str, Any]]
#: question on all campaigns, one row or more for each, by id, to the question on one that has the same rows; a third
#: one, whose name ends in ``_between``, has those of campaigns that follow each other
OF_ALL: Mapping[str, str] = {
    "campaigns_counts": "campaign_counts",
    "rulesets": "campaign_rulesets",
    "links_everywhere": "campaign_clicks",
    "roles": "campaign_roles",
    "repeats": "campaign_repeats",
}
#: that say what became of a copy as a whole: asked of several campaigns together they say something else of a copy that
#: two of them claim. All others tell the campaigns apart within a copy, too
_OF_COPIES = frozenset(("campaigns_counts",))
#: of so many missing answers on a campaign each is asked for itself
FEW = 4
#: events that are looked at together, unless one campaign has more
_AT_ONCE = 1_000_000


def runs(campaigns: Rows, wanted: Set[int]) -> Iterator[list[int]]:
    """The wanted ones of all campaigns, by id, in runs that no other interrupts and that are not too large."""
    run, size = list[int](), 0
    for row in campaigns:
        each, more = row["campaign"], row["event_count"]
        if run and (each not in wanted or size + more > _AT_ONCE):
            yield run
            run, size = [], 0
        if each in wanted:
            run.append(each)
            size += more
    if run:
        yield run


def of_run(store: EventStore, question: str, run: Sequence[int]) -> dict[int, Rows]:
    """What a question on one campaign would say of each of these, but for those whose copies are in dispute."""
    reach = {"first": run[0], "last": run[-1]}
    shared = store.ask("campaigns_sharing", **reach) if question in _OF_COPIES else []
    disputed = {row["campaign"] for row in shared}
    found: dict[int, Rows] = {each: [] for each in run if each not in disputed}
    for row in store.ask(f"{question}_between", **reach):
        if row["campaign"] in found:
            found[row["campaign"]].append(row)
    return found
