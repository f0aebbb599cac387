"""What was counted for one campaign: every figure that a rate may have above or below its line.

All counts are deliveries (one recipient's copy), counted once each however often something happened to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """Deliveries that something reacted to, split by who it was. ``raw = human + possible + machine``, always."""

    #: at least one event was a person's, with probability 0.5 or more
    human: int = 0
    #: none was, but one may have been: probability 0.2 or more, unknown, or Apple's privacy proxy
    possible: int = 0
    #: machines only
    machine: int = 0
    #: all three together
    raw: int = 0

    def __post_init__(self) -> None:
        """Refuse parts that do not add up: a wrong number is worse than none."""
        if self.raw != self.human + self.possible + self.machine:
            raise ValueError(f"{self.human} + {self.possible} + {self.machine} is not {self.raw}")


def reaction(*, human: int = 0, possible: int = 0, machine: int = 0) -> Reaction:
    """A reaction from its parts."""
    return Reaction(human=human, possible=possible, machine=machine, raw=human + possible + machine)


NOBODY = Reaction()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """The counts of a campaign, or of several together."""

    #: copies handed to the next server, or about to be
    sent: int = 0
    #: copies a server took responsibility for, and that did not bounce later
    delivered: int = 0
    #: copies put off at least once
    deferred: int = 0
    #: copies refused for good, at once or by a later notice
    bounced: int = 0
    #: copies refused before sending: suppressed, malformed, forbidden
    rejected: int = 0
    #: copies our side could not send
    failed: int = 0
    #: copies reported as spam
    complained: int = 0
    #: copies from which somebody asked to stop
    unsubscribed: int = 0
    #: delivered copies with a pixel of their own, under their recipient's consent
    opens_trackable: int = 0
    #: delivered copies with tracked links of their own, under their recipient's consent
    clicks_trackable: int = 0
    opened: Reaction = field(default=NOBODY)
    clicked: Reaction = field(default=NOBODY)


def add(tallies: Iterable[Tally]) -> Tally:
    """One tally for several campaigns; a delivery belongs to one campaign, so counts add."""
    total: dict[str, int] = {}
    parts: dict[str, dict[str, int]] = {"opened": {}, "clicked": {}}
    for tally in tallies:
        for each in fields(Tally):
            value = getattr(tally, each.name)
            if isinstance(value, Reaction):
                _add_reaction(parts[each.name], value)
            else:
                total[each.name] = total.get(each.name, 0) + value
    return Tally(**total, opened=reaction(**parts["opened"]), clicked=reaction(**parts["clicked"]))


def _add_reaction(into: dict[str, int], value: Reaction) -> None:
    for name in ("human", "possible", "machine"):
        into[name] = into.get(name, 0) + getattr(value, name)
