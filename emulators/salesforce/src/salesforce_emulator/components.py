"""The components of a package that the org understands: objects, fields, permission sets; and those it only lists.

Source: https://developer.salesforce.com/docs/platform/api-metadata/references/metadata-types/customobject.html
What a field of a type becomes in a describe:
https://developer.salesforce.com/docs/platform/object-reference/guide/field-types.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from . import listviews, written
from .access import PermissionSet
from .refusals import NotEmulated
from .values import coerced

if TYPE_CHECKING:
    from .org import Org

#: Folder of a package, the type of what lies in it. Those beyond the first two change nothing that an API shows.
_KINDS = {
    "objects": "CustomObject", "permissionsets": "PermissionSet", "layouts": "Layout", "reportTypes": "ReportType",
    "reports": "Report", "customMetadata": "CustomMetadata", "tabs": "CustomTab",
    "applications": "CustomApplication", "labels": "CustomLabels",
    "dashboards": "Dashboard", "flexipages": "FlexiPage", "flows": "Flow", "globalValueSets": "GlobalValueSet",
}  # fmt: skip
#: Metadata type of a field, its type in a describe.
_TYPES = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Html": "textarea", "Number": "double",
    "Currency": "currency",
    "Percent": "percent", "Checkbox": "boolean", "Date": "date", "DateTime": "datetime", "Email": "email",
    "Phone": "phone", "Url": "url",
    "Picklist": "picklist", "MultiselectPicklist": "multipicklist", "Lookup": "reference", "MasterDetail": "reference",
    "AutoNumber": "string",
}  # fmt: skip
_LENGTHS = {
    "textarea": 255,
    "email": 80,
    "phone": 40,
    "url": 255,
    "picklist": 255,
    "multipicklist": 4099,
    "reference": 18,
}


class BadComponent(Exception):
    """A component that the org refuses."""

    def __init__(self, component: str, kind: str, file: str, problem: str) -> None:
        super().__init__(problem)
        self.component, self.kind, self.file = component, kind, file


class Known:
    """What there is, and what the package has brought so far."""

    def __init__(self, org: Org) -> None:
        self.objects = {name: {each.lower() for each in sobject.fields} for name, sobject in org.schema.objects.items()}
        self.required = {
            f"{name}.{lower}"
            for name, sobject in org.schema.objects.items()
            for lower, each in sobject.fields.items()
            if each.told["custom"] and not each.told["permissionable"]
        }


@dataclass
class Change:
    """One component: whether it is good, and what it does to the org."""

    kind: str
    name: str
    file: str
    check: Callable[[Known], None]
    apply: Callable[[Org], None]


def without_namespace(root: ElementTree.Element, namespace: str) -> ElementTree.Element:
    """The same tree, names bare."""
    for each in root.iter():
        each.tag = each.tag.removeprefix(namespace)
    return root


def rank(name: str) -> int:
    """Objects before what refers to them."""
    return 0 if "objects/" in name else 2 if "permissionsets/" in name else 1


def read(name: str, root: ElementTree.Element) -> list[Change]:
    """The components of one file."""
    parts = name.split("/")
    folder, stem = parts[-2] if len(parts) > 1 else "", parts[-1].rsplit(".", 1)[0]
    kind = _KINDS.get(folder)
    if kind is None and not name.endswith("-meta.xml"):
        raise NotEmulated(f"metadata in the folder {folder}")
    if kind is None or (kind in ("CustomObject", "PermissionSet") and root.tag != kind):
        raise BadComponent(stem, root.tag, name, f"Unknown folder or type: {folder}/{root.tag}")
    if kind == "CustomObject":
        return _object(stem, name, root)
    if kind == "PermissionSet":
        return [_permission_set(stem, name, root)]
    if kind == "CustomMetadata":
        return [_custom_metadata(stem, name, root)]
    return [Change(kind, stem, name, lambda known: None, lambda org: None)]


def _text(root: ElementTree.Element, name: str, default: str = "") -> str:
    return (root.findtext(name) or default).strip()


def _object(stem: str, file: str, root: ElementTree.Element) -> list[Change]:
    """An object made or added to, then its fields and list views; layouts and rules are only listed."""
    changes = []
    is_new = stem.endswith(("__c", "__e", "__mdt")) and root.find("label") is not None

    def check(known: Known) -> None:
        if not is_new and stem.lower() not in (*known.objects, "activity"):
            raise BadComponent(
                stem, "CustomObject", file, f"Entity of type 'CustomObject' named '{stem}' cannot be found"
            )
        known.objects.setdefault(
            stem.lower(), {"id", "name", "ownerid", "createddate", "lastmodifieddate", "systemmodstamp"}
        )

    def apply(org: Org) -> None:
        if is_new and org.schema.get(stem) is None:
            prefix = {"__e": "e", "__mdt": "m"}.get(stem[stem.rfind("__") :])
            told = written.blank_object(stem, org.schema.custom_prefix(prefix or "a"), _text(root, "label"))
            told |= {"labelPlural": _text(root, "pluralLabel", _text(root, "label"))}
            told["fields"] = written.system_fields() + _own_fields(stem, root)
            if stem.endswith("__e"):
                told |= {
                    "updateable": False,
                    "deletable": False,
                    "queryable": False,
                    "undeletable": False,
                    "replicateable": False,
                }
            org.schema.add_object(told)

    changes.append(Change("CustomObject", stem, file, check, apply))
    changes += [_field(stem, file, each) for each in root.findall("fields")]
    for tag, kind in (
        ("listViews", "ListView"),
        ("compactLayouts", "CompactLayout"),
        ("validationRules", "ValidationRule"),
    ):
        for each in root.findall(tag):
            part = f"{stem}.{_text(each, 'fullName')}"
            apply_part = partial(listviews.deploy, of=stem, root=each) if tag == "listViews" else lambda org: None
            changes.append(Change(kind, part, file, _columns(stem, file, each), apply_part))
    return changes


def _columns(stem: str, file: str, root: ElementTree.Element) -> Callable[[Known], None]:
    """A compact layout names fields that are there; a list view may name columns under names of their own."""

    def check(known: Known) -> None:
        for each in root.findall("fields"):
            if each.text and each.text.endswith("__c") and each.text.lower() not in known.objects[stem.lower()]:
                raise BadComponent(stem, "CompactLayout", file, f"Could not resolve field: {each.text}")

    return check


def _own_fields(stem: str, root: ElementTree.Element) -> list[dict[str, Any]]:
    """The fields that an object has before any is added: a name and an owner, or for events what the bus adds."""
    if stem.endswith("__mdt"):
        names = ("DeveloperName; string; MV; 40", "MasterLabel; string; V; 40", "Label; string; V; 40")
        return [written.read_field(line) for line in (*names, "QualifiedApiName; string; V; 70")]
    if stem.endswith("__e"):
        return [written.read_field("ReplayId; string; NV; 1000"), written.read_field("EventUuid; string; NV; 36")]
    name = root.find("nameField")
    is_numbered = name is not None and _text(name, "type") == "AutoNumber"
    own = written.read_field("Name; string; NMV; 80" if is_numbered else "Name; string; CUNMV; 80")
    own |= {"autoNumber": is_numbered, "label": _text(name, "label") if name is not None else "Name"}
    controlled = _text(root, "sharingModel") == "ControlledByParent"
    return [own] if controlled else [own, written.read_field("OwnerId; reference; CUDV; User; rel=Owner")]


def _field(sobject: str, file: str, root: ElementTree.Element) -> Change:
    name, kind = _text(root, "fullName"), _text(root, "type")
    target = "Task" if sobject == "Activity" else sobject

    def check(known: Known) -> None:
        full = f"{sobject}.{name}"
        if not name.endswith("__c"):
            raise BadComponent(full, "CustomField", file, f"{name} is no custom field")
        if kind not in _TYPES:
            raise BadComponent(full, "CustomField", file, f"'{kind}' is not a valid value for the enum 'FieldType'")
        if kind in ("Lookup", "MasterDetail") and _text(root, "referenceTo").lower() not in known.objects:
            raise BadComponent(
                full,
                "CustomField",
                file,
                f"referenceTo value of '{_text(root, 'referenceTo')}' does not resolve to a valid sObject type",
            )
        if kind in ("Text", "LongTextArea", "Html") and not _text(root, "length"):
            raise BadComponent(full, "CustomField", file, "Must specify 'length' for a CustomField of this type")
        known.objects.setdefault(target.lower(), set()).add(name.lower())
        if _text(root, "required") == "true" or kind == "MasterDetail":
            known.required.add(f"{target}.{name}".lower())

    def apply(org: Org) -> None:
        told = described(root)
        if target.endswith(("__mdt", "__e")):  # whoever may see the type sees its fields
            told["permissionable"] = False
        org.sobject(target).add(told)
        if target == "Contact" and org.settings.has_person_accounts:  # a person account shows its contact's fields
            org.sobject("Account").add(told | {"name": name.removesuffix("__c") + "__pc"})
        for record in org.store.table(org.sobject(target)).records.values():
            if kind == "Checkbox":
                record.setdefault(name, _text(root, "defaultValue") == "true")

    return Change("CustomField", f"{sobject}.{name}", file, check, apply)


def described(root: ElementTree.Element) -> dict[str, Any]:
    """The describe of a custom field from its metadata."""
    name, kind = _text(root, "fullName"), _text(root, "type")
    is_required = _text(root, "required") == "true" or kind == "MasterDetail"
    flags = "" if kind == "AutoNumber" else "CU"
    flags += "" if is_required or kind == "Checkbox" else "N"
    flags += "".join(
        flag
        for tag, flag in (("externalId", "XL"), ("unique", "QL"), ("caseSensitive", "S"))
        if _text(root, tag) == "true"
    )
    values = [_text(each, "fullName") for each in root.findall("valueSet/valueSetDefinition/value")]
    argument = _text(root, "length")
    if kind in ("Number", "Currency", "Percent"):
        argument = f"{_text(root, 'precision', '18')},{_text(root, 'scale', '0')}"
    told = written.read_field(f"{name}; {_TYPES[kind]}; {flags};{argument}")
    default = next(
        (
            _text(each, "fullName")
            for each in root.findall("valueSet/valueSetDefinition/value")
            if _text(each, "default") == "true"
        ),
        None,
    )
    told |= {
        "label": _text(root, "label", name),
        "inlineHelpText": _text(root, "inlineHelpText") or None,
        "length": told["length"] or _LENGTHS.get(told["type"], 0),
        "picklistValues": [written.choice(each, default=default) for each in values],
        "restrictedPicklist": _text(root, "valueSet/restricted") == "true",
        "permissionable": not is_required,
        "filterable": kind not in ("LongTextArea", "Html"),
        "sortable": kind not in ("LongTextArea", "Html", "MultiselectPicklist"),
        "cascadeDelete": kind == "MasterDetail",
    }
    if kind == "Checkbox":
        told |= {"defaultValue": _text(root, "defaultValue") == "true", "defaultedOnCreate": True}
    if told["type"] == "reference":
        children = _text(root, "relationshipName")
        told |= {"referenceTo": [_text(root, "referenceTo")], "relationshipName": name.removesuffix("__c") + "__r"}
        told |= {"child": f"{children}__r"} if children else {}
    return told


def _custom_metadata(stem: str, file: str, root: ElementTree.Element) -> Change:
    """A record of a custom metadata type: deployed, read by queries, written by nobody else."""
    kind, _, name = stem.partition(".")
    sobject = f"{kind}__mdt"
    given = {_text(each, "field"): _text(each, "value") for each in root.findall("values")}

    def check(known: Known) -> None:
        fields = known.objects.get(sobject.lower(), set())
        for each in given:
            if each.lower() not in fields:
                raise BadComponent(stem, "CustomMetadata", file, f"Invalid field {each} on type {sobject}")

    def apply(org: Org) -> None:
        target = org.sobject(sobject)
        table = org.store.table(target)
        label = _text(root, "label", name)
        values: dict[str, Any] = {"DeveloperName": name, "MasterLabel": label, "Label": label, "QualifiedApiName": name}
        for each, text in given.items():
            field = target.fields[each.lower()]
            values[field.name] = coerced(field, text, from_text=True)
        known = next((each for each in table.live() if each["DeveloperName"] == name), None)
        if known:
            org.store.put(target, known["Id"], known | values)
        else:
            org.insert(sobject, values)

    return Change("CustomMetadata", stem, file, check, apply)


def _permission_set(stem: str, file: str, root: ElementTree.Element) -> Change:
    def check(known: Known) -> None:
        for each in root.findall("fieldPermissions"):
            full = _text(each, "field")
            sobject, _, name = full.partition(".")
            target = "Task" if sobject == "Activity" else sobject
            if name.lower() not in known.objects.get(target.lower(), ()):
                raise BadComponent(stem, "PermissionSet", file, f"In field: field - no CustomField named {full} found")
            if f"{target}.{name}".lower() in known.required:
                raise BadComponent(stem, "PermissionSet", file, f"You cannot deploy to a required field: {full}")
        for each in root.findall("objectPermissions"):
            if _text(each, "object").lower() not in known.objects:
                raise BadComponent(
                    stem,
                    "PermissionSet",
                    file,
                    f"In field: object - no CustomObject named {_text(each, 'object')} found",
                )

    def apply(org: Org) -> None:
        made = PermissionSet(stem)
        for each in root.findall("fieldPermissions"):
            if _text(each, "readable") == "true" or _text(each, "editable") == "true":
                made.fields[_text(each, "field").replace("Activity.", "Task.").lower()] = (
                    _text(each, "editable") == "true"
                )
        rights = (("allowRead", "read"), ("allowCreate", "create"), ("allowEdit", "edit"), ("allowDelete", "delete"))
        for each in root.findall("objectPermissions"):
            made.objects[_text(each, "object").lower()] = {right for tag, right in rights if _text(each, tag) == "true"}
        for each in root.findall("customMetadataTypeAccesses"):
            if _text(each, "enabled") == "true":
                made.objects[_text(each, "name").lower()] = {"read"}
        made.user_permissions = {
            _text(each, "name") for each in root.findall("userPermissions") if _text(each, "enabled") == "true"
        }
        if stem not in org.access.permission_sets:
            org.insert("PermissionSet", {"Name": stem, "Label": _text(root, "label", stem)})
        org.access.permission_sets[stem] = made

    return Change("PermissionSet", stem, file, check, apply)
