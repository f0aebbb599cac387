"""How right an open rate is: estimated from judged hits against who really read, campaign by campaign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mailwake.events import Class
from mailwake.insight.opens import Delivery, true_opens
from mailwake.worlds.hits import Copy

#: DESIGN: intervals are told at 90 %
CONFIDENCE = 0.9


class Look(NamedTuple):
    """One open or click on a real link, as it was judged."""

    kind: str
    delivery: int
    #: what told its program apart; None where that is withheld
    agent: object
    p: float
    klass: Class


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One campaign's open rate by one detector."""

    copies: int
    #: estimated minus true rate; None: cannot say
    bias: float | None
    #: whether the interval holds the true rate; None: none is told
    covered: bool | None


def estimated(copies: Sequence[Copy], looks: Iterable[Look]) -> list[Opening]:
    """Ours: probabilities of opens and clicks, and what those who clicked tell of those who did not load pictures."""
    chances, proxied = _chances(looks), set[int]()
    by_number = {copy.number: copy for copy in copies}
    proxied.update(by_number[number].recipient for number, found in chances.items() if found.proxied)
    openings = []
    for mine in campaigns(copies):
        found = true_opens((_delivery(copy, chances, proxied) for copy in mine), prior=None, confidence=CONFIDENCE)
        truth = _truth(mine)
        if found.rate is None or found.low is None or found.high is None:
            openings.append(Opening(copies=len(mine), bias=None, covered=None))
        else:
            covered = found.low <= truth <= found.high
            openings.append(Opening(copies=len(mine), bias=found.rate - truth, covered=covered))
    return openings


def counted(copies: Sequence[Copy], opened: Mapping[int, bool]) -> list[Opening]:
    """A peer's: copies of which an open is left when its rule has struck out what it takes for a machine's."""
    openings = []
    for mine in campaigns(copies):
        rate = sum(opened.get(copy.number, False) for copy in mine) / len(mine)
        openings.append(Opening(copies=len(mine), bias=rate - _truth(mine), covered=None))
    return openings


def campaigns(copies: Iterable[Copy]) -> Iterator[list[Copy]]:
    """Copies by campaign."""
    found: dict[int, list[Copy]] = defaultdict(list)
    for copy in copies:
        found[copy.campaign].append(copy)
    yield from found.values()


def _truth(copies: Sequence[Copy]) -> float:
    return sum(copy.read for copy in copies) / len(copies)


class _Chance(NamedTuple):
    nobody_opened: dict[object, float]
    nobody_clicked: dict[object, float]
    proxied: bool


def _chances(looks: Iterable[Look]) -> dict[int, _Chance]:
    """As the store has it: one program counts once, by the best of it."""
    found: dict[int, _Chance] = {}
    for look in looks:
        mine = found.get(look.delivery) or _Chance({}, {}, False)
        nobody = mine.nobody_opened if look.kind == "opened" else mine.nobody_clicked
        nobody[look.agent] = min(nobody.get(look.agent, 1.0), 1 - look.p)
        found[look.delivery] = mine._replace(proxied=mine.proxied or look.klass is Class.MPP)
    return found


def _delivery(copy: Copy, chances: Mapping[int, _Chance], proxied: set[int]) -> Delivery:
    mine = chances.get(copy.number)
    return Delivery(
        behind_proxy=copy.recipient in proxied,
        opened=_anybody(mine.nobody_opened.values()) if mine else 0.0,
        clicked=_anybody(mine.nobody_clicked.values()) if mine else 0.0,
        unnamed=mine is not None and None in mine.nobody_opened,
        group=str(copy.domain),
    )


def _anybody(nobody: Iterable[float]) -> float:
    left = 1.0
    for each in nobody:
        left *= max(each, 1e-9)
    return 1 - left
