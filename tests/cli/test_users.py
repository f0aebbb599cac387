"""`mailwake users` and `mailwake api-keys`, and what commands show a dashboard that asks who they are."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.cli.test_web import get, start, stop

from mailwake.cli import gating
from mailwake.settings import Settings, load, parse
from mailwake.store.access import open_access

PASSWORD = "wool weather and warm tea"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    from mailwake.cli.init import make

    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=True)
    return tmp_path


def said(home: Path, *words: str, given: str = "") -> tuple[int, str, str]:
    """Run a command in a process of its own, as people do."""
    program = [sys.executable, "-m", "mailwake", *words, "--config", str(home / "mailwake.toml")]
    done = subprocess.run(program, input=given, capture_output=True, text=True, check=False, env=dict(os.environ))
    return done.returncode, done.stdout, done.stderr


def test_accounts_are_made_shown_changed_and_removed(home: Path) -> None:
    code, out, err = said(
        home, "users", "add", "ann@office.example", "--role", "owner", "--password-stdin", given=PASSWORD
    )
    assert (code, out) == (0, "ann@office.example may log in as owner: everything\n"), err
    assert said(home, "users", "add", "ben", "--role", "viewer", "--invited")[0] == 0
    assert said(home, "users", "role", "ben", "editor")[0] == 0
    shown = [json.loads(line) for line in said(home, "users", "list", "--json")[1].splitlines()]
    assert [(each["name"], each["role"], each["how"]) for each in shown] == [
        ("ann@office.example", "owner", "password"), ("ben", "editor", "invited"),
    ]  # fmt: skip
    code, out, _ = said(home, "users", "password", "ben", "--invent")
    assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}\n", out)
    assert said(home, "users", "sessions", "ben")[1] == "nowhere\n"
    assert said(home, "users", "remove", "ben")[0] == 0
    code, _, err = said(home, "users", "remove", "ann@office.example")
    assert (code, err.count("\n")) == (1, 1)
    assert "only owner" in err


def test_whose_phone_is_lost_comes_in_by_the_password_again(home: Path) -> None:
    said(home, "users", "add", "ann", "--role", "owner", "--password-stdin", given=PASSWORD)
    assert said(home, "users", "second", "ann") == (0, "ann is asked for a password alone\n", "")
    store = open_access(load(str(home / "mailwake.toml")).data_folder / "state.sqlite")
    user = store.user_named("ann")
    assert user is not None
    store.change_user(user.id, second="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert said(home, "users", "second", "ann")[1] == "ann is asked for a code besides the password\n"
    assert said(home, "users", "second", "ann", "--off")[1] == "ann is asked for no code any more\n"
    found = store.user_named("ann")
    assert found is not None
    assert found.second is None
    store.close()


def test_a_password_is_never_asked_for_where_nobody_can_type(home: Path) -> None:
    code, _, err = said(home, "users", "add", "ann", "--role", "owner")
    assert code == 1
    assert "--password-stdin" in err


@pytest.mark.long
@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_password_that_is_no_text_is_refused(home: Path, errors: str) -> None:
    words = ["users", "add", "carl", "--role", "owner", "--password-stdin", "--config", str(home / "mailwake.toml")]
    done = subprocess.run(
        [sys.executable, "-m", "mailwake", *words],
        input=b"abc\xff\xfe defghijklmn",
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": f"utf-8:{errors}"},
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"mailwake: a password must be UTF-8 text; ")
    assert done.stderr.count(b"\n") == 1


def test_keys_are_made_rotated_and_revoked(home: Path) -> None:
    code, out, err = said(home, "api-keys", "create", "shop", "--scope", "stats:read", "--env", "test")
    assert code == 0
    assert re.fullmatch(r"mwk_test_\w{8}_\w{43}_\w{6}\n", out)
    assert "shown this once" in err
    number = out.split("_")[2]
    assert re.fullmatch(r"mwk_test_.*\n", said(home, "api-keys", "rotate", number, "--hours", "0")[1])
    listed = [json.loads(line) for line in said(home, "api-keys", "list", "--json")[1].splitlines()]
    assert [each["good"] for each in listed if each["id"] == number] == [False]
    other = next(each["id"] for each in listed if each["good"])
    assert said(home, "api-keys", "revoke", other)[1] == "revoked\n"
    assert out.strip() not in said(home, "api-keys", "list")[1]
    code, _, err = said(home, "api-keys", "create", "shop", "--scope", "everything")
    assert (code, err.count("\n")) == (1, 1)


def test_a_dashboard_with_accounts_answers_commands_of_its_own_installation_and_nobody_else(
    tmp_path: Path, home: Path
) -> None:
    config = home / "mailwake.toml"
    config.write_text(config.read_text(encoding="utf-8") + "\n[web]\nport = 0\n", encoding="utf-8")
    assert said(home, "users", "add", "ann", "--role", "owner", "--password-stdin", given=PASSWORD)[0] == 0
    key = said(home, "api-keys", "create", "shop", "--scope", "stats:read")[1].strip()
    process, url = start(home)
    try:
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(f"{url}/api/campaigns")
        assert refused.value.code == 401
        refused.value.close()
        assert json.loads(said(home, "report", "--json")[1])["campaigns"] == []
        assert said(home, "export", "campaigns")[0] == 0
        asked = urllib.request.Request(f"{url}/api/campaigns", headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert json.loads(answer.read())["campaigns"] == []
    finally:
        stop(process)


def settings(home: Path, **web: object) -> Settings:
    return parse({"data": "mailwake-data", "web": web}, root=home)


@pytest.mark.parametrize(
    ("web", "count", "state"),
    [
        ({}, 0, "warning"),
        ({"login": "required"}, 0, "problem"),
        ({"host": "192.0.2.7"}, 0, "problem"),
        ({"public_url": "https://mail.example.com"}, 0, "problem"),
        ({}, 1, "ok"),
        ({"host": "192.0.2.7"}, 1, "warning"),
        ({"host": "192.0.2.7", "public_url": "https://mail.example.com"}, 1, "ok"),
    ],
)
def test_the_doctor_says_who_is_let_in(home: Path, web: dict[str, object], count: int, state: str) -> None:
    store = open_access(home / "mailwake-data" / "state.sqlite")
    for number in range(count):
        store.add_user(name=f"u{number}", role="owner", password=None, must_change=False, issuer=None, subject=None,
                       created_at=1, made_by="test")  # fmt: skip
    store.close()
    assert gating.check_access(settings(home, **web)).state == state


def test_before_anything_was_started_the_doctor_cannot_say(home: Path) -> None:
    assert gating.check_access(load(home / "mailwake.toml")).state == "unknown"


@pytest.mark.parametrize("web", [{"login": "maybe"}, {"public_url": "mail.example.com"}, {"public_url": "https://x/y"}])
def test_settings_of_the_log_in_that_cannot_be_stop_the_start(home: Path, web: dict[str, object]) -> None:
    from mailwake.errors import Misconfigured

    with pytest.raises(Misconfigured, match=r"web\."):
        settings(home, **web)
