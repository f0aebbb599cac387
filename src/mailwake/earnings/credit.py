"""One result, credited to what came before it: to the last, to the first, or to each alike.

Shares are exact, and what is handed out adds up to what there was: to the last minor unit of money, under every model.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Model(StrEnum):
    """Who gets the credit."""

    #: all of it the one that came last
    LAST = "last"
    #: all of it the one that came first
    FIRST = "first"
    #: each the same part
    LINEAR = "linear"


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch(Generic[Key]):
    """Something that came before a result, once or several times."""

    #: what tells touches apart; those of one result have different ones
    key: Key
    first_at: int
    #: not before `first_at`
    last_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Share(Generic[Key]):
    """One touch's part of a result."""

    key: Key
    #: of the one result, above 0 to 1; all of them together are exactly 1
    part: Fraction
    #: of its amount, in whole units; None: it has none
    amount: int | None


def credited(touches: Sequence[Touch[Key]], amount: int | None, model: Model) -> list[Share[Key]]:
    """The shares of one result; none where nothing came before it.

    Which of several at the same moment is last, or first, is decided by their keys, so that the order in which they are
    told changes nothing.

    Args:
        touches: in any order, each key once.
        amount: 0 or more, in whole units; None: the result has no amount.
        model: who gets the credit.
    """
    if not touches:
        return []
    if model is Model.LAST:
        return [_whole(max(touches, key=lambda each: (each.last_at, _order(each.key))), amount)]
    if model is Model.FIRST:
        return [_whole(min(touches, key=lambda each: (each.first_at, _order(each.key))), amount)]
    ordered = sorted(touches, key=lambda each: (each.first_at, _order(each.key)))
    amounts = [None] * len(ordered) if amount is None else split(amount, len(ordered))
    part = Fraction(1, len(ordered))
    return [Share(key=each.key, part=part, amount=own) for each, own in zip(ordered, amounts, strict=True)]


def split(amount: int, parts: int) -> list[int]:
    """An amount in so many whole parts that differ by one at most; the larger ones come first.

    Args:
        amount: 0 or more.
        parts: 1 or more.
    """
    each, rest = divmod(amount, parts)
    return [each + 1] * rest + [each] * (parts - rest)


def _whole(touch: Touch[Key], amount: int | None) -> Share[Key]:
    return Share(key=touch.key, part=Fraction(1), amount=amount)


def _order(key: Hashable) -> str:
    return repr(key)
