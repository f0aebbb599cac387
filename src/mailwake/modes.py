"""How closely a delivery may be watched: one ordered scale, two axes, and the rule that the strictest wins.

The mode of a message is sealed in its tokens when it is sent. Afterwards it can only go down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache


class Mode(IntEnum):
    """How much one axis (opens or clicks) may record. The order is the rank: a lower mode only restricts."""

    #: No pixel, links untouched, nothing stored.
    OFF = 0
    #: Byte-identical URLs for every recipient; only counters move.
    AGGREGATE = 1
    #: Opens only: the day of the last open, overwritten, for list hygiene. On the click axis it acts as aggregate.
    DELIVERABILITY = 2
    #: An event per recipient, with derived classes.
    INDIVIDUAL = 3

    @property
    def word(self) -> str:
        """The name as it stands in settings and reports."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Mode:
        """The mode named by a word of the settings.

        Raises:
            ValueError: no mode has this name.
        """
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"{word!r} is no mode; choose one of {', '.join(m.word for m in cls)}") from None


@dataclass(frozen=True, kw_only=True)
class Modes:
    """The modes of both axes, as sealed into a message."""

    #: what an open may record
    opens: Mode
    #: what a click may record; never DELIVERABILITY
    clicks: Mode
    #: the level that decided each, such as recipient:denied; empty: nobody lowered it, or nobody knows any more
    opens_by: str = field(default="", repr=False, compare=False)
    clicks_by: str = field(default="", repr=False, compare=False)
    #: both in one byte, opens in the high half; worked out once, because every hit asks for it
    byte: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Let the click axis fall to aggregate where deliverability was asked for; that mode knows opens only."""
        if self.clicks is Mode.DELIVERABILITY:
            object.__setattr__(self, "clicks", Mode.AGGREGATE)
        object.__setattr__(self, "byte", int(self.opens << 4 | self.clicks))

    def to_byte(self) -> int:
        """Both modes in one byte, as they are sealed and stored."""
        return self.byte

    @property
    def name_one(self) -> bool:
        """Whether anything may be kept that is about one recipient."""
        return max(self.opens, self.clicks) > Mode.AGGREGATE

    def decided_by(self, level: str) -> Modes:
        """The same, with the level that is to blame for each axis that it lowers."""
        low = Mode.INDIVIDUAL
        return Modes(
            opens=self.opens,
            clicks=self.clicks,
            opens_by=level if self.opens < low else "",
            clicks_by=level if self.clicks < low else "",
        )

    @property
    def receipt(self) -> str:
        """Both modes with the levels that decided them, as it is kept with a sent copy; `read_receipt` reads it."""
        told = (("opens", self.opens, self.opens_by), ("clicks", self.clicks, self.clicks_by))
        return _RECEIPT + ", ".join(f"{axis} {mode.word} by {by or NOBODY}" for axis, mode, by in told)

    @classmethod
    def from_byte(cls, value: int) -> Modes:
        """The modes in a byte made by `to_byte`.

        Raises:
            ValueError: the byte names no mode.
        """
        return _of_byte(value)


@cache
def _of_byte(value: int) -> Modes:
    """There are few of them, and every hit asks for one."""
    return Modes(opens=Mode(value >> 4), clicks=Mode(value & 15))


_RECEIPT = "mode: "
#: The level of an axis that nothing lowered.
NOBODY = "nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Why one axis of a sent copy is watched as closely as it is."""

    #: opens or clicks
    axis: str
    #: a word of `Mode`
    mode: str
    #: installation, profile, country, campaign, stream, message, recipient:STATE, recipients:STATE, or nothing
    by: str


def read_receipt(text: str) -> tuple[Receipt, ...]:
    """What `Modes.receipt` wrote; empty where a text is none, for copies of older versions have none."""
    parts = text.removeprefix(_RECEIPT).split(", ") if text.startswith(_RECEIPT) else []
    words = [part.split(" ") for part in parts]
    if not words or any(len(each) != 4 or each[2] != "by" for each in words):
        return ()
    return tuple(Receipt(axis=axis, mode=mode, by=by) for axis, mode, _, by in words)


#: Everything an installation can watch; also the neutral element of `strictest`.
INDIVIDUAL = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.INDIVIDUAL)
#: Nothing is watched.
OFF = Modes(opens=Mode.OFF, clicks=Mode.OFF)


def strictest(modes: Iterable[Modes]) -> Modes:
    """The lowest mode on each axis: of installation, campaign, message and every recipient of one message.

    The first who asks for the lowest is the level that decided.
    """
    opens, clicks = Mode.INDIVIDUAL, Mode.INDIVIDUAL
    opens_by = clicks_by = ""
    for each in modes:
        if each.opens < opens or (each.opens == opens and not opens_by):
            opens, opens_by = each.opens, each.opens_by
        if each.clicks < clicks or (each.clicks == clicks and not clicks_by):
            clicks, clicks_by = each.clicks, each.clicks_by
    return Modes(opens=opens, clicks=clicks, opens_by=opens_by, clicks_by=clicks_by)
