"""Clients of others, unchanged, read back what we wrote: simple-salesforce, jsforce, the command line of Salesforce."""

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from emulators.salesforce.tests.loopback import Loopback
from emulators.salesforce.tests.node import CommandLine, with_jsforce
from tests.orgpackage import schema
from tests.pushing.crowd import Crowd, gather
from tests.pushing.orgs import ADMIN, USER, Place, opened
from tests.pushing.read_back import VIEW, differences, queries

simple_salesforce = pytest.importorskip("simple_salesforce")


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    with opened(tmp_path / "house") as place:
        found = gather(place)
        place.desk.push()
        yield found


def token(place: Place, username: str = USER) -> str:
    """Of a session that somebody else has."""
    place.order("app", client_id="judge", client_secret="secret", run_as=username)
    form = {"grant_type": "client_credentials", "client_id": "judge", "client_secret": "secret"}
    asked = urllib.request.Request(
        f"{place.emulator.url}/services/oauth2/token", urllib.parse.urlencode(form).encode(), method="POST"
    )
    with urllib.request.urlopen(asked) as answer:
        return str(json.loads(answer.read())["access_token"])


def addresses(crowd: Crowd, ids: list[str]) -> set[str]:
    whose = {record: address for address, record in crowd.records.items()}
    return {whose[each] for each in ids}


@pytest.mark.long
def test_simple_salesforce_reads_what_we_say_that_we_wrote(crowd: Crowd) -> None:
    with requests.Session() as session:
        session.mount("https://", Loopback(crowd.place.emulator.url))
        client = simple_salesforce.Salesforce(
            instance="org.example.com", session_id=token(crowd.place), session=session, version="59.0"
        )
        told = {of: client.query_all(text)["records"] for of, text in queries().items()}
        assert differences(crowd, told) == []
        hot = [row["Id"] for of in ("Contact", "Lead") for row in _listed(client, of)]
    assert addresses(crowd, hot) == crowd.hot() == {"contact-hot@example.com", "lead-hot@example.com"}


def _listed(client: Any, of: str) -> list[dict[str, Any]]:
    views = client.restful(f"sobjects/{of}/listviews")["listviews"]
    (view,) = [each["id"] for each in views if each["developerName"] == VIEW]
    found: list[dict[str, Any]] = client.query_all(client.restful(f"sobjects/{of}/listviews/{view}/describe")["query"])[
        "records"
    ]
    return found


@pytest.mark.long
def test_a_client_that_reads_something_else_is_told_apart(crowd: Crowd) -> None:
    """Else the comparison would say yes to anything."""
    record = crowd.records["contact-hot@example.com"]
    crowd.place.change(record, Engagement_Score__c=1)
    rows = {of: list(crowd.place.org.query(text)) for of, text in queries().items()}
    rows["Task"] = []
    found = differences(crowd, rows)
    assert f"Contact {record}.Engagement_Score__c" in found
    assert sum(each.endswith("was not read") for each in found) == len([each for each in found if "Task" in each]) > 0


@pytest.mark.long
def test_jsforce_reads_what_we_say_that_we_wrote(crowd: Crowd) -> None:
    asked = json.dumps({"queries": queries(), "view": VIEW})
    script = Path(__file__).parent / "judges" / "read_back.js"
    told = with_jsforce(script, crowd.place.emulator.url, token(crowd.place), asked)
    assert differences(crowd, told["rows"]) == []
    assert addresses(crowd, told["hot"]) == crowd.hot()


@pytest.mark.long
def test_salesforces_command_line_deploys_our_package_and_reads_what_we_wrote(tmp_path: Path) -> None:
    with opened(tmp_path / "house", bare=True) as place:
        project = tmp_path / "project"
        shutil.copytree(schema.package_folder(), project)
        admin = CommandLine(place.emulator.url, token(place, ADMIN), project)
        done = admin.run("project", "deploy", "start", "--source-dir", "force-app", "--wait", "5")
        assert (done["status"], done["numberComponentErrors"]) == ("Succeeded", 0)
        place.order("user", username=USER, permission_sets=["Engagement_Integration"])
        crowd = gather(place)
        sent = place.desk.push()
        assert (sent.refused, sent.postponed, sent.hidden) == (0, 0, set())
        sf = CommandLine(place.emulator.url, token(place), _folder(tmp_path / "home"))
        told = {of: sf.run("data", "query", "--query", text)["records"] for of, text in queries().items()}
        assert differences(crowd, told) == []
        hot = {row["Email"] for of in ("Contact", "Lead") for row in told[of] if row["Engagement_Band__c"] == "Hot"}
        assert hot == crowd.hot()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
