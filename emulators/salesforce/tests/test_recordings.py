"""J2: what a real org answered is what the emulator answers: status, keys, values, `created`; ids are masked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from emulators.salesforce.tests.conftest import ADMIN, VERSION, Api

RECORDINGS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "data" / "recordings.json").read_text(encoding="utf-8")
)
ID = re.compile(r"\b[0-9a-zA-Z]{15}(?:[A-Z0-5]{3})\b")
#: Rows whose values were that org's own; their form is compared.
STATE = re.compile(r"RecordType|Jigsaw")


class Masked:
    """Recorded ids and the emulator's, as they come up at the same places."""

    def __init__(self) -> None:
        self.ours: dict[str, str] = {}

    def learn(self, recorded: Any, answered: Any) -> None:
        if isinstance(recorded, dict) and isinstance(answered, dict):
            for key in recorded.keys() & answered.keys():
                self.learn(recorded[key], answered[key])
        elif isinstance(recorded, list) and isinstance(answered, list):
            for each, other in zip(recorded, answered, strict=False):
                self.learn(each, other)
        elif isinstance(recorded, str) and isinstance(answered, str) and ID.fullmatch(recorded):
            self.ours[recorded] = answered

    def translated(self, text: str) -> str:
        return ID.sub(lambda found: self.ours.get(found[0], found[0]), text)


def shape(value: Any) -> Any:
    """An answer with what differs between orgs masked."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, str):
        masked = ID.sub("ID", value).replace("0010xACCOUNTID0000", "ID")
        return re.sub(r"/v(xx|\d+)\.0/", "/v/", masked)
    return value


def seeded(api: Api, name: str) -> dict[str, str]:
    """What was in the org before the recording began, as its answers tell."""
    made: dict[str, str] = {}
    if name.startswith("TestUpdates") or "extract_standard" in name or name.endswith("test_datasets_e2e"):
        first = next(
            each
            for each in RECORDINGS[name]
            if "FROM+Account" in each["uri"] and each["answer"]["records"] and "Id" in each["answer"]["records"][0]
        )
        for record in first["answer"]["records"]:
            values = {
                key: value
                for key, value in record.items()
                if key not in ("attributes", "Id", "RecordTypeId") and value is not None
            }
            made[record["Id"]] = api.create(
                "Account", **{key: value for key, value in values.items() if key not in ("CleanStatus", "Address")}
            )
    counts = {"TestCountSObjects": 17, "TestSnowfakery": 10}
    for prefix, count in counts.items():
        if name.startswith(prefix):
            api.order("records", object="Account", records=[{"Name": f"Account {number}"} for number in range(count)])
    return made


@pytest.mark.parametrize("name", sorted(RECORDINGS))
def test_a_recorded_exchange_is_answered_as_it_was(api: Api, name: str) -> None:
    masked = Masked()
    masked.ours |= seeded(api, name)
    for exchange in RECORDINGS[name]:
        uri = exchange["uri"].replace("https://orgname.my.salesforce.com", "").replace("/vxx.0/", f"/v{VERSION}/")
        if "expr0" in str(exchange["answer"]) and exchange["answer"]["records"][0]["expr0"] == 0:
            empty(api)  # the recording goes on in another org
        body = masked.translated(exchange["body"]).replace("/vxx.0/", f"/v{VERSION}/") if exchange["body"] else None
        answered = api.client.request(exchange["method"], masked.translated(uri), content=body)
        assert answered.status_code == exchange["status"], f"{unquote_plus(uri)}: {answered.text}"
        told = answered.json()
        masked.learn(exchange["answer"], told)
        if "recordCount" in uri:
            compare_counts(exchange["answer"], told)
        elif STATE.search(uri):
            compare_rows(exchange["answer"], told)
        else:
            assert unordered(shape(told)) == unordered(shape(exchange["answer"])), unquote_plus(uri)


def unordered(told: Any) -> Any:
    """No query of the recordings asks for an order, and the org gave out ids that were not in the order of creation."""
    if isinstance(told, dict) and "records" in told:
        return told | {"records": sorted(told["records"], key=json.dumps)}
    return told


def empty(api: Api) -> None:
    for each in api.column("SELECT Id FROM Account"):
        api.good("DELETE", f"/sobjects/Account/{each}")


def compare_counts(recorded: dict[str, Any], answered: dict[str, Any]) -> None:
    """The org counts now and then, so its numbers are old; what holds is the form, and that zeros are left out."""
    assert list(answered) == list(recorded)
    for each in answered["sObjects"]:
        assert list(each) == ["count", "name"]
        assert each["count"] > 0


def compare_rows(recorded: Any, answered: Any) -> None:
    """Rows of a whole extract: the same keys in the same order; what the org worked out itself may differ."""
    if isinstance(recorded, dict) and recorded.get("records"):
        assert [list(each) for each in answered["records"]] == [list(each) for each in recorded["records"]]
        assert answered["totalSize"] == recorded["totalSize"]


def test_the_same_case_does_not_hide_a_duplicate(emulator: Any) -> None:
    """Beside the recordings: an administrator and the integration user get the same answer to the same upsert."""
    for username in (ADMIN, "integration@example.com"):
        api = Api(emulator, username)
        told = api.good(
            "PATCH",
            "/composite/sobjects/Contact/Email",
            {"records": [{"attributes": {"type": "Contact"}, "LastName": "Gray", "Email": "A@Example.com"}]},
        )
        assert [each["created"] for each in told] == [username == ADMIN]
