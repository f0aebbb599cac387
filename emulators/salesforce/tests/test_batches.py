"""Collections and composites: many rows, each with its own result."""

from __future__ import annotations

from typing import Any

from emulators.salesforce.tests.conftest import Api


def records(*rows: dict[str, Any], sobject: str = "Contact", **more: Any) -> dict[str, Any]:
    return {"records": [{"attributes": {"type": sobject}, **row} for row in rows], **more}


def test_each_row_is_saved_or_refused_by_itself(api: Api) -> None:
    told = api.good("POST", "/composite/sobjects", records({"LastName": "A"}, {"Title": "x"}, {"LastName": "C"}))
    assert [each["success"] for each in told] == [True, False, True]
    assert told[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
            }
        ],
    }
    assert api.column("SELECT LastName FROM Contact") == ["A", "C"]


def test_all_or_none_takes_everything_back(api: Api) -> None:
    kept = api.create("Contact", LastName="Kept")
    before = api.snapshot()
    told = api.good(
        "PATCH",
        "/composite/sobjects",
        records({"Id": kept, "Title": "x"}, {"Id": kept[:-3], "Email": "no"}, allOrNone=True),
    )
    assert [each["errors"][0]["statusCode"] for each in told] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INVALID_EMAIL_ADDRESS",
    ]
    assert api.snapshot() == before


def test_more_than_200_rows_are_refused(api: Api) -> None:
    assert (
        api.refused(400, "POST", "/composite/sobjects", records(*[{"LastName": "A"}] * 201))["errorCode"]
        == "LIMIT_EXCEEDED"
    )
    assert len(api.good("POST", "/composite/sobjects", records(*[{"LastName": "A"}] * 200))) == 200


def test_bad_ids_of_a_change_have_codes_of_their_own(api: Api) -> None:
    gone = api.create("Contact", LastName="A")
    api.good("DELETE", f"/sobjects/Contact/{gone}")
    rows = (
        {"Id": gone, "Title": "x"},
        {"Id": "x", "Title": "x"},
        {"Id": "003Ab0000000zzzIAA", "Title": "x"},
        {"Title": "x"},
    )
    told = api.good("PATCH", "/composite/sobjects", records(*rows))
    assert [each["errors"][0]["statusCode"] for each in told] == [
        "ENTITY_IS_DELETED",
        "MALFORMED_ID",
        "INVALID_CROSS_REFERENCE_KEY",
        "MISSING_ARGUMENT",
    ]


def test_upsert_finds_by_key_and_names_what_is_wrong(api: Api) -> None:
    for each in "AB":
        api.create("Contact", LastName=each, Email="twice@example.com")
    one = api.create("Contact", LastName="C", Email="once@example.com")
    rows: list[dict[str, Any]] = [
        {"Email": each, "LastName": "X"} for each in ("Once@example.com", "twice@example.com", "new@example.com")
    ]
    told = api.good("PATCH", "/composite/sobjects/Contact/Email", records(*rows, {"LastName": "Y"}))
    assert told[0] == {"id": one, "success": True, "errors": [], "created": False}
    assert told[1]["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"
    assert (told[2]["created"], told[3]["errors"][0]["statusCode"]) == (True, "MISSING_ARGUMENT")


def test_one_key_twice_in_a_call_is_refused_both_times(api: Api) -> None:
    rows = [{"Email": "a@example.com", "LastName": each} for each in "AB"]
    told = api.good("PATCH", "/composite/sobjects/Contact/Email", records(*rows))
    assert [each["errors"][0]["statusCode"] for each in told] == ["DUPLICATE_VALUE"] * 2


def test_rows_are_read_and_deleted_by_ids(api: Api) -> None:
    ids = [api.create("Contact", LastName=each) for each in "AB"]
    params = {"ids": ",".join([*ids, "003Ab0000000009IAA"]), "fields": "LastName"}
    told = api.good("GET", "/composite/sobjects/Contact", params=params)
    assert [each and each["LastName"] for each in told] == ["A", "B", None]
    gone = api.good("DELETE", "/composite/sobjects", params={"ids": ",".join(ids)})
    assert gone == [{"id": each, "success": True, "errors": []} for each in ids]


def composite(*parts: tuple[str, str, str, Any], **more: Any) -> dict[str, Any]:
    return {
        "compositeRequest": [
            {"referenceId": ref, "method": method, "url": f"/services/data/v67.0{url}"}
            | ({"body": body} if body else {})
            for ref, method, url, body in parts
        ],
        **more,
    }


def test_a_later_part_uses_what_an_earlier_one_made(api: Api) -> None:
    told = api.good(
        "POST",
        "/composite",
        composite(
            ("acc", "POST", "/sobjects/Account", {"Name": "Acme"}),
            ("con", "POST", "/sobjects/Contact", {"LastName": "Gray", "AccountId": "@{acc.id}"}),
            ("all", "GET", "/query?q=SELECT+Account.Name,Account.Id+FROM+Contact+WHERE+AccountId='@{acc.id}'", None),
            ("see", "GET", "/sobjects/Account/@{all.records[0].Account.Id}?fields=Name", None),
        ),
    )["compositeResponse"]
    assert [each["httpStatusCode"] for each in told] == [201, 201, 200, 200]
    assert told[2]["body"]["records"][0]["Account"]["Name"] == "Acme"
    assert told[0]["httpHeaders"]["Location"].endswith(told[0]["body"]["id"])


def test_a_failed_part_fails_what_refers_to_it_or_all(api: Api) -> None:
    parts = (
        ("good", "POST", "/sobjects/Account", {"Name": "Acme"}),
        ("bad", "POST", "/sobjects/Contact", {"Title": "x"}),
        ("next", "PATCH", "/sobjects/Contact/@{bad.id}", {"Title": "y"}),
    )
    told = api.good("POST", "/composite", composite(*parts))["compositeResponse"]
    assert [each["httpStatusCode"] for each in told] == [201, 400, 400]
    assert told[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    before = api.snapshot()
    told = api.good("POST", "/composite", composite(*parts, allOrNone=True))["compositeResponse"]
    assert [each["body"][0]["errorCode"] for each in told] == [
        "PROCESSING_HALTED",
        "REQUIRED_FIELD_MISSING",
        "PROCESSING_HALTED",
    ]
    assert api.snapshot() == before


def test_a_composite_has_its_limits(api: Api) -> None:
    many = [(f"r{number}", "GET", "/limits", None) for number in range(26)]
    assert api.refused(400, "POST", "/composite", composite(*many))["errorCode"] == "LIMIT_EXCEEDED"
    queries = [(f"r{number}", "GET", "/query?q=SELECT+Id+FROM+Lead", None) for number in range(6)]
    assert api.refused(400, "POST", "/composite", composite(*queries))["errorCode"] == "LIMIT_EXCEEDED"
    assert api.refused(400, "POST", "/composite", composite(many[0], many[0]))["errorCode"] == "INVALID_INPUT"


def test_parts_are_no_requests_of_their_own(api: Api) -> None:
    before = api.org.usage.used()
    api.good("POST", "/composite", composite(*[(f"r{number}", "GET", "/limits", None) for number in range(5)]))
    assert api.org.usage.used() == before + 1
