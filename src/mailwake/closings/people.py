"""Who is behind a record: by its contact roles, by a field with somebody's id, or by a field with an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mailwake.closings.sources import Row, Source
from mailwake.crm.deals import HIDDEN
from mailwake.crm.reading import key_of
from mailwake.events import Handle
from mailwake.salesforce import soql
from mailwake.salesforce.faults import CallRefused
from mailwake.salesforce.records import Org
from mailwake.store.crm import CrmStore

_ROLE = "OpportunityContactRole"


def people_behind(org: Org, store: CrmStore, source: Source, rows: Sequence[Row]) -> dict[str, Handle | None]:
    """By record, whom it is about; None: the org says who, but we never mailed them. Left out: it names nobody.

    Args:
        org: that is asked for contact roles.
        store: its people.
        source: says what leads to them.
        rows: records with the fields of `Source.fields`.
    """
    named = _by_roles(org, rows) if source.by_role else {row["Id"]: row.get(source.person) for row in rows}
    keys = {record: key_of(told) for record, told in named.items() if told and "@" in str(told)}
    ids = {record: str(told) for record, told in named.items() if told and record not in keys}
    people = store.people_of(set(ids.values()))
    keys |= {record: people[told].address_key for record, told in ids.items() if told in people}
    # an opportunity of a company names its account, which is nobody
    found = keys if source.by_role else dict.fromkeys([*ids, *keys], None) | keys
    handles = store.handles_of(key for key in found.values() if key)
    return {record: handles.get(key or "") for record, key in found.items()}


def _by_roles(org: Org, rows: Sequence[Row]) -> dict[str, str]:
    """By opportunity, the contact of the primary or the only role, else its account, which may be a person."""
    roles = _roles(org, [row["Id"] for row in rows])
    accounts = {row["Id"]: str(row["AccountId"]) for row in rows if row.get("AccountId")}
    return accounts | {record: told for record, each in roles.items() if (told := _first(each))}


def _first(roles: Sequence[Mapping[str, object]]) -> str:
    chosen = [each for each in roles if each["IsPrimary"] is True] or (roles if len(roles) == 1 else [])
    return str(chosen[0]["ContactId"]) if chosen else ""


def _roles(org: Org, records: Iterable[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    try:
        for part in soql.each_in("OpportunityId", records):
            for row in org.query(soql.select(["OpportunityId", "ContactId", "IsPrimary"], _ROLE, part, "Id")):
                if row["ContactId"]:
                    found.setdefault(row["OpportunityId"], []).append(row)
    except CallRefused as fault:
        if fault.code not in HIDDEN:
            raise
    return found
