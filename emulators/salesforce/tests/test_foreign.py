"""J8: simple-salesforce, unchanged, signs in, queries, writes, and loads in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from emulators.salesforce.tests.conftest import INTEGRATION, Api, public_pem, signing_key
from emulators.salesforce.tests.loopback import Loopback

from salesforce_emulator import Emulator, Org

simple_salesforce = pytest.importorskip("simple_salesforce")


@pytest.fixture
def api() -> Iterator[Api]:
    """The library signs with the machine's time, so the org has it too."""
    with Emulator(Org()) as emulator:
        yield Api(emulator)
        assert emulator.org.unknown == []


@pytest.fixture
def client(api: Api) -> Iterator[Any]:
    api.order("app", client_id="key", certificate=public_pem(signing_key(0)), approved=[INTEGRATION])
    private = signing_key(0).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with requests.Session() as session:
        session.mount("https://", Loopback(api.emulator.url))
        yield simple_salesforce.Salesforce(
            username=INTEGRATION, consumer_key="key", privatekey=private.decode(), session=session, version="59.0"
        )


def test_it_signs_in_with_an_assertion_and_reads_its_limits(client: Any, api: Api) -> None:
    assert client.limits()["DailyApiRequests"]["Max"] == api.org.settings.daily_requests
    assert client.api_usage["api-usage"].total == api.org.settings.daily_requests


def test_it_creates_reads_changes_and_deletes(client: Any) -> None:
    made = client.Contact.create({"LastName": "Gray", "Email": "gray@example.com"})
    assert made["success"]
    assert client.Contact.update(made["id"], {"Title": "Clerk"}) == 204
    assert client.Contact.get(made["id"])["Title"] == "Clerk"
    assert client.Contact.upsert("Email/gray@example.com", {"Title": "Head"}) == 200
    assert client.Contact.get_by_custom_id("Email", "gray@example.com")["Title"] == "Head"
    assert client.Contact.delete(made["id"]) == 204
    with pytest.raises(simple_salesforce.exceptions.SalesforceResourceNotFound):
        client.Contact.get(made["id"])


def test_it_names_the_errors(client: Any, api: Api) -> None:
    for each in "AB":
        api.create("Contact", LastName=each, Email="twice@example.com")
    with pytest.raises(simple_salesforce.exceptions.SalesforceMoreThanOneRecord):
        client.Contact.upsert("Email/twice@example.com", {"Title": "x"})
    with pytest.raises(simple_salesforce.exceptions.SalesforceMalformedRequest):
        client.query("SELECT Nothing FROM Contact")


def test_it_signs_in_again_when_its_session_ended_unless_the_certificate_was_revoked(client: Any, api: Api) -> None:
    api.order("sessions")
    assert client.query("SELECT Id FROM Contact")["done"]
    api.order("sessions")
    api.order("app", client_id="key", certificate=None, approved=[INTEGRATION])
    with pytest.raises(simple_salesforce.exceptions.SalesforceAuthenticationFailed):
        client.query("SELECT Id FROM Contact")


def test_it_follows_the_pages_of_a_query(client: Any, api: Api) -> None:
    api.order("records", object="Lead", records=[{"LastName": str(number)} for number in range(2500)])
    told = client.query_all(simple_salesforce.format_soql("SELECT LastName FROM Lead WHERE LastName != {}", "O'Neil"))
    assert [each["LastName"] for each in told["records"]] == [str(number) for number in range(2500)]


def test_it_upserts_in_bulk(client: Any, api: Api) -> None:
    api.order("settings", bulk_polls=0)
    known = api.create("Contact", LastName="A", Email="a@example.com")
    rows = [{"LastName": each, "Email": f"{each}@example.com"} for each in ("a", "b", "c")]
    (told,) = client.bulk2.Contact.upsert(records=rows, external_id_field="Email", wait=0)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (3, 0)
    assert api.read(known, "LastName")["LastName"] == "a"
    pages = list(client.bulk2.Contact.query("SELECT LastName FROM Contact ORDER BY LastName"))
    assert "".join(pages).replace('"', "").split() == ["LastName", "a", "b", "c"]
