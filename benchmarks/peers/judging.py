"""How right a detector is, in the words of the benchmark's table. Clicks only; shares are 0 to 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: An agent with fewer clicks in a world says nothing of its own.
LEAST_CLICKS = 30
_BINS = 10


class Click(NamedTuple):
    """One click: truth and what a detector makes of it."""

    human: bool
    agent: str
    delivery: int
    visitor: object
    #: P(human); of a rule that only says yes or no: 0 or 1
    p: float


@dataclass(frozen=True, kw_only=True)
class Score:
    """One detector in one world. None: cannot say."""

    clicks: int
    machine_share: float
    #: machines' clicks taken for people's
    leak: float | None
    #: people's clicks taken for machines'
    loss: float | None
    worst_agent: str
    worst_loss: float | None
    f1: float
    auc: float | None
    brier: float
    ece: float
    #: estimated unique human clickers over true ones, minus 1
    unique_error: float | None


def score(clicks: Sequence[Click]) -> Score:
    """Everything the table shows of some clicks."""
    human = [each for each in clicks if each.human]
    machine = [each for each in clicks if not each.human]
    lost, leaked = sum(each.p < 0.5 for each in human), sum(each.p >= 0.5 for each in machine)
    agent, worst = _worst(human)
    kept = len(human) - lost
    return Score(
        clicks=len(clicks),
        machine_share=len(machine) / max(1, len(clicks)),
        leak=leaked / len(machine) if machine else None,
        loss=lost / len(human) if human else None,
        worst_agent=agent,
        worst_loss=worst,
        f1=2 * kept / max(1, 2 * kept + leaked + lost),
        auc=_auc(human, machine),
        brier=sum((each.p - each.human) ** 2 for each in clicks) / max(1, len(clicks)),
        ece=_ece(clicks),
        unique_error=_unique_error(clicks),
    )


def _worst(human: Iterable[Click]) -> tuple[str, float | None]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each in human:
        counts[each.agent][0] += 1
        counts[each.agent][1] += each.p < 0.5
    rates = [(lost / n, agent) for agent, (n, lost) in counts.items() if n >= LEAST_CLICKS]
    return (max(rates)[1], max(rates)[0]) if rates else ("", None)


def _auc(human: Sequence[Click], machine: Sequence[Click]) -> float | None:
    """The chance that a person's click is rated above a machine's; ties count half. Source: Hanley and McNeil 1982"""
    if not human or not machine:
        return None
    ranked = sorted([(each.p, True) for each in human] + [(each.p, False) for each in machine])
    total, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        total += sum(is_human for _, is_human in ranked[place:end]) * (place + end + 1) / 2
        place = end
    return (total - len(human) * (len(human) + 1) / 2) / (len(human) * len(machine))


def _ece(clicks: Sequence[Click]) -> float:
    """Expected calibration error over ten bins of equal width. Source: Guo et al. 2017, section 2"""
    bins: dict[int, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for each in clicks:
        found = bins[min(_BINS - 1, int(each.p * _BINS))]
        found[0] += 1
        found[1] += each.p
        found[2] += each.human
    return sum(abs(p - human) for _, p, human in bins.values()) / max(1, len(clicks))


def _unique_error(clicks: Sequence[Click]) -> float | None:
    """Σ over deliveries of 1 - Π over visitors of 1 - P, against those where a person really clicked."""
    visitors: dict[int, dict[object, float]] = defaultdict(dict)
    truth: set[int] = set()
    for each in clicks:
        mine = visitors[each.delivery]
        mine[each.visitor] = max(mine.get(each.visitor, 0.0), each.p)
        if each.human:
            truth.add(each.delivery)
    expected = 0.0
    for mine in visitors.values():
        nobody = 1.0
        for p in mine.values():
            nobody *= 1 - p
        expected += 1 - nobody
    return expected / len(truth) - 1 if truth else None
