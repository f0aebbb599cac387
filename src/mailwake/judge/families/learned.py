"""What others who share something with this event did: its network, program, operator, domain, link, device.

Learned from behaviour without labels: of each thing that events share, how many deliveries showed it and how much their
events looked like people's. An event's own delivery is left out, so that it cannot vouch for itself. Beside it stands
how many deliveries at a recipient domain people seem to click: where that is many times what is usual in the stream,
somebody passes for people there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import exp
from typing import cast

from mailwake.events import SECOND, Micros
from mailwake.judge.delivery import Delivery, Seen, Sort
from mailwake.judge.rules import Cell

#: With fewer other deliveries of a stream there is nothing to compare with.
LEAST = 50
#: Units of P(human) in the sums.
SCALE = 10_000
#: What events share, with words for a reason. `office` and `recipient` only serve others where they have no words.
_WORDS = {
    "stream": "",
    "stream_delay": "this stream at such a delay",
    "domain": "this recipient domain",
    "domain_delay": "this recipient domain at such a delay",
    "link": "this link",
    "moment": "these five minutes",
    "network": "this network",
    "office": "",
    "agent": "this very program",
    "visitor": "this program on this network",
    "kind": "programs and networks of this kind",
    "operator": "this operator",
    "recipient": "this recipient",
    "device": "this recipient with this program",
    "place": "this recipient from this network",
}
_NAMES = tuple(_WORDS)
(
    _STREAM, _STREAM_DELAY, _DOMAIN, _DOMAIN_DELAY, _LINK, _MOMENT, _NETWORK, _OFFICE, _AGENT, _VISITOR, _KIND,
    _OPERATOR, _RECIPIENT, _DEVICE, _PLACE,
) = range(len(_NAMES))  # fmt: skip
#: Whether people click a delivery: sums of the stream, and of the domain.
_CLICKS, _DOMAIN_CLICKS = len(_NAMES), len(_NAMES) + 1
#: That there is nothing to compare with says nothing; of the last two only where nothing is known of the recipient.
_NEVER_NEW = frozenset((_DOMAIN, _DOMAIN_DELAY, _STREAM_DELAY, _LINK, _MOMENT, _RECIPIENT))
_OF_RECIPIENT = frozenset((_DEVICE, _PLACE))
#: P(human) at which a new cell begins: log-odds of -3 to 3.
_VALUES = tuple(1 / (1 + exp(-odds)) for odds in range(-3, 4))
_VALUE_NAMES = (
    "machines", "mostly_machines", "rather_machines", "even_machines", "even_people", "rather_people", "mostly_people",
    "people",
)  # fmt: skip
_COUNTS = (2, 5, 20)
_COUNT_NAMES = ("1", "2", "5", "20")
#: From here on it does not matter how many.
_MANY = _COUNTS[-1]
#: number of the name, deliveries, range of P(human): the cell
_CELLS = tuple(
    tuple(
        tuple(f"known_{name}.{_COUNT_NAMES[bisect_right(_COUNTS, n)]}_{value}" for value in _VALUE_NAMES)
        for n in range(_MANY + 1)
    )
    for name in _NAMES
)
_NEW = tuple(
    None if number in _NEVER_NEW else (f"known_{name}.new", number, 0.0, 0) for number, name in enumerate(_NAMES)
)
_STREAM_CELLS = tuple(f"known_stream.{value}" for value in _VALUE_NAMES)
_FACTS = tuple(f"{words}: {{}}% people at {{}} other deliveries" for words in _WORDS.values())
_SPREAD_FACT = "this network came to {} other deliveries, {} of them at this domain"
#: Other deliveries at a domain, and how often people seem to click there against the whole stream.
_AT_DOMAIN = (3, 10, 30)
_RATIOS = (0.25, 0.5, 0.8, 1.25, 2, 4, 8)
_RATIO_NAMES = ("quarter", "half", "fewer", "usual", "more", "double", "fourfold", "eightfold")
_RATIO_CELLS = tuple(tuple(f"domain_clicks.{count}_{name}" for name in _RATIO_NAMES) for count in _AT_DOMAIN)
_RATIO_FACT = "people seem to click {} times as many copies at this domain as elsewhere"
_DELAYS = (10, 30, 60, 120, 300, 1_800, 7_200, 86_400)
_MOMENT_MICROS = 300 * SECOND
_NOTHING = (0, 0)
_NO_CLICKS = (None, None)

#: What one event shares with others: a hash of name and thing for each of `_NAMES`, then of where clicks are counted.
#: None: it has no such thing; empty: it is not compared with others.
Keys = tuple[int | None, ...]
#: Hash of name and thing to the mean P(human) of one delivery's events that have it, in `SCALE`.
Shares = dict[int, int]
#: What is known of one shared thing: name of the cell, number of the thing's name, P(human) or a ratio, deliveries.
Known = tuple[str, int, float, int]


def keys_of(delivery: Delivery, event: Seen, anchor: Micros | None) -> Keys:
    """Everything that an event shares with others."""
    scope = int(event.sort is Sort.OPEN)
    stream, domain, recipient = delivery.stream, delivery.domain, delivery.recipient
    network, agent, own = event.network, event.agent, event.own
    place = None if anchor is None else bisect_right(_DELAYS, (event.at - anchor) / SECOND)
    visitor = event.visitor
    clicks, domain_clicks = _clicks_keys(delivery) if event.sort is Sort.CLICK else _NO_CLICKS
    return (
        hash((_STREAM, scope, stream)),
        None if place is None else hash((_STREAM_DELAY, scope, stream, place)),
        None if domain is None else hash((_DOMAIN, scope, domain)),
        None if domain is None or place is None else hash((_DOMAIN_DELAY, scope, domain, place)),
        hash((_LINK, scope, stream, delivery.links, event.link)),
        hash((_MOMENT, scope, event.at // _MOMENT_MICROS)),
        None if network is None else hash((_NETWORK, scope, network)),
        None if network is None or domain is None else hash((_OFFICE, scope, network, domain)),
        None if agent is None else hash((_AGENT, scope, agent)),
        None if visitor is None else hash((_VISITOR, scope, visitor)),
        None if visitor is None else hash((_KIND, scope, own.kind)),
        None if own.asn is None else hash((_OPERATOR, scope, own.asn)),
        None if recipient is None else hash((_RECIPIENT, recipient)),
        None if recipient is None or agent is None else hash((_DEVICE, recipient, agent)),
        None if recipient is None or network is None else hash((_PLACE, recipient, network)),
        clicks,
        domain_clicks,
    )


def _clicks_keys(delivery: Delivery) -> tuple[int, int] | tuple[None, None]:
    """Where it is counted whether people click a delivery: in its stream, and at its domain."""
    if delivery.domain is None:
        return _NO_CLICKS
    stream, domain = delivery.stream, delivery.domain
    return hash((_CLICKS, stream)), hash((_DOMAIN_CLICKS, stream, domain))


class Reputations:
    """Sums per shared thing: deliveries, and the mean P(human) of each delivery's events.

    Whole numbers, so that the order of adding changes nothing.
    """

    def __init__(self) -> None:
        self._sums: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, shares: Mapping[int, int], *, times: int = 1) -> None:
        """Take in one delivery's shares, or take them out again (times -1)."""
        sums = self._sums
        for key, share in shares.items():
            n, total = sums.get(key, _NOTHING)
            sums[key] = n + times, total + times * share

    def correct(self, before: Mapping[int, int], after: Mapping[int, int]) -> None:
        """Put one delivery's shares in the place of those that were taken in; both are of the same things."""
        sums = self._sums
        for key, share in after.items():
            if change := share - before[key]:
                n, total = sums[key]
                sums[key] = n, total + change

    def cells(self, keys: Keys, own: Mapping[int, int], group: str) -> list[Cell]:
        """As `known`, in words."""
        return [in_words(as_told(each)) for each in self.known(keys, own, group)]

    def known(self, keys: Keys, own: Mapping[int, int], group: str) -> list[Known]:
        """What is known of the others that share something with an event.

        Args:
            keys: of the event.
            own: the shares of its own delivery that are among the sums, to be left out: of all its keys, or none.
            group: of its network, as `Own` has it.

        Returns:
            Nothing where the stream is too young to compare with.
        """
        base = self._people(keys, own)
        if base is None:
            return []
        met, again = 0, 0
        found: list[Known] = [(_STREAM_CELLS[bisect_right(_VALUES, base)], _STREAM, base, 0)]
        sums = self._sums.get
        for name, key in enumerate(keys[_STREAM_DELAY:_CLICKS], _STREAM_DELAY):
            if key is None:
                continue
            n, total = sums(key, _NOTHING)
            if own:
                n -= 1
                total -= own[key]
            if name == _OFFICE:
                if met:
                    found.append(_spread(n, met, group))
            elif n >= 1:
                p = (total / SCALE + base) / (n + 1)
                cells = _CELLS[name][n if n < _MANY else -1]
                found.append((cells[bisect_right(_VALUES, p)], name, p, n))
            elif (new := _NEW[name]) and (again or name not in _OF_RECIPIENT):
                found.append(new)
            if name == _NETWORK:
                met = n
            elif name == _RECIPIENT:
                again = n
        return found + self._clicked(keys, own)

    def _people(self, keys: Keys, own: Mapping[int, int]) -> float | None:
        """What share of the other deliveries of a stream are people's; None where there are too few."""
        stream = keys[_STREAM] if keys else None
        if stream is None:
            return None
        n, total = self._sums.get(stream, _NOTHING)
        if own:
            n, total = n - 1, total - own[stream]
        return min(max((total / SCALE + 1) / (n + 2), 0.02), 0.98) if n >= LEAST else None

    def _clicked(self, keys: Keys, own: Mapping[int, int]) -> list[Known]:
        """How many other deliveries at a domain people seem to click, pulled to what is usual in the stream."""
        stream, domain = keys[_CLICKS:]
        if stream is None or domain is None:
            return []
        n, total = self._sums.get(domain, _NOTHING)
        every, clicks = self._sums.get(stream, _NOTHING)
        if own:
            n, total, every, clicks = n - 1, total - own[domain], every - 1, clicks - own[stream]
        if n < _AT_DOMAIN[0] or not clicks:
            return []
        usual = clicks / every
        ratio = (total + 3 * usual) / (n + 3) / usual
        cells = _RATIO_CELLS[bisect_right(_AT_DOMAIN, n) - 1]
        return [(cells[bisect_right(_RATIOS, ratio)], _CLICKS, ratio, n)]


