"""Makes the Salesforce package in src/mailwake/orgpackage/package from fields.toml and parts.toml beside it.

    python tools/make_salesforce_package.py            write it
    python tools/make_salesforce_package.py --check    only say whether it is stale

Source of the form: Salesforce DX Developer Guide, "Salesforce DX Source Format",
https://developer.salesforce.com/docs/atlas.en-us.sfdx_dev.meta/sfdx_dev/sfdx_dev_source_file_format.htm ;
of the types: Metadata API Developer Guide, "Metadata Types",
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_types_list.htm
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from mailwake.orgpackage import fields as known
from mailwake.orgpackage.fields import Field, Thing

PACKAGE = Path(__file__).parents[1] / "src" / "mailwake" / "orgpackage" / "package"
SOURCE = "force-app/main/default"
#: the newest API whose schema we could check the files against
API_VERSION = "63.0"
NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
SCHEMA_NAMESPACES = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
ROWS, EVENT, SETTING = "Email_Engagement__c", "Email_Hot_Signal__e", "Engagement_Setting__mdt"
#: where the page of a person shows a relation
RELATION = "Email_Engagements__r"

#: tag and text, or tag and children; a tag may carry attributes
Node = tuple[str, Any]


def document(root: str, children: Sequence[Node], *, namespaces: str = NAMESPACE) -> str:
    """A file: sorted as Salesforce's own tools write it, the name first."""
    body = "".join(lines(ordered(children), 1))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {namespaces}>\n{body}</{root}>\n'


def ordered(children: Iterable[Node]) -> list[Node]:
    """Children by tag; those of one tag stay in their order."""
    return sorted(children, key=lambda node: (node[0] != "fullName", node[0]))


def lines(children: Iterable[Node], depth: int) -> Iterator[str]:
    """The lines of some children."""
    pad = "    " * depth
    for tag, value in children:
        end = tag.partition(" ")[0]
        if isinstance(value, list):
            yield f"{pad}<{tag}>\n" + "".join(lines(ordered(value), depth + 1)) + f"{pad}</{end}>\n"
        else:
            text = str(value).lower() if isinstance(value, bool) else escape(str(value))
            yield f"{pad}<{tag}>{text}</{end}>\n"


def field_nodes(field: Field, of: str) -> list[Node]:
    """What a field's file says."""
    nodes: list[Node] = [
        ("fullName", field.name),
        ("description", field.description),
        ("inlineHelpText", field.help),
        ("label", field.label),
        ("type", field.type),
    ]
    nodes += _TYPES[field.type](field)
    if field.type not in ("Checkbox", "LongTextArea"):
        nodes.append(("required", field.required))
    if field.type in ("Text", "Number"):
        nodes += [("externalId", bool(field.key)), ("unique", field.key == "unique")]
        if field.key == "unique":
            nodes.append(("caseSensitive", True))
    if of == SETTING:
        nodes = [node for node in nodes if node[0] != "externalId"]
        nodes.append(("fieldManageability", "SubscriberControlled"))
    return nodes


def _choice(field: Field) -> list[Node]:
    values: list[Node] = [
        ("value", [("fullName", value), ("default", False), ("label", value)]) for value in field.values
    ]
    return [("valueSet", [("restricted", True), ("valueSetDefinition", [("sorted", False), *values])])]


def _lookup(field: Field) -> list[Node]:
    return [
        ("referenceTo", field.to),
        ("relationshipName", field.relation),
        ("relationshipLabel", field.relation_label),
        ("deleteConstraint", "SetNull"),
    ]


def _plain(field: Field) -> list[Node]:
    return [("defaultValue", False)] if field.type == "Checkbox" else []


_TYPES = {
    "Text": lambda field: [("length", field.length)],
    "LongTextArea": lambda field: [("length", field.length), ("visibleLines", 4)],
    "Number": lambda field: [("precision", field.digits), ("scale", field.decimals)],
    "DateTime": _plain,
    "Checkbox": _plain,
    "Picklist": _choice,
    "Lookup": _lookup,
}


