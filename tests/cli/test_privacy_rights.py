"""`mailwake privacy`: the same with a dashboard that owns the events and without, and nothing of anybody else."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import date
from pathlib import Path

import pytest
from tests.rights.house import ADA, GRACE, house
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.errors import BadInput
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import MessageToken, Minter, Purpose


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with house(tmp_path, more="[web]\nport = 0\n[monitor]\nport = 0\n"):
        pass
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    words = ("privacy", *words, "--config", str(folder / "mailwake.toml"))
    return CliRunner().invoke(build(("privacy", "keys")), list(words), catch_exceptions=True)


@pytest.mark.usefixtures("as_it_was")
def test_export_explain_and_erase(folder: Path) -> None:
    done = run(folder, "export", ADA, "--out", str(folder / "ada"))
    assert done.exit_code == 0, done.output
    page, told = folder / "ada.html", json.loads((folder / "ada.json").read_bytes())
    assert page.stat().st_mode & 0o077 == 0
    assert (told["address"], len(told["mail"])) == (ADA, 3)
    assert "grace" not in page.read_text(encoding="utf-8")
    assert ADA in run(folder, "explain", ADA).stdout
    dry = run(folder, "erase", ADA, "--dry-run").stdout
    assert "3 made anonymous" in dry
    assert ADA in run(folder, "explain", ADA).stdout
    certificate = run(folder, "erase", ADA, "--by", "me").stdout
    assert "Certificate of erasure 1" in certificate
    assert isinstance(run(folder, "explain", ADA).exception, BadInput)
    assert "was erased, certificate 1" in str(run(folder, "erase", ADA).exception)
    assert "nobody is known by nobody@example.com" in str(run(folder, "explain", "nobody@example.com").exception)
    assert GRACE in run(folder, "explain", GRACE).stdout


@pytest.mark.parametrize("out", ["some/dir/", "some/dir", "some/dir/..", "new/", ""])
def test_an_export_goes_into_no_hidden_files(tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some" / "dir").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    said = str(run(tmp_path, "export", ADA, "--out", out).exception)
    assert said.endswith(f"such as {out}{'/' if out and not out.endswith('/') else ''}privacy")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.long
def test_a_running_dashboard_does_it_for_whoever_asks(folder: Path) -> None:
    words = [sys.executable, "-m", "mailwake", "web", "--with-work", "--config", str(folder / "mailwake.toml")]
    web = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert web.stdout is not None
        assert web.stdout.readline().startswith("dashboard on")
        assert "opened" in run(folder, "explain", ADA).stdout
        told = json.loads(run(folder, "erase", ADA, "--json").stdout)
        assert {each["where"]: each["count"] for each in told["places"]}["events"] == 3
        assert "was erased" in str(run(folder, "explain", ADA).exception)
        assert not list((folder / "mailwake-data" / "errands").iterdir())
    finally:
        web.send_signal(signal.SIGTERM)
        errors = web.communicate(timeout=60)[1]
    assert web.returncode == 0, errors
    assert "ada.canary" not in errors


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.long
def test_the_dashboard_serves_the_recipients_page_where_it_has_an_address(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    more = f'[web]\nport = 0\n[privacy]\nport = {port}\npage_url = "http://127.0.0.1:{port}"\n'
    with house(tmp_path, more=more) as found:
        minter = Minter(found.settings.load_keys(), "track.example.com")
        told = MessageToken(INDIVIDUAL, 7001, 5, found.handle(ADA), date(2026, 11, 2))
        token = minter.message(Purpose.UNSUBSCRIBE_BODY, told)
    words = [sys.executable, "-m", "mailwake", "web", "--with-work", "--config", str(tmp_path / "mailwake.toml")]
    web = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert web.stdout is not None
        assert web.stdout.readline().startswith("dashboard on")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/k/{token}.json", timeout=30) as answer:
            assert json.load(answer)["address"] == "a…@example.com"
    finally:
        web.send_signal(signal.SIGTERM)
        errors = web.communicate(timeout=60)[1]
    assert web.returncode == 0, errors
    assert token not in errors
