"""Adds up what was earned, place by place. Currencies are never added to each other, and money is never a fraction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from mailwake.earnings.credit import Model, credited
from mailwake.earnings.reached import Place, Reached
from mailwake.events import Handle

Key = TypeVar("Key", bound=Hashable)


@dataclass(kw_only=True, slots=True)
class Earned:
    """What one thing earned."""

    #: goals reached; shares of several are fractions
    conversions: Fraction = Fraction(0)
    #: currency to minor units
    money: Counter[str] = field(default_factory=Counter)
    #: who reached them, each once
    people: set[Handle] = field(default_factory=set)

    def add(self, part: Fraction, amount: int | None, currency: str, who: Handle) -> None:
        """Credit a part of one goal reached."""
        self.conversions += part
        self.people.add(who)
        if amount is not None:
            self.money[currency] += amount


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One part of one goal reached, and the place that it is credited to."""

    place: Place
    part: Fraction
    #: minor units; None: nothing is said of money
    amount: int | None
    currency: str
    who: Handle


def entries(reached: Iterable[Reached], model: Model) -> list[Entry]:
    """Every part of every goal that human clicks came before, under a model."""
    return [
        Entry(place=share.key, part=share.part, amount=share.amount, currency=each.claim.currency, who=each.recipient)
        for each in reached
        for share in credited(each.touches, each.claim.value, model)
    ]


def added(parts: Iterable[Entry], by: Callable[[Entry], Key]) -> dict[Key, Earned]:
    """What each earned, most conversions first."""
    found: dict[Key, Earned] = {}
    for each in parts:
        found.setdefault(by(each), Earned()).add(each.part, each.amount, each.currency, each.who)
    return dict(sorted(found.items(), key=lambda item: (-item[1].conversions, str(item[0]))))


def whole(reached: Iterable[Reached]) -> Earned:
    """What goals were worth altogether, whoever may be credited."""
    total = Earned()
    for each in reached:
        total.add(Fraction(1), each.claim.value, each.claim.currency, each.recipient)
    return total
