"""Reports are read as one reads a letter from another version: what is not known is not 0."""

import os
import subprocess
import sys
from typing import Any

import pytest
from tests.every import every
from tests.monitoring.conftest import NOW, SECOND, Installation

from mailwake.monitoring.reports import Report, read_reports, read_roles


def test_roles_are_told_with_what_the_supervisor_knows(installation: Installation) -> None:
    installation.serve("edge-0", "web", restarts=2)
    roles = read_roles(installation.data)
    assert roles is not None
    assert [(role.name, role.is_ready, role.restarts, role.report) for role in roles] == [
        ("edge-0", True, 2, "edge-0"),
        ("web", True, 2, "pipeline"),
    ]
    assert roles[0].ready_at == NOW - 60 * SECOND


def test_a_folder_that_nobody_serves_has_no_roles(installation: Installation) -> None:
    assert read_roles(installation.data) is None


def test_what_a_killed_supervisor_left_behind_is_not_believed(installation: Installation) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    installation.serve("edge-0", pid=child.pid)
    assert read_roles(installation.data) is None


@pytest.mark.parametrize("pid", [0, -1, True, "1", None, 2**70])
def test_a_process_number_that_cannot_be_one_is_nobodys(installation: Installation, pid: object) -> None:
    installation.write("serve.json", {"pid": pid, "roles": {"edge-0": {"ready": True}}})
    assert read_roles(installation.data) is None


def test_a_role_of_an_unknown_name_is_not_told(installation: Installation) -> None:
    installation.serve("edge-0", "someone@example.com", "edge-99999", "../web")
    assert [role.name for role in read_roles(installation.data) or ()] == ["edge-0"]


def test_a_role_that_says_nothing_of_itself_is_not_ready_and_the_rest_not_known(installation: Installation) -> None:
    installation.write("serve.json", {"pid": os.getpid(), "roles": {"edge-0": {}, "web": "up"}})
    roles = read_roles(installation.data)
    assert roles is not None
    assert [(role.is_ready, role.ready_at, role.restarts) for role in roles] == [(False, None, None)] * 2


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"', "\udcff", "[" * 100_000])
def test_a_report_that_cannot_be_read_is_none(installation: Installation, content: str) -> None:
    (installation.data / "edge-0.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    (installation.data / "serve.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert read_reports(installation.data) == {}
    assert read_roles(installation.data) is None


def test_only_roles_report(installation: Installation) -> None:
    for name in ("edge-0", "relay", "ingest", "pipeline", "monitor", "web", "conservation", "someone@example.com"):
        installation.report(name, n=1)
    assert sorted(read_reports(installation.data)) == ["edge-0", "ingest", "monitor", "pipeline", "relay"]


def test_the_age_of_a_report_without_a_time_is_that_of_its_file(installation: Installation) -> None:
    installation.write("relay.json", {"written_at": "yesterday"})
    os.utime(installation.data / "relay.json", (1_700_000_000, 1_700_000_000))
    assert read_reports(installation.data)["relay"].written_at == 1_700_000_000 * SECOND


@every(
    ("facts", "number"),
    [({"n": 3}, 3), ({"n": 0}, 0), ({"n": 2.5}, 2.5), ({"n": "3"}, None), ({"n": True}, None), ({}, None)],
)
def test_a_number_is_a_number_or_not_known(facts: dict[str, Any], number: float | None) -> None:
    report = Report(name="relay", facts={"deep": facts} | facts, written_at=0)
    assert report.number("n") == number
    assert report.number("deep", "n") == number
    assert report.number("n", "deeper") is None
    assert report.numbers("deep") == ({} if number is None else {"n": number})


def test_names_of_what_is_no_object_are_none() -> None:
    report = Report(name="relay", facts={"a": {"y": 1, "x": 2}, "b": [1]}, written_at=0)
    assert (report.names("a"), report.names("b"), report.names("c")) == (["y", "x"], [], [])
