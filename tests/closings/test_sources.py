"""What the settings say of a goal's records, and what of it cannot be."""

from pathlib import Path
from typing import Any

import pytest

from mailwake.closings.sources import Source, sources_of
from mailwake.errors import Misconfigured
from mailwake.salesforce.describe import FieldShape, ObjectShape
from mailwake.settings import parse

SECOND = 1_000_000
#: 2026-05-20T00:00:00Z
DAY_BEGINS = 1_779_235_200 * SECOND
DAY = 86_400 * SECOND


def source(**told: Any) -> Source:
    salesforce = {"login": "https://acme.my.salesforce.com"}
    (found,) = sources_of(parse({"salesforce": salesforce, "salesforce_goals": {"deal": told}}, root=Path("/")))
    return found


def shape(*names: str) -> ObjectShape:
    fields = {
        name: FieldShape(
            name=name, type="string", length=0, is_createable=True, is_updateable=True, is_external_id=False,
            is_unique=False, values=(),
        )
        for name in names
    }  # fmt: skip
    return ObjectShape(name="X", is_createable=True, is_updateable=True, is_deletable=True, fields=fields)


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        ({}, ("Opportunity", "Amount", "CreatedDate", "roles")),
        ({"where": {"IsWon": True}}, ("Opportunity", "Amount", "CloseDate", "roles")),
        ({"object": "Lead"}, ("Lead", "", "CreatedDate", "Id")),
        ({"object": "Lead", "where": {"IsConverted": True}}, ("Lead", "", "ConvertedDate", "Id")),
        ({"object": "Order", "person": "BillToContactId"}, ("Order", "", "CreatedDate", "BillToContactId")),
        (
            {"object": "Visit__c", "person": "Email__c", "where": {"Status__c": "Held"}, "amount": "Fee__c"},
            ("Visit__c", "Fee__c", "SystemModstamp", "Email__c"),
        ),
        ({"date": "Signed_On__c", "person": "ContactId"}, ("Opportunity", "Amount", "Signed_On__c", "ContactId")),
    ],
)
def test_what_is_left_out_is_what_the_object_is_known_for(told: dict[str, Any], fields: tuple[str, ...]) -> None:
    found = source(**told)
    assert (found.object, found.amount, found.date, found.person) == fields


@pytest.mark.parametrize(
    ("told", "option", "word"),
    [
        ({"object": "Order"}, "salesforce_goals.deal.person", "leads to a person"),
        ({"object": "Lead", "person": "roles"}, "salesforce_goals.deal.person", "only opportunities"),
        ({"where": {"StageName": []}}, "salesforce_goals.deal.where.StageName", "at least one value"),
        ({"where": {"StageName = 'x' OR Id": "x"}}, "salesforce_goals.deal.where", "is no name"),
        ({"object": "Opportunity LIMIT 1"}, "salesforce_goals.deal.object", "is no name"),
        ({"amount": "Account.AnnualRevenue"}, "salesforce_goals.deal.amount", "another record"),
        ({"person": "Contact.Email"}, "salesforce_goals.deal.person", "another record"),
        ({"date": "when?"}, "salesforce_goals.deal.date", "is no name"),
        ({"stage": "Won"}, 'salesforce_goals."deal".stage', "did you mean"),
    ],
)
def test_what_cannot_be_is_named_with_its_option(told: dict[str, Any], option: str, word: str) -> None:
    if "object" in told and " " in told["object"]:
        told = told | {"person": "Id"}
    with pytest.raises(Misconfigured) as fault:
        source(**told)
    assert str(fault.value).startswith(option)
    assert word in str(fault.value)


def test_a_goal_needs_a_name_and_an_org() -> None:
    salesforce = {"login": "https://acme.my.salesforce.com"}
    with pytest.raises(Misconfigured, match="cannot name a goal"):
        sources_of(parse({"salesforce": salesforce, "salesforce_goals": {"Won deal": {}}}, root=Path("/")))
    with pytest.raises(Misconfigured, match="no org is connected"):
        parse({"salesforce_goals": {"deal": {}}}, root=Path("/"))


