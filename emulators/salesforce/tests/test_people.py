"""Leads become contacts, duplicates become one, campaigns have members, and people have said what they want."""

from __future__ import annotations

import pytest
from emulators.salesforce.tests.conftest import INTEGRATION, Api


@pytest.fixture
def campaign(api: Api) -> str:
    return api.create("Campaign", Name="Spring")


def test_a_campaign_has_two_statuses_and_members_need_one_of_them(api: Api, campaign: str) -> None:
    lead = api.create("Lead", LastName="A", Company="x")
    labels = api.query("SELECT Label, IsDefault, HasResponded FROM CampaignMemberStatus ORDER BY SortOrder")
    assert [(each["Label"], each["IsDefault"], each["HasResponded"]) for each in labels] == [
        ("Sent", True, False),
        ("Responded", False, True),
    ]
    told = api.refused(
        400, "POST", "/sobjects/CampaignMember", {"CampaignId": campaign, "LeadId": lead, "Status": "Clicked"}
    )
    assert told["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    api.create("CampaignMemberStatus", CampaignId=campaign, Label="Clicked", HasResponded=True, SortOrder=3)
    member = api.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    assert api.read(member, "Status", "HasResponded")["Status"] == "Sent"
    api.good("PATCH", f"/sobjects/CampaignMember/{member}", {"Status": "Clicked"})
    told = api.read(member, "HasResponded", "FirstRespondedDate", "Email", "LastName")
    assert (told["HasResponded"], told["FirstRespondedDate"], told["LastName"]) == (True, "2026-11-26", "A")


def test_a_person_is_a_member_once_and_for_good(api: Api, campaign: str) -> None:
    contact = api.create("Contact", LastName="A")
    member = api.create("CampaignMember", CampaignId=campaign, ContactId=contact)
    told = api.refused(400, "POST", "/sobjects/CampaignMember", {"CampaignId": campaign, "ContactId": contact})
    assert (told["errorCode"], told["message"]) == ("DUPLICATE_VALUE", "Already a campaign member.")
    other = api.create("Contact", LastName="B")
    assert (
        api.refused(400, "PATCH", f"/sobjects/CampaignMember/{member}", {"ContactId": other})["errorCode"]
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )
    assert (
        api.refused(400, "POST", "/sobjects/CampaignMember", {"CampaignId": campaign})["errorCode"]
        == "REQUIRED_FIELD_MISSING"
    )
    api.good("DELETE", f"/sobjects/Contact/{contact}")
    assert api.query("SELECT Id FROM CampaignMember") == []


def test_a_new_default_status_takes_the_place_of_the_old(api: Api, campaign: str) -> None:
    api.create("CampaignMemberStatus", CampaignId=campaign, Label="Invited", IsDefault=True)
    assert api.column("SELECT Label FROM CampaignMemberStatus WHERE IsDefault = true") == ["Invited"]
    assert (
        api.refused(400, "POST", "/sobjects/CampaignMemberStatus", {"CampaignId": campaign, "Label": "invited"})[
            "errorCode"
        ]
        == "DUPLICATE_VALUE"
    )


def test_a_converted_lead_is_read_only_and_its_past_moves_along(api: Api, campaign: str) -> None:
    api.order("schema", object="Lead", fields=["Score__c; double; CUN; 5,0"])
    api.order("schema", object="Contact", fields=["Score__c; double; CUN; 5,0"])
    lead = api.create("Lead", LastName="Gray", FirstName="Ann", Company="Acme", Email="ann@example.com", Score__c=40)
    member = api.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    task = api.create("Task", WhoId=lead, Subject="Call")
    told = api.order("convert", lead=lead)
    assert (
        api.refused(400, "PATCH", f"/sobjects/Lead/{lead}", {"Title": "x"})["errorCode"]
        == "CANNOT_UPDATE_CONVERTED_LEAD"
    )
    assert api.read(lead, "IsConverted", "ConvertedContactId")["ConvertedContactId"] == told["contactId"]
    contact = api.read(told["contactId"], "Name", "Email", "Score__c", "AccountId")
    assert (contact["Name"], contact["Email"], contact["Score__c"]) == ("Ann Gray", "ann@example.com", 40)
    assert api.read(member, "ContactId", "LeadId")["ContactId"] == told["contactId"]
    assert api.read(task, "WhoId")["WhoId"] == told["contactId"]


def test_converting_into_a_contact_fills_blanks_only_and_the_further_member_stays(api: Api, campaign: str) -> None:
    contact = api.create("Contact", LastName="Gray", Title="Clerk")
    lead = api.create("Lead", LastName="Grey", Company="Acme", Title="Head", Phone="1")
    ours = api.create("CampaignMember", CampaignId=campaign, ContactId=contact)
    api.create("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    api.order("convert", lead=lead, contact=contact)
    told = api.read(contact, "LastName", "Title", "Phone")
    assert (told["LastName"], told["Title"], told["Phone"]) == ("Gray", "Clerk", "1")
    (row,) = api.query("SELECT Id, Status, ContactId FROM CampaignMember")
    assert (row["Status"], row["ContactId"], row["Id"] != ours) == ("Responded", contact, True)


def test_a_merge_leaves_a_sign_on_the_loser_and_moves_what_it_had(api: Api) -> None:
    winner, loser = (api.create("Contact", LastName=each, Email=f"{each}@example.com") for each in "ab")
    task = api.create("Task", WhoId=loser, Subject="Call")
    api.order("clock", advance=60)
    api.order("merge", winner=winner, losers=[loser])
    assert api.query("SELECT LastName FROM Contact WHERE Id = '" + loser + "'") == []
    fields, since = "Id, MasterRecordId, IsDeleted", "SystemModstamp > 2026-11-26T12:00:30Z"
    query = f"SELECT {fields} FROM Contact WHERE IsDeleted = true AND MasterRecordId != null AND {since}"
    (row,) = api.query(query, every=True)
    assert (row["Id"], row["MasterRecordId"]) == (loser, winner)
    assert api.read(task, "WhoId")["WhoId"] == winner
    assert api.refused(404, "PATCH", f"/sobjects/Contact/{loser}", {"Title": "x"})["errorCode"] == "ENTITY_IS_DELETED"
    assert api.client.post("/__emu/undelete", json={"id": loser}).status_code == 400


def test_a_person_account_is_an_account_and_a_contact(person_org: Api) -> None:
    account = person_org.create("Account", LastName="Gray", FirstName="Ann", PersonEmail="Ann@example.com")
    told = person_org.read(account, "Name", "IsPersonAccount", "PersonContactId")
    assert (told["Name"], told["IsPersonAccount"]) == ("Ann Gray", True)
    contact = told["PersonContactId"]
    assert person_org.read(contact, "Email", "AccountId")["Email"] == "ann@example.com"
    assert (
        person_org.refused(400, "PATCH", f"/sobjects/Contact/{contact}", {"Title": "x"})["errorCode"]
        == "INVALID_PERSON_ACCOUNT_OPERATION"
    )
    person_org.good("PATCH", f"/sobjects/Account/{account}", {"PersonTitle": "Clerk"})
    assert person_org.read(contact, "Title")["Title"] == "Clerk"
    assert person_org.read(person_org.create("Account", Name="Acme"), "IsPersonAccount")["IsPersonAccount"] is False


def test_duplicate_rules_alert_or_block(api: Api) -> None:
    api.create("Contact", LastName="A", Email="a@example.com")
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    api.order("duplicate_rule", object="Lead", match="Email", against=["Contact", "Lead"], action="alert")
    body = {"LastName": "B", "Company": "x", "Email": "A@example.com"}
    told = api.refused(400, "POST", "/sobjects/Lead", body)
    assert (told["errorCode"], told["duplicateResult"]["allowSave"]) == ("DUPLICATES_DETECTED", True)
    assert told["duplicateResult"]["matchResults"][0]["entityType"] == "Contact"
    assert api.ask("POST", "/sobjects/Lead", body, headers=allow).status_code == 201
    api.order("clear", what=["duplicate_rules"])
    api.order("duplicate_rule", object="Lead", match="Email", against=["Contact"], action="block")
    assert api.refused(400, "POST", "/sobjects/Lead", body, headers=allow)["errorCode"] == "DUPLICATES_DETECTED"


def test_the_least_permissive_record_of_an_address_decides(api: Api) -> None:
    person = api.create("Individual", LastName="Gray", HasOptedOutTracking=True)
    one = api.create("Contact", LastName="A", Email="a@example.com", IndividualId=person)
    lead = api.create("Lead", LastName="B", Company="x", Email="a@example.com")

    def told(*actions: str) -> list[str]:
        found = api.good("GET", "/consent/multiaction", params={"actions": ",".join(actions), "ids": one})[one]
        return [found[each] for each in actions]

    assert told("email", "track", "profile", "shouldForget") == [
        "Proceed",
        "Do Not Proceed",
        "Proceed",
        "Do Not Proceed",
    ]
    api.order("change", id=lead, values={"HasOptedOutOfEmail": True})
    assert told("email") == ["Do Not Proceed"]
    api.order("convert", lead=lead)
    api.order("change", id=api.column("SELECT ConvertedContactId FROM Lead")[0], values={"HasOptedOutOfEmail": False})
    assert told("email") == ["Proceed"]
    api.create(
        "ContactPointTypeConsent", Name="x", PartyId=person, ContactPointType="Email", PrivacyConsentStatus="OptOut",
        CaptureDate="2026-01-01T00:00:00Z", CaptureSource="web", CaptureContactPointType="Web",
    )  # fmt: skip
    assert told("email") == ["Do Not Proceed"]


def test_a_sent_mail_is_frozen_but_for_what_a_customer_added(api: Api) -> None:
    api.order("schema", object="EmailMessage", fields=["Opens__c; double; CUN; 5,0"])
    sent, draft = (api.create("EmailMessage", Subject="Hello", Status=each) for each in ("3", "5"))
    told = api.refused(403, "PATCH", f"/sobjects/EmailMessage/{sent}", {"IsBounced": True})
    assert (told["errorCode"], told["fields"]) == ("INSUFFICIENT_ACCESS_OR_READONLY", ["IsBounced"])
    api.good("PATCH", f"/sobjects/EmailMessage/{sent}", {"Opens__c": 1, "IsExternallyVisible": True})
    api.good("PATCH", f"/sobjects/EmailMessage/{draft}", {"Subject": "Hello again"})


def test_what_the_org_tracked_of_mail_can_be_read_and_not_written(api: Api) -> None:
    told = {"EmailAddress": "a@example.com", "IsOpened": True, "Headers": "Message-ID: <1@example.com>"}
    api.order("records", object="ListEmailSentResult", records=[told])
    api.order("records", object="ListEmail", records=[{"Name": "May", "Subject": "Spring", "TotalSent": 4}])
    assert api.column("SELECT Headers FROM ListEmailSentResult WHERE IsOpened = true") == [told["Headers"]]
    assert api.column("SELECT TotalSent FROM ListEmail") == [4]
    made = api.create("ListEmail", Name="June")
    assert api.refused(400, "PATCH", f"/sobjects/ListEmail/{made}", {"TotalSent": 9})["fields"] == ["TotalSent"]
    refusal = api.refused(400, "POST", "/sobjects/ListEmailSentResult", told)
    assert refusal["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_an_inactive_owner_is_refused(api: Api) -> None:
    other = api.order("user", username="gone@example.com", is_active=False)["id"]
    assert (
        api.refused(400, "POST", "/sobjects/Contact", {"LastName": "A", "OwnerId": other})["errorCode"]
        == "INACTIVE_OWNER_OR_USER"
    )
    assert api.org.users[INTEGRATION].is_active
