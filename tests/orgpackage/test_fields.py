"""One list of fields makes the whole package, within what Salesforce allows."""

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from lxml import etree
from tests.every import every
from tests.orgpackage import schema

from mailwake.crm import fields as written
from mailwake.orgpackage import fields

ROOT = Path(__file__).parents[2]
SOURCE = schema.package_folder() / "force-app" / "main" / "default"
FILES = sorted(SOURCE.rglob("*.xml"))
NAMESPACES = {"m": schema.METADATA}


def tool() -> ModuleType:
    path = ROOT / "tools" / "make_salesforce_package.py"
    spec = importlib.util.spec_from_file_location("make_salesforce_package", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def values(path: Path, tags: str) -> list[str]:
    found = etree.parse(str(path)).getroot().iterfind("/".join(f"m:{tag}" for tag in tags.split("/")), NAMESPACES)
    return [each.text or "" for each in found]


def test_the_package_is_what_the_list_makes_of_it() -> None:
    assert tool().stale() == [], "run python tools/make_salesforce_package.py"


def test_a_file_that_is_missing_changed_or_left_over_is_noticed(tmp_path: Path) -> None:
    made = tool()
    for name, text in made.package().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    assert made.stale(tmp_path) == []
    score = "force-app/main/default/objects/Lead/fields/Engagement_Score__c.field-meta.xml"
    (tmp_path / score).write_text("<CustomField/>")
    (tmp_path / "sfdx-project.json").unlink()
    (tmp_path / "left.xml").write_text("")
    assert made.stale(tmp_path) == [score, "left.xml", "sfdx-project.json"]


@every("path", FILES, ids=lambda path: path.name)
def test_salesforces_schema_takes_every_file(path: Path) -> None:
    assert schema.faults(path.read_bytes()) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("<type>Number</type>", "<type>Numbr</type>", "Numbr"),
        ("<scale>0</scale>", "<scale>none</scale>", "none"),
        ("<label>", "<lable>x</lable><label>", "lable"),
    ],
)
def test_the_schema_refuses_what_is_wrong(right: str, wrong: str, told: str) -> None:
    text = (SOURCE / "objects/Contact/fields/Engagement_Score__c.field-meta.xml").read_text(encoding="utf-8")
    assert right in text
    found = schema.faults(text.replace(right, wrong, 1).encode())
    assert found
    assert told in found[0]


def test_contacts_and_leads_have_the_same_fields() -> None:
    assert fields.fields_of("Contact") == fields.fields_of("Lead")
    assert len(fields.fields_of("Contact")) == 18
    assert fields.fields_of("Account") == ()


def test_every_field_is_explained_within_what_salesforce_allows() -> None:
    """Source: Metadata API Developer Guide, CustomField; a help text has 510 characters, a description 1,000."""
    for of in fields.objects():
        for field in fields.fields_of(of):
            assert field.label, field.name
            assert len(field.label) <= 40, field.name
            assert 10 < len(field.description) <= 1_000, field.name
            assert 3 < len(field.help) <= 510, field.name
            assert field.length <= (131_072 if field.type == "LongTextArea" else 255)
            assert field.decimals <= field.digits <= 18
            assert len(field.name) <= 43
            assert (field.type == "Text") == bool(field.length and field.type != "LongTextArea")
            assert (field.type == "Lookup") == bool(field.to and field.relation and field.relation_label)


def test_what_is_said_of_the_other_parts_fits_too() -> None:
    """Source: Object Reference, PermissionSet, Description: 255 characters; the others are kept as short."""
    for folder in ("permissionsets", "reportTypes"):
        for path in (SOURCE / folder).iterdir():
            assert 20 < len(values(path, "description")[0]) <= 255, path.name
            assert 0 < len(values(path, "label")[0]) <= 50
    (rule,) = (SOURCE / "objects/Email_Engagement__c/validationRules").iterdir()
    assert len(values(rule, "description")[0]) <= 255
    for thing in fields.own_objects().values():
        assert 40 < len(thing.description) <= 1_000
        assert len(thing.label) <= 40
        assert len(thing.plural) <= 40