@pytest.mark.parametrize(
    ("where", "row", "is_met"),
    [
        ({}, {}, True),
        ({"IsWon": True}, {"IsWon": True}, True),
        ({"IsWon": True}, {"IsWon": False}, False),
        ({"IsWon": False}, {"IsWon": None}, False),
        ({"StageName": "Closed Won"}, {"StageName": "closed won"}, True),
        ({"StageName": ["Signed", "Closed Won"]}, {"StageName": "Signed"}, True),
        ({"StageName": ["Signed", "Closed Won"]}, {"StageName": "Closed Lost"}, False),
        ({"StageName": "Signed", "Type": "New"}, {"StageName": "Signed", "Type": None}, False),
        ({"Probability": "100"}, {"Probability": 100}, False),
    ],
)
def test_a_record_is_as_it_has_to_be_when_every_field_is(
    where: dict[str, Any], row: dict[str, Any], is_met: bool
) -> None:
    assert source(where=where).is_met(row) is is_met


@pytest.mark.parametrize(
    ("date", "changed", "at"),
    [
        ("2026-05-20", "2026-05-22T10:00:00.000+0000", DAY_BEGINS + DAY - 1),
        ("2026-05-20", "2026-05-20T10:00:00.000+0000", DAY_BEGINS + 10 * 3_600 * SECOND),
        ("2026-12-24", "2026-05-20T10:00:00.000+0000", DAY_BEGINS + 10 * 3_600 * SECOND),
        ("2026-05-20T09:00:00.000+0000", "2026-05-22T10:00:00.000+0000", DAY_BEGINS + 9 * 3_600 * SECOND),
        (None, "2026-05-20T10:00:00.000+0000", DAY_BEGINS + 10 * 3_600 * SECOND),
    ],
)
def test_a_day_ends_at_its_end_and_nothing_is_later_than_the_last_change(
    date: str | None, changed: str, at: int
) -> None:
    assert source(where={"IsWon": True}).at({"CloseDate": date, "SystemModstamp": changed}) == at


@pytest.mark.parametrize(
    ("row", "worth"),
    [
        ({"Amount": 1_250.5}, ("1250.5", "")),
        ({"Amount": 1e16}, ("10000000000000000", "")),
        ({"Amount": 0.1, "CurrencyIsoCode": "USD"}, ("0.1", "USD")),
        ({"Amount": -3}, ("-3", "")),
        ({"Amount": None, "CurrencyIsoCode": "USD"}, ("", "")),
        ({"Amount": "12"}, ("", "")),
    ],
)
def test_an_amount_is_what_stands_there_in_digits(row: dict[str, Any], worth: tuple[str, str]) -> None:
    assert source().worth(row) == worth


def test_what_is_hidden_is_told_with_what_is_near() -> None:
    found = source(where={"StageNam": "Won"})
    every = ("Id", "StageName", "Amount", "CloseDate", "SystemModstamp")
    assert found.problem(None).startswith("Opportunity: there is no such object")
    assert "StageNam: hidden or not there" in found.problem(shape(*every))
    assert "write StageName" in found.problem(shape(*every))
    assert source(where={"StageName": "Won"}).problem(shape(*every)) == ""
    assert source(person="ContactId").problem(shape(*every, "CreatedDate")).startswith("Opportunity.ContactId")


def test_something_else_meant_has_another_fingerprint() -> None:
    told: list[dict[str, Any]] = [
        {}, {"where": {"IsWon": True}}, {"where": {"IsWon": False}}, {"where": {"StageName": "Won"}},
        {"amount": "Fee__c"}, {"date": "Day__c"}, {"person": "ContactId"}, {"object": "Lead"},
    ]  # fmt: skip
    assert len({source(**each).fingerprint for each in told}) == len(told)
    assert source(where={"StageName": ["A", "B"]}).fingerprint == source(where={"StageName": ["b", "a"]}).fingerprint
