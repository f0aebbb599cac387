"""What an org holds after a push, in words that every client can be compared by."""

from __future__ import annotations

from typing import Any

from tests.pushing.crowd import Crowd

from mailwake.crm.fields import same
from mailwake.orgpackage.fields import fields_of

#: of each object: its key, and beside the package's own fields those of the org that are read back
_KEYS = {
    "Contact": ("Id", "Email", "HasOptedOutOfEmail"),
    "Lead": ("Id", "Email", "HasOptedOutOfEmail"),
    "Email_Engagement__c": ("Message_Key__c",),
    "CampaignMember": ("Engagement_Key__c", "Status"),
    "Task": ("Engagement_Task_Key__c", "Subject", "WhoId"),
}
READ = {
    of: tuple(dict.fromkeys([*names, *(each.name for each in fields_of("Activity" if of == "Task" else of))]))
    for of, names in _KEYS.items()
}
#: the list of hot prospects, by the API name that the package gives it
VIEW = "Engagement_Hot"


def queries() -> dict[str, str]:
    """A query for each object."""
    return {of: f"SELECT {', '.join(names)} FROM {of}" for of, names in READ.items()}


def differences(crowd: Crowd, told: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Where a client read something else than the product says that it wrote; empty: nowhere.

    Args:
        crowd: that was pushed.
        told: by object, the rows as the client read them.
    """
    store, found = crowd.place.house.store, []
    for of, names in READ.items():
        written = {each.record: each for each in store.written_of([of]) if each.record}
        by_key = {each.key: each for each in written.values()}
        rows = {row[names[0]]: row for row in told[of]}
        wanted = by_key if names[0] != "Id" else written
        found += [f"{of} {key}: nobody wrote it" for key in rows if key not in wanted]
        for key, one in wanted.items():
            if key not in rows:
                found.append(f"{of} {key}: was not read")
                continue
            shared = [name for name in names if name in one.fields]
            found += [f"{of} {key}.{name}" for name in shared if not same(one.fields[name], rows[key][name])]
    return found
