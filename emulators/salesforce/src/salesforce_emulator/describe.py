"""What the org says about its objects, as the asking user may see them.

Source of every key: the describes recorded from real orgs (`data/recorded.json`, `data/global.json`).
"""

from __future__ import annotations

from typing import Any

from .access import Sight
from .calls import Answer, Call, route
from .org import Org
from .schema import SObject, told_globally

_GLOBAL_KEYS = (
    "activateable", "associateEntityType", "associateParentEntity", "createable", "custom", "customSetting",
    "deepCloneable",
    "deletable", "deprecatedAndHidden", "feedEnabled", "hasSubtypes", "isInterface", "isSubtype", "keyPrefix",
    "label", "labelPlural",
    "layoutable", "mergeable", "mruEnabled", "name", "queryable", "replicateable", "retrieveable", "searchable",
    "triggerable",
    "undeletable", "updateable",
)  # fmt: skip


def urls(root: str, base: str, sobject: SObject, *, is_whole: bool) -> dict[str, str]:
    """Where an object's resources are."""
    own = f"{root}/sobjects/{sobject.name}"
    told = {"compactLayouts": f"{own}/describe/compactLayouts", "rowTemplate": own + "/{ID}",
        "approvalLayouts": f"{own}/describe/approvalLayouts",
            "listviews": f"{own}/listviews", "describe": f"{own}/describe", "quickActions": f"{own}/quickActions",
            "layouts": f"{own}/describe/layouts", "sobject": own}  # fmt: skip
    if is_whole:
        told |= {
            "uiDetailTemplate": base + "/{ID}",
            "uiEditTemplate": base + "/{ID}/e",
            "uiNewRecord": f"{base}/{sobject.prefix}/e",
        }
    return told


def whole(call: Call, sight: Sight) -> dict[str, Any]:
    """The describe of one object."""
    told = dict(sight.sobject.told)
    told["fields"] = [
        {k: v for k, v in each.told.items() if k != "child"}
        | {
            "createable": each.told["createable"] and each.name in sight.writable,
            "updateable": each.told["updateable"] and each.name in sight.writable,
        }
        for each in sight.readable.values()
    ]
    told["childRelationships"] = told["childRelationships"] + _written_children(call.org, sight.sobject)
    told |= {
        "createable": told["createable"] and "create" in sight.rights,
        "updateable": told["updateable"] and "edit" in sight.rights,
        "deletable": told["deletable"] and "delete" in sight.rights,
        "urls": urls(call.root, call.base, sight.sobject, is_whole=True),
    }
    return told


def _written_children(org: Org, parent: SObject) -> list[dict[str, Any]]:
    """Children whose references were not in the recording."""
    known = {(each["childSObject"], each["field"]) for each in parent.told["childRelationships"]}
    return [
        {"cascadeDelete": field.told["cascadeDelete"], "childSObject": child.name, "deprecatedAndHidden": False,
        "field": field.name,
         "junctionIdListNames": [], "junctionReferenceTo": [], "relationshipName": field.child_name,
         "restrictedDelete": False}
        for child in org.schema.objects.values()
        for field in child.fields.values()
        if field.child_name and parent.name in field.told["referenceTo"] and (child.name, field.name) not in known
    ]  # fmt: skip


def _in_global(call: Call, sight: Sight) -> dict[str, Any]:
    told = {key: sight.sobject.told.get(key) for key in _GLOBAL_KEYS}
    return told | {"urls": urls(call.root, call.base, sight.sobject, is_whole=False)}


def _global(call: Call) -> Answer:
    """All objects: those that are emulated, and the names of those that the recording had beside them."""
    told = []
    for each in told_globally():
        if call.org.schema.get(each["name"]) is None:
            own = f"{call.root}/sobjects/{each['name']}"
            told.append(each | {"urls": {"rowTemplate": own + "/{ID}", "describe": f"{own}/describe", "sobject": own}})
    for name in call.org.schema.objects:
        sight = call.org.access.sight(call.user, name)
        if sight:
            told.append(_in_global(call, sight))
    return Answer(
        body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sorted(told, key=lambda each: str(each["name"]))}
    )


def _sight(call: Call) -> Sight:
    return call.saver.sight(call.groups[0])


def _basic(call: Call) -> Answer:
    """An object in short, and what the user looked at last: nobody looks at anything here."""
    return Answer(body={"objectDescribe": _in_global(call, _sight(call)), "recentItems": []})


def _whole(call: Call) -> Answer:
    return Answer(body=whole(call, _sight(call)))


ROUTES = [
    route("GET", "/sobjects", _global),
    route("GET", "/sobjects/{}", _basic),
    route("GET", "/sobjects/{}/describe", _whole),
]
