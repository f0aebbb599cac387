"""What went before and came after: an open, a return, a pre-check, a reply, a conversion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mailwake.events import SECOND
from mailwake.judge.delivery import Seen, Sort
from mailwake.judge.rules import Rules, Term

_MINUTE = 60 * SECOND
_DAY = 86_400 * SECOND


class Follow:
    """Terms that one event of a delivery lends to another.

    Args:
        seen: all events, by time.
        bases: id to the log-odds of each event by itself, with timing and bursts; only what looks like a person by
            itself lends anything, so that two machines do not vouch for each other.
    """

    def __init__(self, rules: Rules, seen: Sequence[Seen], bases: Mapping[int, float]) -> None:
        self._rules = rules
        self._bases = bases
        self._least = rules.numbers["follow.proof_least"]
        self._opens = [each for each in seen if each.sort is Sort.OPEN]
        self._clicks = [each for each in seen if each.sort is Sort.CLICK]
        self._proofs = [each for each in seen if each.sort is Sort.PROOF]
        #: nobody here looks like a person, so nobody can vouch for anybody
        self._alike = max(bases.values()) < 0.0 and not self._proofs and not any(each.own.mpp for each in self._opens)

    def terms(self, event: Seen) -> Iterable[Term]:
        """The terms of one open or click."""
        own, sort = event.own, event.sort
        if self._alike or own.proxy or own.mpp or (sort is not Sort.OPEN and sort is not Sort.CLICK):
            return
        if event.sort is Sort.CLICK:
            yield from self._opened_before(event)
            yield from self._pair(event)
        elif any(_gap(event, each, SECOND, 30 * _MINUTE) and self._vouches(event, each, 1.0) for each in self._clicks):
            yield self._term("click_after", event, "the same visitor clicked soon after")
        yield from self._returned(event)
        yield from self._proven(event)

    def _term(self, code: str, event: Seen, fact: str) -> Term:
        return Term(code, self._rules.weights[f"follow.{code}"].of(event.scope), fact)

    def _vouches(self, event: Seen, other: Seen, least: float) -> bool:
        return event.visitor is not None and event.visitor == other.visitor and self._bases[other.id] >= least

    def _opened_before(self, event: Seen) -> Iterable[Term]:
        if any(_gap(each, event, SECOND, 30 * _MINUTE) and self._vouches(event, each, 0.0) for each in self._opens):
            yield self._term("open_before", event, "the same visitor opened shortly before")
        elif any((each.own.proxy or each.own.mpp) and _gap(each, event, 0, 10 * _MINUTE) for each in self._opens):
            yield self._term("proxied_open_before", event, "the mailbox fetched the images shortly before")

    def _pair(self, event: Seen) -> Iterable[Term]:
        for other in self._clicks:
            if other.link != event.link or other.own.rented == event.own.rented:
                continue
            first, second = (event, other) if event.own.rented else (other, event)
            if not _gap(first, second, SECOND // 5, 3 * SECOND) or self._bases[second.id] < 0:
                continue
            if event is first:
                yield self._term("pair_precheck", event, "looked at a link just before somebody followed it")
            else:
                yield self._term("pair_person", event, "came just after a gateway had looked at the link")
            return

    def _returned(self, event: Seen) -> Iterable[Term]:
        if event.visitor is None or event.own.rented or self._bases[event.id] < 0:
            return
        for other in (*self._opens, *self._clicks):
            if abs(other.at - event.at) > 10 * _MINUTE and self._vouches(event, other, 0.0):
                yield self._term("returned", event, "the same visitor came more than once, over ten minutes apart")
                return

    def _proven(self, event: Seen) -> Iterable[Term]:
        for proof in self._proofs:
            if not 0 <= proof.at - event.at <= _DAY or self._bases[event.id] < self._least:
                continue
            if proof.reply:
                yield self._term("replied", event, "the recipient replied")
                return
            if event is self._last_before(proof):
                yield self._term("converted", event, "a goal was reached after it")
                return

    def _last_before(self, proof: Seen) -> Seen | None:
        before = [each for each in self._clicks if each.at <= proof.at and self._bases[each.id] >= self._least]
        return before[-1] if before else None


def _gap(first: Seen, second: Seen, least: int, most: int) -> bool:
    return least <= second.at - first.at <= most
