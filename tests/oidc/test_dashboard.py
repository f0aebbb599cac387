"""The dashboard itself, started as operators start it, lets in whom a real provider on loopback vouches for."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import oidc_provider_mock
import pytest

from mailwake.cli.init import make

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ANN = {"email": "ann@example.com", "email_verified": True, "groups": ["mail-admins"]}
BEN = {"email": "ben@example.com", "email_verified": True, "groups": []}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    users = [oidc_provider_mock.User(sub="ann", claims=ANN), oidc_provider_mock.User(sub="ben", claims=BEN)]
    with oidc_provider_mock.run_server_in_thread(require_nonce=True, user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def folder(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("installation")
    make(root, base_url="http://localhost:8025", brand="Example", individual=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = root / "mailwake.toml"
    lines = [line for line in config.read_text(encoding="utf-8").splitlines() if "web" not in line.lower()]
    lines += ["[web]", f"port = {port}", f'public_url = "http://127.0.0.1:{port}"']
    lines += ["[oidc]", f'issuer = "{provider}"', 'client_id = "mailwake"', 'client_secret = "file:secret"']
    lines += ["[oidc.roles]", 'mail-admins = "owner"']
    (root / "secret").write_text("s3cret")
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def mailwake(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "mailwake", *words, "--config", str(folder / "mailwake.toml")]


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    process = subprocess.Popen(mailwake(folder, "web"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith("dashboard on "), process.communicate()[1]
    yield said.removeprefix("dashboard on ").strip()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


@contextmanager
def come(url: str, who: str) -> Iterator[tuple[httpx2.Client, httpx2.Response]]:
    """A browser that began at the page of timing, and where it ended."""
    with httpx2.Client(base_url=url, trust_env=False, timeout=30) as browser:
        asked = browser.get("/timing")
        assert (asked.status_code, asked.headers["location"]) == (303, "/login?return_to=%2Ftiming")
        assert 'href="/login/oidc?next=/timing"' in browser.get(asked.headers["location"]).text
        out = browser.get("/login/oidc?next=/timing").headers["location"]
        back = httpx2.post(out, data={"sub": who}, trust_env=False, timeout=30).headers["location"]
        yield browser, browser.get(back)


@pytest.mark.long
def test_whoever_the_provider_vouches_for_and_a_group_lets_in_is_logged_in(folder: Path, url: str) -> None:
    with come(url, "ann") as (browser, answer):
        assert (answer.status_code, answer.headers.get("location")) == (303, "/timing")
        assert browser.get("/timing").status_code == 200
        account = browser.get("/account").text
    assert "ann@example.com" in account
    assert "owner" in account
    listed = subprocess.run(mailwake(folder, "audit", "list", "--json"), capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in listed.stdout.splitlines()]
    assert any("ann@example.com" in json.dumps(line) for line in lines), "the log-in is written down"
    checked = subprocess.run(mailwake(folder, "audit", "verify"), capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.long
def test_whoever_nobody_let_in_stays_out_and_is_told_what_to_do(url: str) -> None:
    with come(url, "ben") as (browser, answer):
        assert answer.status_code == 403
        assert "Ask an owner" in answer.text
        assert browser.get("/timing").status_code == 303


@pytest.mark.long
def test_without_a_log_in_nothing_is_answered_but_the_log_in(url: str) -> None:
    for path in ("/", "/status", "/audit", "/users"):
        assert httpx2.get(url + path, trust_env=False).status_code == 303
    assert httpx2.get(url + "/api/campaigns", trust_env=False).status_code == 401
    assert httpx2.post(url + "/suppressions", data={"address": "a@example.com"}, trust_env=False).status_code == 403
