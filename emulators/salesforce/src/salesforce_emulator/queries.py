"""Queries over REST: pages of 2,000 rows, a locator for the next one, and what the columns are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .calls import Answer, Call, route
from .refusals import NotEmulated, Refused
from .schema import Field
from .soql import parse
from .soql.run import Result, Runner

#: How long a locator holds. Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query.html
_LOCATOR_HOLDS = timedelta(days=2)


@dataclass
class Cursor:
    """A result of which not all was fetched."""

    result: Result
    user_id: str
    until: datetime
    path: str


def asked(call: Call, *, with_deleted: bool) -> Result:
    """The result of the query in the parameters."""
    text = call.params.get("q")
    if not text:
        raise Refused("MALFORMED_QUERY", "A query has to be specified")
    query = parse(text, call.org.clock.now())
    return Runner(call.org, call.user, root=call.root, with_deleted=with_deleted).run(query)


def _page_rows(call: Call) -> int:
    """What the caller wants per page, 200 to 2,000; the org takes it as a wish, this takes it at its word."""
    matched = re.search(r"batchsize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    return min(max(int(matched[1]), 200), 2000) if matched else call.org.settings.page_rows


def _query(call: Call) -> Answer:
    if "explain" in call.params:
        raise NotEmulated("parameter explain of query")
    result = asked(call, with_deleted=call.path.rstrip("/").endswith("queryAll"))
    if call.params.get("columns", "").lower() == "true":
        return Answer(body=_columns(result))
    until = call.org.clock.now() + _LOCATOR_HOLDS
    return Answer(
        body=_page(call, Cursor(result, call.user.id, until, call.path.rstrip("/").rsplit("/", 1)[1]), None, 0)
    )


def _page(call: Call, cursor: Cursor, locator: str | None, start: int) -> dict[str, Any]:
    result = cursor.result
    end = start + _page_rows(call)
    rows = [result.show(each) for each in result.rows[start:end]]
    is_done = end >= len(result.rows) or call.org.is_mutated("one_page_only")
    told: dict[str, Any] = {"totalSize": result.total, "done": is_done}
    if not is_done:
        if locator is None:
            locator = call.org.numbering.next("01g")
            call.org.cursors[locator] = cursor
        told["nextRecordsUrl"] = f"{call.root}/{cursor.path}/{locator}-{end}"
    return told | {"records": rows}


def _more(call: Call) -> Answer:
    locator, _, start = call.groups[0].rpartition("-")
    cursor = call.org.cursors.get(locator)
    if cursor is None or not start.isdigit() or cursor.user_id != call.user.id or cursor.until <= call.org.clock.now():
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
    return Answer(body=_page(call, cursor, locator, int(start)))


def _columns(result: Result) -> dict[str, Any]:
    """What the command line of Salesforce asks for before it shows a table."""
    return {
        "columnMetadata": [_column(name, field) for name, field in result.columns],
        "entityName": result.sight.sobject.name,
        "groupBy": bool(result.query.groups),
        "idSelected": any(name == "Id" for name, _ in result.columns),
        "keyPrefix": result.sight.sobject.prefix,
    }


def _column(name: str, field: Field | None) -> dict[str, Any]:
    told = field.told if field else {}
    kind = told.get("type", "int")
    return {
        "aggregate": field is None, "apexType": kind.capitalize(), "booleanType": kind == "boolean",
        "columnName": name.rsplit(".", maxsplit=1)[-1],
        "custom": told.get("custom", False), "displayName": name.rsplit(".", maxsplit=1)[-1], "foreignKeyName": None,
        "insertable": told.get("createable", False), "joinColumns": [], "numberType": field is None or field.is_number,
        "textType": told.get("soapType") == "xsd:string", "updatable": told.get("updateable", False),
    }  # fmt: skip


ROUTES = [
    route("GET", "/query", _query, "q", "columns", "explain"),
    route("GET", "/queryAll", _query, "q", "columns"),
    route("GET", "/query/{}", _more),
    route("GET", "/queryAll/{}", _more),
]
