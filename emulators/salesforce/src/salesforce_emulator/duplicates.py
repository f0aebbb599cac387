"""Duplicate rules: a save that matches another record is blocked, or let through when the caller says so.

Source: https://developer.salesforce.com/docs/platform/api/guide/sforce-api-header-duplicateruleheader.html
A rule: `{"object", "match": field, "against": [objects], "action": "block" | "alert"}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .refusals import Refused
from .tables import index_value

if TYPE_CHECKING:
    from .org import Org
    from .tables import Record


def refuse_duplicates(org: Org, name: str, record: Record, *, allow_save: bool) -> None:
    """Refuse a record that a rule calls a duplicate.

    Args:
        org: where to look.
        name: the record's object.
        record: as it would be saved.
        allow_save: the caller's header; it passes rules that alert, never those that block.
    """
    for rule in org.duplicate_rules:
        value = record.get(rule["match"])
        if rule["object"] != name or value is None or (rule["action"] == "alert" and allow_save):
            continue
        matches = {
            each: _matching(org, each, rule["match"], value, own=record["Id"]) for each in rule.get("against", [name])
        }
        if any(matches.values()):
            raise _detected(rule, matches)


def _matching(org: Org, name: str, match: str, value: Any, *, own: str) -> list[str]:
    sobject = org.sobject(name)
    field = sobject.field(match)
    if field is None:
        return []
    table = org.store.table(sobject)
    if table.has_index(field):
        found = table.found(field, value)
    else:
        wanted = index_value(field, value)
        found = [
            row["Id"]
            for row in table.live()
            if row.get(field.name) is not None and index_value(field, row[field.name]) == wanted
        ]
    return [each for each in found if each != own]


def _detected(rule: dict[str, Any], matches: dict[str, list[str]]) -> Refused:
    results = [
        {
            "entityType": name,
            "errors": [],
            "matchEngine": "ExactMatchEngine",
            "matchRecords": [
                {
                    "additionalInformation": [],
                    "fieldDiffs": [],
                    "matchConfidence": 100.0,
                    "record": {"attributes": {"type": name}, "Id": each},
                }
                for each in ids
            ],
            "rule": rule.get("rule", f"Standard_{name}_Match_Rule"),
            "size": len(ids),
            "success": True,
        }
        for name, ids in matches.items()
        if ids
    ]
    told = {
        "allowSave": rule["action"] == "alert",
        "duplicateRule": rule.get("name", f"Standard_{rule['object']}_Duplicate_Rule"),
        "duplicateRuleEntityType": rule["object"],
        "errorMessage": rule.get("message", "Use one of these records?"),
        "matchResults": results,
    }
    return Refused("DUPLICATES_DETECTED", told["errorMessage"], fields=[], more={"duplicateResult": told})
