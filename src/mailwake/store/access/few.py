"""The stores as whoever may see numbers about many alone sees them: no campaign of few copies.

What a campaign amounts to that went to three people tells of three people. It is in no list, cannot be found, and
counts in no sum; segments, which may be of one person, have no names here. No address is shown either (`masked`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from mailwake.store.access.masked import MaskedState, masked_events
from mailwake.store.events import EventStore
from mailwake.store.state import Campaign, Experiment, Segment, StateStore

#: what tells of all campaigns, a row or more for each
_OF_CAMPAIGNS = frozenset(("campaigns_counts", "rolled", "rulesets", "links_everywhere", "roles", "repeats"))


def small_campaigns(events: EventStore, *, least: int) -> frozenset[int]:
    """Campaigns of which some copies were sent, and fewer than make a group safe.

    Args:
        events: the whole store.
        least: so many make it safe.
    """
    sent: Counter[int] = Counter()
    for row in events.ask("campaigns_counts") + events.ask("rolled"):
        sent[int(row["campaign"])] += max(int(row["sent"]), int(row["delivered"]))
    return frozenset(campaign for campaign, count in sent.items() if 0 < count < least)


class FewState(MaskedState):
    """The state store without small campaigns, experiments with a small variant, and names of segments.

    Args:
        state: the whole one, whose database this uses and never closes.
        small: campaigns that are hidden.
        events: the whole store; says how many copies each variant was sent as.
        least: so many make it safe.
    """

    def __init__(self, state: StateStore, small: frozenset[int], events: EventStore, *, least: int) -> None:
        super().__init__(state)
        self._small, self._all, self._least = small, events, least

    def campaigns(self) -> list[Campaign]:
        """Those that are not small."""
        return [each for each in super().campaigns() if each.id not in self._small]

    def find_campaign(self, id_or_name: int | str) -> Campaign | None:
        """One that is not small."""
        found = super().find_campaign(id_or_name)
        return None if found is None or found.id in self._small else found

    def experiments(self) -> list[Experiment]:
        """Those of which every variant went to nobody yet or to many."""
        return [each for each in super().experiments() if self._is_of_many(each)]

    def experiment(self, name: str) -> Experiment | None:
        """One of which every variant went to nobody yet or to many."""
        found = super().experiment(name)
        return found if found is not None and self._is_of_many(found) else None

    def _is_of_many(self, experiment: Experiment) -> bool:
        if experiment.campaign in self._small:
            return False
        rows = self._all.ask("variants_counts", campaign=experiment.campaign, role="")
        return not any(0 < int(row["sent"]) < self._least for row in rows)

    def segments(self) -> list[Segment]:
        """None: each may be of one person."""
        return []

    def segment(self, name: str) -> Segment | None:  # noqa: ARG002 - as the whole store takes it
        """None."""
        return None


class _FewEvents:
    """Answers of an event store without the rows of small campaigns, where it tells of all of them."""

    def __init__(self, events: EventStore, small: frozenset[int]) -> None:
        self._events, self._small = events, small

    def ask(self, question: str, **parameters: int | str) -> list[dict[str, Any]]:
        rows = self._events.ask(question, **parameters)
        return [row for row in rows if row["campaign"] not in self._small] if question in _OF_CAMPAIGNS else rows

    def stream(self, question: str, *, batch: int, **parameters: int | str) -> Iterator[list[dict[str, Any]]]:
        return self._events.stream(question, batch=batch, **parameters)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else the store has
        return getattr(self._events, name)


def few_events(events: EventStore, small: frozenset[int]) -> EventStore:
    """An event store that tells of no small campaign, and quotes no address."""
    return cast("EventStore", _FewEvents(masked_events(events), small))
