"""`mailwake monitor` as an operator runs it: its own port, its own answers, also where everything else is down."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "mailwake", "monitor")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mailwake.toml").write_text("[monitor]\nport = 0\n[logging]\nformat = 'json'\n")
    return tmp_path


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    """A running monitor, without keys and without anybody else."""
    with subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("metrics on http://127.0.0.1:"), process.communicate()[1]
        yield said.removeprefix("metrics on ").strip().removesuffix("/metrics")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_it_answers_on_its_own_when_nobody_else_is_there(url: str, folder: Path) -> None:
    assert get(f"{url}/health/live") == (200, '{"live":true}')
    code, body = get(f"{url}/health/ready")
    assert (code, json.loads(body)["ready"]) == (503, False)
    code, body = get(f"{url}/metrics")
    assert code == 200
    assert "mailwake_ready 0.0\n" in body
    assert get(f"{url}/")[0] == 404
    assert (folder / "mailwake-data" / "monitor.json").exists()


def test_a_port_that_is_taken_names_the_option(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        (folder / "mailwake.toml").write_text(f"[monitor]\nport = {other.getsockname()[1]}\n")
        done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "change monitor.port or monitor.host" in done.stderr
