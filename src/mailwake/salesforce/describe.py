"""What the user in whose name we work may see and write of an object.

A field that field-level security hides is simply not there: no error says so.
Source: REST API Developer Guide, "sObject Describe",
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShape:
    """One field."""

    name: str
    type: str
    #: characters of a text; 0 for others
    length: int
    is_createable: bool
    is_updateable: bool
    is_external_id: bool
    is_unique: bool
    #: values of a picklist that are in use
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectShape:
    """One object."""

    name: str
    is_createable: bool
    is_updateable: bool
    is_deletable: bool
    fields: Mapping[str, FieldShape]


def shape_of(told: Mapping[str, Any]) -> ObjectShape:
    """The shape that an answer of ``describe`` tells of."""
    return ObjectShape(
        name=told["name"],
        is_createable=bool(told.get("createable")),
        is_updateable=bool(told.get("updateable")),
        is_deletable=bool(told.get("deletable")),
        fields={row["name"]: _field(row) for row in told["fields"]},
    )


def _field(told: Mapping[str, Any]) -> FieldShape:
    return FieldShape(
        name=told["name"],
        type=told["type"],
        length=int(told.get("length") or 0),
        is_createable=bool(told.get("createable")),
        is_updateable=bool(told.get("updateable")),
        is_external_id=bool(told.get("externalId")),
        is_unique=bool(told.get("unique")),
        values=tuple(row["value"] for row in told.get("picklistValues") or () if row.get("active")),
    )
