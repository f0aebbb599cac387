"""A package is deployed, and the org has what is in it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from emulators.salesforce.tests.conftest import ADMIN, INTEGRATION, Api
from emulators.salesforce.tests.metadata_schema import problems

HERE = Path(__file__).parent / "data" / "package"
PACKAGE = {str(path.relative_to(HERE)): path.read_text(encoding="utf-8") for path in sorted(HERE.rglob("*.*"))}


def deployed(api: Api, files: dict[str, str], **options: Any) -> dict[str, Any]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    parts = {
        "json": (
            None,
            json.dumps({"deployOptions": {"singlePackage": True, "rollbackOnError": True} | options}),
            "application/json",
        ),
        "file": ("deploy.zip", out.getvalue(), "application/zip"),
    }
    answered = api.ask("POST", "/metadata/deployRequest", files=parts)
    assert answered.status_code == 201, answered.text
    assert answered.json()["deployResult"]["status"] == "Pending"
    states = []
    for _ in range(4):
        told = api.good("GET", f"/metadata/deployRequest/{answered.json()['id']}", params={"includeDetails": "true"})[
            "deployResult"
        ]
        states.append(told["status"])
        if told["done"]:
            break
    assert states[0] == "InProgress"
    return dict(told)


@pytest.fixture
def admin(api: Api) -> Api:
    return Api(api.emulator, ADMIN)


def test_the_sample_fits_the_schema_of_the_wsdl_and_a_bad_type_does_not() -> None:
    for name, text in PACKAGE.items():
        assert problems(text.encode()) == [], name
    assert "Numbr" in problems(PACKAGE["objects/Visit__c.object"].replace("<type>Number<", "<type>Numbr<").encode())[0]


def test_a_deployed_package_can_be_written_to_by_whom_it_grants(api: Api, admin: Api) -> None:
    told = deployed(admin, PACKAGE)
    assert (told["status"], told["numberComponentErrors"], told["numberComponentsDeployed"]) == ("Succeeded", 0, 15)
    assert api.refused(404, "GET", "/sobjects/Visit__c/describe")["errorCode"] == "NOT_FOUND"
    (granted,) = admin.query("SELECT Id FROM PermissionSet WHERE Name = 'Writer'")
    admin.create("PermissionSetAssignment", AssigneeId=api.org.integration.id, PermissionSetId=granted["Id"])
    contact = api.create("Contact", LastName="Gray", Band__c="hot", HasOptedOutOfEmail=True)
    assert api.read(contact, "Band__c", "Shared__c", "HasOptedOutOfEmail")["Band__c"] == "Hot"
    api.good("PATCH", "/sobjects/Visit__c/Key__c/a", {"Contact__c": contact})
    (row,) = api.query("SELECT Name, Key__c, Contact__r.LastName FROM Visit__c")
    assert (row["Key__c"], row["Contact__r"]["LastName"]) == ("a", "Gray")
    (parent,) = api.query("SELECT (SELECT Key__c FROM Visits__r) FROM Contact")
    assert parent["Visits__r"]["totalSize"] == 1
    assert (
        api.refused(400, "PATCH", f"/sobjects/Contact/{contact}", {"Shared__c": True})["errorCode"]
        == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )
    assert (
        api.refused(400, "POST", "/sobjects/Contact", {"LastName": "A", "Band__c": "Tepid"})["errorCode"]
        == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )
    assert api.refused(403, "DELETE", "/sobjects/Visit__c/Key__c/a")["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_a_platform_event_is_published_and_never_kept(api: Api, admin: Api) -> None:
    deployed(admin, PACKAGE)
    api.order("user", username=INTEGRATION, permission_sets=["Writer"])
    told = api.good("POST", "/sobjects/Signal__e", {"Person_Id__c": "003000000000001"})
    assert (told["success"], told["errors"][0]["statusCode"]) == (True, "OPERATION_ENQUEUED")
    assert [each["payload"] for each in api.client.get("/__emu/events").json()] == [{"Person_Id__c": "003000000000001"}]
    assert api.refused(400, "POST", "/sobjects/Signal__e", {})["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert api.refused(400, "GET", "/query", params={"q": "SELECT Id FROM Signal__e"})["errorCode"] == "INVALID_TYPE"


def test_a_check_changes_nothing(admin: Api) -> None:
    told = deployed(admin, PACKAGE, checkOnly=True)
    assert (told["status"], told["checkOnly"]) == ("Succeeded", True)
    assert admin.refused(404, "GET", "/sobjects/Visit__c/describe")["errorCode"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        (
            "objects/Visit__c.object",
            "<type>Number<",
            "<type>Numbr<",
            "'Numbr' is not a valid value for the enum 'FieldType'",
        ),
        (
            "objects/Visit__c.object",
            "<referenceTo>Contact<",
            "<referenceTo>Person<",
            "does not resolve to a valid sObject type",
        ),
        (
            "permissionsets/Writer.permissionset",
            "Contact.Band__c",
            "Contact.Bond__c",
            "no CustomField named Contact.Bond__c found",
        ),
        (
            "permissionsets/Writer.permissionset",
            "Visit__c.Contact__c",
            "Visit__c.Key__c",
            "You cannot deploy to a required field: Visit__c.Key__c",
        ),
        ("objects/Contact.object", "</CustomObject>", "", "Error parsing file"),
        ("package.xml", "package.xml", "package.xml", "No package.xml found"),
    ],
)
def test_one_bad_component_fails_the_whole_deployment(
    admin: Api, *, name: str, old: str, new: str, problem: str
) -> None:
    files = dict(PACKAGE)
    files[name] = files[name].replace(old, new)
    if name == "package.xml":
        del files[name]
    told = deployed(admin, files)
    assert (told["status"], told["success"]) == ("Failed", False)
    assert problem in told["details"]["componentFailures"][0]["problem"]
    assert admin.refused(404, "GET", "/sobjects/Visit__c/describe")["errorCode"] == "NOT_FOUND"


def test_deploying_needs_the_right_to(api: Api) -> None:
    parts = {"json": (None, '{"deployOptions": {}}'), "file": ("deploy.zip", b"x")}
    answered = api.ask("POST", "/metadata/deployRequest", files=parts)
    assert (answered.status_code, answered.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")


def test_a_second_deployment_keeps_what_is_there(admin: Api) -> None:
    deployed(admin, PACKAGE)
    admin.org.access.assigned[admin.org.admin.id] = {"Writer"}
    admin.org.access.changed()
    admin.good("PATCH", "/sobjects/Visit__c/Key__c/a", {})
    before = admin.snapshot()
    assert deployed(admin, PACKAGE)["status"] == "Succeeded"
    assert admin.snapshot() == before


def test_a_setting_is_deployed_read_and_deployed_again(api: Api, admin: Api) -> None:
    deployed(admin, PACKAGE)
    assert api.refused(400, "GET", "/query", params={"q": "SELECT Id FROM Setting__mdt"})["errorCode"] == "INVALID_TYPE"
    api.order("user", username=INTEGRATION, permission_sets=["Writer"])
    query = "SELECT DeveloperName, Days__c FROM Setting__mdt"
    assert [(each["DeveloperName"], each["Days__c"]) for each in api.query(query)] == [("Default", 180)]
    name = "customMetadata/Setting.Default.md"
    deployed(admin, PACKAGE | {name: PACKAGE[name].replace("180", "90")})
    assert [each["Days__c"] for each in api.query(query)] == [90]


def test_a_field_of_activities_is_one_of_tasks(api: Api, admin: Api) -> None:
    deployed(admin, PACKAGE)
    api.order("user", username=INTEGRATION, permission_sets=["Writer"])
    told = [
        api.good("PATCH", "/sobjects/Task/Task_Key__c/k", {"Subject": each})["created"] for each in ("Call", "Write")
    ]
    assert (told, api.column("SELECT Subject FROM Task")) == ([True, False], ["Write"])


def test_a_folder_that_is_not_emulated_says_so_each_time(stray: Api) -> None:
    admin = Api(stray.emulator, ADMIN)
    with pytest.raises(AssertionError, match="501"):
        deployed(admin, PACKAGE | {"triggers/T.trigger": "<ApexTrigger/>"})
    assert "metadata in the folder triggers" in stray.org.unknown[-1]["what"]


def manifest(**members: str) -> str:
    """A package.xml that lists one component per type."""
    types = "".join(f"<types><members>{name}</members><name>{kind}</name></types>" for kind, name in members.items())
    head = '<?xml version="1.0" encoding="UTF-8"?><Package xmlns="http://soap.sforce.com/2006/04/metadata">'
    return f"{head}{types}<version>67.0</version></Package>"


EVENT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
    <deploymentStatus>Deployed</deploymentStatus>
    <eventType>HighVolume</eventType>
    <fields><fullName>Word__c</fullName><label>Word</label><length>20</length><type>Text</type></fields>
    <label>Call</label><pluralLabel>Calls</pluralLabel><publishBehavior>PublishImmediately</publishBehavior>
</CustomObject>"""
MAY_PUBLISH = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
    <label>Publisher</label>
    <objectPermissions><allowCreate>true</allowCreate><allowDelete>false</allowDelete><allowEdit>false</allowEdit>
    <allowRead>true</allowRead><modifyAllRecords>false</modifyAllRecords><object>Call__e</object>
    <viewAllRecords>false</viewAllRecords></objectPermissions>
