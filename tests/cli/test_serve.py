"""`mailwake serve` knows what to run, and runs once per data folder."""

from pathlib import Path

import pytest

from mailwake.cli.serve import only_one, roles_of, state_of
from mailwake.errors import Unavailable
from mailwake.settings import parse


def test_each_edge_worker_is_a_role(tmp_path: Path) -> None:
    roles = roles_of(parse({"edge": {"workers": 2}}, root=tmp_path), "mine.toml")
    assert [name for name, _ in roles] == ["edge-0", "edge-1", "relay", "ingest", "web"]
    assert dict(roles)["edge-1"] == ("edge", "--worker", "1", "--config", "mine.toml")


def test_the_pipeline_runs_beside_the_dashboard(tmp_path: Path) -> None:
    assert "--with-work" in dict(roles_of(parse({}, root=tmp_path), "c"))["web"]


def test_a_folder_is_served_once(tmp_path: Path) -> None:
    (tmp_path / "serve.json").write_text('{"pid": 4711}')
    with only_one(tmp_path), pytest.raises(Unavailable, match="process 4711; stop that one first"):
        only_one(tmp_path)
    only_one(tmp_path).close()


def test_nobody_serving_is_an_empty_state(tmp_path: Path) -> None:
    assert state_of(tmp_path) == {}
    (tmp_path / "serve.json").write_text("{")
    assert state_of(tmp_path) == {}
