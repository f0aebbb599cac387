"""What the org works out itself when a record is saved, object by object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .refusals import Refused

if TYPE_CHECKING:
    from .org import Org
    from .tables import Record

#: The label of what is done: https://help.salesforce.com/s/articleView?id=sales.task_fields.htm
_DONE = "Completed"
_DRAFT = "5"
#: Whose name is put together from its parts. The salutation is no part of it.
_NAMED = {"Contact", "Lead", "Account", "User", "Individual"}


def put_derived(org: Org, name: str, record: Record, before: Record | None) -> None:
    """Set the fields that nobody writes, and refuse what the object itself forbids."""
    put_name(name, record)
    work = _WORK.get(name)
    if work:
        work(org, record, before)


def put_name(name: str, record: Record) -> None:
    """Put the name of a person together, where the object has one."""
    if record.get("LastName") and name in _NAMED:
        record["Name"] = " ".join(each for each in (record.get("FirstName"), record.get("LastName")) if each)


def _contact(org: Org, record: Record, before: Record | None) -> None:
    if "IsEmailBounced" in record:
        record["IsEmailBounced"] = record.get("EmailBouncedDate") is not None


def _task(org: Org, record: Record, before: Record | None) -> None:
    closed = record.get("Status") == _DONE
    if closed and not record["IsClosed"]:
        record["CompletedDateTime"] = org.now()
    record["IsClosed"], record["IsHighPriority"] = closed, record.get("Priority") == "High"
    who = org.record(record.get("WhoId"))
    record["AccountId"] = who.get("AccountId") if who else None
    what = record.get("WhatId")
    if what and what.startswith("001"):
        record["AccountId"] = what
    if who and who["Id"].startswith("00Q") and what:
        raise Refused(
            "FIELD_INTEGRITY_EXCEPTION", "You cannot associate a lead with a related-to object", fields=["WhatId"]
        )


def _message(org: Org, record: Record, before: Record | None) -> None:
    """A mail that is no draft is history: only what a customer added, and who may see it, can be changed.

    Source: https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-emailmessage.html
    """
    if before is None or before.get("Status") == _DRAFT:
        return
    free = {"IsExternallyVisible", "SystemModstamp", "LastModifiedDate", "LastModifiedById"}
    frozen = [
        key for key, value in record.items() if key not in free and not key.endswith("__c") and value != before.get(key)
    ]
    if frozen:
        raise Refused("INSUFFICIENT_ACCESS_OR_READONLY", "the email is not a draft", status=403, fields=sorted(frozen))


def _member(org: Org, record: Record, before: Record | None) -> None:
    person = record.get("ContactId") or record.get("LeadId")
    if person is None:
        raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [LeadId or ContactId]", fields=["LeadId"])
    if before is None:
        _refuse_second_membership(org, record, person)
    statuses = org.sobject("CampaignMemberStatus")
    campaign = statuses.field("CampaignId")
    table = org.store.table(statuses)
    known = (
        {table.records[each]["Label"]: table.records[each] for each in table.found(campaign, record["CampaignId"])}
        if campaign
        else {}
    )
    if record.get("Status") is None:
        record["Status"] = next((label for label, row in known.items() if row["IsDefault"]), None)
    if record.get("Status") not in known:
        raise Refused(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"Status: bad value for restricted picklist field: {record.get('Status')}",
            fields=["Status"],
        )
    record["HasResponded"] = known[record["Status"]]["HasResponded"]
    if record["HasResponded"] and record.get("FirstRespondedDate") is None:
        record["FirstRespondedDate"] = org.now()[:10]
    _copy_person(org, record, person)


def _refuse_second_membership(org: Org, record: Record, person: str) -> None:
    members = org.sobject("CampaignMember")
    field = members.field("ContactId" if record.get("ContactId") else "LeadId")
    table = org.store.table(members)
    if field and any(table.records[each]["CampaignId"] == record["CampaignId"] for each in table.found(field, person)):
        raise Refused("DUPLICATE_VALUE", "Already a campaign member.", fields=[])


def _copy_person(org: Org, record: Record, person: str) -> None:
    who = org.record(person) or {}
    record |= {key: who.get(key) for key in ("FirstName", "LastName", "Email", "Name")}
    record |= {
        "LeadOrContactId": person,
        "LeadOrContactOwnerId": who.get("OwnerId"),
        "Type": "Contact" if person[:3] == "003" else "Lead",
    }


def _status(org: Org, record: Record, before: Record | None) -> None:
    statuses = org.sobject("CampaignMemberStatus")
    campaign, table = statuses.field("CampaignId"), org.store.table(statuses)
    others = [each for each in table.found(campaign, record["CampaignId"]) if each != record["Id"]] if campaign else []
    if any(table.records[each]["Label"].casefold() == record["Label"].casefold() for each in others):
        raise Refused(
            "DUPLICATE_VALUE",
            "duplicate value found: Label duplicates value on another status of the campaign",
            fields=["Label"],
        )
    for each in others if record["IsDefault"] else ():
        if table.records[each]["IsDefault"]:
            org.store.put(statuses, each, table.records[each] | {"IsDefault": False})


def after_insert(org: Org, name: str, record: Record) -> None:
    """What the org makes beside a new record."""
    if name == "Campaign":
        for place, (label, default) in enumerate((("Sent", True), ("Responded", False)), 1):
            row = {"CampaignId": record["Id"], "Label": label, "IsDefault": default, "HasResponded": not default}
            org.insert("CampaignMemberStatus", row | {"SortOrder": place})
    if name == "PermissionSetAssignment":
        granted = org.record(record["PermissionSetId"])
        if granted:
            org.access.assigned.setdefault(record["AssigneeId"], set()).add(granted["Name"])
            org.access.changed()


def after_delete(org: Org, name: str, record: Record) -> None:
    """What follows from a record being gone."""
    granted = org.record(record["PermissionSetId"]) if name == "PermissionSetAssignment" else None
    if granted:
        org.access.assigned.get(record["AssigneeId"], set()).discard(granted["Name"])
        org.access.changed()


_WORK = {
    "Contact": _contact,
    "Lead": _contact,
    "Task": _task,
    "CampaignMember": _member,
    "CampaignMemberStatus": _status,
    "EmailMessage": _message,
}
