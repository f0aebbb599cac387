"""The judge over a stream: takes evidence in any order, tells every verdict that is new or has changed.

Pure: no clock, no files. What is open is kept per delivery (`delivery.py`, bounded); what settled is forgotten, but for
the time of delivery (`clock.py`). A hit that comes after its delivery settled opens a new episode of that delivery:
earlier verdicts stay, as promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush

from mailwake.events import SECOND, DeliveryId, EventType, Evidence, Micros, Reason, Settlement, Verdict
from mailwake.judge import Judged
from mailwake.judge.clock import DeliveryClock
from mailwake.judge.combine import (
    Case,
    Opinion,
    believing,
    judge_alone,
    judge_case,
    look_at,
    open_case,
    reconsider,
    told_of,
)
from mailwake.judge.delivery import Delivery, Seen, Sort, sort_of
from mailwake.judge.families import own
from mailwake.judge.families.fading import Fading
from mailwake.judge.families.learned import Known, Reputations, Shares, in_words
from mailwake.judge.rules import Cell, Rules, Scope

#: DESIGN: a verdict is settled after 15 quiet minutes or 24 hours.
QUIET = Micros(15 * 60 * SECOND)
LONGEST = Micros(24 * 3600 * SECOND)
#: A change smaller than this is not told before the verdict settles.
WORTH_TELLING = 0.005
_COMBINATIONS = 16_384
_ID_BITS = 64
_ID = (1 << _ID_BITS) - 1
#: Of learning from a closed set: by itself, and twice in the light of the others. A fourth changes next to nothing.
ROUNDS = 3


class StreamJudge:
    """Implements `mailwake.judge.Judge`.

    Args:
        rules: the weights in force.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open: dict[DeliveryId, Delivery] = {}
        #: when each is looked at, and its id in the lower bits: millions wait, and a pair takes twice as much
        self._due: list[int] = []
        self._clock = DeliveryClock()
        self._known = Fading()
        self._own: dict[tuple[object, ...], own.Own] = {}
        self._agents: dict[int | None, int | None] = {}
        self._said: dict[tuple[float, Cell | Known], Reason] = {}

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
                    self._tell_alone(Seen.of(evidence, sort, self._weigh(evidence, sort)), None, Settlement.SETTLED)
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
        while self._due and self._due[0] >> _ID_BITS <= now:
            delivery_id = DeliveryId(heappop(self._due) & _ID)
            delivery = self._open.get(delivery_id)
            if delivery is None:
                continue
            due = delivery.due(QUIET, LONGEST)
            if due > now:
                heappush(self._due, due << _ID_BITS | delivery_id)
                continue
            closing[delivery_id] = self._open.pop(delivery_id)
        return self._close(closing, rounds=1, now=now)

    def judge_all(self, batch: Iterable[Evidence]) -> list[Judged]:
        """The final verdicts on a closed set of events, in no particular order.

        Nothing settles in between, so that evidence counts however late it comes.
        """
        told, _ = self._absorb(batch, Settlement.SETTLED)
        return told + self.settle_all()

    def settle_all(self) -> list[Judged]:
        """Close every delivery, because nothing more will come."""
        told = self._close(self._open, rounds=ROUNDS)
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
            copy.add(Seen.of(evidence, sort, self._weigh(evidence, sort)))
            told[evidence.id] = p_human
        if copy is not None:
            case = open_case(self._rules, copy, self._clock.get(delivery_id))
            mine = _shares_as_told(case, told)
            self._known.add(mine)
            self._known.keep(copy.due(QUIET, LONGEST), mine)

    def _note_time(self, evidence: Evidence) -> bool:
        delivery, delivered = evidence.delivery, evidence.type is EventType.DELIVERED
        if delivery is None or not (delivered or evidence.type is EventType.SENT):
            return False
        return self._clock.set(delivery, evidence.at, delivered=delivered)

    def _take(self, evidence: Evidence, sort: Sort, delivery_id: DeliveryId) -> tuple[Delivery | None, Seen | None]:
        """Keep an event: (the delivery if its verdicts may change, the event there was no room for)."""
        delivery = self._open.get(delivery_id)
        if delivery is None:
            delivery = self._open[delivery_id] = Delivery(evidence)
            heappush(self._due, delivery.due(QUIET, LONGEST) << _ID_BITS | delivery_id)
        elif delivery.holds(evidence.id):
            return None, None
        changed = delivery.note(evidence)
        seen = Seen.of(evidence, sort, self._weigh(evidence, sort))
        seen.agent = self._same_number(seen.agent)
        left = delivery.add(seen)
        return (delivery if changed or left is not seen else None), left

    def _same_number(self, agent: int | None) -> int | None:
        """Programs are few, and each number that is kept once more takes 36 bytes."""
        if len(self._agents) >= _COMBINATIONS:
            self._agents.clear()
        return self._agents.setdefault(agent, agent)

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

    def copies(self) -> list[tuple[Delivery, Micros | None]]:
        """Everything that is open, with the time of its delivery."""
        return [(copy, self._clock.get(delivery_id)) for delivery_id, copy in self._open.items()]

    def take_in(self, batch: Iterable[Evidence]) -> None:
        """Take events in without judging them."""
        self._absorb(batch, Settlement.PROVISIONAL)

    def _rejudge(self, delivery_id: DeliveryId, delivery: Delivery) -> Iterable[Judged]:
        anchor = self._clock.get(delivery_id)
        case = Case(delivery, anchor, look_at(self._rules, delivery, anchor), {}, None)
        for seen, opinion in judge_case(self._rules, case, self._known):
            if _is_news(seen, opinion):
                seen.told_p, seen.told_class = opinion.p_human, opinion.klass
                yield Judged(seen.id, delivery_id, self._verdict(opinion, Settlement.PROVISIONAL))

    def _close(self, closing: Mapping[DeliveryId, Delivery], *, rounds: int, now: Micros | None = None) -> list[Judged]:
        """The final verdicts on deliveries that settle together: all of them are learned from before any is judged.

        Args:
            rounds: of learning, as in `learn`.
            now: when they settle; None: nothing comes after them.
        """
        copies = [(copy, self._clock.get(delivery_id)) for delivery_id, copy in closing.items()]
        cases = learn(self._rules, copies, self._known, rounds=rounds)
        told: list[Judged] = []
        for delivery_id, case in zip(closing, cases, strict=True):
            told += (
                Judged(seen.id, delivery_id, self._verdict(opinion, Settlement.SETTLED))
                for seen, opinion in judge_case(self._rules, case, self._known)
            )
        if now is not None:
            self._keep(cases, {each.id: each.verdict.p_human for each in told}, now)
        return told

    def _keep(self, cases: Iterable[Case], told: Mapping[int, float | None], now: Micros) -> None:
        """What stays learned is what was told, so that `recall` can learn it again."""
        kept: list[Shares] = []
        for case in cases:
            mine = _shares_as_told(case, told)
            if mine is not case.shares:
                self._known.correct(case.shares, mine)
            kept.append(mine)
        for mine in kept:  # after the others, because keeping may let go of what they share
            self._known.keep(now, mine)

    def _tell_alone(self, seen: Seen, delivery_id: DeliveryId | None, state: Settlement) -> Judged:
        opinion = judge_alone(self._rules, seen, crowded=delivery_id is not None)
        return Judged(seen.id, delivery_id, self._verdict(opinion, state))

    def _verdict(self, opinion: Opinion, state: Settlement) -> Verdict:
        reasons = tuple([self._said.get(each) or self._say(each) for each in told_of(opinion)])
        return Verdict(
            p_human=opinion.p_human, klass=opinion.klass, reasons=reasons, ruleset=self._rules.id, state=state
        )

    def _say(self, told: tuple[float, Cell | Known]) -> Reason:
        """What the marketer reads. Much of it is said again and again, and then it is the same object."""
        weight, each = told
        cell = each if isinstance(each, Cell) else in_words(each)
        if len(self._said) >= _COMBINATIONS:
            self._said.clear()
        code = cell.code
        found = self._said[told] = Reason(
            code=code, weight=round(weight, 3), fact=cell.say() if cell.fact else self._rules.words[code]
        )
        return found