def _spread(here: int, met: int, group: str) -> Known:
    """Whether a network serves this recipient's domain or many: an office, or a fleet, or a carrier."""
    name = "own" if here > 0.8 * met else "foreign" if here < 0.2 * met else "mixed"
    return _spread_cell(group, bisect_right(_COUNTS, met), name), _OFFICE, met, here


@lru_cache(maxsize=1_024)
def _spread_cell(group: str, count: int, name: str) -> str:
    return f"spread.{group}_{_COUNT_NAMES[count]}_{name}"


def as_told(known: Known) -> Known:
    """The same, no finer than it is told."""
    name, number, value, n = known
    if number == _CLICKS:
        return name, number, round(value, 1), n
    return known if number == _OFFICE else (name, number, round(100 * value), n)


def in_words(told: Known) -> Cell:
    """What is known as it is told, with its fact in words."""
    name, number, value, n = told
    if number == _OFFICE:
        return Cell(name, _SPREAD_FACT, (value, n))
    if number == _CLICKS:
        return Cell(name, _RATIO_FACT, (value,))
    if number == _STREAM:
        return Cell(name, "this stream: {}% people", (value,))
    return Cell(name, _FACTS[number], (value, n)) if n else Cell(name)


def shares_of(delivery: Delivery, events: Sequence[tuple[Seen, Keys, float]]) -> Shares:
    """What a delivery tells of each thing: the mean of P(human) over its events that have it.

    Of its stream and domain it also tells whether a person seems to have clicked.

    Args:
        events: those that are judged, with what they share and P(human).
    """
    beliefs = [p for _, _, p in events]
    if beliefs and min(beliefs) == max(beliefs):
        things = chain.from_iterable([keys for _, keys, _ in events])
        shares = dict.fromkeys(things, round(SCALE * beliefs[0]))
    else:
        shares = _means(events)
    clicked = max([p for event, _, p in events if event.sort is Sort.CLICK], default=0.0)
    for key in _clicks_keys(delivery):
        shares[key] = round(SCALE * clicked)
    shares.pop(None, None)
    return cast("Shares", shares)


def _means(events: Sequence[tuple[Seen, Keys, float]]) -> dict[int | None, int]:
    counts: dict[int | None, int] = {}
    sums: dict[int | None, float] = {}
    for _, keys, p in events:
        for key in keys:
            if key in counts:
                counts[key] += 1
                sums[key] += p
            else:
                counts[key] = 1
                sums[key] = p
    return {key: round(SCALE * total / counts[key]) for key, total in sums.items()}
