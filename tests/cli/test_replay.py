"""`mailwake replay`: shown first, applied whole or not at all, and undone to the bit."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.history.past import evidence, lived, rows, rules

from mailwake.cli import replay
from mailwake.cli.init import make
from mailwake.cli.report.reports import read
from mailwake.cli.work import open_worker
from mailwake.errors import BadInput, Misconfigured
from mailwake.events import Micros
from mailwake.history.rulesets import in_force
from mailwake.judge.delivery import sort_of
from mailwake.judge.rules import CURRENT, load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.settings import Settings, load
from mailwake.store.events import EventRow, open_events
from mailwake.store.state import open_state

Run = Callable[..., dict[str, Any]]


@cache
def half_settled() -> list[EventRow]:
    """Up to a hit, which therefore cannot have settled."""
    told = evidence(copies=100)
    last = next(n for n, each in enumerate(told) if n >= len(told) * 5 // 6 and sort_of(each) is not None)
    until = told[: last + 1]
    return rows(until, lived(StreamJudge(rules()), until))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in the middle of its life: most deliveries have settled, the last have not."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    found = load(tmp_path / "mailwake.toml")
    events = open_events(found.data_folder / "events.duckdb")
    events.write(rows=half_settled())
    events.close()
    state = open_state(found.data_folder / "state.sqlite")
    for name in ("Spring", "Summer"):
        state.campaign(name, stream="marketing", now=Micros(0))
    state.close()
    return found


@pytest.fixture
def milder(tmp_path: Path) -> Path:
    path = tmp_path / "milder.toml"
    raised = re.sub(r"(?m)^start = (\S+)", lambda found: f"start = {float(found[1]) + 4:.3f}", CURRENT.read_text())
    path.write_text(raised.replace('name = "', 'name = "milder-', 1))
    return path


@pytest.fixture
def run(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(ruleset: Path | None = None, **options: Any) -> dict[str, Any]:
        replay.command(ruleset, None, str(tmp_path / "mailwake.toml"), as_json=True, **options)
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def reports(settings: Settings) -> list[bytes]:
    return [read(settings, campaign) for campaign in ("", "Spring", "Summer")]


def everything(settings: Settings) -> list[dict[str, Any]]:
    events = open_events(settings.data_folder / "events.duckdb")
    found = events.ask("history", since=0, after=-1, until=2**60, limit=10**6)
    deliveries = {row["delivery"]: row["campaign"] for row in found}
    found += [row for d, c in list(deliveries.items())[::5] for row in events.ask("timeline", campaign=c, delivery=d)]
    events.close()
    return found


@pytest.mark.long
def test_applied_and_rolled_back_numbers_are_the_same_to_the_bit(settings: Settings, milder: Path, run: Run) -> None:
    before, facts = reports(settings), everything(settings)
    shown = run(milder)
    assert reports(settings) == before, "showing changes nothing"
    applied = run(milder, apply=True)
    assert applied["campaigns"] == shown["campaigns"]
    assert [each["name"] for each in shown["campaigns"]] == ["Spring", "Summer"]
    after = reports(settings)
    assert after != before
    assert {row["ruleset"] for row in everything(settings) if row.get("klass")} == {load_rules(milder).id}
    back = run(rollback=True)
    assert back["events"] == applied["events"]
    assert reports(settings) == before
    assert everything(settings) == facts
    assert run(milder)["campaigns"] == shown["campaigns"]


@pytest.mark.long
def test_every_change_is_noted_both_ways(settings: Settings, milder: Path, run: Run) -> None:
    def changes() -> list[dict[str, Any]]:
        events = open_events(settings.data_folder / "events.duckdb")
        found = [row for d in deliveries for row in events.ask("verdict_changes", delivery=d)]
        events.close()
        return found

    deliveries = sorted({row["delivery"] for row in everything(settings) if "delivery" in row})
    known = changes()
    applied = run(milder, apply=True)
    there = [row for row in changes() if row not in known]
    assert len(there) == applied["changed"] > 0
    run(rollback=True)
    back = [row for row in changes() if row not in known and row not in there]

    def ways(found: list[dict[str, Any]], one: str, other: str) -> list[tuple[Any, ...]]:
        return sorted(
            (row["event"], str(row[f"{one}_p"]), row[f"{one}_klass"], str(row[f"{other}_p"])) for row in found
        )

    assert ways(back, "old", "new") == ways(there, "new", "old")
    assert all(row["cause"] is None for row in there + back)


@pytest.mark.long
def test_new_events_are_judged_by_what_is_in_force(settings: Settings, milder: Path, run: Run) -> None:
    def at_work() -> str:
        events = open_events(settings.data_folder / "events.duckdb")
        worker = open_worker(settings, events)
        worker.drain()
        found = {row.ruleset for row in events.provisional() if row.klass}
        worker.close()
        events.close()
        (name,) = found
        return name

    run(milder, apply=True)
    milder.unlink()
    assert at_work() == load_rules(settings.data_folder / "rulesets" / f"{at_work()}.toml").id
    assert at_work().startswith("milder-")
    run(rollback=True)
    assert at_work() == load_rules(None).id


@pytest.mark.long
def test_only_what_happened_since_a_day_is_swapped(settings: Settings, milder: Path, tmp_path: Path) -> None:
    facts = [row for row in everything(settings) if "reaction" in row]
    day = facts[len(facts) // 2]["happened_at"] // 86_400_000_000
    iso = date.fromordinal(719_163 + day).isoformat()
    words = ["replay", "--config", str(tmp_path / "mailwake.toml"), "--ruleset", str(milder), "--since", iso, "--apply"]
    done = subprocess.run([sys.executable, "-m", "mailwake", *words], capture_output=True, text=True, check=True)
    assert "is in force instead of" in done.stdout
    now = {row["id"]: row for row in everything(settings) if "reaction" in row}
    for row in facts:
        same = row["happened_at"] < day * 86_400_000_000
        assert (now[row["id"]] == row) is same


@pytest.mark.long
def test_while_another_process_owns_the_store_it_says_what_to_do(
    settings: Settings, milder: Path, tmp_path: Path
) -> None:
    events = open_events(settings.data_folder / "events.duckdb")
    words = [sys.executable, "-m", "mailwake", "replay", "--config", str(tmp_path / "mailwake.toml")]
    for more in (["--ruleset", str(milder)], ["--ruleset", str(milder), "--apply"], ["--rollback"]):
        done = subprocess.run([*words, *more], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "stop `mailwake serve`" in done.stderr
        assert done.stderr.count("\n") == 1
    events.close()


@pytest.mark.long
def test_there_is_nothing_to_roll_back_twice(milder: Path, run: Run) -> None:
    with pytest.raises(BadInput, match="no replay is applied"):
        run(rollback=True)
    run(milder, apply=True)
    run(rollback=True)
    with pytest.raises(BadInput, match="no replay is applied"):
        run(rollback=True)


@pytest.mark.long
def test_a_ruleset_in_force_that_was_edited_or_lost_stops_the_work(settings: Settings, milder: Path, run: Run) -> None:
    run(milder, apply=True)
    (path,) = (settings.data_folder / "rulesets").iterdir()
    events = open_events(settings.data_folder / "events.duckdb")
    path.write_text(path.read_text().replace("start = ", "start = 1", 1))
    with pytest.raises(Misconfigured, match="never edited"):
        in_force(events, settings.data_folder)
    path.unlink()
    with pytest.raises(Misconfigured, match="--rollback"):
        in_force(events, settings.data_folder)
    events.close()
    assert run(rollback=True)["ruleset"] == load_rules(None).id


@pytest.mark.parametrize(
    "name", ["../../etc/x", *(pytest.param(each, marks=pytest.mark.long) for each in ("a/b", ".hidden"))]
)
@pytest.mark.long
def test_a_name_that_is_no_file_name_is_refused(settings: Settings, milder: Path, run: Run, name: str) -> None:
    text = milder.read_text()
    milder.write_text(f'name = "{name}"\n' + text[text.index("\n") :])
    with pytest.raises(BadInput, match="no file name"):
        run(milder, apply=True)
    assert not (settings.data_folder / "rulesets").exists()


def test_a_ruleset_or_a_rollback_but_not_both(run: Run, milder: Path) -> None:
    for given in ({}, {"ruleset": milder, "rollback": True}, {"rollback": True, "apply": True}):
        with pytest.raises(Misconfigured, match="--ruleset"):
            run(**given)