def object_nodes(name: str, thing: Thing, parts: dict[str, Any]) -> list[Node]:
    """What an object's file says."""
    nodes: list[Node] = [
        ("description", thing.description),
        ("label", thing.label),
        ("pluralLabel", thing.plural),
    ]
    if name == SETTING:
        return [*nodes, ("visibility", "Public")]
    nodes.append(("deploymentStatus", "Deployed"))
    if name == EVENT:
        return [*nodes, ("eventType", "HighVolume"), ("publishBehavior", "PublishImmediately")]
    # Bulk, sharing and streaming can only be switched together.
    switches = {"Reports": True, "Search": True, "BulkApi": True, "Sharing": True, "StreamingApi": True}
    switches |= {"Activities": False, "Feeds": False, "History": False}
    return [
        *nodes,
        *((f"enable{word}", is_on) for word, is_on in switches.items()),
        ("compactLayoutAssignment", parts["compact_layout"]["name"]),
        ("nameField", [("displayFormat", "EE-{000000000}"), ("label", "Engagement Number"), ("type", "AutoNumber")]),
        ("sharingModel", "Read"),
        ("externalSharingModel", "Private"),
    ]


def permission_set(told: dict[str, Any]) -> str:
    """Who may see and write what; fields that are required, and those of events and settings, have no permission."""
    names = [
        f"{'Task' if of == 'Activity' else of}.{field.name}"
        for of in known.objects()
        if of not in (EVENT, SETTING)
        for field in known.fields_of(of)
        if not field.required
    ]
    may_edit = dict.fromkeys([*names, *told.get("fields", [])], told["writes"])
    may_edit |= dict.fromkeys(told.get("reads", []), False)
    fields: list[Node] = [
        ("fieldPermissions", [("editable", may_edit[name]), ("field", name), ("readable", True)])
        for name in sorted(may_edit)
    ]
    objects: list[Node] = [
        ("objectPermissions", [("object", name), *_rights(word)]) for name, word in sorted(told["objects"].items())
    ]
    users: list[Node] = [
        ("userPermissions", [("enabled", True), ("name", name)]) for name in told.get("user_permissions", [])
    ]
    settings: Node = ("customMetadataTypeAccesses", [("enabled", True), ("name", SETTING)])
    about: list[Node] = [
        ("label", told["label"]),
        ("description", told["description"]),
        ("hasActivationRequired", False),
    ]
    return document("PermissionSet", [*about, settings, *fields, *objects, *users])


def _rights(word: str) -> list[Node]:
    granted = {
        "read": {"allowRead"},
        "edit": {"allowRead", "allowEdit"},
        "create": {"allowRead", "allowCreate"},
        "all": {"allowRead", "allowCreate", "allowEdit", "allowDelete", "viewAllRecords", "modifyAllRecords"},
    }[word]
    every = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords")
    return [(right, right in granted) for right in every]


def list_view(told: dict[str, Any]) -> str:
    """People who are hot now; everybody may look."""
    conditions = [("Engagement_Band__c", "equals", "Hot"), ("Last_Human_Click__c", "greaterOrEqual", "LAST_N_DAYS:7")]
    filters: list[Node] = [
        ("filters", [("field", field), ("operation", operation), ("value", value)])
        for field, operation, value in conditions
    ]
    columns: list[Node] = [("columns", name) for name in told["columns"]]
    about: list[Node] = [("fullName", told["name"]), ("filterScope", "Everything"), ("label", told["label"])]
    return document("ListView", [*about, *columns, *filters])


def report_type(told: dict[str, Any]) -> str:
    """An object and the rows that belong to it."""
    base = told["base"]
    own = [field.name for field in known.fields_of(base)]
    rows = ["Name", *(field.name for field in known.fields_of(ROWS) if field.name != f"{base}__c")]
    sections: list[Node] = [
        ("sections", [("masterLabel", told["base_label"]), *_columns([*told["columns"], *own], base)]),
        ("sections", [("masterLabel", "Email Engagements"), *_columns(rows, f"{base}.{RELATION}")]),
    ]
    nodes: list[Node] = [
        ("baseObject", base),
        ("category", told["category"]),
        ("deployed", True),
        ("description", told["description"]),
        ("join", [("outerJoin", False), ("relationship", RELATION)]),
        ("label", told["label"]),
    ]
    return document("ReportType", [*nodes, *sections])


def _columns(names: Iterable[str], table: str) -> list[Node]:
    return [("columns", [("checkedByDefault", False), ("field", name), ("table", table)]) for name in names]


def layout(sections: list[dict[str, Any]]) -> str:
    """The page of a row: two columns a section; written by nobody but us, so nearly all can only be read."""
    return document("Layout", [("layoutSections", _section(told)) for told in sections])


