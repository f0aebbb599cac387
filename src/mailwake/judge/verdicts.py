"""The judge over a stream: takes evidence in any order, tells every verdict that is new or has changed.

Pure: no clock, no files. What is open is kept per delivery (`delivery.py`, bounded); what settled is forgotten, but for
the time of delivery (`clock.py`). A hit that comes after its delivery settled opens a new episode of that delivery:
earlier verdicts stay, as promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from mailwake.events import SECOND, DeliveryId, EventType, Evidence, Micros, Reason, Settlement, Verdict
from mailwake.judge import Judged
from mailwake.judge.clock import DeliveryClock
from mailwake.judge.combine import Look, Opinion, judge_alone, judge_delivery, look_at, reconsider, shares
from mailwake.judge.delivery import Delivery, Seen, Sort, sort_of
from mailwake.judge.families import own
from mailwake.judge.families.fading import Fading
from mailwake.judge.families.learned import Key, Reputations, shares_of
from mailwake.judge.rules import Rules, Scope, Term

#: DESIGN: a verdict is settled after 15 quiet minutes or 24 hours.
QUIET = Micros(15 * 60 * SECOND)
LONGEST = Micros(24 * 3600 * SECOND)
#: A change smaller than this is not told before the verdict settles.
WORTH_TELLING = 0.005
_COMBINATIONS = 16_384


class StreamJudge:
    """Implements `mailwake.judge.Judge`.

    Args:
        rules: the weights in force.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open: dict[DeliveryId, Delivery] = {}
        self._due: list[tuple[Micros, DeliveryId]] = []
        self._clock = DeliveryClock()
        self._known = Fading()
        self._own: dict[tuple[object, ...], own.Own] = {}
        self._said: dict[Term, Reason] = {}

    @property
    def ruleset(self) -> str:
        """Name and content hash of the rules in force."""
        return self._rules.id

    @property
    def open_deliveries(self) -> int:
        """How many deliveries may still change."""
        return len(self._open)

    def observe(self, evidence: Evidence) -> list[Judged]:
        """Take in one event, in any order; see `mailwake.judge.Judge`. A second event of one id is passed over."""
        return self.observe_many((evidence,))

    def observe_many(self, batch: Iterable[Evidence]) -> list[Judged]:
        """Take in several events at once: the same final verdicts as one by one, and much less work in a burst.

        Returns:
            For every event at most one verdict, as it stands after the whole batch.
        """
        told, touched = self._absorb(batch, Settlement.PROVISIONAL)
        for delivery_id, delivery in touched.items():
            told += self._rejudge(delivery_id, delivery)
        return told

    def _absorb(self, batch: Iterable[Evidence], state: Settlement) -> tuple[list[Judged], dict[DeliveryId, Delivery]]:
        """Take events in: (verdicts on those that are not kept, deliveries whose verdicts may change).

        Args:
            state: of verdicts on events for which their delivery has no room; they settle when it does.
        """
        told: list[Judged] = []
        touched: dict[DeliveryId, Delivery] = {}
        for evidence in batch:
            sort = sort_of(evidence)
            if sort is None:
                if self._note_time(evidence) and evidence.delivery in self._open:
                    touched[evidence.delivery] = self._open[evidence.delivery]
            elif evidence.delivery is None:
                told.append(
                    self._tell_alone(Seen(evidence, sort, self._weigh(evidence, sort)), None, Settlement.SETTLED)
                )
            else:
                changed, left = self._take(evidence, sort, evidence.delivery)
                if changed:
                    touched[evidence.delivery] = changed
                if left:
                    told.append(self._tell_alone(left, evidence.delivery, state))
        return told, touched

    def settle(self, now: Micros) -> list[Judged]:
        """Close deliveries that have been quiet long enough; see `mailwake.judge.Judge`."""
        closing: dict[DeliveryId, Delivery] = {}
        while self._due and self._due[0][0] <= now:
            _, delivery_id = heappop(self._due)
            delivery = self._open.get(delivery_id)
            if delivery is None:
                continue
            due = delivery.due(QUIET, LONGEST)
            if due > now:
                heappush(self._due, (due, delivery_id))
                continue
            closing[delivery_id] = self._open.pop(delivery_id)
        return self._close(closing, now)

    def judge_all(self, batch: Iterable[Evidence]) -> list[Judged]:
        """The final verdicts on a closed set of events, in no particular order.

        Nothing settles in between, so that evidence counts however late it comes.
        """
        told, _ = self._absorb(batch, Settlement.SETTLED)
        return told + self.settle_all()

    def settle_all(self) -> list[Judged]:
        """Close every delivery, because nothing more will come."""
        told = self._close(self._open)
        self._open.clear()
        self._due.clear()
        return told

    def recall(self, episode: Iterable[tuple[Evidence, float | None]]) -> None:
        """Learn again from a copy that settled, as it was told then: after a restart others are judged in its light.

        Tells nothing and changes no verdict.

        Args:
            episode: everything between two times of quiet that happened to one copy, and P(human) of what was judged.
        """
        copy: Delivery | None = None
        delivery_id, told = DeliveryId(0), dict[int, float | None]()
        for evidence, p_human in episode:
            sort = sort_of(evidence)
            if sort is None or evidence.delivery is None:
                self._note_time(evidence)
                continue
            copy, delivery_id = copy or Delivery(evidence), evidence.delivery
            copy.note(evidence)
            copy.add(Seen(evidence, sort, self._weigh(evidence, sort)))
            told[evidence.id] = p_human
        if copy is not None:
            mine = self._shares_as_told(copy, self._clock.get(delivery_id), told)
            self._known.add(mine)
            self._known.keep(copy.due(QUIET, LONGEST), mine)

    def _shares_as_told(
        self, copy: Delivery, anchor: Micros | None, told: Mapping[int, float | None]
    ) -> dict[tuple[str, Key], int]:
        judged = [
            each
            for each in copy.seen
            if not each.own.proxy and not each.own.mpp and each.sort not in (Sort.PROOF, Sort.ONE_CLICK)
        ]
        if any(told[each.id] is None for each in judged):  # no evidence: it counts as usual
            looks = look_at(self._rules, copy, anchor)
            usual = {look.event.id: look.alone for look in looks}
            told = {each: usual.get(each) if p is None else p for each, p in told.items()}
        return shares_of(copy, [(each, told[each.id] or 0.0) for each in judged], anchor)

    def _note_time(self, evidence: Evidence) -> bool:
        if evidence.delivery is None or evidence.type not in (EventType.SENT, EventType.DELIVERED):
            return False
        return self._clock.set(evidence.delivery, evidence.at, delivered=evidence.type is EventType.DELIVERED)

    def _take(self, evidence: Evidence, sort: Sort, delivery_id: DeliveryId) -> tuple[Delivery | None, Seen | None]:
        """Keep an event: (the delivery if its verdicts may change, the event there was no room for)."""
        delivery = self._open.get(delivery_id)
        if delivery is None:
            delivery = self._open[delivery_id] = Delivery(evidence)
            heappush(self._due, (delivery.due(QUIET, LONGEST), delivery_id))
        elif delivery.holds(evidence.id):
            return None, None
        changed = delivery.note(evidence)
        seen = Seen(evidence, sort, self._weigh(evidence, sort))
        left = delivery.add(seen)
        return (delivery if changed or left is not seen else None), left

    def _weigh(self, evidence: Evidence, sort: Sort) -> own.Own:
        scope = Scope.OPEN if sort is Sort.OPEN else Scope.CLICK
        key = (
            scope,
            evidence.agent_kind,
            evidence.client,
            evidence.flags,
            evidence.network_kind,
            evidence.asn,
            evidence.agent is None,
        )
        found = self._own.get(key)
        if found is None:
            if len(self._own) >= _COMBINATIONS:
                self._own.clear()
            found = self._own[key] = own.weigh(self._rules, evidence, scope)
        return found

    def _rejudge(self, delivery_id: DeliveryId, delivery: Delivery) -> Iterable[Judged]:
        for seen, opinion in judge_delivery(self._rules, delivery, self._clock.get(delivery_id), self._known):
            if _is_news(seen, opinion):
                seen.told_p, seen.told_class = opinion.p_human, opinion.klass
                yield Judged(seen.id, delivery_id, self._verdict(opinion, Settlement.PROVISIONAL))

    def _close(self, closing: Mapping[DeliveryId, Delivery], now: Micros | None = None) -> list[Judged]:
        """The final verdicts on deliveries that settle together: all of them are learned from before any is judged."""
        copies = [(delivery_id, copy, self._clock.get(delivery_id)) for delivery_id, copy in closing.items()]
        found = learn(self._rules, [(copy, anchor) for _, copy, anchor in copies], self._known)
        told: list[Judged] = []
        final: list[dict[tuple[str, Key], int]] = []
        for (delivery_id, copy, anchor), (looks, mine) in zip(copies, found, strict=True):
            opinions = judge_delivery(self._rules, copy, anchor, self._known, looks=looks, own_shares=mine)
            said = [Judged(seen.id, delivery_id, self._verdict(each, Settlement.SETTLED)) for seen, each in opinions]
            final.append(self._shares_as_told(copy, anchor, {each.id: each.verdict.p_human for each in said}))
            told += said
        for (_, copy, _), (_, mine), shares_told in zip(copies, found, final, strict=True):
            self._known.add(mine, times=-1)  # what stays learned is what was told, so that `recall` can learn it again
            self._known.add(shares_told)
            self._known.keep(copy.last_at if now is None else now, shares_told)
        return told

    def _tell_alone(self, seen: Seen, delivery_id: DeliveryId | None, state: Settlement) -> Judged:
        opinion = judge_alone(self._rules, seen, crowded=delivery_id is not None)
        return Judged(seen.id, delivery_id, self._verdict(opinion, state))

    def _verdict(self, opinion: Opinion, state: Settlement) -> Verdict:
        reasons = tuple(self._reason(each) for each in opinion.terms)
        return Verdict(
            p_human=opinion.p_human, klass=opinion.klass, reasons=reasons, ruleset=self._rules.id, state=state
        )

    def _reason(self, term: Term) -> Reason:
        """What the marketer reads; those without details are few and shared."""
        if term.details:
            return Reason(code=term.code, weight=round(term.weight, 3), fact=term.say())
        found = self._said.get(term)
        if found is None:
            if len(self._said) >= _COMBINATIONS:
                self._said.clear()
            found = self._said[term] = Reason(code=term.code, weight=round(term.weight, 3), fact=term.say())
        return found


