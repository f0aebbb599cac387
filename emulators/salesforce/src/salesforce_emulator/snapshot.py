"""The whole org as canonical JSON, so that before and after can be compared by the byte."""

from __future__ import annotations

import json
from typing import Any

from .org import Org

#: What every save moves, whatever it changes.
STAMPS = ("SystemModstamp", "LastModifiedDate", "LastModifiedById")


def taken(org: Org, *, with_stamps: bool = True, with_deleted: bool = False) -> dict[str, Any]:
    """All records of all objects, by id.

    Args:
        org: whose.
        with_stamps: with the fields that every save moves; without them, "undone" can mean the same to the byte.
        with_deleted: with the recycle bin.
    """
    told: dict[str, Any] = {}
    for name, table in org.store.tables.items():
        rows = {
            record_id: {
                key: value for key, value in record.items() if value is not None and (with_stamps or key not in STAMPS)
            }
            for record_id, record in table.records.items()
            if with_deleted or not record["IsDeleted"]
        }
        if rows:
            told[name] = rows
    return told


def canonical(told: Any) -> bytes:
    """JSON with one way to write it."""
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
