"""`mailwake suppressions`: lists go in and out, acts are kept with who and why, incidents are seen and undone."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.house import House
from tests.suppression.conftest import crowd, refused
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.errors import BadInput

LIST = "Email,Type,Reason\nann@example.com,Bounce,550 unknown\nnobody,Bounce,\nben@example.com,Unsubscribe,pressed\n"


@pytest.fixture
def config(tmp_path: Path, as_it_was: None) -> str:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=True)
    return str(tmp_path / "mailwake.toml")


def run(config: str, *words: str) -> Result:
    return CliRunner().invoke(build(("suppressions", "keys")), ["suppressions", *words, "--config", config])


def told(config: str, *words: str) -> list[dict[str, Any]]:
    done = run(config, *words, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def listed(tmp_path: Path, text: str = LIST) -> str:
    (tmp_path / "old.csv").write_text(text, encoding="utf-8")
    return str(tmp_path / "old.csv")


def test_what_is_added_is_listed_with_who_and_why_and_lifted_again(config: str) -> None:
    assert run(config, "add", "ann@example.com", "--why", "asked by phone", "--by", "Eve").stdout == "suppressed\n"
    (row,) = told(config, "list")
    assert (row["address"], row["reason"], row["by"], row["quoted"]) == (
        "ann@example.com", "manual", "Eve", "asked by phone",
    )  # fmt: skip
    assert "ann@example.com" in run(config, "list").stdout
    assert run(config, "lift", "ann@example.com", "--why", "corrected", "--by", "Eve").stdout == "1 lifted\n"
    assert run(config, "list").stdout == "nothing holds\n"
    (row,) = told(config, "list", "ann@example.com")
    assert (row["lifted_by"], row["lift_why"]) == ("Eve", "corrected")


def test_an_unknown_reason_is_no_reason_that_nobody_has(config: str) -> None:
    run(config, "add", "ann@example.com", "--why", "asked", "--reason", "unsubscribed")
    for words in (("list", "--reason", "bonced"), ("lift", "ann@example.com", "--why", "x", "--reason", "foo")):
        assert "is no reason; choose one of manual, unsubscribed" in str(run(config, *words).exception)
    assert run(config, "list", "--reason", "bounced").stdout == "nothing holds\n"


def test_lifting_says_what_stays(config: str) -> None:
    run(config, "add", "ann@example.com", "--why", "said so", "--reason", "complained")
    assert told(config, "lift", "ann@example.com", "--why", "x") == [{"lifted": 0, "stays": ["complained"]}]
    assert run(config, "lift", "ann@example.com", "--why", "x").stdout.endswith("--reason lifts it\n")


def test_a_dry_run_says_what_would_change_and_changes_nothing(config: str, tmp_path: Path) -> None:
    done = run(config, "import", listed(tmp_path), "--dry-run")
    assert done.stdout == "2 unsubscribed, 1 bounced would be new; 0 held already, 1 lines left out\n"
    assert ":3: left out: this is no e-mail address" in done.stderr
    assert told(config, "list") == []


def test_a_list_comes_in_once_and_one_command_undoes_it(config: str, tmp_path: Path) -> None:
    file = listed(tmp_path)
    (first,) = told(config, "import", file)
    assert (first["new"], first["left_out"], first["dry_run"]) == ({"unsubscribed": 2, "bounced": 1}, 1, False)
    (again,) = told(config, "import", file)
    assert (again["new"], again["known"], again["incident"]) == ({}, 3, None)
    (incident,) = told(config, "incidents")
    assert (incident["id"], incident["kind"], incident["count"]) == (first["incident"], "import", 3)
    assert run(config, "undo", first["incident"], "--why", "the wrong file", "--by", "Eve").stdout == "3 lifted\n"
    assert told(config, "list") == []
    assert "closed by Eve: the wrong file" in run(config, "incidents").stdout
    assert told(config, "incidents", "--open") == []


def test_what_goes_out_comes_in_again(config: str, tmp_path: Path) -> None:
    run(config, "import", listed(tmp_path))
    run(config, "add", "=cmd@example.com", "--why", "+1", "--stream", "outbound")
    text = run(config, "export").stdout
    assert text.splitlines()[0] == "email,reason,category,stream,campaign,source,at,expires_at,why"
    assert "'=cmd@example.com" in text
    (again,) = told(config, "import", listed(tmp_path, text))
    assert (again["new"], again["known"], again["left_out"]) == ({}, 4, 0)


def test_a_storm_is_seen_and_applied_after_all(config: str, tmp_path: Path) -> None:
    house = House(tmp_path / "mailwake-data")
    people = crowd(house, "gmail.example", 40)
    house.work(*(refused(who, 60) for who in people))
    house.close()
    (storm,) = told(config, "incidents", "--open")
    assert (storm["kind"], storm["place"], storm["count"]) == ("storm", "gmail.example", 40)
    assert run(config, "apply", storm["id"], "--why", "really dead").stdout == "40 suppressed\n"
    assert run(config, "incidents", "--open").stdout == "there is none\n"
    assert run(config, "close", storm["id"], "--why", "again").stdout == "it was closed already\n"


@pytest.mark.parametrize(
    "words",
    [
        ("add", "nobody", "--why", "x"),
        ("add", "ann@example.com", "--why", " "),
        ("add", "ann@example.com", "--why", "x", "--stream", "news"),
        ("lift", "ann@example.com", "--why", "x"),
        ("undo", "7", "--why", "x"),
        ("import", "nowhere.csv"),
        ("import", "{list}", "--type", "nonsense"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_what_to_do(config: str, tmp_path: Path, words: tuple[str]) -> None:
    file = listed(tmp_path)
    done = run(config, *(word.replace("{list}", file) for word in words))
    assert isinstance(done.exception, BadInput)
    assert "\n" not in str(done.exception)
    assert told(config, "list") == []
