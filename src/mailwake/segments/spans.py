"""The two spans that part active, lapsing and dormant people: ``engagement.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True, slots=True)
class Spans:
    """Days without a sign of life."""

    #: from so many on, somebody is lapsing
    active_days: int
    #: from so many on, dormant
    dormant_days: int


@cache
def spans() -> Spans:
    """As the table says.

    Returns:
        0 < active_days < dormant_days.
    """
    told = tomllib.loads(files(__package__).joinpath("engagement.toml").read_text(encoding="utf-8"))
    return Spans(active_days=told["active_days"], dormant_days=told["dormant_days"])
