"""Many entries' actions written down together, because a transaction for each costs more than the actions.

First what has to be known to take something back, then what the org is to have, then that it is done: in this order,
so that whoever dies in between does the same again, which changes nothing. What leaves at once, a webhook, is not
gathered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mailwake.events import Micros
from mailwake.store.crm import Wish
from mailwake.store.workflows import RuleEntry
from mailwake.workflows.acting import Means, waits

#: entries that are written down together
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Gathering(Means):
    """The same means, whose writing waits for `flush`."""

    #: by the entry's id: the entry as it was, how far its actions got, and when there is more to do
    done: dict[int, tuple[RuleEntry, dict[str, Any], int]] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    #: owners and days whose digest is among the wishes
    digests: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, means: Means) -> Gathering:
        """Nothing gathered yet."""
        return cls(**{each.name: getattr(means, each.name) for each in fields(means)})

    def save(self, entry: RuleEntry, actions: Mapping[str, Any], *, next_at: int = 0) -> None:
        """See `Means.save`."""
        self.done[entry.id] = entry, dict(actions), next_at

    def wish(self, wish: Wish, now: Micros) -> None:  # noqa: ARG002 - all of them are wished at one time
        """See `Means.wish`."""
        self.wishes.append(wish)

    def is_new_digest(self, owner: str, day: str) -> bool:
        """Whether this one was not wished for yet; it tells of everybody at once."""
        known = (owner, day) in self.digests
        self.digests.add((owner, day))
        return not known

    @property
    def is_full(self) -> bool:
        """Whether it is time to write."""
        return len(self.done) >= MOST

    def flush(self, now: Micros) -> None:
        """Write all of it down.

        Raises:
            Unavailable: a store is away; what is written is done again.
        """
        if self.wishes:
            self.store.change_entries([_known(entry, actions) for entry, actions, _ in self.done.values()])
            self.crm.wish(self.wishes, now=now)
        self.store.change_entries(
            [
                {"id": entry.id, "actions": actions, "is_open": waits(actions), "next_at": next_at}
                for entry, actions, next_at in self.done.values()
            ]
        )
        for each in (self.done, self.wishes, self.digests):
            each.clear()


def _known(entry: RuleEntry, actions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What is known of the actions, none of which is called done yet."""
    told = {kind: {**each, "state": entry.actions[kind]["state"]} for kind, each in actions.items()}
    return {"id": entry.id, "actions": told, "is_open": True, "next_at": 0}
