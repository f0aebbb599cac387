"""Key rotation: a new slot seals, the old ones go on reading."""

import json
from datetime import date
from pathlib import Path

import pytest

from mailwake.cli.init import make
from mailwake.cli.keys import append_key, key_file, new, show, slots
from mailwake.errors import BadInput, Misconfigured
from mailwake.hosts import Hosts
from mailwake.modes import INDIVIDUAL
from mailwake.settings import load
from mailwake.tokens import MessageToken, Minter, Purpose, TokenReader

HOST = "track.example.com"


@pytest.fixture
def config(tmp_path: Path) -> str:
    make(tmp_path, base_url=f"https://{HOST}", brand="Example", individual=False)
    return str(tmp_path / "mailwake.toml")


def test_a_link_sealed_before_the_rotation_is_still_read(config: str) -> None:
    token = MessageToken(INDIVIDUAL, 1, 2, 3, date(2026, 11, 1))
    before = Minter(load(config).load_keys(), HOST).message(Purpose.READ, token)
    new(config)
    keys = load(config).load_keys()
    assert keys.slots == (0, 1)
    assert TokenReader(keys, [HOST]).message(before, HOST, Purpose.READ) == token
    assert Minter(keys, HOST).message(Purpose.READ, token) != before


HOST_TABLE = '\n[hosts."links.brand.example"]\nsenders = ["brand.example"]\n'


def test_a_host_gets_a_key_file_of_its_own_and_rotates_it_alone(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(config)
    path.write_text(path.read_text() + HOST_TABLE + 'keys = "file:brand.keys"\n')
    token = MessageToken(INDIVIDUAL, 1, 2, 3, date(2026, 11, 1))
    new(config, host="links.brand.example")
    before = Hosts.load(load(config)).all["links.brand.example"].minter.message(Purpose.READ, token)
    new(config, host="links.brand.example")
    hosts = Hosts.load(load(config))
    assert hosts.all["links.brand.example"].minter.message(Purpose.READ, token) != before
    assert hosts.reader().message(before, "links.brand.example", Purpose.READ) == token
    assert path.with_name("brand.keys").stat().st_mode & 0o777 == 0o600
    assert load(config).load_keys().slots == (0,)
    capsys.readouterr()
    show(config, host="links.brand.example")
    assert capsys.readouterr().out.count("slot") == 2


def test_a_host_without_a_key_file_is_told_what_to_write(config: str) -> None:
    path = Path(config)
    path.write_text(path.read_text() + HOST_TABLE)
    with pytest.raises(Misconfigured, match=r'keys = "file:') as caught:
        new(config, host="links.brand.example")
    assert caught.value.option == 'hosts."links.brand.example".keys'
    with pytest.raises(BadInput, match=r"links\.brand\.example"):
        new(config, host="links.other.example")


def test_the_list_never_shows_a_key(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    new(config)
    capsys.readouterr()
    show(config)
    show(config, as_json=True)
    printed = capsys.readouterr().out
    for line in Path(config).with_name("mailwake.keys").read_text().splitlines():
        assert line.split()[1] not in printed
    assert "slot 1" in printed
    assert json.loads(printed.splitlines()[-1])["use"] == "seals and reads"


def test_keys_from_the_environment_are_not_written_to(config: str) -> None:
    path = Path(config)
    path.write_text(path.read_text().replace("file:mailwake.keys", "env:MAILWAKE_KEYS"))
    with pytest.raises(Misconfigured, match="yourself"):
        key_file(load(config))


def test_a_full_file_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    append_key(file, today=date(2026, 1, 1))
    file.write_text(file.read_text().replace("0 ", "255 ", 1))
    with pytest.raises(BadInput, match="256"):
        append_key(file, today=date(2026, 1, 1))


def test_slots_without_a_day_are_listed_too() -> None:
    assert slots("# old\n1 abc\n0 def 2026-01-01 # first\n") == [(0, "2026-01-01"), (1, "")]
