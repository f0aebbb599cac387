"""Bulk jobs: states, files, and rows that fail alone."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from emulators.salesforce.tests.conftest import Api


def started(api: Api, content: bytes | str | None, **told: Any) -> str:
    """A job with its file."""
    job = api.good(
        "POST",
        "/jobs/ingest",
        {"object": "Contact", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"} | told,
    )
    assert (job["state"], job["contentUrl"]) == ("Open", f"services/data/v67.0/jobs/ingest/{job['id']}/batches")
    if content is not None:
        data = content.encode() if isinstance(content, str) else content
        assert (
            api.ask(
                "PUT", f"/jobs/ingest/{job['id']}/batches", content=data, headers={"Content-Type": "text/csv"}
            ).status_code
            == 201
        )
    return str(job["id"])


def ended(api: Api, job_id: str) -> dict[str, Any]:
    assert api.good("PATCH", f"/jobs/ingest/{job_id}", {"state": "UploadComplete"})["state"] == "UploadComplete"
    states = []
    for _ in range(5):
        told = dict(api.good("GET", f"/jobs/ingest/{job_id}"))
        states.append(told["state"])
        if told["state"] not in ("UploadComplete", "InProgress"):
            break
    assert states[0] == "InProgress"
    return told


def results(api: Api, job_id: str, kind: str = "successfulResults") -> list[dict[str, str]]:
    answered = api.ask("GET", f"/jobs/ingest/{job_id}/{kind}")
    assert answered.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answered.text)))


def test_rows_are_saved_or_refused_by_themselves(api: Api) -> None:
    job_id = started(api, "LastName,Email\nA,a@example.com\nB,nonsense\n,c@example.com\n")
    told = ended(api, job_id)
    assert (told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"]) == ("JobComplete", 3, 2)
    (good,) = results(api, job_id)
    assert (good["sf__Created"], good["LastName"]) == ("true", "A")
    assert api.read(good["sf__Id"], "Email")["Email"] == "a@example.com"
    assert [each["sf__Error"].split(":")[0] for each in results(api, job_id, "failedResults")] == [
        "INVALID_EMAIL_ADDRESS",
        "REQUIRED_FIELD_MISSING",
    ]
    assert results(api, job_id, "unprocessedrecords") == []


def test_nothing_leaves_a_field_and_the_sign_for_null_empties_it(api: Api) -> None:
    ids = [api.create("Contact", LastName=each, Title="x") for each in "AB"]
    job_id = started(api, f"Id,Title,Department\n{ids[0]},,y\n{ids[1][:15]},#N/A,\n", operation="update")
    assert ended(api, job_id)["numberRecordsFailed"] == 0
    assert [
        (api.read(each, "Title", "Department")["Title"], api.read(each, "Department")["Department"]) for each in ids
    ] == [("x", "y"), (None, None)]


def test_upsert_by_key_says_what_it_created(api: Api) -> None:
    known = api.create("Contact", LastName="A", Email="a@example.com")
    job_id = started(
        api,
        "LastName,Email\nX,A@example.com\nY,b@example.com\nZ,b@example.com\nZ,c@example.com\n",
        operation="upsert",
        externalIdFieldName="Email",
    )
    ended(api, job_id)
    assert [(each["sf__Id"] == known, each["sf__Created"]) for each in results(api, job_id)] == [
        (True, "false"),
        (False, "true"),
    ]
    assert [each["sf__Error"].split(":")[0] for each in results(api, job_id, "failedResults")] == [
        "DUPLICATE_VALUE"
    ] * 2


def test_delete_puts_into_the_bin(api: Api) -> None:
    one = api.create("Contact", LastName="A")
    job_id = started(api, f"Id\n{one}\n003Ab0000000zzzIAA\n", operation="delete")
    assert ended(api, job_id)["numberRecordsFailed"] == 1
    assert api.query("SELECT Id FROM Contact") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"LastName,Nothing\nA,B\n", "InvalidBatch : Field name not found : Nothing"),
        (b"LastName\r\nA\r\n", "ClientInputError : LineEnding is invalid on user data"),
        (b"LastName\n\xff\n", "not encoded in UTF-8"),
        (b"LastName,Email\nA\n", "has 1 columns"),
    ],
)
def test_a_bad_file_fails_its_job(api: Api, content: bytes, said: str) -> None:
    told = ended(api, started(api, content))
    assert told["state"] == "Failed"
    assert said in told["errorMessage"]
    assert api.query("SELECT Id FROM Contact") == []


def test_quotes_line_ends_other_delimiters_and_a_mark_at_the_start_are_read(api: Api) -> None:
    content = '\ufeffLastName|MailingStreet\r\n"A|B"|"1 ""High"" St\nTown"\r\n'
    ended(api, started(api, content, lineEnding="CRLF", columnDelimiter="PIPE"))
    (row,) = api.query("SELECT LastName, MailingStreet FROM Contact")
    assert (row["LastName"], row["MailingStreet"]) == ("A|B", '1 "High" St\nTown')


def test_a_parent_is_named_by_a_column_with_a_point(api: Api) -> None:
    api.order("schema", object="Account", fields=["Key__c; string; CUXLQN; 20"])
    account = api.create("Account", Name="Acme", Key__c="k")
    ended(api, started(api, "LastName,Account.Key__c\nA,k\n"))
    assert api.column("SELECT AccountId FROM Contact") == [account]


def test_a_job_takes_one_file_and_only_while_open(api: Api) -> None:
    job_id = started(api, "LastName\nA\n")
    assert api.refused(400, "PUT", f"/jobs/ingest/{job_id}/batches", content=b"x")["errorCode"] == "INVALIDJOBSTATE"
    assert api.refused(400, "DELETE", f"/jobs/ingest/{job_id}")["errorCode"] == "INVALIDJOBSTATE"
    ended(api, job_id)
    assert api.refused(400, "PATCH", f"/jobs/ingest/{job_id}", {"state": "Aborted"})["errorCode"] == "INVALIDJOBSTATE"
    assert api.ask("DELETE", f"/jobs/ingest/{job_id}").status_code == 204
    assert api.refused(404, "GET", f"/jobs/ingest/{job_id}")["errorCode"] == "NOT_FOUND"


def test_an_aborted_job_leaves_its_rows_unprocessed(api: Api) -> None:
    job_id = started(api, "LastName\nA\nB\n")
    api.good("PATCH", f"/jobs/ingest/{job_id}", {"state": "UploadComplete"})
    assert api.good("PATCH", f"/jobs/ingest/{job_id}", {"state": "Aborted"})["state"] == "Aborted"
    assert [each["LastName"] for each in results(api, job_id, "unprocessedrecords")] == ["A", "B"]
    assert api.query("SELECT Id FROM Contact") == []


def test_a_job_that_makes_no_sense_is_refused(api: Api) -> None:
    for told in (
        {"object": "Nothing"},
        {"operation": "destroy"},
        {"operation": "upsert"},
        {"externalIdFieldName": "Email"},
        {"columnDelimiter": "DOT"},
    ):
        answered = api.refused(400, "POST", "/jobs/ingest", {"object": "Contact", "operation": "insert"} | told)
        assert answered["errorCode"] == "INVALIDJOB"


def test_a_file_may_come_in_chunks(api: Api) -> None:
    job_id = started(api, None)
    answered = api.ask("PUT", f"/jobs/ingest/{job_id}/batches", content=iter([b"LastName\n", b"A\nB\n"]))
    assert answered.status_code == 201
    assert ended(api, job_id)["numberRecordsProcessed"] == 2


def test_parallel_batches_collide_on_a_parent_when_they_are_slow(api: Api) -> None:
    """With slow triggers, rows of the second batch meet the parents that the first one holds."""
    account = api.create("Account", Name="Acme")
    content = "LastName,AccountId\n" + f"A,{account}\n" * 200 + f"B,{account}\nC,\n"
    api.order("settings", bulk_chunk_seconds=15, bulk_batch_rows=200)
    job_id = started(api, content)
    assert ended(api, job_id)["numberRecordsFailed"] == 1
    (failed,) = results(api, job_id, "failedResults")
    assert (failed["LastName"], failed["sf__Error"][:18]) == ("B", "UNABLE_TO_LOCK_ROW")


def test_a_query_job_gives_pages_of_its_result(api: Api) -> None:
    api.order(
        "records",
        object="Lead",
        records=[{"LastName": f"L{number}", "Company": "x", "Email": None} for number in range(5)],
    )
    job = api.good(
        "POST", "/jobs/query", {"operation": "query", "query": "SELECT Id, LastName, Email, Owner.Name FROM Lead"}
    )
    states = [api.good("GET", f"/jobs/query/{job['id']}")["state"] for _ in range(2)]
    assert states == ["InProgress", "JobComplete"]
    pages, locator = [], ""
    while locator != "null":
        answered = api.ask(
            "GET",
            f"/jobs/query/{job['id']}/results",
            params={"maxRecords": "2"} | ({"locator": locator} if locator else {}),
        )
        locator = answered.headers["Sforce-Locator"]
        pages.append(list(csv.DictReader(io.StringIO(answered.text))))
    assert [len(each) for each in pages] == [2, 2, 1]
    assert pages[0][0] == {"Id": pages[0][0]["Id"], "LastName": "L0", "Email": "", "Owner.Name": ""}


def test_a_query_job_refuses_what_bulk_queries_cannot(api: Api) -> None:
    for text in ("SELECT COUNT(Id) FROM Lead", "SELECT (SELECT Id FROM Contacts) FROM Account"):
        assert (
            api.refused(400, "POST", "/jobs/query", {"operation": "query", "query": text})["errorCode"] == "API_ERROR"
        )
    assert (
        api.refused(400, "POST", "/jobs/query", {"operation": "query", "query": "SELECT Nothing FROM Lead"})[
            "errorCode"
        ]
        == "INVALID_FIELD"
    )
