"""People as a file that Salesforce's own import of campaign members takes; nothing is written to the org here."""

from __future__ import annotations

from collections.abc import Sequence

from mailwake.crm.identity import primary
from mailwake.errors import BadInput
from mailwake.store.crm import CrmPerson, CrmStore
from mailwake.store.state import address_key

#: one of the two ids is empty; source: the fields of CampaignMember, Salesforce object reference
HEAD = ("ContactId", "LeadId", "Email")


def member_rows(store: CrmStore, addresses: Sequence[str]) -> list[tuple[str, str, str]]:
    """One row of `HEAD` for each address, in the same order.

    Several records of one address are one row: the record that tasks would be put on. Both ids are empty where the org
    is not known to have anybody there.
    """
    keys = [_key(address) for address in addresses]
    known = store.people_at(key for key in keys if key)
    return [(*_ids(known.get(key, [])), address) for key, address in zip(keys, addresses, strict=True)]


def _key(address: str) -> str:
    try:
        return address_key(address)
    except BadInput:
        return ""


def _ids(people: Sequence[CrmPerson]) -> tuple[str, str]:
    found = primary(people) if people else None
    if found is None:
        return "", ""
    if found.kind == "Lead":
        return "", found.id
    # a person account takes part in a campaign by its contact
    return (found.account or "" if found.kind == "Account" else found.id), ""
