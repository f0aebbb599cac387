"""J1: a describe holds all that a real org told, key for key; and no more than the user may see."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from emulators.salesforce.tests.conftest import Api

from salesforce_emulator import written

COMPACT = json.loads((resources.files("salesforce_emulator") / "data" / "recorded.json").read_text(encoding="utf-8"))


def rows(compact: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **{k: v for k, v in compact["usual"].items() if k not in row.get("-", ())},
            **{k: v for k, v in row.items() if k != "-"},
        }
        for row in compact["rows"]
    ]


@pytest.mark.parametrize("name", sorted(set(COMPACT) - {"Account_PersonAccount"}))
def test_a_describe_is_a_superset_of_the_recorded_one(api: Api, name: str) -> None:
    told, recorded = api.good("GET", f"/sobjects/{name}/describe"), COMPACT[name]
    compare(told, recorded)


def test_an_org_with_person_accounts_describes_them(person_org: Api) -> None:
    told = person_org.good("GET", "/sobjects/Account/describe")
    compare(told, COMPACT["Account_PersonAccount"])
    assert len(told["fields"]) == 250


def compare(told: dict[str, Any], recorded: dict[str, Any]) -> None:
    assert {key: told[key] for key in recorded if key not in ("fields", "childRelationships")} == {
        key: recorded[key] for key in recorded if key not in ("fields", "childRelationships")
    }
    fields = {each["name"]: each for each in told["fields"]}
    assert [each["name"] for each in told["fields"]][: len(recorded["fields"]["rows"])] == [
        each["name"] for each in rows(recorded["fields"])
    ]
    for each in rows(recorded["fields"]):
        assert fields[each["name"]] == each
    children = {json.dumps(each, sort_keys=True) for each in told["childRelationships"]}
    assert {json.dumps(each, sort_keys=True) for each in rows(recorded["childRelationships"])} <= children


@pytest.mark.parametrize("name", sorted(written.sources()))
def test_written_objects_have_the_keys_of_recorded_ones(api: Api, name: str) -> None:
    """J11: what was written after the reference names its page, and its form is that of a recording."""
    assert written.sources()[name].startswith("https://developer.salesforce.com/docs/")
    told, contact = api.good("GET", f"/sobjects/{name}/describe"), api.good("GET", "/sobjects/Contact/describe")
    assert set(told) == set(contact)
    assert all(set(each) == set(contact["fields"][0]) for each in told["fields"])


def test_the_opt_out_is_hidden_as_in_every_recording_until_it_is_granted(api: Api) -> None:
    def names() -> set[str]:
        return {each["name"] for each in api.good("GET", "/sobjects/Contact/describe")["fields"]}

    assert "HasOptedOutOfEmail" not in names()
    api.order("permission_set", name="Consent", fields={"Contact.HasOptedOutOfEmail": True})
    api.order("user", username="integration@example.com", permission_sets=["Consent"])
    assert "HasOptedOutOfEmail" in names()


def test_the_global_describe_lists_what_the_user_may_see(api: Api) -> None:
    def names() -> set[str]:
        return {each["name"] for each in api.good("GET", "/sobjects")["sobjects"]}

    assert {"Contact", "Lead", "CampaignMember", "WorkOrder"} <= names()
    api.order("access", features={"marketing": False})
    assert not {"Campaign", "CampaignMember"} & names()
    api.order("access", user="integration@example.com", forbid=["Lead"])
    assert "Lead" not in names()


def test_an_object_that_is_listed_but_not_emulated_is_no_404(stray: Api) -> None:
    assert stray.ask("GET", "/sobjects/WorkOrder/describe").status_code == 501
    assert stray.ask("GET", "/query", params={"q": "SELECT Id FROM WorkOrder"}).status_code == 501


def test_a_read_only_field_says_so(api: Api) -> None:
    api.order("access", user="integration@example.com", readonly=["Contact.Title"])
    told = {each["name"]: each for each in api.good("GET", "/sobjects/Contact/describe")["fields"]}
    assert (told["Title"]["updateable"], told["Phone"]["updateable"]) == (False, True)
    assert api.refused(400, "POST", "/sobjects/Contact", {"LastName": "A", "Title": "B"})["fields"] == ["Title"]


def test_urls_echo_the_version_that_was_asked(api: Api) -> None:
    told = api.good("GET", "/services/data/v52.0/sobjects/Account")
    assert told["objectDescribe"]["urls"]["sobject"] == "/services/data/v52.0/sobjects/Account"
