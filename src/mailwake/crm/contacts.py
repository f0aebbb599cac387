"""What scoring is told of people by the org, and what the org is told of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from mailwake.crm.identity import primary
from mailwake.crm.telling import Scored, Scorer
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.answers import scores
from mailwake.scoring.desk import Desk
from mailwake.scoring.facts import ContactFacts, Contacts
from mailwake.scoring.force import Force
from mailwake.store.crm import CrmStore
from mailwake.store.events import EventStore
from mailwake.store.state import StateStore


def contacts_of(store: CrmStore, login: str) -> Contacts:
    """Who people are in the org.

    Args:
        store: what the org told.
        login: URL of the org, which records are reached under.
    """

    def facts(handles: Sequence[Handle]) -> Mapping[Handle, ContactFacts]:
        keys = store.keys_of(handles)
        at = store.people_at(keys.values())
        people = {handle: primary(at[key]) for handle, key in keys.items() if key in at}
        owners = store.users({each.owner for each in people.values() if each.owner})
        return {
            handle: ContactFacts(
                name=each.name,
                owner=owners[each.owner].name if each.owner in owners else "",
                url=f"{login.rstrip('/')}/{each.id}",
            )
            for handle, each in people.items()
        }

    def not_profiled() -> AbstractSet[Handle]:
        return store.unprofiled()

    return Contacts(facts=facts, not_profiled=not_profiled)


def scorer_of(state: StateStore, events: EventStore, desk: Desk) -> Scorer:
    """Scores as the org is told them, by the model that is in force."""
    force = Force(desk, state)
    stores = Stores(state=state, events=events, zone=ZoneInfo("UTC"))

    def score(handles: Sequence[Handle], now: Micros) -> Mapping[Handle, Scored]:
        return {
            handle: Scored(score=told.score, band=told.band or "", momentum=told.momentum, reasons=told.why)
            for handle, told in scores(stores, force.desk(), handles, now=now)
        }

    return score
