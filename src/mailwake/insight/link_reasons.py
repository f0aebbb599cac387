"""Why the clicks on each link that are machines' were taken for theirs, the commonest reasons first."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mailwake.insight.stores import Stores
from mailwake.store.state import Campaign

#: reasons that are told of a link
MOST = 3
#: the code that stands for all reasons of a click that are not told one by one
REST = "rest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A reason that several clicks have."""

    #: of the judge's rules
    code: str
    #: in words
    says: str
    #: of machines, that this reason weighed against
    clicks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WhyMachines:
    """Clicks of machines on one link, or on all."""

    clicks: int
    #: those that most clicks have, most first; one click may have several
    reasons: tuple[Told, ...]


@cache
def words() -> Mapping[str, str]:
    """Code to words."""
    return tomllib.loads(files("mailwake.insight").joinpath("machine_reasons.toml").read_text(encoding="utf-8"))


def why_machines(stores: Stores, campaign: Campaign) -> dict[tuple[str, int], WhyMachines]:
    """(template, number of the link) to why machines' clicks there are machines'; all of them under ("", 0)."""
    clicks: Counter[tuple[str, int]] = Counter()
    reasons: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for row in stores.events.ask("machine_reasons", campaign=campaign.id):
        for place in {(str(row["template"] or ""), row["link"] or 0), ("", 0)}:
            if row["code"]:
                reasons[place][row["code"]] += row["clicks"]
            else:
                clicks[place] += row["clicks"]
    return {place: WhyMachines(clicks=number, reasons=_told(reasons[place])) for place, number in clicks.items()}


def _told(found: Counter[str]) -> tuple[Told, ...]:
    """The commonest; the sum of lesser ones says nothing beside a reason that has a name, so it stands only alone."""
    named = {code: clicks for code, clicks in found.items() if code != REST} or found
    ranked = sorted(named.items(), key=lambda each: (-each[1], each[0]))[:MOST]
    return tuple(Told(code=code, says=words().get(code, code.replace("_", " ")), clicks=n) for code, n in ranked)
