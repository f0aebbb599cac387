"""Who has part in an open opportunity; asked only of people who share an address, for only there it decides anything.

A contact has part by its role in one, a person account by being the account of one. Where opportunities are hidden from
us, nobody has part in any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailwake.salesforce import soql
from mailwake.salesforce.faults import CallRefused
from mailwake.salesforce.records import Org
from mailwake.store.crm import CrmPerson, CrmStore

#: what is said of an object or a field that is not there for us
HIDDEN = ("INVALID_TYPE", "INVALID_FIELD")


def read_deals(org: Org, store: CrmStore, people: Sequence[CrmPerson]) -> int:
    """Ask which of these have part in an open opportunity, and keep it; says how many have.

    Args:
        org: that is asked.
        store: where it is kept.
        people: contacts and person accounts.
    """
    accounts = {each.id: each.id for each in people if each.kind == "Account"}
    contacts = {each.id: each.id for each in people if each.kind == "Contact"}
    contacts |= {each.account: each.id for each in people if each.kind == "Account" and each.account}
    having = _open(org, ("OpportunityContactRole", "ContactId", "Opportunity.IsClosed"), contacts)
    having |= _open(org, ("Opportunity", "AccountId", "IsClosed"), accounts)
    store.put_deals({each.id: each.id in having for each in people})
    return len(having)


def _open(org: Org, place: tuple[str, str, str], whose: Mapping[str, str]) -> set[str]:
    """Which people are named by an open one of an object; its name, the field that names, the field that closes."""
    of, by, is_closed = place
    found: set[str] = set()
    try:
        for part in soql.each_in(by, whose):
            rows = org.query(soql.select([by], of, f"{is_closed} = false AND {part}"))
            found |= {whose[row[by]] for row in rows if row[by] in whose}
    except CallRefused as fault:
        if fault.code not in HIDDEN:
            raise
    return found
