"""Which records stand for one address.

Vendors disagree on it; this is deterministic. What concerns mail (opt-outs, bounces) goes to every record; what asks
somebody to act goes to one: a contact before a lead, then whoever has part in an open opportunity, then whoever was
dealt with last, then the lowest id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mailwake.store.crm import CrmPerson, CrmStore


def primary(people: Sequence[CrmPerson]) -> CrmPerson:
    """The one of several records with the same address that tasks and rows are put on."""
    return min(people, key=lambda each: (each.kind == "Lead", not each.has_open_deal, -(each.active_at or 0), each.id))


def heirs(store: CrmStore, ids: Iterable[str]) -> dict[str, str]:
    """Who records became that were converted or merged, by the former id; those who are still themselves are left out.

    Follows chains: a lead that became a contact that was merged.
    """
    found: dict[str, str] = {}
    open_ids = {each: each for each in ids}
    for _ in range(10):
        people = store.people_of(set(open_ids.values()))
        step = {
            first: heir
            for first, now in open_ids.items()
            if (who := people.get(now)) is not None and (heir := who.converted_to or who.merged_into)
        }
        if not step:
            break
        found |= step
        open_ids = step
    return found
