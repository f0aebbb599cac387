"""Into an org and out again, spoken over a real socket to a server that knows the endpoint and nothing of us."""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mailwake.orgpackage import deploying, packing
from mailwake.salesforce.faults import CallRefused, OrgMustAct, SalesforceAway
from mailwake.salesforce.grants import ClientCredentials
from mailwake.salesforce.records import Org
from mailwake.salesforce.wire import Around, Wire

ID = "0Af5g00000Example1"
TOTAL = 90
Answer = tuple[int, object]


@dataclass
class Endpoint:
    """What the server was told, and what it says."""

    #: to the next requests that begin a deployment; afterwards it is taken
    refusing: list[Answer] = field(default_factory=list)
    #: what each look finds
    looks: list[dict[str, Any]] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)
    zips: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def post(self, kind: str, body: bytes) -> Answer:
        """Read as any server reads a form, by the standard library's parser of mail."""
        if self.refusing:
            return self.refusing.pop(0)
        form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        below = [part for part in form.walk() if not part.is_multipart()]
        parts = {part.get_param("name", header="content-disposition"): part for part in below}
        assert set(parts) == {"json", "file"}
        assert parts["json"].get_content_type() == "application/json"
        assert parts["file"].get_content_type() == "application/zip"
        assert parts["file"].get_filename()
        told = json.loads(_bytes(parts["json"]))
        self.options.append(told["deployOptions"])
        self.zips.append(_bytes(parts["file"]))
        pending = {
            "status": "Pending",
            "done": False,
            "success": False,
            "checkOnly": told["deployOptions"]["checkOnly"],
        }
        return 201, {"id": ID, "deployOptions": told["deployOptions"], "deployResult": {"id": ID, **pending}}

    def get(self, path: str) -> Answer:
        self.asked.append(path)
        return 200, {
            "id": ID,
            "deployResult": {"id": ID, **(self.looks.pop(0) if len(self.looks) > 1 else self.looks[0])},
        }


def _bytes(part: Any) -> bytes:
    found = part.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


def result(status: str, done: int = 0, **more: object) -> dict[str, Any]:
    ended = status in ("Succeeded", "Failed", "Canceled")
    counts = {"numberComponentsTotal": TOTAL, "numberComponentsDeployed": done, "numberComponentErrors": 0}
    return {"status": status, "done": ended, "success": status == "Succeeded", **counts, **more}


class _Handler(BaseHTTPRequestHandler):
    endpoint: Endpoint
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/services/oauth2/token":
            self._say(200, {"access_token": "session", "instance_url": f"http://{self.headers['Host']}"})
        elif self._is_known("/services/data/v67.0/metadata/deployRequest"):
            self._say(*self.endpoint.post(self.headers["Content-Type"], body))

    def do_GET(self) -> None:
        if self._is_known(f"/services/data/v67.0/metadata/deployRequest/{ID}?includeDetails=true"):
            self._say(*self.endpoint.get(self.path))

    def _is_known(self, path: str) -> bool:
        if self.path == path and self.headers["Authorization"] == "Bearer session":
            return True
        self._say(404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])
        return False

    def _say(self, status: int, told: object) -> None:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(looks=[result("InProgress", 40), result("Succeeded", TOTAL)])


@pytest.fixture
def org(endpoint: Endpoint) -> Iterator[Org]:
    handler = type("Handler", (_Handler,), {"endpoint": endpoint})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        grant = ClientCredentials(client_id="app", secret="secret")
        wire = Wire(f"http://127.0.0.1:{server.server_port}", grant, around=Around(sleep=lambda _: None))
        yield Org(wire)
        wire.close()
        server.shutdown()
        thread.join()


class Clock:
    """Sleeps without time passing, and remembers."""

    def __init__(self) -> None:
        self.slept = 0.0

    def __call__(self, seconds: float) -> None:
        self.slept += seconds


def test_the_package_arrives_whole_and_progress_is_told(org: Org, endpoint: Endpoint) -> None:
    told: list[tuple[int, int]] = []
    done = deploying.deploy(org, progress=lambda *now: told.append(now), sleep=Clock())
    assert (done.id, done.status, done.is_done, done.is_success) == (ID, "Succeeded", True, True)
    assert told == [(40, TOTAL), (TOTAL, TOTAL)]
    assert endpoint.zips == [packing.package_zip()]
    assert "package.xml" in zipfile.ZipFile(io.BytesIO(endpoint.zips[0])).namelist()
    (options,) = endpoint.options
    assert options == {"checkOnly": False, "rollbackOnError": True, "singlePackage": True, "ignoreWarnings": True}


