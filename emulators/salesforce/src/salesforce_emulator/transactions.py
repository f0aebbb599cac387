"""Rows that are saved together: their locks are taken first, slow triggers run, then each row is saved or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import rules
from .access import Sight
from .calls import Call
from .refusals import NotEmulated, Refused
from .schema import SObject

if TYPE_CHECKING:
    from .tables import Record


@dataclass
class Row:
    """One row of a call: what shall be saved, and what came of it."""

    sight: Sight | None = None
    #: None: a new record.
    before: Record | None = None
    given: dict[str, Any] = field(default_factory=dict)
    refused: Refused | None = None
    id: str | None = None
    is_created: bool = False
    is_deletion: bool = False
    #: Values came from a CSV file.
    from_text: bool = False
    values: Record = field(default_factory=dict)


def take_locks(call: Call, rows: list[tuple[SObject, Record, Record]]) -> None:
    """Lock what these rows touch for as long as the call lasts."""
    saver = call.saver
    if call.org.is_mutated("no_locks"):
        return
    call.org.locks.take(
        {each for sobject, record, values in rows for each in saver.to_lock(sobject, record, values)}, call
    )


def save_one(call: Call, sight: Sight, before: Record | None, given: dict[str, Any]) -> tuple[str, bool]:
    """Save one record; its id and whether it is new.

    Raises:
        Refused: it was not saved.
    """
    row = Row(sight, before, given)
    save_all(call, [row], all_or_none=False)
    if row.refused:
        raise row.refused
    return str(row.id), row.is_created


def save_all(call: Call, rows: list[Row], *, all_or_none: bool) -> None:
    """Save rows in one transaction: each by itself, or with `all_or_none` so that one refusal takes all back."""
    org, saver, mark = call.org, call.saver, call.org.store.mark()
    for row in rows:
        _prepare(call, row)
    pairs = [(row.sight.sobject.name, row.before) for row in rows if row.sight and not row.refused]
    if org.rules and (seconds := rules.pause_seconds(org.rules, pairs)):
        _pause(call, seconds)
    for row in rows:
        if row.refused or row.sight is None:
            continue
        before_row = org.store.mark()
        try:
            if row.is_deletion and row.before:
                saver.delete(row.sight, saver.existing(row.sight, row.before["Id"]))
                row.id = row.before["Id"]
            elif row.before:
                saver.update(row.sight, saver.existing(row.sight, row.before["Id"]), row.values)
                row.id = row.before["Id"]
            else:
                row.id, row.is_created = saver.create(row.sight, row.values), True
        except Refused as refused:
            org.store.back_to(before_row)
            row.refused = refused
    if all_or_none and any(row.refused for row in rows) and not org.is_mutated("keeps_half"):
        org.store.back_to(mark)
        _roll_back(rows)


def _prepare(call: Call, row: Row) -> None:
    """Read a row's values and lock what it touches."""
    if row.refused or row.sight is None:
        return
    saver = call.saver
    try:
        if not row.is_deletion:
            row.values = saver.read_values(row.sight, row.given, is_new=row.before is None, from_text=row.from_text)
        take_locks(call, [(row.sight.sobject, row.before or row.values, row.values)])
    except Refused as refused:
        row.refused = refused


def _pause(call: Call, seconds: float) -> None:
    """A slow trigger: others may work meanwhile, but not on the rows that are locked."""
    org = call.org
    if org.clock.is_frozen:
        org.clock.advance(seconds)
    else:
        org.locks.pause(seconds)


def _roll_back(rows: list[Row]) -> None:
    """The rows that would have been saved say that another one stopped them."""
    for row in rows:
        if row.refused is None:
            row.refused = Refused(
                "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                "Record rolled back because not all records were valid and the request was using AllOrNone header",
                fields=[],
            )
        row.is_created = False


def named_sight(call: Call, told: Any) -> Sight:
    """The object that a row of a collection names in its attributes."""
    if not isinstance(told, dict) or not isinstance(told.get("attributes"), dict) or "type" not in told["attributes"]:
        raise Refused("INVALID_TYPE", "Each record must have attributes with a type")
    name = told["attributes"]["type"]
    sight = call.org.access.sight(call.user, name)
    if sight is None:
        raise Refused("INVALID_TYPE", f"sObject type '{name}' is not supported.", fields=[])
    if sight.sobject.name.endswith("__mdt"):
        raise NotEmulated(f"records of {name}")
    return sight
