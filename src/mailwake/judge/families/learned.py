"""What others who share something with this event did: its network, program, operator, domain, link, device.

Learned from behaviour without labels: of each key, how many deliveries showed it and how much their events looked like
people's by themselves. An event's own delivery is left out, so that it cannot vouch for itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from math import log

from mailwake.events import SECOND, Micros
from mailwake.judge.delivery import Delivery, Seen
from mailwake.judge.rules import Cell

Key = tuple[object, ...]
#: Units of P(human) in the sums.
SCALE = 10_000
#: Log-odds at which a new cell begins.
_VALUES = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
_VALUE_NAMES = ("machines", "mostly_machines", "rather_machines", "even_machines", "even_people", "rather_people", "mostly_people", "people")  # fmt: skip
_COUNTS = (2, 5, 20)
_COUNT_NAMES = ("1", "2", "5", "20")
_DELAYS = (10, 30, 60, 120, 300, 1_800, 7_200, 86_400)
_WORDS = {
    "network": "this network",
    "visitor": "this program on this network",
    "agent": "this very program",
    "operator": "this operator",
    "domain": "this recipient domain",
    "domain_delay": "this recipient domain at such a delay",
    "kind": "programs and networks of this kind",
    "link": "this link",
    "stream": "this stream",
    "stream_delay": "this stream at such a delay",
    "device": "this recipient with this program",
    "place": "this recipient from this network",
    "moment": "these five minutes",
}
#: That there is nothing to compare with says nothing.
_OFTEN_NEW = frozenset(("domain", "domain_delay", "stream_delay", "link", "moment"))
_MOMENT = 300 * SECOND


def keys_of(delivery: Delivery, event: Seen, anchor: Micros | None) -> Iterator[tuple[str, Key]]:
    """Everything that an event shares with others, by name."""
    scope, stream = event.scope, delivery.stream
    yield "stream", (scope, stream)
    place = None if anchor is None else bisect_right(_DELAYS, (event.at - anchor) / SECOND)
    if place is not None:
        yield "stream_delay", (scope, stream, place)
    if delivery.domain is not None:
        yield "domain", (scope, delivery.domain)
        if place is not None:
            yield "domain_delay", (scope, delivery.domain, place)
    yield "link", (scope, stream, delivery.links, event.link)
    yield "moment", (scope, event.at // _MOMENT)
    if event.network is not None:
        yield "network", (scope, event.network)
        if delivery.domain is not None:
            yield "office", (scope, event.network, delivery.domain)
    if event.agent is not None:
        yield "agent", (scope, event.agent)
    if event.visitor is not None:
        yield "visitor", (scope, event.visitor)
        yield "kind", (scope, event.own.cells)
    if event.own.asn is not None:
        yield "operator", (scope, event.own.asn)
    if delivery.recipient is not None:
        yield "recipient", (delivery.recipient,)
        if event.agent is not None:
            yield "device", (delivery.recipient, event.agent)
        if event.network is not None:
            yield "place", (delivery.recipient, event.network)


class Reputations:
    """Sums per key: deliveries, and the mean P(human) of each delivery's events by themselves.

    Whole numbers (ten-thousandths), so that the order of adding changes nothing.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, Key], list[int]] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, shares: dict[tuple[str, Key], int], *, times: int = 1) -> None:
        """Take in one delivery's shares, or take them out again (times -1)."""
        sums = self._sums
        for key, share in shares.items():
            found = sums.get(key)
            if found is None:
                sums[key] = [times, times * share]
            else:
                found[0] += times
                found[1] += times * share

    def cells(self, delivery: Delivery, event: Seen, anchor: Micros | None, own: dict[tuple[str, Key], int]) -> Iterator[Cell]:
        """What is known of the others that share a key with an event.

        Args:
            own: the shares of its own delivery that are among the sums, to be left out.
        """
        base, met, again = 0.5, 0, 0
        for named in keys_of(delivery, event, anchor):
            name = named[0]
            n, total = self._sums.get(named, (0, 0))
            if named in own:
                n, total = n - 1, total - own[named]
            total /= SCALE
            if name == "stream":
                base = min(max((total + 1) / (n + 2), 0.02), 0.98)
                value = _VALUE_NAMES[bisect_right(_VALUES, log(base / (1 - base)))]
                yield Cell(f"known_stream.{value}")
                continue
            if name == "network":
                met = n
            elif name == "office":
                if met:
                    yield _spread(n, met, event.own.group)
                continue
            elif name == "recipient":
                again = n
                continue
            if n < 1:
                if name not in _OFTEN_NEW and (again or name not in ("device", "place")):
                    yield Cell(f"known_{name}.new")
                continue
            p = min(max((total + base) / (n + 1), 0.001), 0.999)
            value = _VALUE_NAMES[bisect_right(_VALUES, log(p / (1 - p)))]
            count = _COUNT_NAMES[bisect_right(_COUNTS, n)]
            yield Cell(f"known_{name}.{count}_{value}", "{} at {} other deliveries: {:.0%} people", (_WORDS[name], n, p))


def _spread(here: int, met: int, group: str) -> Cell:
    """Whether a network serves this recipient's domain or many: an office, or a fleet, or a carrier."""
    name = "own" if here > 0.8 * met else "foreign" if here < 0.2 * met else "mixed"
    count = _COUNT_NAMES[bisect_right(_COUNTS, met)]
    return Cell(f"spread.{group}_{count}_{name}", "this network came to {} other deliveries, {} of them at this domain", (met, here))


def shares_of(delivery: Delivery, events: list[tuple[Seen, float]], anchor: Micros | None) -> dict[tuple[str, Key], int]:
    """What a delivery tells of each of its keys: the mean of P(human) over the events that have it."""
    sums: dict[tuple[str, Key], list[float]] = {}
    for event, p in events:
        for key in keys_of(delivery, event, anchor):
            found = sums.setdefault(key, [0, 0.0])
            found[0] += 1
            found[1] += p
    return {key: round(SCALE * total / n) for key, (n, total) in sums.items()}
