"""Links that no person follows: hidden ones, and ones whose seal somebody broke.

A hit re-labels what the same visitor did before and after, and what others did close to it. A single hidden link apart
from all else, from a person's network, is what a screen reader or a plain-text view does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailwake.events import SECOND
from mailwake.judge.delivery import Seen, Sort
from mailwake.judge.rules import Rules, Term


class Witnesses:
    """Decoy hits and refused links of one delivery.

    Args:
        seen: all events, by time.
    """

    def __init__(self, rules: Rules, seen: Sequence[Seen]) -> None:
        self._rules = rules
        witnesses = [each for each in seen if each.sort is Sort.WITNESS]
        self._decoys = [each for each in witnesses if not each.refused]
        self._refused = [each for each in witnesses if each.refused]
        self._clicks = [each for each in seen if each.sort is Sort.CLICK] if self._decoys else []
        self._assistive = self._looks_assistive()

    def terms(self, event: Seen) -> Iterable[Term]:
        """At most one term for decoys and one for refused links: the strongest of each."""
        if event.own.proxy or event.own.mpp:
            return
        if self._decoys:
            yield min((self._decoy(event, each) for each in self._decoys), key=lambda term: term.weight)
        if self._refused:
            found = [term for each in self._refused if (term := self._broken(event, each))]
            if found:
                yield min(found, key=lambda term: term.weight)

    def _term(self, code: str, event: Seen, fact: str) -> Term:
        return Term(code, self._rules.weights[f"witness.{code}"].of(event.scope), fact)

    def _decoy(self, event: Seen, decoy: Seen) -> Term:
        if event is decoy or (event.visitor is not None and event.visitor == decoy.visitor):
            if self._assistive:
                return self._term(
                    "decoy_assistive", event, "followed one hidden link, apart from others, as a screen reader does"
                )
            return self._term("decoy_same_visitor", event, "the same visitor followed a hidden link")
        near = self._rules.numbers["witness.decoy_near_seconds"] * SECOND
        if abs(event.at - decoy.at) <= near:
            return self._term("decoy_near", event, "a hidden link was followed at about the same time")
        return self._term("decoy_elsewhere", event, "a hidden link in this copy was followed by somebody else")

    def _broken(self, event: Seen, refused: Seen) -> Term | None:
        near = self._rules.numbers["witness.refused_near_seconds"] * SECOND
        if event is not refused and abs(event.at - refused.at) > near:
            return None
        if event is refused or (event.network is not None and event.network == refused.network):
            return self._term("refused_same_network", event, "altered the address of a link")
        if event.network is None or refused.network is None:
            return self._term("refused_near", event, "somebody altered the address of a link at about the same time")
        return None

    def _looks_assistive(self) -> bool:
        if len(self._decoys) != 1:
            return False
        decoy = self._decoys[0]
        apart = self._rules.numbers["witness.assistive_seconds"] * SECOND
        mine = {each.link for each in self._clicks if each.visitor == decoy.visitor}
        return decoy.own.consumer and len(mine) <= 2 and all(abs(each.at - decoy.at) >= apart for each in self._clicks)