def learn(
    rules: Rules, copies: Iterable[tuple[Delivery, Micros | None]], known: Reputations, *, rounds: int = ROUNDS
) -> list[Case]:
    """Learn from deliveries, in rounds as expectation and maximisation do: each by itself, then in that light.

    Args:
        copies: deliveries with their times.
        known: takes in what they tell.
        rounds: 1 where few settle at a time; what settled before them is light enough.
    """
    cases = [open_case(rules, copy, anchor) for copy, anchor in copies]
    if rounds == 1:
        cases = [reconsider(rules, case, known, own={}) for case in cases]
    for case in cases:
        known.add(case.shares)
    for _ in range(rounds - 1):
        again = [reconsider(rules, case, known, own=case.shares) for case in cases]
        for before, after in zip(cases, again, strict=True):
            if after is not before:
                known.correct(before.shares, after.shares)
        cases = again
    return cases


def gather(rules: Rules, batch: Iterable[Evidence]) -> list[tuple[Delivery, Micros | None]]:
    """A closed set of events as deliveries with their times, as the judge would keep them."""
    judge = StreamJudge(rules)
    judge.take_in(batch)
    return judge.copies()


def _shares_as_told(case: Case, told: Mapping[int, float | None]) -> Shares:
    """What a copy adds to reputations by the verdicts that were told; where none could be, by itself."""
    beliefs = []
    for look in case.looks:
        p = told.get(look.event.id)
        beliefs.append(look.alone if p is None else p)
    return believing(case, beliefs).shares


def _is_news(seen: Seen, opinion: Opinion) -> bool:
    before, now = seen.told_p, opinion.p_human
    if seen.told_class is not opinion.klass or before is None or now is None:
        return seen.told_class is not opinion.klass or before is not now
    return abs(before - now) >= WORTH_TELLING
