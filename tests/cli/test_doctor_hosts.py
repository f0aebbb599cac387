"""Every further host is looked at: its keys, where it leads, its certificate."""

import socket
from pathlib import Path

import pytest

from mailwake.cli import doctor
from mailwake.cli.doctor import hosts as doctor_hosts
from mailwake.cli.init import make
from mailwake.settings import Settings, load

BRAND = "links.brand.example"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=False)
    return tmp_path / "mailwake.toml"


def with_host(config: Path, more: str = "", *, host: str = BRAND, sender: str = "brand.example") -> Settings:
    config.write_text(config.read_text() + f'\n[hosts."{host}"]\nsenders = ["{sender}"]\n{more}\n')
    return load(config)


def resolve(monkeypatch: pytest.MonkeyPatch, **names: str) -> None:
    """Answer for names as a resolver would; whatever is not named has no address."""

    def look_up(host: str, *_: object) -> list[tuple[object, ...]]:
        if host.replace(".", "_") not in names:
            raise socket.gaierror("no such name")
        return [(0, 0, 0, "", (names[host.replace(".", "_")], 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def dns(settings: Settings) -> doctor.Finding:
    (name,) = settings.hosts
    return doctor_hosts.check_dns(settings, name)


def keys(settings: Settings) -> doctor.Finding:
    ((name, host),) = settings.hosts.items()
    return doctor_hosts.check_keys(settings, name, host)


def test_every_host_is_examined_under_its_name(config: Path) -> None:
    with_host(config)
    with_host(config, host="go.other.example", sender="other.example")
    found = [finding for finding in doctor.examine(str(config)) if "." in finding.check]
    assert [finding.check for finding in found] == [BRAND] * 3 + ["go.other.example"] * 3


def test_a_host_that_leads_where_the_tracking_host_leads_is_fine(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, track_example_com="192.0.2.1", links_brand_example="192.0.2.1")
    assert dns(with_host(config)).state == "ok"


def test_a_host_that_leads_elsewhere_is_reported(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, track_example_com="192.0.2.1", links_brand_example="203.0.113.66")
    finding = dns(with_host(config))
    assert finding.state == "warning"
    assert "203.0.113.66" in finding.line


def test_a_host_without_address_is_a_problem(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, track_example_com="192.0.2.1")
    finding = dns(with_host(config))
    assert (finding.state, "CNAME to track.example.com" in finding.line) == ("problem", True)


def test_a_host_under_another_domain_than_its_senders_is_reported(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, track_example_com="192.0.2.1", links_brand_example="192.0.2.1")
    assert "no subdomain of other.example" in dns(with_host(config, sender="other.example")).line


def test_derived_keys_are_always_there(config: Path) -> None:
    finding = keys(with_host(config))
    assert finding.state == "ok"
    assert "derived" in finding.line


def test_a_missing_key_file_is_a_problem_that_names_the_option(config: Path) -> None:
    finding = keys(with_host(config, 'keys = "file:brand.keys"'))
    assert finding.state == "problem"
    assert f'hosts."{BRAND}".keys' in finding.line


def test_a_key_file_that_others_can_read_is_a_problem(config: Path) -> None:
    from mailwake.cli.keys import new

    settings = with_host(config, 'keys = "file:brand.keys"')
    new(str(config), host=BRAND)
    assert keys(settings).state == "ok"
    config.with_name("brand.keys").chmod(0o640)
    assert "chmod 600" in keys(settings).line


def test_a_host_that_nobody_answers_for_is_not_called_well(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, track_example_com="192.0.2.1")
    assert doctor.certificate(with_host(config), BRAND, check=BRAND).state == "unknown"
