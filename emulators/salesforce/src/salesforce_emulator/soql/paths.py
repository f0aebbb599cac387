"""A field path becomes a way to read a value off a record, as far as the asking user may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from salesforce_emulator.access import Sight, User
from salesforce_emulator.refusals import NotEmulated, Refused
from salesforce_emulator.schema import Field
from salesforce_emulator.written import read_field

from .grammar import malformed
from .tree import Path, Query

if TYPE_CHECKING:
    from salesforce_emulator.org import Org
    from salesforce_emulator.tables import Record

Getter = Callable[["Record"], Any]

#: What a reference to several kinds of objects leads to: the fields of the `Name` object.
#: Source: https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-name.html
_NAME_FIELDS = {
    each["name"].lower(): Field(each, each["name"], each["type"])
    for each in map(
        read_field,
        ("Id; id", "Name; string; N; 255", "FirstName; string; N; 40", "LastName; string; N; 80", "Email; email; N",
         "Title; string; N; 128", "Phone; phone; N", "Username; string; N; 80", "IsActive; boolean; N",
         "Type; string; N; 40"),
    )
}  # fmt: skip


def value_of(record: Record, field: Field) -> Any:
    """A field's value; an address is put together from its parts."""
    if field.type != "address":
        return record.get(field.name)
    stem = field.name.removesuffix("Address")
    parts = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")
    found = {part[0].lower() + part[1:]: record.get(stem + part) for part in parts}
    return found if any(value is not None for value in found.values()) else None


class Paths:
    """Resolves the paths of one query."""

    def __init__(self, org: Org, user: User, query: Query) -> None:
        self._org, self._user, self._query = org, user, query

    def source(self) -> Sight:
        """The object that is asked."""
        self._org.schema.refuse_unknown(self._query.source)
        sight = self._org.access.sight(self._user, self._query.source)
        if sight is None or not sight.sobject.told["queryable"]:
            raise malformed(
                self._query.text,
                self._query.source_at,
                f"sObject type '{self._query.source}' is not supported. If you are attempting to use a custom"
                f" object, be sure to"
                " append the '__c' after the entity name. Please reference your WSDL or the describe call for the"
                " appropriate names.",
                "INVALID_TYPE",
            )
        return sight

    def resolve(self, sight: Sight, path: Path) -> tuple[Field, Getter, tuple[str, ...]]:
        """The field at the end of a path, how to read it, and the canonical names along the way."""
        names = list(path.names)
        if len(names) > 1 and names[0].lower() == sight.sobject.name.lower() and not self._relation(sight, names[0]):
            names.pop(0)
        if len(names) == 1:
            field = self._field(sight, names[0], path)
            return field, lambda record: value_of(record, field), (field.name,)
        relation = self._relation(sight, names[0])
        if relation is None:
            raise malformed(
                self._query.text,
                path.at,
                f"Didn't understand relationship '{names[0]}' in field path. If you are attempting to use a custom"
                f" relationship, be sure"
                " to append the '__r' after the custom relationship name. Please reference your WSDL or the"
                " describe call for the appropriate names.",
                "INVALID_FIELD",
            )
        rest = Path(tuple(names[1:]), path.at)
        field, inner, canonical = self.beyond(relation, rest)

        def get(record: Record) -> Any:
            parent = self._org.record(record.get(relation.name))
            return inner(parent) if parent else None

        return field, get, (str(relation.told["relationshipName"]), *canonical)

    def beyond(self, relation: Field, rest: Path) -> tuple[Field, Getter, tuple[str, ...]]:
        """What lies behind a reference, read off the record it leads to."""
        targets = relation.told["referenceTo"]
        if len(targets) == 1:
            sight = self._org.access.sight(self._user, targets[0])
            if sight is None:
                raise Refused("INVALID_FIELD", f"No such relation '{relation.told['relationshipName']}' for this user")
            return self.resolve(sight, rest)
        if len(rest.names) > 1:
            raise NotEmulated(f"SOQL: path through a reference to several objects: {rest.text}")
        field = _NAME_FIELDS.get(rest.names[0].lower())
        if field is None:
            raise self._no_column(rest, rest.names[0], "Name")
        if field.name == "Type":
            return field, lambda record: self._org.schema.prefixes[record["Id"][:3]], ("Type",)
        return field, lambda record: record.get(field.name), (field.name,)

    def _relation(self, sight: Sight, name: str) -> Field | None:
        found = self._org.schema.relationship(sight.sobject, name)
        return found if found and found.name.lower() in sight.readable else None

    def _field(self, sight: Sight, name: str, path: Path) -> Field:
        field = sight.readable.get(name.lower())
        if field is None and self._org.is_mutated("hidden_accepted"):
            field = sight.sobject.field(name)
        if field is None:
            raise self._no_column(path, name, sight.sobject.name)
        return field

    def _no_column(self, path: Path, name: str, entity: str) -> Refused:
        return malformed(
            self._query.text,
            path.at,
            f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to"
            f" append the '__c'"
            " after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
            "INVALID_FIELD",
        )
