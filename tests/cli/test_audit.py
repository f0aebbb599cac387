"""`mailwake audit`: acts at the command line stand in it, it is checked, and it leaves as a file."""

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.cli.acting import who
from mailwake.cli.init import make
from mailwake.errors import BadInput


@pytest.fixture
def config(tmp_path: Path, as_it_was: None) -> str:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=True)
    return str(tmp_path / "mailwake.toml")


def run(config: str, *words: str) -> Result:
    return CliRunner().invoke(build(words[:1]), [*words, "--config", config])


def told(config: str, *words: str) -> list[dict[str, Any]]:
    done = run(config, "audit", "list", *words, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_who_suppressed_and_lifted_whom_is_found_by_the_address(config: str) -> None:
    run(config, "suppressions", "add", "ann@example.com", "--why", "asked", "--by", "Eve")
    run(config, "suppressions", "add", "ben@example.com", "--why", "asked")
    run(config, "suppressions", "lift", "ann@example.com", "--why", "corrected")
    lifted, added = told(config, "--person", "Ann@Example.com")
    assert [lifted["action"], added["action"]] == ["suppression.lifted", "suppression.added"]
    assert (added["actor_kind"], added["actor"], added["on_behalf"]) == ("command line", who(), "Eve")
    assert (added["address"], added["object_kind"], added["outcome"]) == ("ann@example.com", "recipient", "ok")
    assert lifted["object"] == added["object"] != "ann@example.com"
    assert told(config, "--person", "nobody@example.com") == []


def test_no_address_is_in_the_lines_themselves(config: str, tmp_path: Path) -> None:
    run(config, "suppressions", "add", "ann@example.com", "--why", "asked")
    run(config, "suppressions", "lift", "ann@example.com", "--why", "corrected")
    done = run(config, "audit", "export")
    assert len(done.stdout.splitlines()) == 2
    assert "ann@" not in done.stdout


def test_what_failed_stands_there_too(config: str) -> None:
    assert isinstance(run(config, "goal", "delete", "nothing").exception, BadInput)
    assert isinstance(run(config, "suppressions", "add", "nonsense", "--why", "x").exception, BadInput)
    assert isinstance(run(config, "workflow", "off", "nothing").exception, BadInput)
    lines = told(config, "--outcome", "failed")
    assert [(line["action"], line["object"]) for line in lines] == [
        ("workflow.switched", "nothing"),
        ("suppression.added", ""),
        ("goal.deleted", "nothing"),
    ]


def test_whoever_asks_about_a_person_or_forgets_them_leaves_a_line(config: str, tmp_path: Path) -> None:
    run(config, "suppressions", "add", "ann@example.com", "--why", "asked")
    for words in (("explain",), ("export", "--out", str(tmp_path / "ann")), ("erase",)):
        assert run(config, "privacy", words[0], "ann@example.com", *words[1:]).exit_code == 0
    lines = told(config)
    assert [line["action"] for line in lines[:3]] == ["person.erased", "person.told", "person.told"]
    assert len({line["object"] for line in lines}) == 1
    assert "ann@" not in run(config, "audit", "export").stdout


def test_a_look_at_people_without_a_dashboard_is_one_as_well(config: str) -> None:
    run(config, "suppressions", "add", "ann@example.com", "--why", "asked")
    for words in (("score", "ann@example.com"), ("score", "--top", "5")):
        done = run(config, *words)
        assert done.exit_code == 0, done.output
    assert run(config, "report").exit_code == 0
    lines = told(config)
    assert [(line["action"], line["object_kind"]) for line in lines] == [
        ("people.listed", "calls"),
        ("person.read", "recipient"),
        ("suppression.added", "recipient"),
    ]


def test_keys_backups_and_the_switch_are_acts(config: str, tmp_path: Path) -> None:
    run(config, "suppressions", "add", "ann@example.com", "--why", "asked")
    for words in (
        ("keys", "new"),
        ("privacy", "stop-recording", "--why", "asked"),
        ("privacy", "resume", "--why", "settled"),
        ("backup", str(tmp_path / "copy")),
    ):
        done = run(config, *words)
        assert done.exit_code == 0, done.output
    assert [(line["action"], line["object"]) for line in reversed(told(config))][1:] == [
        ("key.added", "slot 1"),
        ("recording.stopped", "opens clicks"),
        ("recording.resumed", "opens clicks"),
        ("backup.taken", "copy"),
    ]


def test_goals_segments_imports_and_switches_are_acts(config: str, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("Email,Type\nann@example.com,Bounce\n", encoding="utf-8")
    for words in (
        ("goal", "add", "sale"),
        ("segment", "add", "Warm", "clicked"),
        ("segment", "delete", "Warm"),
        ("suppressions", "import", str(tmp_path / "old.csv")),
        ("workflow", "off", "all"),
    ):
        assert run(config, *words).exit_code == 0, words
    assert [(line["action"], line["object"]) for line in reversed(told(config))] == [
        ("goal.added", "sale"),
        ("segment.added", "Warm"),
        ("segment.deleted", "Warm"),
        ("suppressions.imported", "old.csv"),
        ("workflow.switched", "all"),
    ]


def test_the_chain_is_checked_and_the_first_broken_line_named(config: str, tmp_path: Path) -> None:
    for number in range(4):
        run(config, "goal", "add", f"goal{number}")
    done = run(config, "audit", "verify")
    assert (done.exit_code, done.stdout[:14]) == (0, "holds: 4 lines")
    with sqlite3.connect(next(tmp_path.rglob("state.sqlite"))) as connection:
        connection.execute("drop trigger audit_lines_never_change")
        connection.execute("update audit_lines set actor = 'somebody else' where number = 3")
    done = run(config, "audit", "verify")
    assert (done.exit_code, done.stdout) == (1, "broken at line 3: it was changed after it was written\n")
    assert json.loads(run(config, "audit", "verify", "--json").stdout)["broken"] == 3


def test_others_can_check_the_exported_chain_by_the_description_alone(config: str) -> None:
    run(config, "goal", "add", "sale", "--by", "Zoë")
    run(config, "audit", "export")
    lines = [json.loads(line) for line in run(config, "audit", "export").stdout.splitlines()]
    previous = "0" * 64
    names = [
        "at",
        "actor_kind",
        "actor",
        "on_behalf",
        "action",
        "object_kind",
        "object",
        "outcome",
        "before",
        "after",
        "request",
    ]
    for line in lines:
        facts = [line["number"], previous, *(line[name] for name in names)]
        text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.sha256(b"mailwake audit 1\n" + text.encode()).hexdigest()
        assert line["hash"] == previous
    assert [line["action"] for line in lines] == ["goal.added", "audit.exported"]


def test_words_that_are_none_are_named(config: str) -> None:
    assert "there is no action" in str(run(config, "audit", "list", "--action", "nonsense").exception)
    assert "there is no outcome" in str(run(config, "audit", "list", "--outcome", "nonsense").exception)
    assert run(config, "audit", "list").stdout == "nothing like this was done\n"
