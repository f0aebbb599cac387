"""What is kept of a copy depends on what happened, not on when we heard of it."""

import random

from tests.every import every
from tests.judge.world import clicked, decoy, event, opened, refused, rules

from mailwake.events import EventType, Evidence, Micros, Note
from mailwake.judge.delivery import ROOM, Delivery, Seen, Sort, sort_of
from mailwake.judge.families import own
from mailwake.judge.rules import Scope


def seen(evidence: Evidence) -> Seen:
    sort = sort_of(evidence)
    assert sort is not None
    return Seen.of(evidence, sort, own.weigh(rules(), evidence, Scope.CLICK))


@every(
    ("kind", "note", "sort"),
    [
        (EventType.OPENED, Note.NONE, Sort.OPEN),
        (EventType.CLICKED, Note.NONE, Sort.CLICK),
        (EventType.CLICKED, Note.DECOY, Sort.WITNESS),
        (EventType.UNKNOWN, Note.LINK_REFUSED, Sort.WITNESS),
        (EventType.UNKNOWN, Note.UNSUBSCRIBE_VIEWED, Sort.CLICK),
        (EventType.UNSUBSCRIBED, Note.BUTTON, Sort.CLICK),
        (EventType.UNSUBSCRIBED, Note.ONE_CLICK, Sort.ONE_CLICK),
        (EventType.UNSUBSCRIBED, Note.NONE, None),
        (EventType.REPLIED, Note.NONE, Sort.PROOF),
        (EventType.CONVERTED, Note.NONE, Sort.PROOF),
        (EventType.DELIVERED, Note.NONE, None),
        (EventType.UNKNOWN, Note.NONE, None),
    ],
)
def test_each_event_testifies_to_one_thing(kind: EventType, note: Note, sort: Sort | None) -> None:
    assert sort_of(event(1, kind, 0, note=note)) is sort


def test_the_earliest_of_each_sort_are_kept_in_any_order() -> None:
    scene = [clicked(n, n) for n in range(1, 100)] + [opened(n + 100, n) for n in range(40)]
    scene += [decoy(n + 200, n) for n in range(20)] + [refused(n + 300, n) for n in range(5)]
    kept = []
    for seed in (1, 2):
        random.Random(seed).shuffle(scene)
        delivery = Delivery(scene[0])
        for each in scene:
            delivery.add(seen(each))
        kept.append([each.id for each in delivery.seen])
    assert kept[0] == kept[1]
    assert len(kept[0]) == ROOM[Sort.CLICK] + ROOM[Sort.OPEN] + ROOM[Sort.WITNESS]


def test_whoever_has_no_room_is_handed_back() -> None:
    delivery = Delivery(opened(1, 0))
    for n in range(1, ROOM[Sort.OPEN] + 1):
        assert delivery.add(seen(opened(n, 10 + n))) is None
    late, early = seen(opened(98, 5000)), seen(opened(99, 0))
    assert delivery.add(late) is late
    left = delivery.add(early)
    assert left is not None
    assert left.id == ROOM[Sort.OPEN]
    assert delivery.holds(99)
    assert not delivery.holds(98)


def test_it_settles_when_quiet_or_at_last() -> None:
    delivery = Delivery(opened(1, 0))
    delivery.note(opened(2, 500))
    start = delivery.first_at
    assert delivery.due(Micros(10), Micros(10**9)) == start + 500_000_010
    assert delivery.due(Micros(10**12), Micros(10**9)) == start + 10**9


def test_what_is_said_of_the_copy_does_not_depend_on_order() -> None:
    one, other = opened(1, 0, links=3), opened(2, 5, links=None)
    told = []
    for order in ((one, other), (other, one)):
        delivery = Delivery(order[0])
        for each in order:
            delivery.note(each)
        told.append((delivery.first_at, delivery.last_at, delivery.links, delivery.stream))
    assert told[0] == told[1]
