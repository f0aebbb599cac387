"""List views: what there are of an object, and the query behind each. Tests put them in, or a package brings them.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-listviewdescribe.html ;
of packages https://developer.salesforce.com/docs/platform/api-metadata/references/metadata-types/listview.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from .calls import Answer, Call, route
from .refusals import not_found
from .soql import Query, parse
from .soql.run import Runner

if TYPE_CHECKING:
    from .org import Org

_BARE = ("double", "currency", "percent", "boolean", "date", "datetime")
_SIGNS = {
    "equals": "=",
    "notEqual": "!=",
    "lessThan": "<",
    "greaterThan": ">",
    "lessOrEqual": "<=",
    "greaterOrEqual": ">=",
}


def _views(call: Call) -> list[dict[str, Any]]:
    name = call.saver.sight(call.groups[0]).sobject.name
    return [each for each in call.org.list_views if each["object"] == name]


def _shown(call: Call, view: dict[str, Any]) -> dict[str, Any]:
    own = f"{call.root}/sobjects/{view['object']}/listviews/{view['id']}"
    names = {"id": view["id"], "developerName": view["name"], "label": view.get("label", view["name"])}
    return names | {
        "describeUrl": f"{own}/describe",
        "resultsUrl": f"{own}/results",
        "soqlCompatible": True,
        "url": own,
    }


def _all(call: Call) -> Answer:
    views = [_shown(call, each) for each in _views(call)]
    kind = call.saver.sight(call.groups[0]).sobject.name
    return Answer(
        body={"done": True, "listviews": views, "nextRecordsUrl": None, "size": len(views), "sobjectType": kind}
    )


def _one(call: Call) -> dict[str, Any]:
    found = next((each for each in _views(call) if call.groups[1] in (each["id"], each["id"][:15])), None)
    if found is None:
        raise not_found()
    return found


def _basic(call: Call) -> Answer:
    return Answer(body=_shown(call, _one(call)))


def _described(call: Call) -> Answer:
    """The query of a view, with its columns: whoever wants the records asks it."""
    view = _one(call)
    query = parse(view["query"], call.org.clock.now())
    result = Runner(call.org, call.user, root=call.root).run(query)
    columns = [
        {
            "ascendingLabel": None,
            "descendingLabel": None,
            "fieldNameOrPath": name,
            "hidden": name == "Id",
            "label": field.told["label"] if field else name,
            "selectListItem": name,
            "sortDirection": None,
            "sortIndex": None,
            "sortable": bool(field and field.told["sortable"]),
            "type": field.type if field else None,
        }
        for name, field in result.columns
    ]
    told = {"columns": columns, "id": view["id"], "orderBy": [], "query": view["query"], "relatedEntityId": None}
    return Answer(body=told | {"scope": "everything", "scopeEntityId": None, "sobjectType": view["object"]})


def checked(view: dict[str, Any], query: Query) -> dict[str, Any]:
    """A view whose query asks its own object."""
    if query.source.lower() != view["object"].lower():
        raise ValueError("the query of a list view asks its own object")
    return view


def deploy(org: Org, of: str, root: ElementTree.Element) -> None:
    """A view of a package takes the place of its former self; one that filters by standard columns is only listed."""
    filters = [(_text(each, "field"), _text(each, "operation"), _text(each, "value")) for each in root.iter("filters")]
    if any(not field.endswith("__c") or operation not in _SIGNS for field, operation, _ in filters):
        return
    types = {field: org.sobject(of).fields[field.lower()].type for field, _, _ in filters}
    terms = [
        f"{field} {_SIGNS[operation]} {value if types[field] in _BARE else _quoted(value)}"
        for field, operation, value in filters
    ]
    own = [each.text for each in root.iter("columns") if each.text and each.text.endswith("__c")]
    query = f"SELECT {', '.join(['Id', 'Name', *own])} FROM {of}"  # noqa: S608 - SOQL, of a package's own words
    query += f" WHERE {' AND '.join(terms)}" if terms else ""
    name = _text(root, "fullName")
    former = next((each for each in org.list_views if (each["object"], each["name"]) == (of, name)), None)
    view = {"object": of, "name": name, "label": _text(root, "label"), "query": query}
    if former is None:
        org.list_views.append(view | {"id": org.numbering.next("00B")})
    else:
        former |= view


def _text(root: ElementTree.Element, name: str) -> str:
    return (root.findtext(name) or "").strip()


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


ROUTES = [
    route("GET", "/sobjects/{}/listviews", _all),
    route("GET", "/sobjects/{}/listviews/{}", _basic),
    route("GET", "/sobjects/{}/listviews/{}/describe", _described),
]
