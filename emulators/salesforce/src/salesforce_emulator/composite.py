"""Several requests in one: what an earlier one answered may be used by a later one.

Sources: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite.html and the
TestCompositeParallelSalesforce recordings.
"""

from __future__ import annotations

import json
import re
from typing import Any

from . import batches, describe, limits, queries, rows
from .calls import Answer, Call, Route, resolve, route, split_target
from .refusals import NotEmulated, Refused, malformed_json

MOST_PARTS, MOST_HEAVY = 25, 5
MOST_GRAPHS, MOST_NODES, MOST_FAILED_GRAPHS = 75, 500, 14
_ROW = re.compile(r"/services/data/v\d+\.\d/sobjects/\w+(/[^?]+)?\Z")
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_VERSIONED = re.compile(r"/services/data/v(\d+\.\d)(/.*)\Z")
_HEAVY = re.compile(r"/(query|queryAll|sobjects/?\?|composite/sobjects)")


def _parts() -> list[Route]:
    return [*describe.ROUTES, *rows.ROUTES, *queries.ROUTES, *batches.ROUTES, *limits.ROUTES]


def _composite(call: Call) -> Answer:
    told = call.json_object()
    strange = set(told) - {"allOrNone", "collateSubrequests", "compositeRequest"}
    parts = told.get("compositeRequest")
    if strange or not isinstance(parts, list):
        raise malformed_json(f'Unrecognized field "{", ".join(sorted(strange)) or "compositeRequest"}"')
    _refuse_many(parts)
    return Answer(body={"compositeResponse": _carried_out(call, parts, all_or_none=bool(told.get("allOrNone", False)))})


def _carried_out(call: Call, parts: list[dict[str, Any]], *, all_or_none: bool) -> list[dict[str, Any]]:
    """The results of parts, in their order; with `all_or_none` the first failure takes everything back."""
    answers: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    mark, has_failed = call.org.store.mark(), False
    for part in parts:
        answered = _halted() if all_or_none and has_failed else _answer(call, part, answers)
        results.append(_result(part["referenceId"], answered))
        has_failed = has_failed or answered.status >= 400
        if answered.status < 400:
            answers[part["referenceId"]] = answered.body
    if not (all_or_none and has_failed):
        return results
    call.org.store.back_to(mark)
    return [_result(each["referenceId"], _halted()) if each["httpStatusCode"] < 400 else each for each in results]


def _graph(call: Call) -> Answer:
    """Graphs of records, each saved whole or not at all; after fourteen that failed the rest is not tried.

    Source: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-graph-limits.md
    """
    graphs = call.json_object().get("graphs")
    if not isinstance(graphs, list) or not all({"graphId", "compositeRequest"} == set(each) for each in graphs):
        raise malformed_json("graphs, each with graphId and compositeRequest, are needed")
    if len(graphs) > MOST_GRAPHS or sum(len(each["compositeRequest"]) for each in graphs) > MOST_NODES:
        raise Refused("LIMIT_EXCEEDED", f"A request may have at most {MOST_GRAPHS} graphs and {MOST_NODES} nodes")
    told: list[dict[str, Any]] = []
    for each in graphs:
        parts = each["compositeRequest"]
        for part in parts:
            if not _ROW.search(part["url"]):
                raise Refused("INVALID_INPUT", f"A graph takes single records only: {part['url']}")
        if sum(not one["isSuccessful"] for one in told) >= MOST_FAILED_GRAPHS:
            results = [_result(part["referenceId"], _halted()) for part in parts]
        else:
            results = _carried_out(call, parts, all_or_none=True)
        is_good = all(one["httpStatusCode"] < 400 for one in results)
        told.append(
            {"graphId": each["graphId"], "graphResponse": {"compositeResponse": results}, "isSuccessful": is_good}
        )
    return Answer(body={"graphs": told})


def _refuse_many(parts: list[Any]) -> None:
    for part in parts:
        strange = set(part) - {"method", "url", "referenceId", "body", "httpHeaders"}
        if strange or not {"method", "url", "referenceId"} <= set(part):
            raise malformed_json(f'Unrecognized field "{", ".join(sorted(strange))}" in a subrequest')
    if len(parts) > MOST_PARTS:
        raise Refused("LIMIT_EXCEEDED", f"Composite requests may have at most {MOST_PARTS} subrequests: {len(parts)}")
    if sum(bool(_HEAVY.search(part["url"])) for part in parts) > MOST_HEAVY:
        raise Refused(
            "LIMIT_EXCEEDED", f"Composite requests may have at most {MOST_HEAVY} subrequests of queries and collections"
        )
    if len({part["referenceId"] for part in parts}) < len(parts):
        raise Refused("INVALID_INPUT", "referenceId must be unique within a composite request")


def _halted() -> Answer:
    return Answer(
        400,
        [
            {
                "errorCode": "PROCESSING_HALTED",
                "message": "The transaction was rolled back since another operation in the same transaction failed.",
            }
        ],
    )


def _answer(call: Call, part: dict[str, Any], answers: dict[str, Any]) -> Answer:
    """The answer to one part. What is not there is a 404 inside; what is not emulated is a 501 of the whole."""
    try:
        url, body = filled(part["url"], answers), json.loads(filled(json.dumps(part.get("body")), answers))
        path, params = split_target(url)
        matched = _VERSIONED.match(path)
        if matched is None:
            raise NotEmulated(f"composite: {path}")
        headers = call.headers | {k.lower(): v for k, v in (part.get("httpHeaders") or {}).items()}
        encoded = json.dumps(body).encode() if body is not None else b""
        inner = Call(
            call.org,
            call.base,
            part["method"].upper(),
            path,
            params,
            headers,
            encoded,
            call.user,
            version=matched[1],
            is_part=True,
        )
        try:
            return resolve(_parts(), inner, matched[2])
        finally:
            call.org.locks.let_go(inner)
    except Refused as refused:
        return Answer(refused.status, refused.as_call())


def _result(reference: str, answered: Answer) -> dict[str, Any]:
    headers = {name: value for name, value in answered.headers.items() if name in ("Location", "ETag", "Last-Modified")}
    return {"body": answered.body, "httpHeaders": headers, "httpStatusCode": answered.status, "referenceId": reference}


def filled(text: str, answers: dict[str, Any]) -> str:
    """Text with its references to earlier answers put in.

    Raises:
        Refused: an earlier part failed, or did not answer with what is referred to.
    """

    def one(matched: re.Match[str]) -> str:
        if matched[1] not in answers:
            raise Refused(
                "PROCESSING_HALTED",
                f"Invalid reference specified. No value for {matched[0][2:-1]} found in {matched[1]}",
            )
        value = answers[matched[1]]
        for name, place in re.findall(r"\.(\w+)|\[(\d+)\]", matched[2]):
            try:
                value = value[name] if name else value[int(place)]
            except (KeyError, IndexError, TypeError):
                raise Refused(
                    "PROCESSING_HALTED",
                    f"Invalid reference specified. No value for {matched[0][2:-1]} found in {matched[1]}",
                ) from None
        return json.dumps(value)[1:-1] if isinstance(value, str) else json.dumps(value)

    return _REFERENCE.sub(one, text)


ROUTES = [route("POST", "/composite", _composite), route("POST", "/composite/graph", _graph)]