def learn(
    rules: Rules, copies: Sequence[tuple[Delivery, Micros | None]], known: Reputations
) -> list[tuple[list[Look], dict[tuple[str, Key], int]]]:
    """Learn from deliveries in two rounds, as expectation and maximisation do: each by itself, then in that light again.

    Returns:
        Of each delivery what was observed, and what it added to `known`.
    """
    first = []
    for copy, anchor in copies:
        looks = look_at(rules, copy, anchor)
        mine = shares(rules, copy, looks, anchor)
        known.add(mine)
        first.append((looks, mine))
    second = []
    for (copy, anchor), (looks, mine) in zip(copies, first, strict=True):
        again = reconsider(rules, copy, looks, anchor, known, mine)
        second.append((looks, shares(rules, copy, again, anchor)))
    for (_, before), (_, after) in zip(first, second, strict=True):
        known.add(before, times=-1)
        known.add(after)
    return second


def gather(rules: Rules, batch: Iterable[Evidence]) -> list[tuple[Delivery, Micros | None]]:
    """A closed set of events as deliveries with their times, as the judge would keep them."""
    judge = StreamJudge(rules)
    judge._absorb(batch, Settlement.SETTLED)
    return [(delivery, judge._clock.get(delivery_id)) for delivery_id, delivery in judge._open.items()]


def _is_news(seen: Seen, opinion: Opinion) -> bool:
    before, now = seen.told_p, opinion.p_human
    if seen.told_class is not opinion.klass or before is None or now is None:
        return seen.told_class is not opinion.klass or before is not now
    return abs(before - now) >= WORTH_TELLING
