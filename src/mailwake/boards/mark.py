"""A state as a word with a sign, as many pages show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How something stands."""

    #: good, bad or unsure, which chooses the colour
    kind: str
    #: tells the kinds apart without it
    sign: str
    word: str
