"""One row is checked and saved, in the order in which the org checks: access, kinds, rules, uniqueness, room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import derived, duplicates, people, rules
from .access import Sight, User
from .ids import long_id
from .locks import task_locks
from .refusals import Refused, malformed_json, no_such_column, not_found
from .schema import Field, SObject
from .values import coerced

if TYPE_CHECKING:
    from .org import Org
    from .tables import Record

#: These refer to users and are not locked by a save.
_UNLOCKED = {"OwnerId", "CreatedById", "LastModifiedById"}


@dataclass(frozen=True)
class Saver:
    """Saves rows for a user; what the caller's headers allow is in it."""

    org: Org
    user: User
    allow_duplicates: bool = False

    def sight(self, name: str) -> Sight:
        """An object as the user sees it, or 404."""
        self.org.schema.refuse_unknown(name)
        found = self.org.access.sight(self.user, name)
        if found is None:
            raise not_found()
        return found

    def may(self, sight: Sight, right: str) -> None:
        """Refuse what the user may not do with an object at all."""
        flag = {"create": "createable", "edit": "updateable", "delete": "deletable"}[right]
        if right not in sight.rights or not sight.sobject.told[flag]:
            raise Refused(
                "INSUFFICIENT_ACCESS_OR_READONLY",
                f"insufficient access rights on entity: {sight.sobject.name}",
                status=403,
                fields=[],
            )
        if self.org.settings.is_in_maintenance:
            raise Refused(
                "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
                "Updates can't be made during maintenance.",
                fields=[],
            )

    def read_values(self, sight: Sight, given: dict[str, Any], *, is_new: bool, from_text: bool = False) -> Record:
        """What was sent, as fields of the object with values of their kind."""
        values: Record = {}
        barred = []
        for name, sent in given.items():
            if name == "attributes":
                continue
            field, value = self._named(sight, name, sent)
            flag = "createable" if is_new else "updateable"
            if not field.told[flag] or field.name not in sight.writable:
                barred.append(field.name)
            else:
                values[field.name] = coerced(field, value, from_text=from_text)
                if field.type == "email" and self.org.is_mutated("unlowered_email"):
                    values[field.name] = value
        if barred and not self.org.is_mutated("readonly_writable"):
            raise Refused(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(barred)}. Please check the security settings of this"
                f" field and"
                " verify that it is read/write for your profile or permission set.",
                fields=barred,
            )
        return values

    def _named(self, sight: Sight, name: str, value: Any) -> tuple[Field, Any]:
        field = sight.readable.get(name.lower())
        if field is not None:
            return field, value
        if self.org.is_mutated("hidden_accepted") and (hidden := sight.sobject.field(name)):
            return hidden, value
        relation = self.org.schema.relationship(sight.sobject, name)
        if relation is None or relation.name.lower() not in sight.readable:
            raise no_such_column(name, sight.sobject.name)
        if value is None:
            return relation, None
        if not isinstance(value, dict):
            raise malformed_json(f"Cannot deserialize instance of {name} from VALUE_STRING value {value}")
        return relation, self._referred(relation, value)

    def _referred(self, relation: Field, value: dict[str, Any]) -> str:
        """The id of a record that a row names by an external id: `"Account": {"Key__c": "x"}`."""
        keys = {k: v for k, v in value.items() if k != "attributes"}
        targets = relation.told["referenceTo"]
        target = self.org.schema.get((value.get("attributes") or {}).get("type", targets[0]))
        if len(keys) != 1 or target is None or target.name not in targets:
            raise Refused(
                "INVALID_FIELD", f"{relation.told['relationshipName']}: exactly one external id is needed", fields=[]
            )
        name, wanted = next(iter(keys.items()))
        field = target.field(name)
        if field is None or not field.is_key:
            raise no_such_column(name, target.name)
        found = [wanted] if field.name == "Id" else self.org.store.table(target).found(field, wanted)
        if len(found) != 1:
            code = "INVALID_FIELD" if not found else "DUPLICATE_EXTERNAL_ID"
            raise Refused(
                code,
                f"Foreign key external ID: {wanted} not found for field {field.name} in entity {target.name}",
                fields=[],
            )
        return str(found[0])

    def existing(self, sight: Sight, record_id: object) -> Record:
        """The record that shall be changed, by an id as it was sent."""
        records = self.org.store.table(sight.sobject).records
        found = record_id if isinstance(record_id, str) and record_id in records else long_id(record_id)
        if found is None:
            raise Refused(
                "MALFORMED_ID",
                f"{sight.sobject.told['label']} ID: id value of incorrect type: {record_id}",
                fields=["Id"],
            )
        record = records.get(found)
        if record is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])
        if record["IsDeleted"]:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=[])
        return record

    def to_lock(self, sobject: SObject, record: Record, values: Record) -> set[str]:
        """The rows that a save of these values holds: itself, and what it refers to."""
        if sobject.name == "Task":
            return task_locks(record | values, is_new="Id" not in record) | {record.get("Id", "")} - {""}
        locked = {record["Id"]} if record.get("Id") else set()
        for field in sobject.indexed:
            target = values.get(field.name)
            if field.type == "reference" and field.name not in _UNLOCKED and target:
                locked.add(target)
        if record.get("AccountId"):
            locked.add(record["AccountId"])
        return locked

    def create(self, sight: Sight, values: Record) -> str:
        """Save a new record; its id."""
        self.may(sight, "create")
        sobject = sight.sobject
        if sobject.name.endswith("__e"):
            return self._publish(sobject, values)
        self._refuse_full()
        record_id = self.org.numbering.next(sobject.prefix)
        record = self.org.blank(sobject, record_id) | {k: v for k, v in values.items() if v is not None}
        if "ownerid" in sobject.fields and record.get("OwnerId") is None:
            record["OwnerId"] = self.user.id
        self._save(sight, record, None, values)
        derived.after_insert(self.org, sobject.name, record)
        return record_id

    def _publish(self, sobject: SObject, values: Record) -> str:
        """A platform event: taken, never kept as a record. Source: the platform events guide, publishing by REST."""
        self._require(sobject, values)
        record_id = self.org.numbering.next("e00")
        self.org.events.append(
            {"type": sobject.name, "id": record_id, "payload": values, "at": self.org.now(), "by": self.user.username}
        )
        return record_id

    def update(self, sight: Sight, before: Record, values: Record) -> None:
        """Save changes to a record."""
        self.may(sight, "edit")
        name = sight.sobject.name
        if name == "Lead" and before.get("IsConverted"):
            raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=[])
        people.refuse_half_of_person(self.org, name, before)
        record = before | {
            k: (False if v is None and isinstance(before.get(k), bool) else v) for k, v in values.items()
        }
        now = self.org.now()
        record |= {
            "LastModifiedDate": now,
            "LastModifiedById": self.user.id,
            "SystemModstamp": max(now, before["SystemModstamp"]),
        }
        self._save(sight, record, before, values)

    def _save(self, sight: Sight, record: Record, before: Record | None, values: Record) -> None:
        org, sobject = self.org, sight.sobject
        record |= {"LastModifiedById": self.user.id} | ({} if before else {"CreatedById": self.user.id})
        self._require(sobject, record if before is None else values, is_new=before is None)
        self._refuse_references(sobject, values)
        if org.rules:
            rules.apply(rules.applying(org.rules, sobject.name, before), record, before)
        derived.put_derived(org, sobject.name, record, before)
        self._refuse_taken(sobject, record, before)
        if org.duplicate_rules:
            duplicates.refuse_duplicates(org, sobject.name, record, allow_save=self.allow_duplicates)
        org.store.put(sobject, record["Id"], record)
        people.follow_person(org, sobject.name, record)

    def _require(self, sobject: SObject, values: Record, *, is_new: bool = True) -> None:
        if not is_new and None not in values.values():
            return
        missing = [
            each.name for each in sobject.required if (is_new or each.name in values) and values.get(each.name) is None
        ]
        missing = [each for each in missing if not people.is_given_otherwise(each, values)]
        if missing:
            raise Refused(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", fields=missing
            )

    def _refuse_references(self, sobject: SObject, values: Record) -> None:
        for name, value in values.items():
            field = sobject.fields[name.lower()]
            if field.type != "reference" or value is None:
                continue
            target = self.org.schema.of_id(value)
            if target is None or target.name not in field.told["referenceTo"]:
                raise Refused(
                    "FIELD_INTEGRITY_EXCEPTION",
                    f"{field.told['label']}: id value of incorrect type: {value}",
                    fields=[name],
                )
            record = self.org.store.table(target).records.get(value)
            if record is None or record["IsDeleted"]:
                raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])
            if name == "OwnerId" and record.get("IsActive") is False:
                raise Refused(
                    "INACTIVE_OWNER_OR_USER",
                    f"operation performed with inactive user [{value}] as owner of {sobject.name.lower()}",
                    fields=[],
                )

    def _refuse_taken(self, sobject: SObject, record: Record, before: Record | None) -> None:
        for field in sobject.unique:
            value = record.get(field.name)
            if value is None or (before and before.get(field.name) == value):
                continue
            others = [each for each in self.org.store.table(sobject).found(field, value) if each != record["Id"]]
            if others:
                text = f"duplicate value found: {field.name} duplicates value on record with id: {others[0][:15]}"
                raise Refused("DUPLICATE_VALUE", text, fields=[field.name])

    def _refuse_full(self) -> None:
        most = self.org.settings.max_records
        if most is not None and self.org.store.count() >= most:
            raise Refused("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", fields=[])

    def delete(self, sight: Sight, record: Record) -> None:
        """Put a record, and what cannot live without it, into the recycle bin; what refers to it lets go."""
        self.may(sight, "delete")
        remove(self.org, sight.sobject, record)


