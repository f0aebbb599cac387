"""`mailwake check-list` over a list, and what `mailwake send` says of one before it mails it."""

import csv
import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.hygiene.conftest import MAIL, World
from tests.insight import seeding
from typer.testing import CliRunner

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.events import Micros
from mailwake.store.state import Route

LIST = """email,name
ann@corp.example,Ann
bob@gmial.com,Bob
info@null.example,Info
an..n@corp.example,
dead@corp.example,D
"""

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with a campaign counted by hand, a list, and somebody suppressed."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    seeding.by_hand(stores)
    handle = stores.state.handles(["dead@corp.example"], now=Micros(1))["dead@corp.example"]
    stores.state.suppress(handle, reason="bounced", source="bounce", at=Micros(1))
    seeding.close(stores)
    (tmp_path / "people.csv").write_text(LIST, encoding="utf-8")
    return tmp_path


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The DNS."""
    world = World({"corp.example": MAIL, "gmial.com": MAIL, "null.example": ((), Route.REFUSED)})
    monkeypatch.setattr(import_module("mailwake.cli.check_list.command"), "DnsResolver", lambda: world)
    return world


@pytest.fixture
def run(folder: Path, world: World, as_it_was: None) -> Run:
    """Runs `mailwake check-list` on the list."""

    def run(*words: str) -> Any:
        given = ["check-list", str(folder / "people.csv"), "--config", str(folder / "mailwake.toml"), *words]
        done = CliRunner().invoke(build(("check-list",)), given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


def test_a_list_is_looked_through_and_the_dns_asked_once(run: Run, world: World, folder: Path) -> None:
    told = json.loads(run("--json").stdout)
    assert (told["addresses"], told["fine"], told["leave_out"], told["look_at"]) == (5, 1, 3, 1)
    assert (told["domains"], told["domains_known"]) == (3, 3)
    found = {line["address"]: [each["code"] for each in line["findings"]] for line in told["lines"]}
    assert found == {
        "bob@gmial.com": ["typo"],
        "info@null.example": ["refused", "role"],
        "an..n@corp.example": ["syntax"],
        "dead@corp.example": ["suppressed"],
    }
    run("--json")
    assert set(world.asked.values()) == {1}
    assert (folder / "people.csv").read_text(encoding="utf-8") == LIST


def test_domains_of_a_list_of_ones_own_are_told(run: Run, folder: Path) -> None:
    (folder / "own.txt").write_text("corp.example\n", encoding="utf-8")
    config = folder / "mailwake.toml"
    config.write_text(f'{config.read_text(encoding="utf-8")}\n[hygiene]\ndisposable = "own.txt"\n', encoding="utf-8")
    told = json.loads(run("--json", "--offline").stdout)
    assert {each["code"]: each["addresses"] for each in told["groups"]}["disposable"] == 2


def test_the_table_says_what_to_do_and_names_the_lines(run: Run) -> None:
    text = run().stdout
    assert "5 addresses: 1 fine, 3 to leave out, 1 to look at. 3 of 3 domains known." in text
    assert "line 3: bob@gmial.com: the domain looks mistyped → bob@gmail.com" in text
    assert "line 4: info@null.example: the domain says that it takes no mail" in text


def test_csv_has_a_row_per_finding(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("--csv").stdout)))
    assert [(row["line"], row["code"], row["suggestion"]) for row in rows] == [
        ("3", "typo", "bob@gmail.com"),
        ("4", "refused", ""),
        ("4", "role", ""),
        ("5", "syntax", ""),
        ("6", "suppressed", ""),
    ]


def test_offline_asks_nobody_and_says_that_it_does_not_know(run: Run, world: World) -> None:
    told = json.loads(run("--json", "--offline").stdout)
    assert not world.asked
    assert told["domains_known"] == 0
    assert {"code": "unanswered", "severity": "know", "detail": "", "suggestion": ""} in told["lines"][0]["findings"]


def test_a_dns_that_keeps_silent_is_told(run: Run, world: World) -> None:
    world.known["gmail.com"] = None
    done = run("--json")
    assert "No name server answers for 3 domains" in done.stderr
    assert json.loads(done.stdout)["domains_known"] == 0


def test_send_says_what_is_known_of_the_list_before_it_mails(folder: Path, run: Run) -> None:
    run("--json")
    (folder / "hi.html").write_text("---\nsubject: Hi\nfrom: news@example.com\n---\n<p>Hello</p>", encoding="utf-8")
    given = [
        "send",
        str(folder / "hi.html"),
        str(folder / "people.csv"),
        "--dry-run",
        "--config",
        str(folder / "mailwake.toml"),
    ]
    done = CliRunner().invoke(build(("send",)), given)
    assert done.exit_code == 0, done.output
    said = "list: 1 of 5 addresses are fine · not an address: 1 · the domain says that it takes no mail: 1"
    assert said in done.stderr
    assert "the domain looks mistyped: 1; `mailwake check-list` names them" in done.stderr
    (folder / "people.csv").write_text("email\nann@corp.example\n", encoding="utf-8")
    assert not CliRunner().invoke(build(("send",)), given).stderr
