"""Objects and fields that no recording holds, written down after the object reference (`data/written.toml`).

A field is a line `name; type; flags; argument; more`. Flags: C createable, U updateable, N nillable, X external id,
L idLookup, Q unique, S case-sensitive, R restricted picklist, M name field, D defaulted on create, V visible to all
whatever field-level security says. The argument is a length, `precision,scale`, the values of a picklist, or what a
reference points to.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from importlib import resources
from typing import Any

_SOAP = {
    "boolean": "xsd:boolean", "date": "xsd:date", "datetime": "xsd:dateTime", "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double", "int": "xsd:int", "reference": "tns:ID", "id": "tns:ID",
}  # fmt: skip
_FLAGS = {
    "C": "createable", "U": "updateable", "N": "nillable", "X": "externalId", "L": "idLookup", "Q": "unique",
    "S": "caseSensitive",
    "R": "restrictedPicklist", "M": "nameField", "D": "defaultedOnCreate",
}  # fmt: skip
_LENGTHS = {"email": 80, "phone": 40, "url": 255, "picklist": 255, "reference": 18, "id": 18, "multipicklist": 4099}
_SYSTEM = (
    "Id; id; DLV;;label=Record ID",
    "IsDeleted; boolean; DV;;label=Deleted default=false",
    "CreatedDate; datetime; DV",
    "CreatedById; reference; DV; User; rel=CreatedBy",
    "LastModifiedDate; datetime; DV",
    "LastModifiedById; reference; DV; User; rel=LastModifiedBy",
    "SystemModstamp; datetime; DV",
)


@cache
def _blank() -> dict[str, Any]:
    return dict(json.loads((resources.files(__package__) / "data" / "blank.json").read_text(encoding="utf-8")))


def blank_field() -> dict[str, Any]:
    """A describe of a field that says nothing yet; its keys are those of the recordings."""
    return dict(_blank()["field"])


def blank_object(name: str, prefix: str, label: str) -> dict[str, Any]:
    """A describe of an object that may be read and written; its keys are those of the recordings."""
    is_custom = name.endswith(("__c", "__e", "__mdt"))
    told = {
        "name": name,
        "keyPrefix": prefix,
        "label": label,
        "labelPlural": f"{label}s",
        "custom": is_custom,
        "fields": [],
    }
    return dict(sorted((_blank()["object"] | told).items()))


def choice(value: str, *, default: str | None = None) -> dict[str, Any]:
    """One value of a picklist."""
    return {"active": True, "defaultValue": value == default, "label": value, "validFor": None, "value": value}


def read_field(line: str) -> dict[str, Any]:
    """The describe of a field from its line."""
    name, kind, flags, argument, more = ([part.strip() for part in line.split(";")] + ["", "", ""])[:5]
    told = blank_field()
    told |= {"name": name, "label": name, "type": kind, "soapType": _SOAP.get(kind, "xsd:string")}
    for flag, key in _FLAGS.items():
        told[key] = flag in flags
    told["custom"] = name.endswith("__c")
    told["permissionable"] = "V" not in flags and bool(told["nillable"] or kind == "boolean")
    extra = dict(part.split("=", 1) for part in _words(more))
    _put_size(told, kind, argument, extra.get("default"))
    if "default" in extra:
        told["defaultValue"] = extra["default"] == "true" if kind == "boolean" else extra["default"]
        told["defaultedOnCreate"] = True
    told["label"] = extra.get("label", told["label"])
    told["relationshipName"] = extra.get("rel")
    if "child" in extra:
        told["child"] = extra["child"]
    return told


def _words(more: str) -> list[str]:
    """`a=b c=d e` as two pairs: what has no sign of its own goes on with the value before it."""
    found: list[str] = []
    for word in more.split():
        if "=" in word or not found:
            found.append(word)
        else:
            found[-1] += f" {word}"
    return found


def _put_size(told: dict[str, Any], kind: str, argument: str, default: str | None) -> None:
    values = [each.strip() for each in argument.split("|") if each.strip()]
    if kind == "reference":
        told["referenceTo"] = values
        told["polymorphicForeignKey"] = told["namePointing"] = len(values) > 1
    elif kind in ("picklist", "multipicklist"):
        told["picklistValues"] = [choice(each, default=default) for each in values]
    elif kind in ("double", "currency", "percent"):
        precision, _, scale = (argument or "18,0").partition(",")
        told["precision"], told["scale"] = int(precision), int(scale or 0)
    elif kind == "int":
        told["digits"] = int(argument or 9)
    elif argument:
        told["length"] = int(argument)
    told["length"] = told["length"] or _LENGTHS.get(kind, 0)
    told["byteLength"] = told["length"] * (3 if told["soapType"] == "xsd:string" else 1)


def system_fields() -> list[dict[str, Any]]:
    """What every object has."""
    return [read_field(line) for line in _SYSTEM]


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "data" / "written.toml").read_text(encoding="utf-8"))


@cache
def objects() -> list[dict[str, Any]]:
    """The describes of all objects written down; all orgs share them."""
    made = []
    for name, told in _read()["objects"].items():
        one = blank_object(name, told["prefix"], told.get("label", name))
        one |= told.get("flags", {})
        one["fields"] = system_fields() + [read_field(line) for line in told["fields"]]
        made.append(one)
    return made


@cache
def additions() -> dict[str, list[dict[str, Any]]]:
    """Fields of recorded objects that the recording user did not see, by object."""
    return {name: [read_field(line) for line in told["fields"]] for name, told in _read()["additions"].items()}


def sources() -> dict[str, str]:
    """Where each written object or addition is documented, by name."""
    told = _read()
    return {name: each["source"] for kind in ("objects", "additions") for name, each in told[kind].items()}
