"""J3: every code that the emulator can answer is one that Salesforce has."""

from __future__ import annotations

import ast
from pathlib import Path

from emulators.salesforce.tests.metadata_schema import enum

import salesforce_emulator

#: Codes of REST that the Metadata WSDL does not list, with where they are told.
REST_ONLY = {
    "JSON_PARSER_ERROR": "https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html",
    "REQUEST_LIMIT_EXCEEDED": "https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html",
    "MALFORMED_QUERY": "https://developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-concepts-core-data-objects.html",
    "INVALID_QUERY_FILTER_OPERATOR": "https://developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-concepts-core-data-objects.html",
    "INVALID_REPLICATION_DATE": "https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated.html",
    "EXCEEDED_ID_LIMIT": "https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated.html",
    "INVALIDJOB": "https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_common_errors.htm",
    "INVALIDJOBSTATE": "https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_common_errors.htm",
    "API_ERROR": "https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm",
    "GONE": "https://developer.salesforce.com/docs/platform/api-rest/guide/api-rest-eol.html",
    "REQUEST_ENTITY_TOO_LARGE": "https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html",
}


def raised() -> set[str]:
    """The first arguments of every `Refused(...)` and `malformed(..., code)` in the package."""
    found = set()
    for path in Path(salesforce_emulator.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Refused", "malformed")
            ):
                found |= {
                    str(each.value) for each in node.args if isinstance(each, ast.Constant) and _is_code(each.value)
                }
    return found


def _is_code(value: object) -> bool:
    return isinstance(value, str) and value.isupper() and " " not in value and len(value) > 3


def test_every_code_is_one_of_theirs() -> None:
    known = enum("StatusCode")
    assert len(known) > 500
    codes = raised()
    assert len(codes) > 35
    assert codes - known <= set(REST_ONLY), codes - known - set(REST_ONLY)


def test_the_list_of_exceptions_holds_nothing_needless() -> None:
    assert all(source.startswith("https://developer.salesforce.com/") for source in REST_ONLY.values())
    assert set(REST_ONLY) <= raised() - enum("StatusCode"), set(REST_ONLY) - (raised() - enum("StatusCode"))