def test_a_check_says_so_to_the_org(org: Org, endpoint: Endpoint) -> None:
    endpoint.looks = [result("Succeeded", TOTAL, checkOnly="true")]
    assert deploying.deploy(org, check_only=True, sleep=Clock()).is_check
    assert endpoint.options[0]["checkOnly"] is True


def test_what_the_org_refuses_is_told_one_part_a_line(org: Org, endpoint: Endpoint) -> None:
    field, people = "Lead.Engagement_Score__c", "permissionsets/Engagement_User.permissionset"
    refused = [
        {"fullName": field, "componentType": "CustomField", "problem": "Too many custom fields\non this object",
         "problemType": "Error", "success": False, "fileName": "objects/Lead.object", "lineNumber": 12},
        {"fullName": "Engagement_User", "componentType": "PermissionSet", "problem": f"no CustomField named {field}",
         "problemType": "Error", "success": "false", "fileName": people},
        {"fullName": "Contact.X__c", "componentType": "CustomField", "problem": "not there", "problemType": "Warning"},
    ]  # fmt: skip
    endpoint.looks = [result("Failed", 88, numberComponentErrors=2, details={"componentFailures": refused})]
    done = deploying.deploy(org, sleep=Clock())
    assert (done.is_success, done.parts_done, done.parts_refused) == (False, 88, 2)
    assert [str(line) for line in done.refusals] == [
        "Lead.Engagement_Score__c (CustomField): Too many custom fields on this object [objects/Lead.object:12]",
        f"Engagement_User (PermissionSet): no CustomField named {field} [{people}]",
    ]


def test_one_refusal_may_come_without_a_list_and_a_failure_without_refusals(org: Org, endpoint: Endpoint) -> None:
    alone = {"fullName": "X", "componentType": "ListView", "problem": "\x1b[31mno", "success": False}
    endpoint.looks = [result("Failed", details={"componentFailures": alone})]
    (line,) = deploying.deploy(org, sleep=Clock()).refusals
    assert str(line) == "X (ListView): [31mno"
    endpoint.looks = [result("Failed", errorMessage="UNKNOWN_EXCEPTION: ask support")]
    done = deploying.deploy(org, sleep=Clock())
    assert (done.refusals, done.message) == ((), "UNKNOWN_EXCEPTION: ask support")


def test_a_gateway_that_stumbles_is_asked_again(org: Org, endpoint: Endpoint) -> None:
    endpoint.refusing = [(503, b"<html>Service Unavailable</html>")]
    assert deploying.deploy(org, sleep=Clock()).is_success
    assert len(endpoint.zips) == 1


def test_a_user_who_may_not_change_metadata_is_told_what_is_missing(org: Org, endpoint: Endpoint) -> None:
    told = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "insufficient access rights on cross-reference id"}]
    endpoint.refusing = [(403, told)]
    with pytest.raises(OrgMustAct, match="Modify Metadata"):
        deploying.deploy(org, sleep=Clock())


def test_any_other_refusal_stays_what_it_is(org: Org, endpoint: Endpoint) -> None:
    endpoint.refusing = [(400, [{"errorCode": "JSON_PARSER_ERROR", "message": "no"}])]
    with pytest.raises(CallRefused, match="JSON_PARSER_ERROR"):
        deploying.deploy(org, sleep=Clock())


@pytest.mark.parametrize("told", [{}, {"id": ID}, [], {"deployResult": {}}])
def test_an_answer_without_id_or_result_is_none(org: Org, endpoint: Endpoint, told: object) -> None:
    endpoint.refusing = [(201, told)]
    with pytest.raises(SalesforceAway, match="without its id"):
        deploying.deploy(org, sleep=Clock())


def test_waiting_has_an_end_and_names_what_goes_on(org: Org, endpoint: Endpoint) -> None:
    endpoint.looks = [result("InProgress", 3)]
    clock = Clock()
    with pytest.raises(SalesforceAway, match=f"{ID} is InProgress"):
        deploying.deploy(org, sleep=clock)
    assert deploying.MOST_SECONDS < clock.slept < deploying.MOST_SECONDS + 10
    assert len(endpoint.asked) < 400


def test_taking_away_sends_the_other_zip(org: Org, endpoint: Endpoint) -> None:
    assert deploying.undeploy(org, sleep=Clock()).is_success
    assert endpoint.zips == [packing.removal_zip()]


@pytest.mark.parametrize("act", [deploying.deploy, deploying.undeploy])
def test_nothing_is_begun_twice_by_looking(
    org: Org, endpoint: Endpoint, act: Callable[..., deploying.Deployment]
) -> None:
    act(org, sleep=Clock())
    assert len(endpoint.options) == 1
    assert len(endpoint.asked) == 2
