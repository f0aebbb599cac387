"""Once a day: what the org holds of ours compared with what it was told, and what is too old let go.

Somebody may have changed a field by hand, restored a backup or loaded a file over it. What differs is wished again;
fields are ours. Rows of single copies older than the agreed days are deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mailwake.crm.fields import PEOPLE, ROW, differing
from mailwake.crm.telling import DAY
from mailwake.events import Micros
from mailwake.salesforce import soql
from mailwake.salesforce.records import GROUP, READ_GROUP, Org
from mailwake.store.crm import CrmStore, Lane, Wish, Written


@dataclass(kw_only=True)
class Repaired:
    """What was found."""

    #: records that others had changed
    drifted: int = 0
    #: records of ours that are gone
    gone: int = 0
    #: rows deleted because of their age
    purged: int = 0


def repair(org: Org, store: CrmStore, *, now: Micros, row_days: int) -> Repaired:
    """Find what drifted and wish it again, and delete what is too old."""
    done = Repaired()
    for kind in PEOPLE:
        for people in store.everybody(kind=kind):
            written = store.written((kind, each.id) for each in people)
            wishes = [
                _again(written[kind, each.id], found)
                for each in people
                if (kind, each.id) in written and (found := _drift(written[kind, each.id].fields, each.held))
            ]
            _wish_again(store, wishes, now, done)
    _repair_rows(org, store, now, done)
    done.purged = purge(org, store, now=now, row_days=row_days)
    return done


def _drift(told: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """What we last said, where the org shows another value; what it hides from us is not compared."""
    return differing({name: value for name, value in told.items() if name in held}, held)


def _again(written: Written, fields: Mapping[str, Any]) -> Wish:
    return Wish(
        object=written.object, key=written.key, fields=fields, lane=Lane.REPAIR, handle=written.handle,
        key_field="Id" if written.object in PEOPLE else "Message_Key__c",
    )  # fmt: skip


def _wish_again(store: CrmStore, wishes: list[Wish], now: Micros, done: Repaired) -> None:
    if wishes:
        store.unwrite({(each.object, each.key): dict.fromkeys(each.fields, "") for each in wishes})
        store.wish(wishes, now=now)
        done.drifted += len(wishes)


def _repair_rows(org: Org, store: CrmStore, now: Micros, done: Repaired) -> None:
    after = ("", "")
    while written := store.written_of([ROW], after=after, limit=READ_GROUP):
        after = (written[-1].object, written[-1].key)
        known = [each for each in written if each.record]
        fields = list(dict.fromkeys(["Id", *(name for each in known for name in each.fields)]))
        found = org.read(ROW, [each.record or "" for each in known], fields)
        lost = [each for each in known if each.record not in found]
        store.unwrite({(each.object, each.key): None for each in lost})
        done.gone += len(lost)
        drifted = [
            _again(each, drift)
            for each in known
            if each.record in found and (drift := _drift(each.fields, found[each.record or ""]))
        ]
        _wish_again(store, drifted, now, done)


def purge(org: Org, store: CrmStore, *, now: Micros, row_days: int) -> int:
    """Delete rows of copies sent too long ago; says how many."""
    before = soql.moment(now - row_days * DAY)
    if org.shape(ROW) is None:
        return 0
    rows = list(org.query(soql.select(["Id", "Message_Key__c"], ROW, f"Sent_At__c < {before}")))
    count = 0
    for start in range(0, len(rows), GROUP):
        part = rows[start : start + GROUP]
        results = org.delete([row["Id"] for row in part])
        gone = [row for row, result in zip(part, results, strict=True) if not result.faults]
        store.unwrite({(ROW, row["Message_Key__c"]): None for row in gone})
        count += len(gone)
    return count
