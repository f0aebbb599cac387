"""J7, J6: jsforce and the command line of Salesforce, unchanged, sign in, query, write, load in bulk and deploy."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulators.salesforce.tests.conftest import ADMIN, Api
from emulators.salesforce.tests.node import CommandLine, with_jsforce

from salesforce_emulator import Emulator, Org

pytestmark = pytest.mark.long
HERE = Path(__file__).parent


@pytest.fixture
def api() -> Iterator[Api]:
    with Emulator(Org()) as emulator:
        yield Api(emulator, ADMIN)
        assert emulator.org.unknown == []


def test_jsforce_works_unchanged(api: Api) -> None:
    told = with_jsforce(HERE / "judges" / "jsforce.js", api.emulator.url, api.token)
    assert told == {
        "created": [False, True],
        "found": [["B", None, "Admin"], ["C", "Clerk", "Admin"], ["D", None, "Admin"]],
        "loaded": ["false", "true"],
        "failed": ["INVALID_EMAIL_ADDRESS"],
        "rows": ["C", "D", "E", "F"],
        "refused": "REQUIRED_FIELD_MISSING",
        "fields": 59,
        "limit": 115000,
        "username": ADMIN,
    }


@pytest.fixture
def sf(api: Api, tmp_path: Path) -> CommandLine:
    return CommandLine(api.emulator.url, api.token, tmp_path)


def test_the_command_line_queries_loads_and_deploys(api: Api, sf: CommandLine) -> None:
    known = api.create("Contact", LastName="A", Email="a@example.com")
    assert sf.run("data", "query", "--query", "SELECT Id, LastName FROM Contact")["records"][0]["Id"] == known
    (sf.home / "people.csv").write_text("LastName,Email\nB,a@example.com\nC,c@example.com\n", encoding="utf-8")
    given = ("--sobject", "Contact", "--file", "people.csv", "--external-id", "Email", "--wait", "2")
    loaded = sf.run("data", "upsert", "bulk", *given)
    assert api.column("SELECT LastName FROM Contact ORDER BY LastName") == ["B", "C"], loaded
    with zipfile.ZipFile(sf.home / "package.zip", "w") as archive:
        for path in sorted((HERE / "data" / "package").rglob("*.*")):
            archive.write(path, path.relative_to(HERE / "data" / "package"))
    project = {"packageDirectories": [{"path": "force-app", "default": True}]}
    (sf.home / "sfdx-project.json").write_text(json.dumps(project), encoding="utf-8")
    told = sf.run("project", "deploy", "start", "--metadata-dir", "package.zip", "--single-package", "--wait", "2")
    assert told["status"] == "Succeeded"
    assert "Visit__c" in {each["name"] for each in api.good("GET", "/sobjects")["sobjects"]}
