"""The org's objects and fields: recorded from real orgs, written after the object reference, or deployed.

A describe is the truth here; what decides on a write (`Field`) is read off it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from . import written
from .refusals import NotEmulated

#: Set by the org on every object.
SYSTEM = ("Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")
_NUMBERS = {"double", "currency", "percent", "int"}


@dataclass(slots=True)
class Field:
    """One field as the code asks for it; `told` is its describe."""

    told: dict[str, Any]
    name: str
    type: str
    #: Visible to everyone although custom: made by an admin call, not by a deployment.
    is_open: bool = False
    picklist: frozenset[str] = frozenset()
    #: The name that parents give to the records that refer to them by this field.
    child_name: str | None = None

    @property
    def is_number(self) -> bool:
        """A number in JSON."""
        return self.type in _NUMBERS

    @property
    def is_key(self) -> bool:
        """May be used to find a record for an upsert."""
        return bool(self.told["idLookup"] or self.told["externalId"])

    @property
    def is_indexed(self) -> bool:
        """Kept in an index: keys, and what refers to records that somebody may delete."""
        users = {"User", "Group"}
        return self.name != "Id" and (
            self.is_key or (self.type == "reference" and not set(self.told["referenceTo"]) <= users)
        )

    @property
    def default(self) -> Any:
        """What a new record has in it."""
        value = self.told["defaultValue"]
        return False if self.type == "boolean" and value is None else value

    @property
    def is_required(self) -> bool:
        """A new record must bring it."""
        return bool(
            self.told["createable"]
            and not self.told["nillable"]
            and not self.told["defaultedOnCreate"]
            and self.type != "boolean"
        )


@dataclass(slots=True)
class SObject:
    """One object; fields by their lower-case names, in the order of the describe."""

    told: dict[str, Any]
    fields: dict[str, Field] = field(default_factory=dict)
    is_open: bool = False
    #: Worked out once, because every row asks; a new field makes them anew. What is null is not in a record at all.
    indexed: list[Field] = field(default_factory=list)
    required: list[Field] = field(default_factory=list)
    unique: list[Field] = field(default_factory=list)
    blank: dict[str, Any] = field(default_factory=dict)

    #: Its API name.
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = str(self.told["name"])

    @property
    def prefix(self) -> str:
        """The first three characters of its ids."""
        return str(self.told["keyPrefix"])

    @property
    def is_custom(self) -> bool:
        """Made in this org."""
        return bool(self.told["custom"])

    def add(self, told: dict[str, Any], *, is_open: bool = False) -> Field:
        """Add or replace a field."""
        made = self.put(told, is_open=is_open)
        self.derive()
        return made

    def put(self, told: dict[str, Any], *, is_open: bool) -> Field:
        """Add a field; `derive` has to follow."""
        active = frozenset(each["value"] for each in told["picklistValues"] if each["active"])
        made = Field(told, told["name"], told["type"], is_open, active, told.get("child"))
        self.fields[made.name.lower()] = made
        return made

    def derive(self) -> None:
        """Work out what rows ask for."""
        every = list(self.fields.values())
        self.indexed = [each for each in every if each.is_indexed]
        self.required = [each for each in every if each.is_required]
        self.unique = [each for each in self.indexed if each.told["unique"]]
        self.blank = {each.name: each.default for each in every if each.default is not None}

    def field(self, name: str) -> Field | None:
        """A field by any spelling of its name."""
        return self.fields.get(name.lower())


def with_defaults(compact: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows again, from what is usual and what each differs in."""
    usual = compact["usual"]
    return [{k: row.get(k, v) for k, v in usual.items() if k not in row.get("-", ())} for row in compact["rows"]]


@cache
def _data(name: str) -> Any:
    return json.loads((resources.files(__package__) / "data" / name).read_text(encoding="utf-8"))


@cache
def recorded(name: str) -> dict[str, Any]:
    """A describe as a real org gave it, without its URLs. All orgs share it: nobody changes what it holds."""
    compact = dict(_data("recorded.json")[name])
    for key in ("fields", "childRelationships"):
        compact[key] = with_defaults(compact[key])
    return compact


def told_globally() -> list[dict[str, Any]]:
    """What a real org lists as its objects, without their URLs."""
    return [dict(each) for each in _data("global.json")]


@cache
def known_names() -> frozenset[str]:
    """What exists in a real org, emulated or not, in lower case."""
    return frozenset(each["name"].lower() for each in told_globally())


class Schema:
    """All objects of an org."""

    def __init__(self, *, has_person_accounts: bool = False) -> None:
        self.objects: dict[str, SObject] = {}
        #: Counts changes, so that what was derived from an older schema is made again.
        self.generation = 0
        self._custom = 0
        for name in ("Account", "Case", "Contact", "Event", "Lead", "Opportunity", "OpportunityContactRole"):
            source = "Account_PersonAccount" if name == "Account" and has_person_accounts else name
            self.add_object(recorded(source), is_open=True)
        for told in written.objects():
            self.add_object(told)
        for sobject, told_fields in written.additions().items():
            for each in told_fields:
                self.objects[sobject.lower()].add(each)
        self.prefixes = {each.prefix: each.name for each in self.objects.values()}

    def add_object(self, told: dict[str, Any], *, is_open: bool = False) -> SObject:
        """Add an object with the fields that it tells."""
        made = SObject(told, is_open=is_open)
        for each in told["fields"]:
            made.put(each, is_open=is_open)
        made.derive()
        self.objects[made.name.lower()] = made
        self.prefixes = {each.prefix: each.name for each in self.objects.values()}
        self.generation += 1
        return made

    def custom_prefix(self, first: str = "a") -> str:
        """The next prefix for a custom object: a00, a01, and so on; events and types begin otherwise."""
        self._custom += 1
        return f"{first}{self._custom - 1:02d}"

    def get(self, name: str) -> SObject | None:
        """An object by any spelling of its name."""
        return self.objects.get(name.lower())

    def refuse_unknown(self, name: str) -> None:
        """An object that exists and is not emulated must not look as if it did not exist."""
        if name.lower() in known_names() and name.lower() not in self.objects:
            raise NotEmulated(f"object {name}")

    def of_id(self, record_id: str) -> SObject | None:
        """The object that an id belongs to."""
        name = self.prefixes.get(record_id[:3])
        return self.objects[name.lower()] if name else None

    def relationship(self, sobject: SObject, name: str) -> Field | None:
        """The reference field of an object that a parent path names."""
        for each in sobject.fields.values():
            if (each.told["relationshipName"] or "").lower() == name.lower():
                return each
        return None

    def children(self, sobject: SObject, name: str) -> tuple[SObject, Field] | None:
        """Child object and its reference field, by the relationship's name on the parent."""
        for each in self.objects.values():
            for candidate in each.fields.values():
                if (
                    sobject.name in candidate.told["referenceTo"]
                    and self._child_name(sobject, each, candidate) == name.lower()
                ):
                    return each, candidate
        return None

    def _child_name(self, parent: SObject, child: SObject, reference: Field) -> str | None:
        if reference.child_name:
            return reference.child_name.lower()
        for each in parent.told["childRelationships"]:
            if each["childSObject"] == child.name and each["field"] == reference.name:
                return (each["relationshipName"] or "").lower()
        return None
