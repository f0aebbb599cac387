"""`mailwake serve` as a user runs it: comes up, refuses to come up twice, and leaves nothing behind."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MAILWAKE = (sys.executable, "-m", "mailwake")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def config(tmp_path: Path) -> Path:
    edge, relay, ingest, web, monitor = free_ports(5)
    path = tmp_path / "mailwake.toml"
    path.write_text(
        f'[tracking]\nbase_url = "http://localhost:{edge}"\n[edge]\nport = {edge}\n[relay]\nport = {relay}\n'
        f"[ingest]\nport = {ingest}\n[web]\nport = {web}\n[monitor]\nport = {monitor}\n"
    )
    keys = (*MAILWAKE, "keys", "new", "--config", str(path))
    subprocess.run(keys, check=True, capture_output=True)
    return path


@contextmanager
def serving(config: Path) -> Iterator[subprocess.Popen[str]]:
    command = (*MAILWAKE, "serve", "--config", str(config))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_ready(process: subprocess.Popen[str]) -> list[str]:
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.strip())
        if said[-1] == "mailwake is ready":
            return said
    raise AssertionError("\n".join(said))


@pytest.mark.long
def test_it_comes_up_answers_refuses_a_second_one_and_stops_when_asked(config: Path) -> None:
    with serving(config) as process:
        said = wait_until_ready(process)
        ready = sorted(line.split()[0] for line in said[:-1] if line.split()[1] == "ready")
        assert ready == ["edge-0", "ingest", "monitor", "relay", "web"]
        assert [line for line in said if " audit.anchored " in line], "what operators keep elsewhere"
        address = json.loads((config.parent / "mailwake-data" / "web.json").read_text())["url"]
        with urllib.request.urlopen(f"{address}/health", timeout=20) as answer:
            assert answer.status == 200
        is_watched_from_inside_alone(config.parent / "mailwake-data")
        a_second_one_is_refused(config, process.pid)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        assert not (config.parent / "mailwake-data" / "serve.json").exists()


def is_watched_from_inside_alone(data: Path) -> None:
    """Metrics and health are the monitor's to tell, and nothing that readers reach tells them."""
    said = {name: role["said"] for name, role in json.loads((data / "serve.json").read_text())["roles"].items()}
    monitor = said["monitor"].removeprefix("metrics on ").removesuffix("/metrics")
    with urllib.request.urlopen(f"{monitor}/health/ready", timeout=60) as answer:
        assert json.load(answer) == {"ready": True, "problems": [], "decisions": []}
    edge = said["edge-0"].removeprefix("edge listening on ").replace("127.0.0.1", "localhost")
    for path in ("/metrics", "/health/live", "/health/ready", "/api/status", "/status"):
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(edge + path, timeout=20)
        refused.value.close()


def a_second_one_is_refused(config: Path, first: int) -> None:
    second = subprocess.run((*MAILWAKE, "serve", "--config", str(config)), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert f"is served already, by process {first}; stop that one first" in second.stderr


def test_without_keys_it_says_so_once_and_starts_nothing(config: Path) -> None:
    (config.parent / "mailwake.keys").unlink()
    done = subprocess.run((*MAILWAKE, "serve", "--config", str(config)), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "keys.ref" in done.stderr
    assert not (config.parent / "mailwake-data").exists()


@pytest.mark.long
def test_a_port_that_is_taken_ends_the_start(config: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = config.read_text().replace("[relay]\nport = ", f"[relay]\nport = {taken.getsockname()[1]} # ")
        config.write_text(text)
        done = subprocess.run(
            (*MAILWAKE, "serve", "--config", str(config)), capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert "Address already in use; change relay.port or relay.host" in done.stderr
