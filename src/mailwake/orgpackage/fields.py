"""What Mailwake adds to an org, as fields.toml lists it: the one list of names, for the package and for the sync."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

#: of the package in `package/`; raise it with every change of fields.toml or parts.toml
PACKAGE_VERSION = "1.1"
#: days for which rows of Email_Engagement__c stay, unless an org's setting says otherwise
RETENTION_DAYS = 180


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One custom field."""

    name: str
    #: Text LongTextArea Number DateTime Checkbox Picklist Lookup
    type: str
    label: str
    #: for admins
    description: str
    #: for whoever points at the field
    help: str
    #: characters, of a text
    length: int = 0
    #: digits before and behind the point together, of a number
    digits: int = 0
    decimals: int = 0
    #: of a picklist; nothing else may be written
    values: tuple[str, ...] = ()
    #: unique, plain or none: whether records can be named by it
    key: str = ""
    required: bool = False
    #: object that a lookup leads to, and what the way back is called
    to: str = ""
    relation: str = ""
    relation_label: str = ""


class Thing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One object of our own."""

    label: str
    plural: str
    description: str
    fields: tuple[Field, ...]


class _On(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    objects: tuple[str, ...]
    fields: tuple[Field, ...]


class _All(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    objects: dict[str, Thing]
    on: tuple[_On, ...]


@cache
def _all() -> _All:
    text = files(__package__).joinpath("fields.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _All)


def own_objects() -> dict[str, Thing]:
    """The objects that are ours alone, by name."""
    return _all().objects


def objects() -> tuple[str, ...]:
    """Names of all objects with a field of ours; the fields of tasks stand on Activity."""
    return tuple(_all().objects) + tuple(name for part in _all().on for name in part.objects)


def fields_of(of: str) -> tuple[Field, ...]:
    """The fields of ours on an object; none on an object that we do not touch."""
    if of in _all().objects:
        return _all().objects[of].fields
    return tuple(field for part in _all().on if of in part.objects for field in part.fields)
