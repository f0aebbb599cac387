"""Queries: right, refused, or said not to be emulated."""

from __future__ import annotations

import pytest
from emulators.salesforce.tests.conftest import Api


@pytest.fixture
def people(api: Api) -> Api:
    api.order("settings", session_seconds=10_000_000)
    one = Api(api.emulator)
    account = one.create("Account", Name="Acme", Industry="Banking")
    one.create(
        "Contact", LastName="Ash", Email="ash@example.com", Title="Clerk", AccountId=account, Birthdate="1980-05-01"
    )
    one.order("clock", advance=86400 * 3)
    one.create("Contact", LastName="birch", Email="birch@example.com", MailingLatitude=10.5)
    one.order("clock", advance=86400 * 5)
    one.create("Contact", LastName="Cedar", Title="CLERK", AccountId=account)
    return one


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("LastName = 'ASH'", ["Ash"]),
        ("LastName != 'Ash'", ["birch", "Cedar"]),
        ("LastName LIKE '%ir%'", ["birch"]),
        ("LastName LIKE '_edar'", ["Cedar"]),
        ("LastName LIKE 'C\\\\%'", []),
        ("Title = null", ["birch"]),
        ("Title != 'clerk'", ["birch"]),
        ("LastName IN ('Ash','Cedar')", ["Ash", "Cedar"]),
        ("LastName NOT IN ('Ash')", ["birch", "Cedar"]),
        ("LastName > 'b'", ["birch", "Cedar"]),
        ("Account.Name = 'Acme' AND Title LIKE 'cl%'", ["Ash", "Cedar"]),
        ("(LastName = 'Ash' OR LastName = 'birch') AND NOT Title = 'Clerk'", ["birch"]),
        ("Birthdate < 1990-01-01", ["Ash"]),
        ("MailingLatitude >= 10.5", ["birch"]),
        ("CreatedDate = TODAY", ["Cedar"]),
        ("CreatedDate = LAST_N_DAYS:5", ["birch", "Cedar"]),
        ("CreatedDate < LAST_N_DAYS:5", ["Ash"]),
        ("CreatedDate > 2026-11-26T12:00:00Z", ["birch", "Cedar"]),
        ("CreatedDate >= 2026-11-26T13:00:00+01:00", ["Ash", "birch", "Cedar"]),
        ("CreatedDate > 2026-11-26T11:59:59.999Z AND CreatedDate < 2026-11-27T00:00:00Z", ["Ash"]),
        ("AccountId IN (SELECT Id FROM Account WHERE Industry = 'Banking')", ["Ash", "Cedar"]),
        ("Id NOT IN (SELECT WhoId FROM Task)", ["Ash", "birch", "Cedar"]),
        ("IsDeleted = false AND Email = 'ASH@example.com'", ["Ash"]),
        ("Owner.Username = 'integration@example.com'", ["Ash", "birch", "Cedar"]),
    ],
)
def test_a_condition_finds_its_records(people: Api, where: str, found: list[str]) -> None:
    assert people.column(f"SELECT LastName FROM Contact WHERE {where}") == found


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("SELECT * FROM Contact", "MALFORMED_QUERY", "unexpected token: '*'"),
        ("SELECT Id FROM Contact WHERE LastName = 'O'Neil'", "MALFORMED_QUERY", "ERROR at Row:1:Column:"),
        ("SELECT Id FROM Contact WHERE LastName = 'A", "MALFORMED_QUERY", "no viable alternative"),
        ("SELECT Id FROM Contact WHERE A = 1 AND B = 2 OR C = 3", "MALFORMED_QUERY", "unexpected token: 'OR'"),
        ("SELECT Id Contact", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Contact LIMIT", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id, Id FROM Contact", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Nothing FROM Contact", "INVALID_FIELD", "No such column 'Nothing' on entity 'Contact'"),
        ("SELECT HasOptedOutOfEmail FROM Contact", "INVALID_FIELD", "No such column 'HasOptedOutOfEmail'"),
        ("SELECT Id FROM Contact WHERE HasOptedOutOfEmail = true", "INVALID_FIELD", "No such column"),
        ("SELECT Boss.Name FROM Contact", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT (SELECT Id FROM Nothings) FROM Contact", "INVALID_TYPE", "Didn't understand relationship 'Nothings'"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported"),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        (
            "SELECT Id FROM Contact WHERE LastName = 5",
            "INVALID_FIELD",
            "must be of type string and should be enclosed in quotes",
        ),
        ("SELECT Id FROM Contact WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset"),
        ("SELECT LastName, COUNT(Id) FROM Contact", "MALFORMED_QUERY", "must be grouped or aggregated"),
    ],
)
def test_what_is_wrong_is_refused_with_its_code(people: Api, query: str, code: str, said: str) -> None:
    told = people.refused(400, "GET", "/query", params={"q": query})
    assert told["errorCode"] == code
    assert said in told["message"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT FIELDS(ALL) FROM Contact LIMIT 200",
        "SELECT TYPEOF What WHEN Account THEN Phone END FROM Event",
        "SELECT Id FROM Contact FOR UPDATE",
        "SELECT Id FROM Contact WITH SECURITY_ENFORCED",
        "SELECT Id FROM Contact USING SCOPE Mine",
        "SELECT Title, COUNT(Id) FROM Contact GROUP BY Title HAVING COUNT(Id) > 1",
        "SELECT CALENDAR_YEAR(CreatedDate) FROM Contact",
        "SELECT c.Id FROM Contact c",
        "SELECT Id FROM Contact WHERE CreatedDate = THIS_FISCAL_QUARTER",
    ],
)
def test_syntax_beyond_the_subset_is_501_never_an_answer(stray: Api, query: str) -> None:
    assert stray.ask("GET", "/query", params={"q": query}).status_code in (501, 400)
    if "FISCAL" not in query:
        assert "SOQL" in stray.org.unknown[0]["what"]