def remove(org: Org, sobject: SObject, record: Record, **more: Any) -> None:
    """Delete a record past all rights. `more` goes into the deleted record, as a merge sets its winner."""
    now = org.now()
    org.store.put(
        sobject, record["Id"], record | {"IsDeleted": True, "SystemModstamp": max(now, record["SystemModstamp"])} | more
    )
    for child, field in list(_referring(org, sobject)):
        table = org.store.table(child)
        for each in table.found(field, record["Id"]):
            row = table.records[each]
            if _goes_along(sobject, child, field):
                remove(org, child, row)
            elif field.told["createable"]:
                org.store.put(child, each, row | {field.name: None, "SystemModstamp": max(now, row["SystemModstamp"])})
    derived.after_delete(org, sobject.name, record)


def _referring(org: Org, sobject: SObject) -> list[tuple[SObject, Field]]:
    return [
        (child, field)
        for child in org.schema.objects.values()
        for field in child.indexed
        if field.type == "reference" and sobject.name in field.told["referenceTo"] and field.name != "MasterRecordId"
    ]


def _goes_along(parent: SObject, child: SObject, field: Field) -> bool:
    """Whether the child is deleted with its parent: as the parent's describe says, else master-detail and members."""
    for each in parent.told["childRelationships"]:
        if each["childSObject"] == child.name and each["field"] == field.name:
            return bool(each["cascadeDelete"])
    return bool(field.told["cascadeDelete"]) or child.name in ("CampaignMember", "CampaignMemberStatus")
