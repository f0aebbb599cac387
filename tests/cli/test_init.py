"""`mailwake init` leaves a folder that starts."""

import stat
from pathlib import Path

import pytest

from mailwake.cli.init import make
from mailwake.errors import BadInput, Misconfigured
from mailwake.settings import load

URL = "https://track.example.com"


def test_it_makes_a_config_with_fresh_private_keys(tmp_path: Path) -> None:
    make(tmp_path, base_url=URL, brand="Example Ltd", individual=False)
    settings = load(tmp_path / "mailwake.toml")
    assert settings.load_keys().slots == (0,)
    assert settings.brand.name == "Example Ltd"
    assert settings.tracking.unknown_consent == "aggregate"
    assert stat.S_IMODE((tmp_path / "mailwake.keys").stat().st_mode) == 0o600


def test_two_installations_never_share_a_key(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make(tmp_path / name, base_url=URL, brand="Example", individual=True)
    assert (tmp_path / "a/mailwake.keys").read_text() != (tmp_path / "b/mailwake.keys").read_text()


def test_it_never_touches_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mailwake.toml").write_text("# mine\n")
    with pytest.raises(BadInput, match="there already"):
        make(tmp_path, base_url=URL, brand="Example", individual=False)
    assert (tmp_path / "mailwake.toml").read_text() == "# mine\n"
    assert not (tmp_path / "mailwake.keys").exists()


def test_existing_keys_are_kept_for_a_new_config(tmp_path: Path) -> None:
    make(tmp_path, base_url=URL, brand="Example", individual=False)
    before = (tmp_path / "mailwake.keys").read_text()
    (tmp_path / "mailwake.toml").unlink()
    make(tmp_path, base_url=URL, brand="Example", individual=False)
    assert (tmp_path / "mailwake.keys").read_text() == before


@pytest.mark.parametrize("brand", ['A "quoted" name', "two\nlines", "back\\slash", "del\x7f", "no text \udcff"])
def test_a_name_that_would_break_the_file_is_refused(tmp_path: Path, brand: str) -> None:
    with pytest.raises(BadInput):
        make(tmp_path, base_url=URL, brand=brand, individual=False)


@pytest.mark.parametrize("url", ["track.example.com", "javascript:alert(1)"])
def test_a_wrong_url_leaves_nothing_behind(tmp_path: Path, url: str) -> None:
    for folder in (tmp_path, tmp_path / "new"):
        with pytest.raises(Misconfigured):
            make(folder, base_url=url, brand="Example", individual=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/mailwake"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=rf"cannot write to .*{name}: .*; name a folder that can be made"):
        make(tmp_path / name, base_url=URL, brand="Example", individual=False)
