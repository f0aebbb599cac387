"""The guard: what gets into a line, and what does not."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailwake.audit.log import MAX_CHARS, AuditLog
from mailwake.audit.policy import note_policy
from mailwake.audit.words import RECIPIENT, Action, Actor, ActorKind, Outcome, Thing
from mailwake.errors import BadInput
from mailwake.settings import parse
from mailwake.store.audit import open_audit

ANN = Actor(ActorKind.USER, "ann", on_behalf="bob")
SOURCE = Path(__file__).parents[2] / "src" / "mailwake"


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[AuditLog]:
    store = open_audit(tmp_path / "state.sqlite")
    yield AuditLog(store, wall=lambda: 1_000)
    store.close()


def test_a_line_says_who_did_what_to_whom_and_how_it_ended(audit: AuditLog) -> None:
    line = audit.record(
        Action.PERSON_READ, ANN, Thing(RECIPIENT, "77"), outcome=Outcome.DENIED, before={"b": 1, "a": 2}, request="r1"
    )
    assert (line.at, line.actor_kind, line.actor, line.on_behalf) == (1_000, "user", "ann", "bob")
    assert (line.action, line.object_kind, line.object, line.outcome) == ("person.read", "recipient", "77", "denied")
    assert (line.before, line.after, line.request) == ('{"a":2,"b":1}', None, "r1")


@pytest.mark.parametrize("name", ["ann@example.com", "77 ann", "o/abc", "1" * 21])
def test_a_recipient_is_never_named_by_an_address_or_a_token(audit: AuditLog, name: str) -> None:
    with pytest.raises(BadInput, match="handles"):
        audit.record(Action.PERSON_READ, ANN, Thing(RECIPIENT, name))
    assert audit.store.last_line() is None


def test_hostile_names_are_cut_and_can_be_encoded(audit: AuditLog) -> None:
    line = audit.record(Action.GOAL_ADDED, ANN, Thing("goal", "\ud800\n\x1b[31m" + "x" * 999))
    assert len(line.object) == MAX_CHARS
    line.object.encode()


def test_policy_is_written_when_it_changed_with_what_held_before(audit: AuditLog, tmp_path: Path) -> None:
    settings = parse({"tracking": {"opens": "aggregate"}}, root=tmp_path)
    first = note_policy(audit, settings, role="web")
    assert first is not None
    assert first.before is None
    assert note_policy(audit, settings, role="web") is None
    assert note_policy(audit, replace(settings, web=replace(settings.web, port=9)), role="web") is None
    line = note_policy(audit, replace(settings, tracking=replace(settings.tracking, opens="individual")), role="web")
    assert line is not None
    before, after = json.loads(line.before or ""), json.loads(line.after or "")
    assert {name for name in after if after[name] != before[name]} == {"tracking.opens", "in force: opens"}
    assert (before["tracking.opens"], after["tracking.opens"]) == ("aggregate", "individual")
    assert line.actor_kind == "system"


def test_nobody_but_the_guard_adds_lines() -> None:
    """`append` and `append_change` of the store are called in one file."""
    callers = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"store\s*\.\s*append", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr in ("append", "append_change"):
                owner = node.value
                if isinstance(owner, ast.Attribute) and owner.attr == "store":
                    callers.add(path.relative_to(SOURCE).as_posix())
    assert callers == {"audit/log.py"}
