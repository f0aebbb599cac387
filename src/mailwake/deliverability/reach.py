"""Whose client never showed the end of a mail: Gmail cuts off what is longer than 102 kB, and the pixel there with it.

Only opens by people count, and only with programs that fetch pictures when somebody looks. Apple's proxy fetches all of
them beforehand, whether or not anybody reads on, so of its users it cannot be said. The length is what senders measure;
Google publishes none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from mailwake.deliverability.answers import Reach
from mailwake.deliverability.providers import providers_of
from mailwake.events import SECOND
from mailwake.insight.domain_names import domain_names
from mailwake.insight.stores import Stores
from mailwake.stats.rates import wilson_interval
from mailwake.store.state import Campaign

#: Pictures of one look come within seconds, in any order; who opens what was cut off does so while reading.
SOONER_SECONDS, LATER_SECONDS = 60, 3_600
#: A domain with fewer recipients points at people.
LEAST_RECIPIENTS = 5
MOST_PROVIDERS = 15
_COUNTS = ("copies", "opened", "readers", "reached")


def reach(stores: Stores, campaign: Campaign) -> tuple[Reach, ...]:
    """Readers who never saw the end, by provider; empty where no copy of the campaign has a second pixel."""
    asked = {"sooner": SOONER_SECONDS * SECOND, "later": LATER_SECONDS * SECOND}
    rows = stores.events.ask("reach", campaign=campaign.id, **asked)
    names = domain_names(stores, rows)
    shared = {row["domain"]: names.get(row["domain"]) for row in rows if row["people"] >= LEAST_RECIPIENTS}
    homes = providers_of(stores, {name for name in shared.values() if name})
    told: dict[str | None, Counter[str]] = {}
    for row in rows:
        into = told.setdefault(homes.get(shared.get(row["domain"]) or ""), Counter())
        into.update({name: row[name] for name in _COUNTS})
    return tuple(_ranked(told))


def _ranked(told: Mapping[str | None, Counter[str]]) -> Iterable[Reach]:
    ranked = sorted(told, key=lambda name: (name is None, -told[name]["copies"], name or ""))
    named = [name for name in ranked if name is not None][:MOST_PROVIDERS]
    yield from (_of(name, told[name]) for name in named)
    rest: Counter[str] = sum((told[name] for name in ranked if name not in named), Counter())
    if rest:
        yield _of(None, rest)


def _of(name: str | None, counts: Counter[str]) -> Reach:
    readers = counts["readers"]
    unseen = readers - counts["reached"]
    facts: dict[str, Any] = {"rate": None, "low": None, "high": None}
    if readers:
        span = wilson_interval(unseen, readers)
        facts = {"rate": unseen / readers, "low": span.low, "high": span.high}
    return Reach(name=name, copies=counts["copies"], opened=counts["opened"], readers=readers, unseen=unseen, **facts)
