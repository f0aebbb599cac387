"""What was counted for one campaign: every figure that a rate may have above or below its line.

All counts are deliveries (one recipient's copy), counted once each however often something happened to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from mailwake.stats.uncertain import Expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """Deliveries that something reacted to, sorted by who it most likely was.

    ``raw = human + possible + machine``, always. The sorting is for lists and drawings. How many people it makes is
    `Tally.opened_expected` and its like: a sum of probabilities, which no threshold bends.
    """

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
NO_ONE = Expected()


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
    #: copies sent of which nobody has said yet what became of them
    unresolved: int = 0
    #: copies reported as spam
    complained: int = 0
    #: copies from which somebody asked to stop
    unsubscribed: int = 0
    #: copies that a person answered
    replied: int = 0
    #: delivered copies whose recipient's consent lets an open be told
    opens_trackable: int = 0
    #: delivered copies whose recipient's consent lets a click be told
    clicks_trackable: int = 0
    #: how many of all copies people opened: the sum of probabilities, and its variance
    opened_expected: Expected = NO_ONE
    #: of those among `opens_trackable`, which rates are made of
    opened_expected_in_base: Expected = NO_ONE
    #: in how many of all copies people followed a link: the sum of probabilities, and its variance
    clicked_expected: Expected = NO_ONE
    #: of those among `clicks_trackable`, which rates are made of
    clicked_expected_in_base: Expected = NO_ONE
    #: all copies that were opened, also those not known to be delivered
    opened: Reaction = NOBODY
    #: those among `opens_trackable`, which rates are made of
    opened_in_base: Reaction = NOBODY
    #: all copies in which a link was followed, also those not known to be delivered
    clicked: Reaction = NOBODY
    #: those among `clicks_trackable`, which rates are made of
    clicked_in_base: Reaction = NOBODY


#: field to reaction and scope in the store's columns
_EXPECTED = {
    "opened_expected": ("opened", ""),
    "opened_expected_in_base": ("opened", "_in_base"),
    "clicked_expected": ("clicked", ""),
    "clicked_expected_in_base": ("clicked", "_in_base"),
}
_PARTS = ("human", "possible", "machine")
_COUNTS = tuple(each.name for each in fields(Tally) if each.type == "int")
_REACTIONS = {
    "opened": ("opened", ""),
    "opened_in_base": ("opened", "_in_base"),
    "clicked": ("clicked", ""),
    "clicked_in_base": ("clicked", "_in_base"),
}


def read(row: Mapping[str, int | None]) -> Tally:
    """The tally in an answer of the event store; its columns are those of `campaign_counts`."""
    counts: dict[str, Any] = {name: row[name] or 0 for name in _COUNTS}
    for name, (kind, scope) in _REACTIONS.items():
        counts[name] = reaction(**{part: row[f"{kind}_{part}{scope}"] or 0 for part in _PARTS})
    for name, (kind, scope) in _EXPECTED.items():
        mean, variance = row[f"{kind}_expected{scope}"] or 0, row[f"{kind}_doubt{scope}"] or 0
        counts[name] = Expected(mean=mean / 1e4, variance=variance / 1e8)
    return Tally(**counts)


def add(tallies: Iterable[Tally]) -> Tally:
    """One tally for several campaigns; a delivery belongs to one campaign, so counts add."""
    all_of_them = list(tallies)
    counts: dict[str, Any] = {name: sum(getattr(tally, name) for tally in all_of_them) for name in _COUNTS}
    for name in _REACTIONS:
        counts[name] = _together(getattr(tally, name) for tally in all_of_them)
    for name in _EXPECTED:
        counts[name] = sum((getattr(tally, name) for tally in all_of_them), start=NO_ONE)
    return Tally(**counts)


def _together(reactions: Iterable[Reaction]) -> Reaction:
    all_of_them = list(reactions)
    return reaction(**{part: sum(getattr(each, part) for each in all_of_them) for part in _PARTS})
