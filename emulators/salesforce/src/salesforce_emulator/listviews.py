"""List views: what there are of an object, and the query behind each. Tests put them in.

Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-listviewdescribe.html
"""

from __future__ import annotations

from typing import Any

from .calls import Answer, Call, route
from .refusals import not_found
from .soql import Query, parse
from .soql.run import Runner


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


ROUTES = [
    route("GET", "/sobjects/{}/listviews", _all),
    route("GET", "/sobjects/{}/listviews/{}", _basic),
    route("GET", "/sobjects/{}/listviews/{}/describe", _described),
]
