"""`mailwake backup` and `restore`, with a dashboard that owns the events."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.rights.house import ADA, GRACE, house
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.errors import BadInput


def run(*words: str) -> Result:
    return CliRunner().invoke(build(words[:1]), list(words))


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.long
def test_yesterday_comes_back_without_whoever_was_erased_today(tmp_path: Path) -> None:
    root, backup, config = tmp_path / "running", tmp_path / "backup", str(tmp_path / "running" / "mailwake.toml")
    root.mkdir()
    with house(root, more="[web]\nport = 0\n[monitor]\nport = 0\n"):
        pass
    words = [sys.executable, "-m", "mailwake", "web", "--with-work", "--config", config]
    web = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert web.stdout is not None
        assert web.stdout.readline().startswith("dashboard on")
        done = run("backup", str(backup), "--config", config)
        assert "files," in done.stdout, done.exception
        assert "whole" in run("backup", str(backup), "--check").stdout
        assert "Certificate" in run("privacy", "erase", ADA, "--config", config).stdout
    finally:
        web.send_signal(signal.SIGTERM)
        errors = web.communicate(timeout=60)[1]
    assert web.returncode == 0, errors
    assert not list((root / "mailwake-data" / "errands").iterdir())
    again = str(tmp_path / "restored")
    said = run("restore", str(backup), again, "--ledger", str(root / "forgotten.log")).stdout
    assert "forgotten again: 1 erased, 0 withdrawn" in said
    assert "no --ledger" not in said
    assert GRACE in run("privacy", "explain", GRACE, "--config", f"{again}/mailwake.toml").stdout
    assert "was erased" in str(run("privacy", "explain", ADA, "--config", f"{again}/mailwake.toml").exception)
    assert isinstance(run("backup", str(backup), "--config", config).exception, BadInput)
