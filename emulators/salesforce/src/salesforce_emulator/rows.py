"""One record at a time: create, read, change, upsert, delete; and what changed or went away since a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .access import Sight
from .calls import Answer, Call, route
from .clock import read_datetime, stamp
from .ids import long_id
from .refusals import NotEmulated, Refused, no_such_column, not_found
from .schema import Field
from .soql.conditions import sortable
from .soql.paths import value_of
from .tables import Record
from .transactions import save_one, take_locks

#: From this version on, an upsert that changes a record answers 200 with a body. Source: dome_upsert of the REST guide.
_UPSERT_TELLS_SINCE = 46


#: Parts of a path that are resources of their own, not ids or key fields.
_RESERVED = {
    "listviews",
    "quickActions",
    "describe",
    "defaultValues",
    "relevantItems",
    "compactLayouts",
    "approvalLayouts",
}


def _sight(call: Call) -> Sight:
    if _RESERVED & set(call.groups[1:]):
        raise NotEmulated(f"{call.method} {call.path}")
    return call.saver.sight(call.groups[0])


def _create(call: Call) -> Answer:
    sight = _sight(call)
    record_id, _ = save_one(call, sight, None, call.json_object())
    where = f"{call.root}/sobjects/{sight.sobject.name}/{record_id}"
    told = {"statusCode": "OPERATION_ENQUEUED", "message": record_id, "fields": []}
    errors = [told] if sight.sobject.name.endswith("__e") else []
    return Answer(201, {"id": record_id, "success": True, "errors": errors}, {"Location": where})


def shown(call: Call, sight: Sight, record: Record, names: list[str] | None = None) -> dict[str, Any]:
    """A record as a whole, or the fields asked for."""
    fields: list[Field] = []
    for name in names if names is not None else [each.name for each in sight.readable.values()]:
        field = sight.readable.get(name.lower())
        if field is None:
            raise no_such_column(name, sight.sobject.name)
        fields.append(field)
    url = f"{call.root}/sobjects/{sight.sobject.name}/{record['Id']}"
    told: dict[str, Any] = {"attributes": {"type": sight.sobject.name, "url": url}}
    if names is not None and "id" not in {each.lower() for each in names}:
        fields.append(sight.readable["id"])
    return told | {each.name: value_of(record, each) for each in fields}


def _fields(call: Call) -> list[str] | None:
    given = call.params.get("fields")
    return [each.strip() for each in given.split(",")] if given else None


def _existing(call: Call, sight: Sight) -> Record:
    """The record in the path. Bad ids look like unknown key fields to the org."""
    found = long_id(call.groups[1])
    if found is None:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {call.groups[1]}")
    record = call.org.store.table(sight.sobject).records.get(found)
    if record is None:
        raise not_found()
    if record["IsDeleted"]:
        if call.method == "GET":
            raise not_found()
        raise Refused("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=[])
    return record


def _read(call: Call) -> Answer:
    sight = _sight(call)
    return Answer(body=shown(call, sight, _existing(call, sight), _fields(call)))


def _change(call: Call) -> Answer:
    sight = _sight(call)
    record, given = _existing(call, sight), call.json_object()
    _refuse_named(given, "Id")
    save_one(call, sight, record, given)
    return Answer(204)


def _refuse_named(given: dict[str, Any], name: str) -> None:
    if any(each.lower() == name.lower() for each in given):
        raise Refused("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.", fields=[name])


def _delete(call: Call) -> Answer:
    sight = _sight(call)
    record = _existing(call, sight)
    take_locks(call, [(sight.sobject, record, {})])
    call.saver.delete(sight, record)
    return Answer(204)


def key_field(call: Call, sight: Sight, name: str) -> Field:
    """The field that an upsert or a read goes by."""
    field = sight.readable.get(name.lower())
    if field is None or not field.is_key:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def _by_key(call: Call, sight: Sight) -> tuple[Field, list[str]]:
    field = key_field(call, sight, call.groups[1])
    if field.name == "Id":
        found = long_id(call.groups[2])
        record = call.org.store.table(sight.sobject).records.get(found or "")
        return field, [record["Id"]] if record and not record["IsDeleted"] else []
    return field, call.org.store.table(sight.sobject).found(field, call.groups[2])


def _choices(call: Call, sight: Sight, found: list[str]) -> Answer:
    return Answer(300, [f"{call.root}/sobjects/{sight.sobject.name}/{each}" for each in found])


def _read_by_key(call: Call) -> Answer:
    sight = _sight(call)
    _, found = _by_key(call, sight)
    if not found:
        raise not_found()
    if len(found) > 1:
        return _choices(call, sight, found)
    return Answer(body=shown(call, sight, call.org.store.table(sight.sobject).records[found[0]], _fields(call)))


def _upsert(call: Call) -> Answer:
    sight = _sight(call)
    field, found = _by_key(call, sight)
    given = call.json_object()
    _refuse_named(given, "Id")
    if field.name != "Id":
        _refuse_named(given, field.name)
    if len(found) > 1 and not call.org.is_mutated("first_match_wins"):
        return _choices(call, sight, found)
    if not found and (call.params.get("updateOnly", "").lower() == "true" or field.name == "Id"):
        raise not_found()
    before = call.org.store.table(sight.sobject).records[found[0]] if found else None
    if before is None:
        given = given | {field.name: call.groups[2]}
    record_id, _ = save_one(call, sight, before, given)
    if before is not None and int(float(call.version)) < _UPSERT_TELLS_SINCE:
        return Answer(204)
    return Answer(200 if before else 201, {"id": record_id, "success": True, "errors": [], "created": before is None})


def _delete_by_key(call: Call) -> Answer:
    sight = _sight(call)
    _, found = _by_key(call, sight)
    if not found:
        raise not_found()
    if len(found) > 1:
        return _choices(call, sight, found)
    record = call.org.store.table(sight.sobject).records[found[0]]
    take_locks(call, [(sight.sobject, record, {})])
    call.saver.delete(sight, record)
    return Answer(204)


def _span(call: Call, *, most_days: int) -> tuple[datetime, datetime]:
    start, end = (read_datetime(call.params.get(name, "").replace(" ", "+")) for name in ("start", "end"))
    if start is None or end is None:
        raise Refused("INVALID_REPLICATION_DATE", "start and end are needed, as ISO 8601 with a zone")
    if end <= start or (end - start) < timedelta(minutes=1):
        raise Refused("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if start < call.org.clock.now() - timedelta(days=most_days):
        raise Refused("INVALID_REPLICATION_DATE", f"startDate cannot be more than {most_days} days ago")
    return start, end


def _in_span(call: Call, sight: Sight, *, deleted: bool, most_days: int) -> list[Record]:
    if not sight.sobject.told["replicateable"]:
        raise Refused("INVALID_TYPE", f"{sight.sobject.name} is not replicateable")
    start, end = _span(call, most_days=most_days)
    first, last = sortable(start), sortable(end)
    rows = call.org.store.table(sight.sobject).records.values()
    return [each for each in rows if each["IsDeleted"] is deleted and first <= each["SystemModstamp"] <= last]


def _updated(call: Call) -> Answer:
    found = _in_span(call, _sight(call), deleted=False, most_days=30)
    if len(found) > 600_000:
        raise Refused("EXCEEDED_ID_LIMIT", "more than 600000 ids changed in this time")
    return Answer(body={"ids": [each["Id"] for each in found], "latestDateCovered": call.org.now()})


def _deleted(call: Call) -> Answer:
    found = _in_span(call, _sight(call), deleted=True, most_days=15)
    rows = [{"id": each["Id"], "deletedDate": each["SystemModstamp"]} for each in found]
    earliest = stamp(call.org.clock.now() - timedelta(days=15))
    return Answer(body={"deletedRecords": rows, "earliestDateAvailable": earliest, "latestDateCovered": call.org.now()})


ROUTES = [
    route("POST", "/sobjects/{}", _create),
    route("GET", "/sobjects/{}/updated", _updated, "start", "end"),
    route("GET", "/sobjects/{}/deleted", _deleted, "start", "end"),
    route("GET", "/sobjects/{}/{}", _read, "fields"),
    route("PATCH", "/sobjects/{}/{}", _change),
    route("DELETE", "/sobjects/{}/{}", _delete),
    route("GET", "/sobjects/{}/{}/{}", _read_by_key, "fields"),
    route("PATCH", "/sobjects/{}/{}/{}", _upsert, "updateOnly"),
    route("DELETE", "/sobjects/{}/{}/{}", _delete_by_key),
]
