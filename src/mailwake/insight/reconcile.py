"""What an ESP told of a campaign against what we learned ourselves, with the reason for what differs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from mailwake.insight.stores import Stores
from mailwake.store.state import Campaign


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconciledLine:
    """One type of event, in deliveries, each counted once."""

    type: str
    #: the ESP alone told it
    only_esp: int
    #: our own servers alone learned it
    only_we: int
    both: int
    #: why that is so where one side alone knows; empty: neither does alone
    why_only_esp: str = ""
    why_only_we: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciliation:
    """The whole comparison."""

    id: str
    name: str
    #: whether an ESP told anything at all of this campaign
    reports: bool
    #: in the order of a delivery's life
    lines: tuple[ReconciledLine, ...]


def reconcile(stores: Stores, campaign: Campaign) -> Reconciliation:
    """Compare both sides.

    Args:
        stores: where it is asked.
        campaign: which one.
    """
    told = {str(row["type"]): row for row in stores.events.ask("reconcile", campaign=campaign.id)}
    lines = tuple(
        ReconciledLine(
            type=name,
            only_esp=row["only_esp"],
            only_we=row["only_we"],
            both=row["on_both"],
            why_only_esp=why["only_esp"] if row["only_esp"] else "",
            why_only_we=why["only_we"] if row["only_we"] else "",
        )
        for name, why in _reasons().items()
        if (row := told.get(name)) is not None
    )
    reports = any(line.only_esp + line.both for line in lines)
    return Reconciliation(id=str(campaign.id), name=campaign.name, reports=reports, lines=lines)


def to_json(answer: Reconciliation) -> bytes:
    """As the API and the command send it."""
    return msgspec.json.encode(answer) + b"\n"


@cache
def _reasons() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("mailwake.insight").joinpath("reconcile.toml").read_text(encoding="utf-8"))
