"""`mailwake serve` knows what to run, and runs once per data folder."""

import inspect
import json
from importlib import import_module
from pathlib import Path

import pytest

from mailwake.cli.serve import command, only_one, roles_of, state_of
from mailwake.errors import Misconfigured, Unavailable
from mailwake.settings import parse


def test_each_edge_worker_is_a_role(tmp_path: Path) -> None:
    roles = roles_of(parse({"edge": {"workers": 2}}, root=tmp_path), "mine.toml")
    assert [role.name for role in roles] == ["edge-0", "edge-1", "relay", "ingest", "web", "monitor"]
    assert roles[1][1][:3] == ("-m", "mailwake.cli.role", "edge")
    assert json.loads(roles[1][1][3]) == {"worker": 1, "config": "mine.toml"}


def test_the_pipeline_runs_beside_the_dashboard(tmp_path: Path) -> None:
    (web,) = (role.arguments for role in roles_of(parse({}, root=tmp_path), "c") if role.name == "web")
    assert json.loads(web[3]) == {"with_work": True, "config": "c"}


def test_a_role_is_asked_for_no_option_that_its_command_does_not_have(tmp_path: Path) -> None:
    roles = roles_of(parse({}, root=tmp_path), "c", {"edge-0": 5, "relay": 6})
    every = [role.arguments for role in roles] + [role.twin[1] for role in roles if role.twin]
    for _, _, word, options in every:
        inspect.signature(import_module(f"mailwake.cli.{word}").command).bind(**json.loads(options))


def test_a_folder_is_served_once(tmp_path: Path) -> None:
    (tmp_path / "serve.json").write_text('{"pid": 4711}')
    with only_one(tmp_path), pytest.raises(Unavailable, match="process 4711; stop that one first"):
        only_one(tmp_path)
    only_one(tmp_path).close()


def test_nobody_serving_is_an_empty_state(tmp_path: Path) -> None:
    assert state_of(tmp_path) == {}
    (tmp_path / "serve.json").write_text("{")
    assert state_of(tmp_path) == {}


def test_two_listeners_at_one_address_start_nothing(tmp_path: Path) -> None:
    config = tmp_path / "mailwake.toml"
    config.write_text("[web]\nport = 8025\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"web\.port: 8025 is edge\.port already"):
        command(str(config))
    assert not (tmp_path / "mailwake-data").exists()


def test_what_roles_are_started_with_holds_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may run `ps` reads the arguments of every process."""
    monkeypatch.setenv("CANARY", "canary-secret-4711")
    (tmp_path / "canary").write_text("canary-secret-4712", encoding="utf-8")
    told = {
        "relay": {"users": {"program": "env:CANARY"}},
        "smtp": {"user": "us", "password": "file:canary"},
        "conversions": {"secrets": ["env:CANARY"]},
        "oidc": {"issuer": "https://login.example.com", "client_id": "m", "client_secret": "file:canary"},
    }
    settings = parse(told, root=tmp_path)
    assert settings.secret("env:CANARY", "x") == "canary-secret-4711"
    roles = json.dumps(roles_of(settings, "mailwake.toml"))
    assert "webhooks" in roles
    assert "canary-secret" not in roles
    assert "canary-secret" not in repr(settings)
