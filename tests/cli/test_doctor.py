"""The doctor names what is wrong in one line and says what to do."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from mailwake.cli import doctor
from mailwake.cli.init import make
from mailwake.settings import Settings, load


@pytest.fixture
def config(tmp_path: Path) -> Path:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=False)
    return tmp_path / "mailwake.toml"


def change(config: Path, old: str, new: str) -> Settings:
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    return load(config)


@pytest.fixture
def mail_server() -> Iterator[int]:
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_missing_config_is_the_only_finding(tmp_path: Path) -> None:
    findings = list(doctor.examine(str(tmp_path / "none.toml")))
    assert [finding.state for finding in findings] == ["problem"]
    assert "mailwake init" in findings[0].line


def test_a_good_installation_has_no_problem(config: Path, mail_server: int) -> None:
    change(config, "port = 25\n", f"port = {mail_server}\n")
    findings = list(doctor.examine(str(config)))
    assert [finding.check for finding in findings] == [
        *("config", "keys", "dns", "tls", "clock", "disk", "log", "proxy", "smtp")
    ]
    assert not [finding for finding in findings if finding.state == "problem"]


def test_a_published_key_is_a_problem(config: Path) -> None:
    config.with_name("mailwake.keys").write_text("0 " + "A" * 43 + "\n")
    assert "published" in doctor.check_keys(load(config)).line


def test_a_short_key_is_a_problem(config: Path) -> None:
    config.with_name("mailwake.keys").write_text("0 AAAA\n")
    assert "3 bytes" in doctor.check_keys(load(config)).line


def test_a_key_file_that_others_can_read_is_a_problem(config: Path) -> None:
    config.with_name("mailwake.keys").chmod(0o644)
    assert "chmod 600" in doctor.check_keys(load(config)).line


def test_a_host_without_address_is_a_problem(config: Path) -> None:
    settings = change(config, "http://localhost:8025", "https://no-such-host.invalid")
    assert doctor.check_dns(settings).state == "problem"
    assert doctor.check_tls(settings).state == "unknown"


def test_plain_http_for_readers_elsewhere_is_a_problem(config: Path) -> None:
    settings = change(config, "http://localhost:8025", "http://track.example.com")
    assert doctor.check_tls(settings).state == "problem"


def test_a_server_without_tls_is_a_problem(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as client:
                client.sendall(b"HTTP/1.1 400 no\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        settings = change(config, "http://localhost:8025", f"https://127.0.0.1:{server.getsockname()[1]}")
        assert doctor.check_tls(settings).state == "problem"
        answering.join()


def test_days_of_a_certificate_are_not_guessed() -> None:
    with pytest.raises(OSError, match=r".") as caught:
        doctor.certificate_days("127.0.0.1", free_port())
    assert not isinstance(caught.value, ssl.SSLError)


def test_a_data_folder_that_cannot_be_is_a_problem(config: Path) -> None:
    (config.parent / "blocked").write_text("a file")
    settings = change(config, 'data = "mailwake-data"', 'data = "blocked/data"')
    assert doctor.check_disk(settings).state == "problem"


def test_a_damaged_log_file_is_named(config: Path) -> None:
    settings = load(config)
    (settings.data_folder / "log").mkdir(parents=True)
    (settings.data_folder / "log" / "edge-0.log").write_bytes(b"not a database at all, far from it" * 99)
    finding = doctor.check_log(settings)
    assert finding.state == "problem"
    assert "edge-0.log" in finding.line


def test_believing_everybody_is_a_problem(config: Path) -> None:
    settings = change(config, '"127.0.0.1/32"', '"0.0.0.0/0"')
    assert doctor.check_proxy(settings).state == "problem"


def test_a_silent_mail_server_is_a_problem(config: Path) -> None:
    settings = change(config, "port = 25\n", f"port = {free_port()}\n")
    assert doctor.check_smtp(settings).state == "problem"


def test_problems_make_the_exit_code_one(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(config, "port = 25\n", f"port = {free_port()}\n")
    with pytest.raises(SystemExit) as caught:
        doctor.command(str(config), as_json=True)
    assert caught.value.code == 1
    assert '"check": "smtp"' in capsys.readouterr().out
