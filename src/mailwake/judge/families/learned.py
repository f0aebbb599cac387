"""What others who share something with this event did: its network, program, operator, domain, link, device.

Learned from behaviour without labels: of each thing that events share, how many deliveries showed it and how much their
events looked like people's. An event's own delivery is left out, so that it cannot vouch for itself. Beside it stands
how many deliveries at a recipient domain people seem to click: where that is many times what is usual in the stream,
somebody passes for people there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import partial
from math import exp

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
_CELLS = tuple(
    tuple(tuple(f"known_{name}.{count}_{value}" for value in _VALUE_NAMES) for count in _COUNT_NAMES) for name in _NAMES
)
_NEW = tuple(Cell(f"known_{name}.new") for name in _NAMES)
_STREAM_CELLS = tuple(f"known_stream.{value}" for value in _VALUE_NAMES)
_FACTS = tuple(f"{words}: {{:.0%}} people at {{}} other deliveries" for words in _WORDS.values())
_SPREAD_FACT = "this network came to {} other deliveries, {} of them at this domain"
#: Other deliveries at a domain, and how often people seem to click there against the whole stream.
_AT_DOMAIN = (3, 10, 30)
_RATIOS = (0.25, 0.5, 0.8, 1.25, 2, 4, 8)
_RATIO_NAMES = ("quarter", "half", "fewer", "usual", "more", "double", "fourfold", "eightfold")
_RATIO_CELLS = tuple(tuple(f"domain_clicks.{count}_{name}" for name in _RATIO_NAMES) for count in _AT_DOMAIN)
_RATIO_FACT = "people seem to click {:.1f} times as many copies at this domain as elsewhere"
_DELAYS = (10, 30, 60, 120, 300, 1_800, 7_200, 86_400)
_MOMENT_MICROS = 300 * SECOND
_NOTHING = (0, 0)
_cell = partial(tuple.__new__, Cell)  # a third of the time of a call by names

#: What one event shares with others: number of the name, hash of name and thing.
Keys = tuple[tuple[int, int], ...]
#: Hash of name and thing to the mean P(human) of one delivery's events that have it, in `SCALE`.
Shares = dict[int, int]


def keys_of(delivery: Delivery, event: Seen, anchor: Micros | None) -> Keys:
    """Everything that an event shares with others."""
    scope = int(event.sort is Sort.OPEN)
    stream, domain, recipient = delivery.stream, delivery.domain, delivery.recipient
    network, agent, own = event.network, event.agent, event.own
    place = None if anchor is None else bisect_right(_DELAYS, (event.at - anchor) / SECOND)
    things: list[tuple[int, object]] = [
        (_STREAM, stream),
        (_STREAM_DELAY, None if place is None else (stream, place)),
        (_DOMAIN, domain),
        (_DOMAIN_DELAY, None if place is None or domain is None else (domain, place)),
        (_LINK, (stream, delivery.links, event.link)),
        (_MOMENT, event.at // _MOMENT_MICROS),
        (_NETWORK, network),
        (_OFFICE, None if network is None or domain is None else (network, domain)),
        (_AGENT, agent),
        (_VISITOR, event.visitor),
        (_KIND, None if event.visitor is None else own.kind),
        (_OPERATOR, own.asn),
        (_RECIPIENT, None if recipient is None else (recipient,)),
        (_DEVICE, None if recipient is None or agent is None else (recipient, agent)),
        (_PLACE, None if recipient is None or network is None else (recipient, network)),
    ]
    keys = tuple(
        (name, hash((name, scope if name < _RECIPIENT else 2, thing))) for name, thing in things if thing is not None
    )
    return keys + _clicks_keys(delivery) if event.sort is Sort.CLICK else keys


def _clicks_keys(delivery: Delivery) -> Keys:
    """Where it is counted whether people click a delivery: in its stream, and at its domain."""
    if delivery.domain is None:
        return ()
    stream, domain = delivery.stream, delivery.domain
    return (_CLICKS, hash((_CLICKS, stream))), (_DOMAIN_CLICKS, hash((_DOMAIN_CLICKS, stream, domain)))


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

    def cells(self, keys: Keys, own: Mapping[int, int], group: str) -> list[Cell]:
        """What is known of the others that share something with an event.

        Args:
            keys: of the event.
            own: the shares of its own delivery that are among the sums, to be left out.
            group: of its network, as `Own` has it.

        Returns:
            Nothing where the stream is too young to compare with.
        """
        base, met, again = 0.5, 0, 0
        found: list[Cell] = []
        sums = self._sums.get
        for name, key in keys:
            n, total = sums(key, _NOTHING)
            if key in own:
                n, total = n - 1, total - own[key]
            if name == _NETWORK:
                met = n
            elif name == _OFFICE:
                if met:
                    found.append(_spread(n, met, group))
                continue
            elif name == _STREAM:
                if n < LEAST:
                    return []
                base = min(max((total / SCALE + 1) / (n + 2), 0.02), 0.98)
                cell = _STREAM_CELLS[bisect_right(_VALUES, base)]
                found.append(Cell(cell, "this stream: {:.0%} people", (base,)))
                continue
            elif name == _RECIPIENT:
                again = n
            elif name == _CLICKS:
                found += self._clicked(key, keys[-1][1], own)
                break
            if n >= 1:
                p = (total / SCALE + base) / (n + 1)
                cell = _CELLS[name][bisect_right(_COUNTS, n)][bisect_right(_VALUES, p)]
                found.append(_cell((cell, _FACTS[name], (min(max(p, 0.001), 0.999), n))))
            elif name not in _NEVER_NEW and (again or name not in _OF_RECIPIENT):
                found.append(_NEW[name])
        return found

    def _clicked(self, stream: int, domain: int, own: Mapping[int, int]) -> list[Cell]:
        """How many other deliveries at a domain people seem to click, pulled to what is usual in the stream."""
        n, total = self._sums.get(domain, _NOTHING)
        every, clicks = self._sums.get(stream, _NOTHING)
        if domain in own:
            n, total, every, clicks = n - 1, total - own[domain], every - 1, clicks - own[stream]
        if n < _AT_DOMAIN[0] or not clicks:
            return []
        usual = clicks / every
        ratio = (total + 3 * usual) / (n + 3) / usual
        cells = _RATIO_CELLS[bisect_right(_AT_DOMAIN, n) - 1]
        return [Cell(cells[bisect_right(_RATIOS, ratio)], _RATIO_FACT, (ratio,))]


def _spread(here: int, met: int, group: str) -> Cell:
    """Whether a network serves this recipient's domain or many: an office, or a fleet, or a carrier."""
    name = "own" if here > 0.8 * met else "foreign" if here < 0.2 * met else "mixed"
    return Cell(f"spread.{group}_{_COUNT_NAMES[bisect_right(_COUNTS, met)]}_{name}", _SPREAD_FACT, (met, here))


def shares_of(delivery: Delivery, events: Iterable[tuple[Seen, Keys, float]]) -> Shares:
    """What a delivery tells of each thing: the mean of P(human) over its events that have it.

    Of its stream and domain it also tells whether a person seems to have clicked.

    Args:
        events: those that are judged, with what they share and P(human).
    """
    counts: dict[int, int] = {}
    sums: dict[int, float] = {}
    clicked = 0.0
    for event, keys, p in events:
        if p > clicked and event.sort is Sort.CLICK:
            clicked = p
        for _, key in keys:
            if key in counts:
                counts[key] += 1
                sums[key] += p
            else:
                counts[key] = 1
                sums[key] = p
    shares = {key: round(SCALE * total / counts[key]) for key, total in sums.items()}
    for _, key in _clicks_keys(delivery):
        shares[key] = round(SCALE * clicked)
    return shares
