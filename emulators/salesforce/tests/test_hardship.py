"""What goes wrong in an org: limits, locks, faults, a customer's rules, storage, maintenance."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from emulators.salesforce.tests.conftest import Api

from salesforce_emulator import Emulator, Org


def test_the_days_requests_are_counted_and_come_back(api: Api) -> None:
    api.order("settings", daily_requests=10, session_seconds=1_000_000)
    one = Api(api.emulator)
    answered = one.ask("GET", "/limits")
    assert answered.headers["Sforce-Limit-Info"] == "api-usage=1/10"
    assert answered.json()["DailyApiRequests"] == {"Max": 10, "Remaining": 9}
    one.order("usage", add=9)
    told = one.refused(403, "GET", "/limits")
    assert told == {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    one.order("clock", advance=86_500)
    assert one.good("GET", "/limits")["DailyApiRequests"]["Remaining"] == 9


def test_a_full_org_refuses_new_records_and_takes_changes(api: Api) -> None:
    one = api.create("Contact", LastName="A")
    api.order("settings", max_records=api.org.store.count())
    assert api.refused(400, "POST", "/sobjects/Contact", {"LastName": "B"})["errorCode"] == "STORAGE_LIMIT_EXCEEDED"
    assert api.ask("PATCH", f"/sobjects/Contact/{one}", {"Title": "x"}).status_code == 204


def test_in_maintenance_reads_go_on(api: Api) -> None:
    api.order("settings", is_in_maintenance=True)
    told = api.refused(400, "POST", "/sobjects/Contact", {"LastName": "B"})
    assert told["errorCode"] == "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"
    assert api.query("SELECT Id FROM Contact") == []


@pytest.mark.parametrize(
    "sent",
    [
        b'Content-Length: 100\r\n\r\n{"LastName": "A"}',
        b'Transfer-Encoding: chunked\r\n\r\n40\r\n{"LastName": "A"}',
        b'Transfer-Encoding: chunked\r\n\r\n11\r\n{"LastName": "A"}\r\n',
    ],
)
def test_of_a_request_whose_sender_died_nothing_is_carried_out(api: Api, sent: bytes) -> None:
    address, before = urlsplit(api.emulator.url), len(api.org.requests)
    with socket.create_connection((address.hostname or "", address.port or 0)) as line:
        line.sendall(b"POST /services/data/v67.0/sobjects/Contact HTTP/1.1\r\nHost: x\r\n" + sent)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100) == b""
    assert len(api.org.requests) == before
    assert api.org.unknown == []


@pytest.mark.parametrize(("kind", "is_saved"), [("drop_before", False), ("drop_after", True), ("truncate", True)])
def test_a_connection_breaks_before_or_after_the_save(api: Api, kind: str, is_saved: bool) -> None:
    api.order("fault", kind=kind, path="/sobjects/Contact", method="POST")
    with pytest.raises(httpx2.TransportError):
        api.ask("POST", "/sobjects/Contact", {"LastName": "A"})
    assert api.column("SELECT LastName FROM Contact") == (["A"] if is_saved else [])
    assert api.create("Contact", LastName="B")


@pytest.mark.parametrize(("kind", "is_saved"), [("status", False), ("status_after", True)])
def test_a_balancer_answers_with_a_page(api: Api, kind: str, is_saved: bool) -> None:
    api.order("fault", kind=kind, path="/sobjects", status=503, skip=1, times=2)
    for expected in (201, 503, 503, 201):
        answered = api.ask("POST", "/sobjects/Contact", {"LastName": "A"})
        assert answered.status_code == expected
        assert ("html" in answered.headers["content-type"]) == (expected == 503)
    assert len(api.query("SELECT Id FROM Contact")) == (4 if is_saved else 2)


def test_a_request_may_be_delivered_twice(api: Api) -> None:
    api.order("fault", kind="twice", path="/sobjects/Contact", method="POST")
    api.create("Contact", LastName="A")
    assert api.column("SELECT LastName FROM Contact") == ["A", "A"]


def test_a_target_of_more_than_16384_characters_is_refused(api: Api) -> None:
    ids = ",".join(f"'003Ab00000000{number:02d}'" for number in range(10, 99))
    text = f"SELECT Id FROM Contact WHERE Id IN ({ids})"
    assert api.ask("GET", "/query", params={"q": text}).status_code == 200
    assert api.ask("GET", "/query", params={"q": text + " " * 20_000}).status_code == 414


def test_a_fault_of_the_emulator_is_kept_and_leaves_nothing_half_done(
    stray: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("salesforce_emulator.derived.after_insert", broken)
    assert stray.refused(500, "POST", "/sobjects/Contact", {"LastName": "A"})["errorCode"] == "UNKNOWN_EXCEPTION"
    assert "ZeroDivisionError" in stray.org.unknown[0]["what"]
    assert stray.query("SELECT Id FROM Contact") == []


def test_an_answer_may_be_slow(api: Api) -> None:
    api.order("fault", kind="slow", path="/limits", seconds=0.2)
    before = time.monotonic()
    api.good("GET", "/limits")
    assert time.monotonic() - before >= 0.15


def test_a_session_may_end_in_the_middle(api: Api) -> None:
    api.order("fault", kind="expire_session", path="/limits")
    assert api.refused(401, "GET", "/limits")["errorCode"] == "INVALID_SESSION_ID"


def test_a_validation_rule_refuses_some_rows(api: Api) -> None:
    api.order(
        "rule",
        object="Contact",
        kind="validation",
        when={"field": "Title", "=": "CEO"},
        message="No CEOs",
        fields=["Title"],
    )
    rows = [{"attributes": {"type": "Contact"}, "LastName": "A", "Title": each} for each in ("Clerk", "CEO")]
    told = api.good("POST", "/composite/sobjects", {"records": rows})
    assert told[1]["errors"] == [
        {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No CEOs", "fields": ["Title"]}
    ]


def test_a_trigger_fails_and_a_flow_overwrites(api: Api) -> None:
    api.order("rule", object="Contact", kind="overwrite", on=["insert"], set={"Department": "Sales"})
    api.order(
        "rule",
        object="Contact",
        kind="trigger",
        on=["update"],
        when={"field": "Title", "changed": True},
        message="boom",
    )
    one = api.create("Contact", LastName="A")
    assert api.read(one, "Department")["Department"] == "Sales"
    told = api.refused(400, "PATCH", f"/sobjects/Contact/{one}", {"Title": "x"})
    assert (told["errorCode"], "caused by: boom" in told["message"]) == ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", True)
    assert api.ask("PATCH", f"/sobjects/Contact/{one}", {"Phone": "1"}).status_code == 204


def test_a_row_held_by_others_is_waited_for_ten_seconds(api: Api) -> None:
    account = api.create("Account", Name="Acme")
    one = api.create("Contact", LastName="A", AccountId=account)
    api.order("lock", ids=[account[:15]], seconds=8)
    assert api.ask("PATCH", f"/sobjects/Contact/{one}", {"Title": "x"}).status_code == 204
    api.order("lock", ids=[account], seconds=30)
    assert api.refused(400, "PATCH", f"/sobjects/Contact/{one}", {"Title": "y"})["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert (
        api.ask("PATCH", f"/sobjects/Contact/{api.create('Contact', LastName='B')}", {"Title": "y"}).status_code == 204
    )


def test_an_open_task_with_a_day_locks_its_account_and_person_and_a_done_one_does_not(api: Api) -> None:
    account = api.create("Account", Name="Acme")
    one = api.create("Contact", LastName="A", AccountId=account)
    api.order("lock", ids=[one], seconds=3000)
    api.create("Task", WhoId=one, Subject="Call", Status="Completed", ActivityDate="2026-12-01")
    api.create("Task", WhoId=one, Subject="Call")
    told = api.refused(400, "POST", "/sobjects/Task", {"WhoId": one, "ActivityDate": "2026-12-01"})
    assert told["errorCode"] == "UNABLE_TO_LOCK_ROW"


def test_two_calls_on_one_parent_wait_for_each_other() -> None:
    """A slow trigger holds the account; a second call on it waits, or gives up when that takes too long."""
    with Emulator(Org()) as emulator:
        api = Api(emulator)
        account = api.create("Account", Name="Acme")
        ids = [api.create("Contact", LastName=each, AccountId=account) for each in "AB"]
        api.order("rule", object="Contact", kind="slow", on=["update"], seconds=0.5)
        for wait, codes in ((10.0, [204, 204]), (0.1, [204, 400])):
            api.order("lock", wait_seconds=wait)
            assert sorted(together(api, ids)) == codes


def together(api: Api, ids: list[str]) -> list[int]:
    statuses: list[int] = []

    def change(one: str) -> None:
        answered = httpx2.patch(
            f"{api.emulator.url}/services/data/v67.0/sobjects/Contact/{one}",
            json={"Title": "x"},
            headers={"Authorization": f"Bearer {api.token}"},
        )
        statuses.append(answered.status_code)

    threads = [threading.Thread(target=change, args=(each,)) for each in ids]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return statuses


def test_undone_means_the_same_to_the_byte_but_for_stamps(api: Api) -> None:
    one = api.create("Contact", LastName="A", Title="x")
    whole, bare = api.snapshot(), api.snapshot(stamps="false")
    api.order("clock", advance=60)
    for title in ("y", "x"):
        api.good("PATCH", f"/sobjects/Contact/{one}", {"Title": title})
    extra = api.create("Contact", LastName="B")
    assert api.snapshot(stamps="false") != bare
    api.good("DELETE", f"/sobjects/Contact/{extra}")
    assert (api.snapshot(stamps="false"), api.snapshot() == whole) == (bare, False)


def test_a_user_in_the_browser_changes_what_the_api_hides(api: Api) -> None:
    one = api.create("Contact", LastName="A")
    api.order("clock", advance=60)
    api.order("change", id=one, values={"HasOptedOutOfEmail": True})
    told: dict[str, Any] = api.read(one)
    assert "HasOptedOutOfEmail" not in told
    assert told["SystemModstamp"][11:19] == "12:01:00"
    assert b'"HasOptedOutOfEmail":true' in api.snapshot()