</PermissionSet>"""
OF_CONTACT = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
    <fields><fullName>Band__c</fullName><label>Band</label><length>20</length><type>Text</type></fields>
</CustomObject>"""
MAY_WRITE = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
    <fieldPermissions><editable>true</editable><field>Contact.Band__c</field><readable>true</readable></fieldPermissions>
    <label>Bander</label>
</PermissionSet>"""


def test_fields_of_an_event_are_seen_by_whom_may_publish_it(api: Api, admin: Api) -> None:
    files = {"objects/Call__e.object": EVENT, "permissionsets/Publisher.permissionset": MAY_PUBLISH}
    listed = manifest(CustomObject="Call__e", PermissionSet="Publisher")
    assert deployed(admin, files | {"package.xml": listed})["status"] == "Succeeded"
    api.order("user", username=INTEGRATION, permission_sets=["Publisher"])
    names = {each["name"] for each in api.good("GET", "/sobjects/Call__e/describe")["fields"]}
    assert "Word__c" in names


def test_a_person_account_shows_its_contacts_fields(person_org: Api) -> None:
    admin = Api(person_org.emulator, ADMIN)
    files = {"objects/Contact.object": OF_CONTACT, "permissionsets/Bander.permissionset": MAY_WRITE}
    listed = manifest(CustomField="Contact.Band__c", PermissionSet="Bander")
    assert deployed(admin, files | {"package.xml": listed})["status"] == "Succeeded"

    def seen() -> set[str]:
        return {each["name"] for each in person_org.good("GET", "/sobjects/Account/describe")["fields"]}

    assert "Band__pc" not in seen()
    person_org.order("user", username=INTEGRATION, permission_sets=["Bander"])
    assert "Band__pc" in seen()
    account = person_org.create("Account", LastName="Ann", Band__pc="warm")
    assert person_org.read(account, "Band__pc")["Band__pc"] == "warm"


def test_answers_bear_the_time_of_the_org(api: Api) -> None:
    assert api.ask("GET", "/limits").headers["date"] == "Thu, 26 Nov 2026 12:00:00 GMT"


VIEW = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><listViews><fullName>Best</fullName>
<columns>FULL_NAME</columns><columns>Rank__c</columns><filterScope>Everything</filterScope>
<filters><field>Rank__c</field><operation>greaterThan</operation><value>{least}</value></filters>
<filters><field>Kind__c</field><operation>equals</operation><value>it's</value></filters>
<label>Best</label></listViews>{fields}</CustomObject>"""
FIELDS = """<fields><fullName>Rank__c</fullName><label>R</label><type>Number</type><precision>3</precision>
<scale>0</scale></fields><fields><fullName>Kind__c</fullName><label>K</label><type>Text</type><length>20</length></fields>"""


def test_a_list_view_of_a_package_lists_what_its_filters_let_through(admin: Api) -> None:
    deployed(admin, {"objects/Lead.object": VIEW.format(least=5, fields=FIELDS), "package.xml": PACKAGE["package.xml"]})
    admin.order("access", user=ADMIN, show=["Lead.Rank__c", "Lead.Kind__c"])
    for rank, kind in ((4, "it's"), (6, "it's"), (9, "its")):
        admin.create("Lead", LastName=f"{kind} {rank}", Company="C", Rank__c=rank, Kind__c=kind)

    def listed() -> list[str]:
        (view,) = admin.good("GET", "/sobjects/Lead/listviews")["listviews"]
        query = admin.good("GET", view["describeUrl"])["query"]
        return [row["Name"] for row in admin.good("GET", "/query", params={"q": query})["records"]]

    assert listed() == ["it's 6"]
    deployed(admin, {"objects/Lead.object": VIEW.format(least=3, fields=""), "package.xml": PACKAGE["package.xml"]})
    assert listed() == ["it's 4", "it's 6"]
