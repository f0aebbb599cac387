"""`mailwake judge fit`: from stored history to a ruleset to replay; and `mailwake judge` goes on as it was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.history.past import lived, rows, rules

from mailwake.cli.init import make
from mailwake.events import (
    SECOND,
    AgentKind,
    DeliveryId,
    EventType,
    Evidence,
    Handle,
    Micros,
    NetworkKind,
    Note,
    event_id,
)
from mailwake.judge.rules import CURRENT, load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.settings import load
from mailwake.store.events import open_events

START = 1_790_000_000


def copy(number: int, *, person: bool) -> list[Evidence]:
    """A sweep with a decoy, or a click that ends in an answer; both from the same kind of network."""
    delivery, sent_at = DeliveryId(event_id("d", number)), (START + number * 30) * SECOND

    def one(  # noqa: PLR0917
        name: str, kind: EventType, seconds: float, link: int | None = None, note: Note = Note.NONE
    ) -> Evidence:
        agent = 10 + number % 7 + 100 * person
        return Evidence(
            id=event_id(name, number), type=kind, at=Micros(int(sent_at + seconds * SECOND)), delivery=delivery,
            recipient=Handle(number + 1), links=4, link=link, note=note, network=event_id("n", number % 40, person),
            network_kind=NetworkKind.RESIDENTIAL, agent=agent, agent_kind=AgentKind.BROWSER, client="Chrome",
        )  # fmt: skip

    sent = Evidence(id=event_id("s", number), type=EventType.SENT, at=Micros(sent_at), delivery=delivery)
    if person:
        return [sent, one("c", EventType.CLICKED, 2_000 + number, 1), one("r", EventType.REPLIED, 4_000 + number)]
    sweep = [one(f"c{link}", EventType.CLICKED, 300 + link / 5, link) for link in (1, 2, 3)]
    return [sent, *sweep, one("x", EventType.UNKNOWN, 300.5, 5, Note.DECOY)]


def install(folder: Path, copies: int) -> Path:
    make(folder, base_url="http://localhost:8025", brand="Example", individual=True)
    found = [each for number in range(copies) for each in copy(number, person=number % 2 == 0)]
    history = sorted(found, key=lambda each: (each.at, each.id))
    judge = StreamJudge(rules())
    told = lived(judge, history) | {each.id: each.verdict for each in judge.settle_all()}
    events = open_events(load(folder / "mailwake.toml").data_folder / "events.duckdb")
    events.write(rows=rows(history, told))
    events.close()
    return folder / "mailwake.toml"


def run(*words: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailwake", *words], input=lines, capture_output=True, text=True, check=False
    )


@pytest.mark.long
def test_a_history_with_labels_becomes_a_ruleset_that_can_be_replayed(tmp_path: Path) -> None:
    config, out = install(tmp_path, 240), tmp_path / "ours.toml"
    words = ("--config", str(config), "--since", "2026-01-01")
    done = run("judge", "fit", *words, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (clicks,) = told["fitted"]
    assert (clicks["scope"], clicks["people"], clicks["machines"]) == ("click", 120, 360)
    assert clicks["calibration_error_after"] <= clicks["calibration_error_before"]
    by_delay = {each["of"]: each for each in told["labels"] if each["of"].startswith("delay")}
    assert by_delay["delay 5-60 min"]["machines"] > 0
    assert load_rules(out).id != load_rules(CURRENT).id
    again = run("judge", "fit", *words, "--out", str(out))
    assert again.returncode == 1
    assert "never edited" in again.stderr
    compared = run("replay", "--config", str(config), "--ruleset", str(out), "--json")
    assert json.loads(compared.stdout)["ruleset"] == load_rules(out).id
    plain = run("judge", "fit", *words, "--out", str(tmp_path / "second.toml"))
    assert "held-out calibration error" in plain.stdout
    assert "not in force" in plain.stdout


def test_too_few_labels_write_nothing(tmp_path: Path) -> None:
    config, out = install(tmp_path, 20), tmp_path / "ours.toml"
    done = run("judge", "fit", "--config", str(config), "--since", "2026-01-01", "--out", str(out))
    assert done.returncode == 1
    assert "fewer than 50 labels" in done.stderr
    assert not out.exists()


def test_hits_are_still_judged_from_standard_input(tmp_path: Path) -> None:
    done = run("judge", lines='{"id": "a", "type": "clicked", "at": 1790000000, "delivery": "d"}\n')
    assert done.returncode == 0
    assert json.loads(done.stdout)["id"] == "a"
    wrong = run("judge", "--ruleset", str(tmp_path / "none.toml"))
    assert wrong.returncode == 1