def test_a_slip_in_the_list_is_not_passed_over() -> None:
    text = (SOURCE.parents[3] / "fields.toml").read_text(encoding="utf-8")
    import msgspec

    with pytest.raises(msgspec.ValidationError, match="unknown field `lenght`"):
        msgspec.convert(tomllib.loads(text.replace("length = 64", "lenght = 64", 1)), fields._All)


def test_permissions_name_every_field_that_can_be_named() -> None:
    """Required fields and those of events and settings have no permission; tasks' fields go by the name of Task."""
    due = {
        f"{'Task' if of == 'Activity' else of}.{field.name}"
        for of in fields.objects()
        if of.endswith("__c") or "__" not in of
        for field in fields.fields_of(of)
        if not field.required
    }
    people = {"Contact.HasOptedOutOfEmail", "Lead.HasOptedOutOfEmail"}
    deals = {"Opportunity.AccountId", "Opportunity.Amount"}
    sets = {"Engagement_Integration": (due | people, deals), "Engagement_User": (set[str](), due)}
    for name, (may_write, may_read) in sets.items():
        path = SOURCE / "permissionsets" / f"{name}.permissionset-meta.xml"
        may = dict(zip(values(path, "fieldPermissions/field"), values(path, "fieldPermissions/editable"), strict=True))
        assert may == dict.fromkeys(may_write, "true") | dict.fromkeys(may_read, "false")
        assert set(values(path, "fieldPermissions/readable")) == {"true"}
    assert "Email_Engagement__c.Message_Key__c" not in due


def test_nothing_names_a_field_that_is_not_there() -> None:
    """List views, report types, the layouts and the rule."""
    rows = {field.name for field in fields.fields_of("Email_Engagement__c")}
    people = {field.name for field in fields.fields_of("Contact")}
    for of in ("Contact", "Lead"):
        view = SOURCE / "objects" / of / "listViews" / "Engagement_Hot.listView-meta.xml"
        named = values(view, "columns") + values(view, "filters/field")
        assert {name for name in named if name.endswith("__c")} <= people
        assert len(values(view, "columns")) <= 15
    for path in (SOURCE / "reportTypes").iterdir():
        assert {name for name in values(path, "sections/columns/field") if name.endswith("__c")} <= rows | people
    (layout,) = (SOURCE / "layouts").iterdir()
    shown = set(values(layout, "layoutSections/layoutColumns/layoutItems/field"))
    assert shown == rows | {"Name"}
    rule = SOURCE / "objects/Email_Engagement__c/validationRules/One_Person.validationRule-meta.xml"
    assert "ISNEW()" in values(rule, "errorConditionFormula")[0]
    assert len(values(rule, "errorMessage")[0]) <= 255


def test_all_that_is_written_has_a_place() -> None:
    """The sync names fields by itself; each of them is in the package, on the object that it is written to."""
    people = {*written.SUMS, *written.STAMPS, written.OPT_OUT_SOURCE}
    assert people == {field.name for field in fields.fields_of("Contact")}
    rows = {field.name: field for field in fields.fields_of(written.ROW)}
    assert {*written.ROW_FIELDS, written.ROW_KEY} <= set(rows)
    members = {field.name: field for field in fields.fields_of(written.MEMBER)}
    tasks = {field.name: field for field in fields.fields_of("Activity")}
    keys = [rows[written.ROW_KEY], members[written.MEMBER_KEY], tasks[written.TASK_KEY]]
    assert {field.key for field in keys} == {"unique"}


def test_the_package_runs_no_code_and_touches_no_page_of_the_admins() -> None:
    kinds = {etree.QName(etree.parse(str(path)).getroot()).localname for path in FILES}
    assert kinds == set(schema.ROOTS) - {"Package"}
    assert [path.name for path in (SOURCE / "layouts").iterdir()] == [
        "Email_Engagement__c-Email Engagement Layout.layout-meta.xml"
    ]


def test_the_setting_says_which_version_this_is() -> None:
    path = SOURCE / "customMetadata" / "Engagement_Setting.Mailwake.md-meta.xml"
    found = dict(zip(values(path, "values/field"), values(path, "values/value"), strict=True))
    assert found == {"Package_Version__c": fields.PACKAGE_VERSION, "Retention_Days__c": f"{fields.RETENTION_DAYS}.0"}
