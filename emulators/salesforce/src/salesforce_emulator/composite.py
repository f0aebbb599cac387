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
    answers: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    mark, all_or_none = call.org.store.mark(), bool(told.get("allOrNone", False))
    for part in parts:
        if all_or_none and any(each["httpStatusCode"] >= 400 for each in results):
            results.append(_result(part["referenceId"], _halted()))
            continue
        answered = _answer(call, part, answers)
        results.append(_result(part["referenceId"], answered))
        if answered.status < 400:
            answers[part["referenceId"]] = answered.body
    if all_or_none and any(each["httpStatusCode"] >= 400 for each in results):
        call.org.store.back_to(mark)
        results = [
            _result(each["referenceId"], _halted()) if each["httpStatusCode"] < 400 else each for each in results
        ]
    return Answer(body={"compositeResponse": results})


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


ROUTES = [route("POST", "/composite", _composite)]
