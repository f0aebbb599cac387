"""How closely a delivery may be watched: one ordered scale, two axes, and the rule that the strictest wins.

The mode of a message is sealed in its tokens when it is sent. Afterwards it can only go down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum


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

    @classmethod
    def from_byte(cls, value: int) -> Modes:
        """The modes in a byte made by `to_byte`.

        Raises:
            ValueError: the byte names no mode.
        """
        return cls(opens=Mode(value >> 4), clicks=Mode(value & 15))


#: Everything an installation can watch; also the neutral element of `strictest`.
INDIVIDUAL = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.INDIVIDUAL)
#: Nothing is watched.
OFF = Modes(opens=Mode.OFF, clicks=Mode.OFF)


def strictest(modes: Iterable[Modes]) -> Modes:
    """The lowest mode on each axis: of installation, campaign, message and every recipient of one message."""
    opens, clicks = Mode.INDIVIDUAL, Mode.INDIVIDUAL
    for each in modes:
        opens, clicks = min(opens, each.opens), min(clicks, each.clicks)
    return Modes(opens=opens, clicks=clicks)
