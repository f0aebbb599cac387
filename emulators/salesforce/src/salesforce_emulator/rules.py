"""What a customer added to the org: validation rules, triggers and flows, told as data by a test.

A rule: `{"object", "on": ["insert", "update"], "kind", "when": {...}}`. Kinds: `validation` and `trigger` refuse a row;
`overwrite` sets fields before the save; `slow` makes the transaction take seconds while it holds its locks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .refusals import Refused

if TYPE_CHECKING:
    from .tables import Record

KINDS = ("validation", "trigger", "overwrite", "slow")

_TESTS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "=": lambda new, old, wanted: new == wanted,
    "!=": lambda new, old, wanted: new != wanted,
    "blank": lambda new, old, wanted: (new is None) == wanted,
    "changed": lambda new, old, wanted: (new != old) == wanted,
    "matches": lambda new, old, wanted: re.search(wanted, str(new or "")) is not None,
    "above": lambda new, old, wanted: new is not None and new > wanted,
}


def checked(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule that can be applied; ValueError when it says what nobody understands."""
    if rule.get("kind") not in KINDS:
        raise ValueError(f"unknown kind of rule: {rule.get('kind')}")
    for word in rule.get("when", {}):
        if word not in (*_TESTS, "field"):
            raise ValueError(f"unknown test in a rule: {word}")
    return {"on": ["insert", "update"], "when": {}, **rule}


def _holds(rule: dict[str, Any], record: Record, before: Record | None) -> bool:
    when = rule["when"]
    new, old = record.get(when.get("field", "Id")), (before or {}).get(when.get("field", "Id"))
    return all(_TESTS[word](new, old, wanted) for word, wanted in when.items() if word != "field")


def applying(rules: list[dict[str, Any]], sobject: str, before: Record | None) -> list[dict[str, Any]]:
    """The rules of an object for this kind of save."""
    kind = "update" if before else "insert"
    return [each for each in rules if each["object"].lower() == sobject.lower() and kind in each["on"]]


def apply(rules: list[dict[str, Any]], record: Record, before: Record | None) -> None:
    """Overwrite first, then refuse, as before-save flows and triggers run ahead of validation rules.

    Source: https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_triggers_order_of_execution.htm
    """
    for rule in rules:
        if rule["kind"] == "overwrite" and _holds(rule, record, before):
            record.update(rule["set"])
    for rule in rules:
        if rule["kind"] == "trigger" and _holds(rule, record, before):
            event = "BeforeUpdate" if before else "BeforeInsert"
            name = rule.get("name", "CustomerTrigger")
            cause = rule.get("message", "System.NullPointerException")
            text = f"{name}: execution of {event}\n\ncaused by: {cause}\n\nTrigger.{name}: line 1, column 1"
            raise Refused(rule.get("code", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"), text, fields=[])
    for rule in rules:
        if rule["kind"] == "validation" and _holds(rule, record, before):
            raise Refused(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                rule.get("message", "Refused by a rule"),
                fields=rule.get("fields", []),
            )


def pause_seconds(rules: list[dict[str, Any]], pairs: list[tuple[str, Record | None]]) -> float:
    """How long the slow ones take: once per transaction, as a trigger gets all its rows at once."""
    slow = {
        id(rule): rule["seconds"]
        for sobject, before in pairs
        for rule in applying(rules, sobject, before)
        if rule["kind"] == "slow"
    }
    return float(sum(slow.values()))
