"""`mailwake consent`: lists in and out, what one recipient said, the chain, profiles and texts."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.cli.privacy.keeping import open_keeper
from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.inert.entries import Axes
from mailwake.inert.reader import InertSet
from mailwake.settings import load
from mailwake.store.state import open_state
from mailwake.store.withdrawals import open_withdrawals

ANN = "ann@example.com"
LIST = "email,state,at,proof\nann@example.com,granted,2026-05-01,form 1\nnobody,granted,,\nben@example.com,no,,\n"


@pytest.fixture
def config(tmp_path: Path, as_it_was: None) -> str:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=False)
    path = tmp_path / "mailwake.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[tracking]", '[tracking]\nprofile = "FR"', 1))
    return str(path)


def run(config: str, *words: str) -> Result:
    return CliRunner().invoke(build(("consent", "keys")), ["consent", *words, "--config", config])


def test_a_list_comes_in_and_what_does_not_count_is_named(config: str, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(LIST, encoding="utf-8")
    dry = run(config, "import", str(tmp_path / "old.csv"), "--dry-run", "--json")
    assert json.loads(dry.stdout.splitlines()[-1]) == {"new": 2, "known": 0, "lost": 1, "dry_run": True}
    assert run(config, "export").stdout.count("\n") == 1
    done = run(config, "import", str(tmp_path / "old.csv"))
    assert "2 new; 0 known already, 1 do not count" in done.output
    assert "old.csv:3: does not count: 'nobody' is no address" in done.output
    assert run(config, "export").stdout.count("\n") == 3


def test_a_recipient_is_shown_with_what_holds_and_why(config: str, tmp_path: Path) -> None:
    run(config, "set", ANN, "granted", "--proof", "form 1")
    run(config, "set", ANN, "withdrawn", "--axis", "clicks", "--by", "Eve", "--proof", "ticket 7")
    shown = run(config, "show", ANN).stdout
    assert "opens    granted" in shown
    assert "watched: individual, decided by recipient:granted" in shown
    assert "watched: off, decided by recipient:withdrawn" in shown
    assert "not legal advice" in shown
    assert "may be asked again from" in shown
    answer = json.loads(run(config, "show", ANN, "--json").stdout)
    assert answer["contactPixelTrackingConsent"] is True
    assert [(line["axis"], line["state"], line["method"], line["actor"]) for line in answer["ledger"]][-1] == (
        "clicks", "withdrawn", "support", "Eve",
    )  # fmt: skip


def silent(folder: Path, address: str) -> bool:
    """Whether an edge, which asks the set and no store, would record nothing of somebody's clicks."""
    with closing(open_state(folder / "mailwake-data" / "state.sqlite")) as state:
        (handle,) = state.handles([address], now=Micros(0)).values()
    edge = InertSet(folder / "mailwake-data" / "inert.bin")
    assert not edge.closed
    return edge.holds(handle, datetime.now(UTC).date(), Axes.CLICKS)


def test_a_withdrawal_reaches_edges_while_no_pipeline_runs(config: str, tmp_path: Path) -> None:
    run(config, "set", ANN, "granted", "--proof", "form 1")
    assert not silent(tmp_path, ANN)
    run(config, "set", ANN, "withdrawn", "--proof", "ticket 7")
    assert silent(tmp_path, ANN)
    (tmp_path / "old.csv").write_text("email,state\nben@example.com,no\n", encoding="utf-8")
    run(config, "import", str(tmp_path / "old.csv"))
    assert silent(tmp_path, "ben@example.com")


def test_while_a_pipeline_keeps_the_set_nobody_else_writes_it(config: str, tmp_path: Path) -> None:
    settings = load(config)
    run(config, "set", ANN, "granted", "--proof", "form 1")
    with closing(open_withdrawals(settings.data_folder / "state.sqlite")) as withdrawals:
        keeper = open_keeper(settings, withdrawals)
        before = (settings.data_folder / "inert.bin").stat().st_mtime_ns
        run(config, "set", ANN, "withdrawn", "--proof", "ticket 7")
        assert (settings.data_folder / "inert.bin").stat().st_mtime_ns == before
        keeper.begin()
        keeper.look(must=True)
    assert silent(tmp_path, ANN)


def test_a_proof_is_a_page_by_itself(config: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("Pouvons-nous mesurer <vos> ouvertures ?", encoding="utf-8")
    run(config, "texts", "--add", str(tmp_path / "text.txt"), "--locale", "fr")
    run(config, "set", ANN, "granted", "--text", "1")
    assert run(config, "show", ANN, "--html", str(tmp_path / "proof.html")).exit_code == 0
    page = (tmp_path / "proof.html").read_text(encoding="utf-8")
    assert "Pouvons-nous mesurer &lt;vos&gt; ouvertures ?" in page
    assert "<script" not in page
    proof = json.loads(run(config, "show", ANN, "--proof").stdout)
    assert proof["texts"][0]["text"].startswith("Pouvons-nous")
    assert proof["head"] in run(config, "verify").stdout


def test_a_changed_line_is_named_and_the_command_fails(config: str, tmp_path: Path) -> None:
    run(config, "set", ANN, "granted")
    assert run(config, "verify").exit_code == 0
    connection = sqlite3.connect(tmp_path / "mailwake-data" / "state.sqlite")
    connection.execute("update consent_ledger set proof = 'other' where id = 1")
    connection.commit()
    connection.close()
    done = run(config, "verify")
    assert (done.exit_code, "line 1: changed" in done.stdout) == (1, True)
    assert json.loads(run(config, "verify", "--json").stdout)["breaks"][0]["number"] == 1


def test_profiles_are_told_with_sources_and_without_certainty() -> None:
    runner = CliRunner()
    done = runner.invoke(build(("consent", "keys")), ["consent", "profiles", "FR"])
    assert "CNIL, deliberation 2026-042" in done.stdout
    assert "as we read it on 2026-11-23; not legal advice" in done.stdout
    lines = runner.invoke(build(("consent", "keys")), ["consent", "profiles", "--json"]).stdout.splitlines()
    assert json.loads(lines[0])["name"] == "FR"


def test_a_text_needs_its_language_and_is_kept_once(config: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("May we?", encoding="utf-8")
    words = ("texts", "--add", str(tmp_path / "text.txt"))
    assert isinstance(run(config, *words).exception, BadInput)
    for _ in range(2):
        run(config, *words, "--locale", "en")
    assert len(run(config, "texts").stdout.splitlines()) == 1
