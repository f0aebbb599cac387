"""`mailwake privacy`: the switch of the installation, and what doctor says of the set."""

import json
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.silence import write_set
from typer.testing import CliRunner

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.cli.privacy.checking import check_withdrawals
from mailwake.cli.privacy.keeping import open_keeper, put_first_set
from mailwake.eventlog.sqlite import append_now
from mailwake.events import Handle, Micros
from mailwake.inert.entries import EVER, NOTHING, SILENT, Before
from mailwake.inert.keeper import read_file
from mailwake.inert.reader import InertSet, Standing
from mailwake.settings import Settings, load
from mailwake.store.state import open_state
from mailwake.store.withdrawals import open_withdrawals

NOW = Micros(time.time_ns() // 1_000)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=True)
    monkeypatch.chdir(tmp_path)
    return load(tmp_path / "mailwake.toml")


def mailwake(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(build(("privacy",)), ["privacy", *words])
    assert done.exit_code == code, done.output
    return done.output


def everybody(settings: Settings) -> Before:
    """What the keeper makes of the switch."""
    with closing(open_withdrawals(settings.data_folder / "state.sqlite")) as store:
        open_keeper(settings, store).begin()
    found = read_file(settings.data_folder / "inert.bin")
    assert found is not None
    return found.head.everybody


def test_stopping_is_for_everybody_until_it_is_taken_up_again(settings: Settings) -> None:
    assert everybody(settings) == NOTHING
    mailwake("stop-recording", "--why", "we were asked to")
    assert everybody(settings) == SILENT
    mailwake("resume", "--clicks", "--why", "clicks are fine")
    assert everybody(settings) == Before(EVER, 0)
    mailwake("resume", "--opens", "--new-mail", "--why", "all is fine")
    assert 0 < everybody(settings).opens < EVER


def test_the_switch_reaches_edges_while_no_pipeline_runs(settings: Settings) -> None:
    mailwake("stop-recording", "--why", "we were asked to")
    found = read_file(settings.data_folder / "inert.bin")
    assert found is not None
    assert found.head.everybody == SILENT


def test_it_is_told_who_did_it_and_why(settings: Settings) -> None:
    assert mailwake("recording").count("recorded, as far as modes and consent allow") == 2
    mailwake("stop-recording", "--opens", "--why", "we were asked to")
    told = json.loads(mailwake("recording", "--json"))
    assert (told["opens"]["is_stopped"], told["opens"]["why"], told["clicks"]) == (True, "we were asked to", None)
    assert "we were asked to" in mailwake("recording")


def test_without_a_reason_nothing_is_done(settings: Settings) -> None:
    mailwake("stop-recording", code=2)
    assert everybody(settings) == NOTHING


def test_a_new_installation_has_a_set_before_anything_listens(settings: Settings) -> None:
    assert InertSet(settings.data_folder / "inert.bin").standing is Standing.FRESH


def test_a_set_of_an_older_version_is_replaced_before_anything_listens(settings: Settings) -> None:
    """Until the log has been read again nobody claims that the new one is complete."""
    append_now(settings.data_folder / "log", "edge-0", [b"x"], clock=lambda: NOW)
    path = settings.data_folder / "inert.bin"
    path.write_bytes((7).to_bytes(8, "little"))
    state = open_state(settings.data_folder / "state.sqlite")
    state.set_consent(Handle(7), axis="both", state="withdrawn", at=NOW, source="edge")
    state.close()
    put_first_set(settings)
    found = read_file(path)
    assert found is not None
    assert (found.entries.get(7), found.head.as_of) == (SILENT, 0)
    assert InertSet(path).standing is Standing.STALE


def test_doctor_says_whether_withdrawals_reach_the_edge(settings: Settings) -> None:
    path = settings.data_folder / "inert.bin"
    assert check_withdrawals(settings).state == "ok"
    write_set(path, 5, age_seconds=20 * 60)
    assert (check_withdrawals(settings).state, "stale" in check_withdrawals(settings).line) == ("problem", True)
    write_set(path, 5)
    for lag, state in ((0.9, "ok"), (6.0, "problem")):
        report = {"written_at": NOW, "inert_lag": {"count": 1, "p99": lag}}
        (settings.data_folder / "edge-0.json").write_text(json.dumps(report), encoding="utf-8")
        assert check_withdrawals(settings).state == state
    path.unlink()
    (settings.data_folder / "log").mkdir(exist_ok=True)
    assert check_withdrawals(settings).state == "problem"


def test_the_record_of_processing_is_printed_for_people_and_for_programs(settings: Settings) -> None:
    text = mailwake("record")
    assert text.startswith(f"# Record of processing: mail of {settings.brand.name}\n")
    told = json.loads(mailwake("record", "--json"))
    assert [f"## {each['title']}" in text for each in told["activities"]] == [True] * len(told["activities"])
