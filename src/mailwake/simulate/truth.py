"""What the crowd really did: one record per delivered copy, written when an action was answered.

`answered` is certain. What was sent and never answered may have arrived or not; it is counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mailwake.simulate.acts import Act, Action, Doer


@dataclass(kw_only=True, slots=True)
class Deeds:
    """What happened to one copy."""

    #: name of the campaign
    campaign: str
    address: str = field(repr=False)
    #: somebody read it, visible or not
    read: bool = False
    #: pixel loads and followed links that were answered
    opens: dict[Doer, int] = field(default_factory=dict)
    clicks: dict[Doer, int] = field(default_factory=dict)
    #: opens by a person that came through Apple's proxy, where nobody can tell them from a prefetch
    hidden_opens: int = 0
    unsubscribed: bool = False
    complained: bool = False
    #: pages looked at, scrambled links tried
    looks: int = 0
    scrambled: int = 0
    #: requests sent without an answer, which may count once more than they did
    unanswered: int = 0
    #: requests that nobody ever answered
    lost: int = 0

    def opened_by(self) -> Doer | None:
        """A person before a machine; None: nobody loaded the pixel."""
        return _first(self.opens)

    def clicked_by(self) -> Doer | None:
        """A person before a machine; None: nobody followed a link."""
        return _first(self.clicks)

    def note(self, action: Action, *, answered: bool, unanswered: int = 0) -> None:
        """Write down one action."""
        self.unanswered += unanswered
        if not answered:
            self.lost += 1
        elif action.act in (Act.OPEN, Act.CLICK):
            counts = self.opens if action.act is Act.OPEN else self.clicks
            counts[action.doer] = counts.get(action.doer, 0) + 1
            hidden = action.act is Act.OPEN and action.doer is Doer.PERSON
            self.hidden_opens += hidden and action.agent in ("apple_privacy", "private_relay")
        elif action.act in (Act.ONE_CLICK, Act.BUTTON):
            self.unsubscribed = True
        elif action.act is Act.COMPLAIN:
            self.complained = True
        elif action.act is Act.READ:
            self.read = True
        elif action.act is Act.LOOK:
            self.looks += 1
        else:
            self.scrambled += 1


def _first(counts: dict[Doer, int]) -> Doer | None:
    if counts.get(Doer.PERSON):
        return Doer.PERSON
    return Doer.MACHINE if counts.get(Doer.MACHINE) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """The deeds of one campaign, counted in copies."""

    copies: int
    read: int
    opened: int
    opened_by_person: int
    #: of those, seen only through Apple's proxy
    opened_hidden: int
    opened_by_machine: int
    clicked: int
    clicked_by_person: int
    clicked_by_machine: int
    unsubscribed: int
    complained: int
    #: requests, answered
    requests: int
    #: requests sent without an answer
    unanswered: int
    lost: int


def add_up(deeds: Iterable[Deeds]) -> Sums:
    """All of them together."""
    every = list(deeds)
    opened, clicked = [each.opened_by() for each in every], [each.clicked_by() for each in every]
    return Sums(
        copies=len(every),
        read=sum(each.read for each in every),
        opened=sum(who is not None for who in opened),
        opened_by_person=opened.count(Doer.PERSON),
        opened_hidden=sum(0 < each.hidden_opens == each.opens.get(Doer.PERSON) for each in every),
        opened_by_machine=opened.count(Doer.MACHINE),
        clicked=sum(who is not None for who in clicked),
        clicked_by_person=clicked.count(Doer.PERSON),
        clicked_by_machine=clicked.count(Doer.MACHINE),
        unsubscribed=sum(each.unsubscribed for each in every),
        complained=sum(each.complained for each in every),
        requests=sum(sum(each.opens.values()) + sum(each.clicks.values()) for each in every),
        unanswered=sum(each.unanswered for each in every),
        lost=sum(each.lost for each in every),
    )
