"""People in the org: leads become contacts, duplicates become one, and a person account is an account and a contact.

Conversion, merge and undelete have no REST resource; tests order them through the admin API, as users do by hand.
Sources: https://help.salesforce.com/apex/HTViewHelpDoc?id=leads_notes.htm (what a conversion does),
https://developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-merge.html (what a merge does).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .refusals import Refused

if TYPE_CHECKING:
    from .org import Org
    from .tables import Record

#: Standard fields that a conversion carries from lead to contact, beside custom fields of the same name.
_CARRIED = ("FirstName", "LastName", "Salutation", "Email", "Phone", "MobilePhone", "Fax", "Title", "Description",
    "LeadSource",
            "HasOptedOutOfEmail", "DoNotCall", "IndividualId", "OwnerId")  # fmt: skip


def convert_lead(
    org: Org, lead_id: str, *, contact_id: str | None = None, account_id: str | None = None
) -> dict[str, Any]:
    """Make a lead into a contact, a new one or one that exists; its memberships and activities move along."""
    leads, contacts = org.sobject("Lead"), org.sobject("Contact")
    lead = org.store.table(leads).records[lead_id]
    if lead["IsConverted"]:
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=[])
    contact = org.record(contact_id)
    if contact is None:
        account_id = account_id or org.insert("Account", {"Name": lead.get("Company"), "OwnerId": lead["OwnerId"]})
        contact_id = org.insert("Contact", {"LastName": lead["LastName"], "AccountId": account_id})
        contact = org.store.table(contacts).records[contact_id]
    now = org.now()
    custom = [each.name for each in leads.fields.values() if each.told["custom"] and contacts.field(each.name)]
    filled = {
        key: lead.get(key)
        for key in (*_CARRIED, *custom)
        if contact.get(key) in (None, False) and lead.get(key) is not None
    }
    named = " ".join(each for each in (contact.get("FirstName") or lead.get("FirstName"), contact["LastName"]) if each)
    contact = contact | filled | {"Name": named, "SystemModstamp": now, "LastModifiedDate": now}
    org.store.put(contacts, contact["Id"], contact)
    ends = {
        "ConvertedContactId": contact["Id"],
        "ConvertedAccountId": contact.get("AccountId"),
        "ConvertedDate": now[:10],
        "IsConverted": True,
    }
    org.store.put(
        leads, lead_id, lead | ends | {"Status": "Closed - Converted", "SystemModstamp": now, "LastModifiedDate": now}
    )
    _move_memberships(org, "LeadId", lead_id, new_field="ContactId", new=contact["Id"])
    _move(org, "Task", "WhoId", old=lead_id, new=contact["Id"])
    org.store.settle()
    return {"contactId": contact["Id"], "accountId": contact.get("AccountId"), "leadId": lead_id}


def _move_memberships(org: Org, old_field: str, old: str, *, new_field: str, new: str) -> None:
    """Memberships go to the other record; where it has one already, the one further along stays."""
    members = org.sobject("CampaignMember")
    table = org.store.table(members)
    old_key, new_key = members.fields[old_field.lower()], members.fields[new_field.lower()]
    own = {
        table.records[each]["CampaignId"]: table.records[each]
        for each in table.found(new_key, new)
        if old_field != new_field or new != old
    }
    for each in table.found(old_key, old):
        row = table.records[each]
        other = own.get(row["CampaignId"])
        if other is not None:
            further = row["HasResponded"] and not other["HasResponded"]
            loser = other if further else row
            org.store.put(members, loser["Id"], loser | {"IsDeleted": True, "SystemModstamp": org.now()})
            if not further:
                continue
        moved = row | {
            old_field: None,
            new_field: new,
            "LeadOrContactId": new,
            "Type": "Contact" if new[:3] == "003" else "Lead",
        }
        org.store.put(members, each, moved | {"SystemModstamp": org.now()})


def _move(org: Org, name: str, field_name: str, *, old: str, new: str) -> None:
    sobject = org.sobject(name)
    table = org.store.table(sobject)
    for each in table.found(sobject.fields[field_name.lower()], old):
        org.store.put(sobject, each, table.records[each] | {field_name: new, "SystemModstamp": org.now()})


def merge(org: Org, winner_id: str, loser_ids: list[str], *, override: dict[str, Any] | None = None) -> None:
    """Make up to three records one: losers are deleted and say who won; what referred to them refers to it."""
    from .saving import remove

    sobject = org.schema.of_id(winner_id)
    if sobject is None or not 1 <= len(loser_ids) <= 2 or any(each[:3] != winner_id[:3] for each in loser_ids):
        raise Refused("INVALID_MERGE_RECORD", "a merge takes one or two losers of the winner's kind", fields=[])
    table = org.store.table(sobject)
    for loser in loser_ids:
        key = {"003": "ContactId", "00Q": "LeadId"}.get(winner_id[:3])
        if key:
            _move_memberships(org, key, loser, new_field=key, new=winner_id)
        for child in org.schema.objects.values():
            for field in child.indexed:
                if (
                    field.type == "reference"
                    and sobject.name in field.told["referenceTo"]
                    and field.name != "MasterRecordId"
                    and child.name != "CampaignMember"
                ):
                    _move(org, child.name, field.name, old=loser, new=winner_id)
        remove(org, sobject, table.records[loser], MasterRecordId=winner_id)
    now = org.now()
    org.store.put(
        sobject,
        winner_id,
        table.records[winner_id] | (override or {}) | {"SystemModstamp": now, "LastModifiedDate": now},
    )
    org.store.settle()


def undelete(org: Org, record_id: str) -> None:
    """Take a record out of the recycle bin, under its old id."""
    sobject = org.schema.of_id(record_id)
    if sobject is None or not sobject.told["undeletable"]:
        raise Refused("UNDELETE_FAILED", "entity cannot be undeleted", fields=[])
    record = org.store.table(sobject).records[record_id]
    if record.get("MasterRecordId"):
        raise Refused("UNDELETE_FAILED", "a merged record cannot be undeleted", fields=[])
    org.store.put(sobject, record_id, record | {"IsDeleted": False, "SystemModstamp": org.now()})
    org.store.settle()


def is_given_otherwise(name: str, values: Record) -> bool:
    """A person account has no name of its own: its last name makes it."""
    return name == "Name" and bool(values.get("LastName"))


def refuse_half_of_person(org: Org, name: str, record: Record) -> None:
    """The contact inside a person account is changed through its account only."""
    if name != "Contact" or not org.settings.has_person_accounts:
        return
    account = org.record(record.get("AccountId"))
    if account and account.get("PersonContactId") == record["Id"]:
        raise Refused(
            "INVALID_PERSON_ACCOUNT_OPERATION", "You cannot modify a person account's contact directly", fields=[]
        )


def follow_person(org: Org, name: str, record: Record) -> None:
    """A saved person account writes its contact: `PersonX` is the contact's `X`, `X__pc` its `X__c`."""
    if name != "Account" or not org.settings.has_person_accounts or not record.get("LastName"):
        return
    contacts = org.sobject("Contact")
    mirrored: Record = {key: record.get(key) for key in ("FirstName", "LastName", "Salutation", "Name")}
    for key, value in record.items():
        own = (
            key.removeprefix("Person")
            if key.startswith("Person")
            else key[:-4] + "__c"
            if key.endswith("__pc")
            else None
        )
        if own and (field := contacts.field(own)) and field.name != "Id" and field.told["updateable"]:
            mirrored[field.name] = value
    mirrored["AccountId"] = record["Id"]
    contact = org.record(record.get("PersonContactId"))
    if contact is None:
        contact_id = org.insert("Contact", mirrored | {"OwnerId": record.get("OwnerId")})
        record |= {"PersonContactId": contact_id, "IsPersonAccount": True}
        org.store.put(org.sobject("Account"), record["Id"], record)
    else:
        org.store.put(contacts, contact["Id"], contact | mirrored | {"SystemModstamp": record["SystemModstamp"]})