def _section(told: dict[str, Any]) -> list[Node]:
    required = {field.name for field in known.fields_of(ROWS) if field.required}
    items: list[Node] = [
        ("layoutItems", [("behavior", "Required" if name in required else "Readonly"), ("field", name)])
        for name in told["fields"]
    ]
    half = (len(items) + 1) // 2
    return [
        ("customLabel", True),
        ("detailHeading", True),
        ("editHeading", True),
        ("label", told["label"]),
        ("layoutColumns", items[:half]),
        ("layoutColumns", items[half:]),
        ("style", "TwoColumnsTopToBottom"),
    ]


def setting() -> str:
    """The one record of settings."""
    values: list[Node] = [
        ("values", [("field", "Package_Version__c"), ('value xsi:type="xsd:string"', known.PACKAGE_VERSION)]),
        ("values", [("field", "Retention_Days__c"), ('value xsi:type="xsd:double"', f"{known.RETENTION_DAYS}.0")]),
    ]
    nodes: list[Node] = [("label", "Mailwake"), ("protected", False), *values]
    return document("CustomMetadata", nodes, namespaces=f"{NAMESPACE} {SCHEMA_NAMESPACES}")


def files_of_objects(parts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Path and text of all that lies below objects/."""
    for name, thing in known.own_objects().items():
        nodes = object_nodes(name, thing, parts)
        yield f"objects/{name}/{name}.object-meta.xml", document("CustomObject", nodes)
    for name in known.objects():
        for field in known.fields_of(name):
            path = f"objects/{name}/fields/{field.name}.field-meta.xml"
            yield path, document("CustomField", field_nodes(field, name))
    for name, told in parts["list_views"].items():
        yield f"objects/{name}/listViews/{told['name']}.listView-meta.xml", list_view(told)
    compact = parts["compact_layout"]
    shown: list[Node] = [("fields", name) for name in compact["fields"]]
    path = f"objects/{ROWS}/compactLayouts/{compact['name']}.compactLayout-meta.xml"
    yield path, document("CompactLayout", [("fullName", compact["name"]), ("label", compact["label"]), *shown])
    yield rule_file(parts["validation_rule"])


def rule_file(rule: dict[str, Any]) -> tuple[str, str]:
    """Path and text of the validation rule."""
    nodes: list[Node] = [
        ("fullName", rule["name"]),
        ("active", True),
        ("description", rule["description"]),
        ("errorConditionFormula", rule["formula"]),
        ("errorMessage", rule["message"]),
    ]
    path = f"objects/{ROWS}/validationRules/{rule['name']}.validationRule-meta.xml"
    return path, document("ValidationRule", nodes)


def files_beside(parts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Path and text of the rest of the source."""
    for name, told in parts["permission_sets"].items():
        yield f"permissionsets/{name}.permissionset-meta.xml", permission_set(told)
    for name, told in parts["report_types"].items():
        yield f"reportTypes/{name}.reportType-meta.xml", report_type(told)
    label = known.own_objects()[ROWS].label
    yield f"layouts/{ROWS}-{label} Layout.layout-meta.xml", layout(parts["layout"])
    yield "customMetadata/Engagement_Setting.Mailwake.md-meta.xml", setting()


def package() -> dict[str, str]:
    """Every file of the package, by path."""
    parts = tomllib.loads((PACKAGE.parent / "parts.toml").read_text(encoding="utf-8"))
    project = {
        "packageDirectories": [{"path": "force-app", "default": True}],
        "name": "mailwake-engagement",
        "namespace": "",
        "sfdcLoginUrl": "https://login.salesforce.com",
        "sourceApiVersion": API_VERSION,
    }
    made = {"sfdx-project.json": json.dumps(project, indent=2) + "\n"}
    for path, text in [*files_of_objects(parts), *files_beside(parts)]:
        made[f"{SOURCE}/{path}"] = text
    return made


def stale(folder: Path = PACKAGE) -> list[str]:
    """Paths that are missing, differ, or should not be there."""
    made = package()
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    differ = {name for name, text in made.items() if name in found and (folder / name).read_bytes() != text.encode()}
    return sorted(differ | (found ^ set(made)))


def main(arguments: list[str]) -> int:
    """Write the package, or say what of it is stale."""
    wrong = stale()
    if "--check" in arguments:
        print("\n".join(wrong) or "fresh")
        return 1 if wrong else 0
    made = package()
    for name in wrong:
        path = PACKAGE / name
        if name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made[name].encode())
        else:
            path.unlink()
    print(f"{len(made)} files, {len(wrong)} of them changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
