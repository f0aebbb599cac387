"""Links that no person follows: hidden ones, and ones whose seal somebody broke.

A hit re-labels what the same visitor did before and after, and what others did close to it. A single hidden link apart
from all else is what a screen reader or a plain-text view does.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailwake.events import SECOND
from mailwake.judge.delivery import Seen, Sort
from mailwake.judge.rules import Cell

#: Others within this of a hidden link share its suspicion. Source: mautic 9798 used 10 s
_DECOY_NEAR = 15 * SECOND
#: gophish 973: the altered address is asked for within the same second; retries follow
_ALTERED_NEAR = 60 * SECOND
#: A person needs this long between two things.
_APART = 1.5 * SECOND


class Witnesses:
    """Decoy hits and refused links of one delivery.

    Args:
        seen: all events, by time.
    """

    def __init__(self, seen: Sequence[Seen]) -> None:
        witnesses = [each for each in seen if each.sort is Sort.WITNESS]
        self._decoys = [each for each in witnesses if not each.refused]
        self._refused = [each for each in witnesses if each.refused]
        self._clicks = [each for each in seen if each.sort is Sort.CLICK] if self._decoys else []
        self._assistive = self._looks_assistive()

    def cells(self, event: Seen) -> list[Cell]:
        """At most one cell for decoys and one for altered links: the nearest of each."""
        if event.own.proxy or event.own.mpp:
            return []
        found = [self._decoy(event)] if self._decoys else []
        if self._refused and (altered := self._altered(event)):
            found.append(altered)
        return found

    def _decoy(self, event: Seen) -> Cell:
        if any(event is each or (event.visitor is not None and event.visitor == each.visitor) for each in self._decoys):
            if self._assistive:
                return Cell("decoy.apart", "followed one hidden link, apart from others, as a screen reader does")
            return Cell("decoy.same_visitor", "the same visitor followed a hidden link")
        near = any(abs(event.at - each.at) <= _DECOY_NEAR for each in self._decoys)
        if any(event.network is not None and event.network == each.network for each in self._decoys):
            return Cell(f"decoy.same_network{'_near' if near else ''}", "a hidden link was followed from this network")
        if near:
            return Cell("decoy.near", "a hidden link was followed at about the same time")
        return Cell("decoy.elsewhere", "a hidden link in this copy was followed by somebody else")

    def _altered(self, event: Seen) -> Cell | None:
        for each in self._refused:
            if event is each or (event.visitor is not None and event.visitor == each.visitor):
                return Cell("altered.same_visitor", "altered the address of a link")
        close = [each for each in self._refused if abs(event.at - each.at) <= _ALTERED_NEAR]
        if any(event.network is not None and event.network == each.network for each in close):
            return Cell("altered.same_network", "somebody on this network altered the address of a link")
        if close:
            return Cell("altered.near", "somebody altered the address of a link at about the same time")
        return None

    def _looks_assistive(self) -> bool:
        if len(self._decoys) != 1:
            return False
        decoy = self._decoys[0]
        if decoy.own.group in ("scanner", "microsoft"):
            return False
        mine = {each.link for each in self._clicks if each.visitor == decoy.visitor}
        return len(mine) <= 2 and all(abs(each.at - decoy.at) >= _APART for each in self._clicks)
