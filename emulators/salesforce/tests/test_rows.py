"""One record at a time: envelopes, kinds, keys, what went and what changed."""

from __future__ import annotations

from typing import Any

import pytest
from emulators.salesforce.tests.conftest import Api


@pytest.fixture
def keyed(api: Api) -> Api:
    api.order(
        "schema",
        object="Engagement__c",
        fields=[
            "Key__c; string; CUXLQS; 64",
            "Loose__c; string; CUNXL; 64",
            "Score__c; double; CUN; 5,0",
            "Contact__c; reference; CUN; Contact; rel=Contact__r child=Engagements__r",
        ],
    )
    return api


def test_a_created_record_reads_back_with_what_the_org_added(api: Api) -> None:
    record_id = api.create("Contact", LastName="Gray", FirstName="Ann", Email="Ann.Gray@Example.com", Title=" Clerk ")
    told = api.read(record_id)
    assert (told["Name"], told["Email"], told["Title"]) == ("Ann Gray", "ann.gray@example.com", "Clerk")
    assert told["OwnerId"] == told["CreatedById"] == api.org.integration.id
    assert told["SystemModstamp"] == "2026-11-26T12:00:00.000+0000"
    assert told["attributes"] == {"type": "Contact", "url": f"/services/data/v67.0/sobjects/Contact/{record_id}"}


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ({"LastName": "A", "Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"LastName": "A", "CleanStatus": "Spotless"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["CleanStatus"]),
        ({"LastName": "A", "AccountId": "nonsense"}, "MALFORMED_ID", ["AccountId"]),
        ({"LastName": "A", "AccountId": "001000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY", []),
        ({"LastName": "A", "AccountId": "003Ab0000000001IAA"}, "FIELD_INTEGRITY_EXCEPTION", ["AccountId"]),
        (
            {"LastName": "A", "SystemModstamp": "2026-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["SystemModstamp"],
        ),
        ({"LastName": "A", "Nothing": 1}, "INVALID_FIELD", None),
        ({"LastName": 5}, "JSON_PARSER_ERROR", None),
        ({"LastName": "A", "Birthdate": "yesterday"}, "JSON_PARSER_ERROR", None),
        ({"LastName": "A", "EmailBouncedDate": "2026-01-01T00:00:00"}, "JSON_PARSER_ERROR", None),
        ({"LastName": "A", "MailingLatitude": "north"}, "JSON_PARSER_ERROR", None),
    ],
)
def test_a_wrong_value_is_refused_with_its_code(
    api: Api, values: dict[str, Any], code: str, fields: list[str] | None
) -> None:
    told = api.refused(400, "POST", "/sobjects/Contact", values)
    assert told["errorCode"] == code
    assert told.get("fields") == fields
    assert api.query("SELECT Id FROM Contact") == []


def test_a_number_too_large_for_its_field_is_refused(keyed: Api) -> None:
    assert (
        keyed.refused(400, "POST", "/sobjects/Engagement__c", {"Key__c": "a", "Score__c": 123456})["errorCode"]
        == "NUMBER_OUTSIDE_VALID_RANGE"
    )
    record_id = keyed.create("Engagement__c", Key__c="a", Score__c=80)
    assert keyed.ask("GET", f"/sobjects/Engagement__c/{record_id}").text.count('"Score__c":80.0') == 1


def test_a_change_is_204_without_a_body_and_moves_the_stamp(api: Api) -> None:
    record_id = api.create("Contact", LastName="Gray")
    api.order("clock", advance=90)
    answered = api.ask("PATCH", f"/sobjects/Contact/{record_id}", {"Title": "Clerk", "FirstName": None})
    assert (answered.status_code, answered.content) == (204, b"")
    assert "content-length" not in answered.headers
    told = api.read(record_id, "Title", "SystemModstamp", "CreatedDate")
    assert (told["Title"], told["SystemModstamp"][11:19], told["CreatedDate"][11:19]) == (
        "Clerk",
        "12:01:30",
        "12:00:00",
    )


def test_a_short_id_is_taken_and_the_long_one_given_back(api: Api) -> None:
    record_id = api.create("Contact", LastName="Gray")
    assert api.read(record_id[:15], "Id")["Id"] == record_id


def test_what_is_not_there_is_404(api: Api) -> None:
    for path in (
        "/sobjects/Contact/003Ab000000009zIAA",
        "/sobjects/Contact/nonsense",
        "/sobjects/Nothing/x",
        "/sobjects/Contact/Title/x",
    ):
        assert api.refused(404, "GET", path)["errorCode"] == "NOT_FOUND"
    assert (
        api.refused(400, "PATCH", f"/sobjects/Contact/{api.create('Contact', LastName='A')}", {"Id": "x"})["errorCode"]
        == "INVALID_FIELD"
    )


def test_a_deleted_record_is_gone_and_lets_go_of_what_refers_to_it(keyed: Api) -> None:
    contact = keyed.create("Contact", LastName="Gray")
    row = keyed.create("Engagement__c", Key__c="a", Contact__c=contact)
    assert keyed.ask("DELETE", f"/sobjects/Contact/{contact}").status_code == 204
    assert keyed.refused(404, "GET", f"/sobjects/Contact/{contact}")["errorCode"] == "NOT_FOUND"
    assert (
        keyed.refused(404, "PATCH", f"/sobjects/Contact/{contact}", {"Title": "x"})["errorCode"] == "ENTITY_IS_DELETED"
    )
    assert keyed.read(row, "Contact__c")["Contact__c"] is None
    assert [each["IsDeleted"] for each in keyed.query("SELECT Id, IsDeleted FROM Contact", every=True)] == [True]
    keyed.order("undelete", id=contact)
    assert keyed.read(contact, "LastName")["LastName"] == "Gray"


def test_what_the_bin_has_forgotten_is_told_by_no_query(keyed: Api) -> None:
    contact, other = (keyed.create("Contact", LastName=name) for name in ("Gray", "Green"))
    keyed.ask("DELETE", f"/sobjects/Contact/{contact}")
    keyed.order("empty_bin")
    assert [each["Id"] for each in keyed.query("SELECT Id FROM Contact", every=True)] == [other]
    assert keyed.refused(404, "GET", f"/sobjects/Contact/{contact}")["errorCode"] == "NOT_FOUND"


def test_upsert_by_key_creates_then_changes_and_says_which(keyed: Api) -> None:
    answered = keyed.ask("PATCH", "/sobjects/Engagement__c/Key__c/a%2Fb", {"Score__c": 1})
    assert (answered.status_code, answered.json()["created"]) == (201, True)
    again = keyed.ask("PATCH", "/sobjects/Engagement__c/Key__c/a%2Fb", {"Score__c": 2})
    assert (again.status_code, again.json()) == (200, answered.json() | {"created": False})
    old = keyed.ask("PATCH", "/services/data/v45.0/sobjects/Engagement__c/Key__c/a%2Fb", {"Score__c": 3})
    assert (old.status_code, old.content) == (204, b"")
    assert keyed.good("GET", "/sobjects/Engagement__c/Key__c/a%2Fb")["Score__c"] == 3


def test_upsert_minds_case_only_where_the_key_does(keyed: Api) -> None:
    for value in ("k", "K"):
        keyed.good("PATCH", f"/sobjects/Engagement__c/Key__c/{value}", {})
    assert len(keyed.query("SELECT Id FROM Engagement__c")) == 2
    created = [
        keyed.good(
            "PATCH", f"/sobjects/Engagement__c/Loose__c/{value}", {"Key__c": f"x{value}"} if value == "l" else {}
        )["created"]
        for value in ("l", "L")
    ]
    assert created == [True, False]


def test_an_upsert_that_matches_twice_lists_what_it_matches(api: Api) -> None:
    ids = [api.create("Contact", LastName=each, Email="a@example.com") for each in "AB"]
    answered = api.ask("PATCH", "/sobjects/Contact/Email/A@example.com", {"Title": "x"})
    assert (answered.status_code, answered.json()) == (
        300,
        [f"/services/data/v67.0/sobjects/Contact/{each}" for each in ids],
    )
    assert api.column("SELECT Title FROM Contact") == [None, None]


def test_upsert_may_be_told_not_to_create(keyed: Api) -> None:
    assert (
        keyed.refused(404, "PATCH", "/sobjects/Engagement__c/Key__c/a?updateOnly=true", {})["errorCode"] == "NOT_FOUND"
    )
    assert (
        keyed.refused(400, "PATCH", "/sobjects/Engagement__c/Key__c/a", {"Key__c": "a"})["errorCode"] == "INVALID_FIELD"
    )


def test_a_unique_field_is_unique(keyed: Api) -> None:
    first = keyed.create("Engagement__c", Key__c="a")
    told = keyed.refused(400, "POST", "/sobjects/Engagement__c", {"Key__c": "a"})
    assert (told["errorCode"], first[:15] in told["message"]) == ("DUPLICATE_VALUE", True)


def test_a_parent_may_be_named_by_its_key(keyed: Api) -> None:
    contact = keyed.create("Contact", LastName="Gray", Email="a@example.com")
    row = keyed.create("Engagement__c", Key__c="a", Contact__r={"Email": "A@example.com"})
    assert keyed.read(row, "Contact__c")["Contact__c"] == contact
    told = keyed.refused(
        400, "POST", "/sobjects/Engagement__c", {"Key__c": "b", "Contact__r": {"Email": "b@example.com"}}
    )
    assert "not found for field Email" in told["message"]


def test_changed_and_deleted_ids_are_told_for_a_time(api: Api) -> None:
    kept, gone = api.create("Lead", LastName="A", Company="A"), api.create("Lead", LastName="B", Company="B")
    api.order("clock", advance=120)
    api.good("DELETE", f"/sobjects/Lead/{gone}")
    span = {"start": "2026-11-26T11:59:00Z", "end": "2026-11-26T12:10:00+00:00"}
    assert api.good("GET", "/sobjects/Lead/updated", params=span)["ids"] == [kept]
    assert [each["id"] for each in api.good("GET", "/sobjects/Lead/deleted", params=span)["deletedRecords"]] == [gone]
    assert (
        api.refused(400, "GET", "/sobjects/Lead/deleted", params=span | {"start": "2026-11-01T00:00:00Z"})["errorCode"]
        == "INVALID_REPLICATION_DATE"
    )


def test_a_strange_parameter_header_or_method_is_not_passed_over(stray: Api) -> None:
    assert stray.ask("GET", "/limits", params={"verbose": "1"}).status_code == 501
    assert stray.ask("GET", "/limits", headers={"Sforce-Mru": "true"}).status_code == 501
    assert stray.ask("GET", "/wave/datasets").status_code == 501
    assert [each["what"] for each in stray.client.get("/__emu/unknown").json()] == [
        "parameter verbose of GET /limits",
        "header sforce-mru",
        "GET /wave/datasets",
    ]
    assert stray.refused(405, "PUT", "/sobjects/Contact", {})["errorCode"] == "METHOD_NOT_ALLOWED"


def test_an_order_that_cannot_be_understood_is_refused(api: Api) -> None:
    for name, told in (
        ("fault", {"kind": "gremlins"}),
        ("rule", {"kind": "moody"}),
        ("settings", {"speed": 3}),
        ("access", {"hides": []}),
        ("nothing", {}),
    ):
        assert api.client.post(f"/__emu/{name}", json=told).status_code in (400, 404)


def test_a_list_view_tells_its_query(api: Api) -> None:
    query = "SELECT Id, LastName FROM Contact WHERE Title = 'Clerk'"
    view = api.order("list_view", object="Contact", name="Clerks", query=query)["id"]
    told = api.good("GET", "/sobjects/Contact/listviews")
    assert [(each["developerName"], each["id"]) for each in told["listviews"]] == [("Clerks", view)]
    described = api.good("GET", told["listviews"][0]["describeUrl"])
    assert described["query"] == query
    assert [each["fieldNameOrPath"] for each in described["columns"]] == ["Id", "LastName"]
    assert api.refused(404, "GET", "/sobjects/Contact/listviews/00B000000000001")["errorCode"] == "NOT_FOUND"
    assert api.good("GET", "/sobjects/Lead/listviews")["size"] == 0


@pytest.mark.parametrize("path", ["quickActions", "describe/layouts", "describe/compactLayouts", "listviews/x/results"])
def test_a_resource_that_is_not_emulated_is_not_taken_for_an_id(stray: Api, path: str) -> None:
    assert stray.ask("GET", f"/sobjects/Contact/{path}").status_code == 501
