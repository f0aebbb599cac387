"""Collections: up to 200 records in one call, each with its own result.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections.html
and the TestUpsert recordings.
"""

from __future__ import annotations

from typing import Any

from .access import Sight
from .calls import Answer, Call, route
from .ids import long_id
from .refusals import Refused, malformed_json, not_found
from .rows import key_field, shown
from .schema import Field
from .tables import index_value
from .transactions import Row, named_sight, save_all

MOST_ROWS = 200


def result(row: Row, *, tells_created: bool = False) -> dict[str, Any]:
    """What a row's caller is told."""
    if row.refused:
        known = {"id": row.before["Id"]} if row.before else {}
        return (
            known | {"success": False, "errors": [row.refused.as_row()]} | ({"created": False} if tells_created else {})
        )
    return {"id": row.id, "success": True, "errors": []} | ({"created": row.is_created} if tells_created else {})


def _told(call: Call) -> tuple[list[Any], bool]:
    told = call.json_object()
    strange = set(told) - {"allOrNone", "records"}
    if strange or not isinstance(told.get("records"), list):
        raise malformed_json(f'Unrecognized field "{", ".join(sorted(strange)) or "records"}"')
    refuse_many(call, len(told["records"]))
    return told["records"], bool(told.get("allOrNone", False))


def refuse_many(call: Call, count: int) -> None:
    """More than 200 records are refused as a whole."""
    if count > MOST_ROWS and not call.org.is_mutated("no_collection_limit"):
        raise Refused(
            "LIMIT_EXCEEDED", f"The number of records in the request exceeds the limit of {MOST_ROWS}: {count}"
        )


def _create(call: Call) -> Answer:
    records, all_or_none = _told(call)
    rows = []
    for each in records:
        try:
            rows.append(Row(named_sight(call, each), None, each))
        except Refused as refused:
            rows.append(Row(refused=refused))
    save_all(call, rows, all_or_none=all_or_none)
    return Answer(body=[result(row) for row in rows])


def _change(call: Call) -> Answer:
    records, all_or_none = _told(call)
    rows = [_changed(call, each) for each in records]
    save_all(call, rows, all_or_none=all_or_none)
    return Answer(body=[result(row) for row in rows])


def _changed(call: Call, told: Any) -> Row:
    try:
        sight = named_sight(call, told)
        given = {key: value for key, value in told.items() if key.lower() != "id"}
        record_id = next((value for key, value in told.items() if key.lower() == "id"), None)
        if record_id is None:
            raise Refused("MISSING_ARGUMENT", "Id not specified in an update call", fields=["Id"])
        return Row(sight, call.saver.existing(sight, record_id), given)
    except Refused as refused:
        return Row(refused=refused)


def _upsert(call: Call) -> Answer:
    records, all_or_none = _told(call)
    sight = call.saver.sight(call.groups[0])
    field = key_field(call, sight, call.groups[1])
    for each in records:
        if named_sight(call, each).sobject.name != sight.sobject.name:
            raise Refused("INVALID_TYPE", "All records of an upsert must be of the type in the URL")
    rows = keyed(call, sight, field, records)
    save_all(call, rows, all_or_none=all_or_none)
    return Answer(body=[result(row, tells_created=True) for row in rows])


def keyed(
    call: Call, sight: Sight, field: Field, records: list[dict[str, Any]], *, from_text: bool = False
) -> list[Row]:
    """Rows for an upsert: each finds its record by a key field, or will make one."""
    seen: dict[Any, int] = {}
    rows: list[Row] = []
    for place, each in enumerate(records):
        name = next((key for key in each if key.lower() == field.name.lower()), field.name)
        value = each.get(name)
        row = Row(
            sight,
            None,
            {k: v for k, v in each.items() if not (k == name and (field.name == "Id" or value is None))},
            from_text=from_text,
        )
        try:
            row.before = _matched(call, sight, field, value)
            if row.before:
                row.given = {k: v for k, v in row.given.items() if k != name}
        except Refused as refused:
            row.refused = refused
        if value not in (None, "") and row.refused is None:
            first = seen.setdefault(index_value(field, value), place)
            if first != place:
                twice = Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", fields=[field.name])
                row.refused = rows[first].refused = twice
        rows.append(row)
    return rows


def _matched(call: Call, sight: Sight, field: Field, value: Any) -> Any:
    table = call.org.store.table(sight.sobject)
    if field.name == "Id":
        return call.saver.existing(sight, value) if value else None
    if value in (None, ""):
        raise Refused("MISSING_ARGUMENT", f"{field.name} not specified", fields=[])
    found = table.found(field, value)
    if len(found) > 1 and not call.org.is_mutated("first_match_wins"):
        text = f"{field.told['label']}: more than one record found for external id field: [{', '.join(found)}]"
        raise Refused("DUPLICATE_EXTERNAL_ID", text, fields=[])
    return table.records[found[0]] if found else None


def _delete(call: Call) -> Answer:
    ids = [each for each in call.params.get("ids", "").split(",") if each]
    refuse_many(call, len(ids))
    rows = []
    for each in ids:
        found = long_id(each)
        sobject = call.org.schema.of_id(found) if found else None
        sight = call.org.access.sight(call.user, sobject.name) if sobject else None
        try:
            if sight is None:
                raise Refused("MALFORMED_ID", f"malformed id {each}", fields=[])
            rows.append(Row(sight, call.saver.existing(sight, found), is_deletion=True))
        except Refused as refused:
            rows.append(Row(refused=refused))
    save_all(call, rows, all_or_none=call.params.get("allOrNone", "false").lower() == "true")
    return Answer(
        body=[result(row) | {"id": each} if row.refused else result(row) for row, each in zip(rows, ids, strict=True)]
    )


def _read(call: Call) -> Answer:
    if call.method == "POST":
        told = call.json_object()
        ids, fields = told.get("ids", []), told.get("fields", [])
    else:
        ids, fields = call.params.get("ids", "").split(","), call.params.get("fields", "").split(",")
    sight = call.saver.sight(call.groups[0])
    refuse_many(call, min(len(ids), MOST_ROWS) if call.method == "GET" else 0)
    if not ids or not fields:
        raise not_found()
    table = call.org.store.table(sight.sobject)
    found = [table.records.get(long_id(each) or "") for each in ids]
    return Answer(body=[shown(call, sight, each, fields) if each and not each["IsDeleted"] else None for each in found])


ROUTES = [
    route("POST", "/composite/sobjects", _create),
    route("PATCH", "/composite/sobjects", _change),
    route("DELETE", "/composite/sobjects", _delete, "ids", "allOrNone"),
    route("GET", "/composite/sobjects/{}", _read, "ids", "fields"),
    route("POST", "/composite/sobjects/{}", _read),
    route("PATCH", "/composite/sobjects/{}/{}", _upsert),
]