def test_parents_nest_and_children_come_as_results(people: Api) -> None:
    (row,) = people.query(
        "SELECT Name, Owner.Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC LIMIT 1) FROM Account"
    )
    assert list(row) == ["attributes", "Name", "Owner", "Contacts"]
    assert row["Owner"]["attributes"]["type"] == "User"
    assert row["Contacts"]["records"][0]["LastName"] == "Cedar"


def test_a_reference_to_several_kinds_leads_to_the_name(people: Api) -> None:
    (who,) = people.query("SELECT Id FROM Contact WHERE LastName = 'Ash'")
    people.create("Task", WhoId=who["Id"], Subject="Call")
    (row,) = people.query("SELECT Who.Name, Who.Email, Who.Type FROM Task")
    assert {key: row["Who"][key] for key in ("Name", "Email", "Type")} == {
        "Name": "Ash",
        "Email": "ash@example.com",
        "Type": "Contact",
    }


def test_order_has_nulls_first_unless_told(people: Api) -> None:
    assert people.column("SELECT LastName FROM Contact ORDER BY Title, LastName DESC") == ["birch", "Cedar", "Ash"]
    assert people.column("SELECT LastName FROM Contact ORDER BY Title DESC NULLS LAST, Id") == ["Ash", "Cedar", "birch"]
    assert people.column("SELECT LastName FROM Contact ORDER BY LastName LIMIT 1 OFFSET 1") == ["birch"]


def test_groups_are_counted(people: Api) -> None:
    rows = people.query("SELECT Title, COUNT(Id) n, MAX(CreatedDate) FROM Contact GROUP BY Title ORDER BY Title")
    assert [(each["Title"], each["n"], each["expr0"][:10]) for each in rows] == [
        (None, 1, "2026-11-29"),
        ("Clerk", 2, "2026-12-04"),
    ]
    assert people.good("GET", "/query", params={"q": "SELECT COUNT() FROM Contact WHERE Title = 'clerk'"}) == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }


def test_a_result_comes_in_pages(people: Api) -> None:
    people.order(
        "records", object="Lead", records=[{"LastName": str(number), "Company": "x"} for number in range(4100)]
    )
    told = people.good("GET", "/query", params={"q": "SELECT LastName FROM Lead"})
    assert (told["totalSize"], told["done"], len(told["records"])) == (4100, False, 2000)
    assert len(people.query("SELECT LastName FROM Lead")) == 4100
    small = people.good(
        "GET", "/query", params={"q": "SELECT Id FROM Lead"}, headers={"Sforce-Query-Options": "batchSize=200"}
    )
    assert len(small["records"]) == 200
    people.org.cursors.clear()
    assert people.refused(400, "GET", told["nextRecordsUrl"])["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_locator_ends_by_time_and_is_no_other_users(people: Api) -> None:
    people.order("records", object="Lead", records=[{"LastName": "x"} for _ in range(2001)])
    told = people.good("GET", "/query", params={"q": "SELECT Id FROM Lead"})
    assert (
        Api(people.emulator, "admin@example.com").refused(400, "GET", told["nextRecordsUrl"])["errorCode"]
        == "INVALID_QUERY_LOCATOR"
    )
    people.order("clock", advance=86400 * 2)
    assert Api(people.emulator).refused(400, "GET", told["nextRecordsUrl"])["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_columns_are_described_instead_of_shown(people: Api) -> None:
    told = people.good("GET", "/query", params={"q": "SELECT Id, LastName FROM Contact", "columns": "true"})
    assert [each["columnName"] for each in told["columnMetadata"]] == ["Id", "LastName"]
    assert (told["entityName"], told["idSelected"]) == ("Contact", True)


def test_an_index_and_a_scan_find_the_same(people: Api) -> None:
    ids = [each["Id"] for each in people.query("SELECT Id FROM Contact")]
    quoted = ",".join(f"'{each[:15]}'" for each in reversed(ids))
    assert people.column(f"SELECT Id FROM Contact WHERE Id IN ({quoted})") == ids
    assert people.column(f"SELECT Id FROM Contact WHERE NOT (NOT Id IN ({quoted}))") == ids
    account = people.column("SELECT Id FROM Account")[0]
    assert people.column(f"SELECT LastName FROM Contact WHERE AccountId = '{account}'") == ["Ash", "Cedar"]
