"""`mailwake unsubscribes`: what is held is listed, restored and applied, with who and why."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.leaving.conftest import ELSEWHERE, decoy, everybody, press
from tests.pipeline.house import House
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.errors import BadInput
from mailwake.events import Note


@pytest.fixture
def config(tmp_path: Path) -> str:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=True)
    (tmp_path / "mailwake-data").mkdir(exist_ok=True)
    house = House(tmp_path / "mailwake-data")
    house.handles = everybody(house)
    house.work(decoy(), *(press(house, who, 10 + who) for who in range(3)))
    house.work(press(house, 3, 20, peer=ELSEWHERE), press(house, 4, 21, note=Note.ONE_CLICK))
    house.close()
    return str(tmp_path / "mailwake.toml")


def run(config: str, *words: str) -> Result:
    return CliRunner().invoke(build(("unsubscribes", "keys")), ["unsubscribes", *words, "--config", config])


def listed(config: str, *words: str) -> list[dict[str, Any]]:
    done = run(config, "list", "--json", *words)
    assert done.exit_code == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_is_held_is_listed_oldest_first(config: str) -> None:
    held = listed(config, "--held")
    assert [each["address"] for each in held] == [f"{name}@company.example" for name in ("ada", "ben", "cem")]
    assert {each["state"] for each in held} == {"held"}
    assert len({each["incident"] for each in held}) == 1
    assert held[0]["incident"] not in [each["id"] for each in held], "one can be named without the others"
    assert (held[0]["at"], held[0]["held_until"]) == ("2026-11-02T10:00:10Z", "2026-11-02T10:15:10Z")
    assert held[0]["acts"][0]["by"] == "mailwake"


def test_all_presses_are_listed_newest_first_and_one_clicks_are_not(config: str) -> None:
    assert [each["address"].partition("@")[0] for each in listed(config)] == ["dia", "cem", "ben", "ada"]
    assert len(listed(config, "--limit", "1")) == 1


def test_the_list_for_people_says_the_same(config: str) -> None:
    lines = run(config, "list", "--held").stdout.splitlines()
    assert len(lines) == 3
    for word in ("held", "ada@company.example", "incident ", "decided 2026-11-02 10:15:10", "a burst from a network"):
        assert word in lines[0]


def test_an_incident_is_restored_as_a_whole(config: str) -> None:
    incident = str(listed(config, "--held")[0]["incident"])
    done = run(config, "restore", incident, "--why", "their gateway", "--by", "Ada", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"restored": 3})
    assert run(config, "list", "--held").stdout == "nothing is held\n"
    act = listed(config)[-1]["acts"][-1]
    assert (act["act"], act["by"], act["why"]) == ("restored", "Ada", "their gateway")
    assert run(config, "restore", incident, "--why", "again").stdout == "0 restored\n"


def test_what_is_held_is_applied_at_once(config: str) -> None:
    ids = [str(each["id"]) for each in listed(config, "--held")[:2]]
    assert run(config, "apply", *ids, "--why", "they asked by phone").stdout == "2 applied\n"
    assert [each["state"] for each in listed(config)][::-1] == ["applied", "applied", "held", "applied"]


def test_a_one_click_cannot_be_taken_back(config: str) -> None:
    from mailwake.settings import load
    from mailwake.store.state import open_state

    state = open_state(load(config).data_folder / "state.sqlite")
    (one_click,) = state.latest_unsubscribes(Note.ONE_CLICK, limit=9)
    state.close()
    assert isinstance(run(config, "restore", str(one_click.id), "--why", "x").exception, BadInput)


@pytest.mark.parametrize("act", ["restore", "apply"])
def test_an_act_needs_a_reason_and_an_id_that_exists(config: str, act: str) -> None:
    assert run(config, act, "5").exit_code == 2
    for words in (("5", "--why", "x"), (str(listed(config)[0]["id"]), "--why", " ")):
        assert isinstance(run(config, act, *words).exception, BadInput)
