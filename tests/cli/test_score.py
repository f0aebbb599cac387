"""`mailwake score`: one person, the head of the list, another model; on files, and through a dashboard that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from tests.insight import seeding
from tests.web.conftest import Asking
from typer.testing import CliRunner

from mailwake.cli import build
from mailwake.cli.acting import moment
from mailwake.cli.init import make
from mailwake.cli.report import asking
from mailwake.errors import BadInput
from mailwake.events import SECOND, EventType
from mailwake.people.person import NoSuchPerson
from mailwake.scoring.desk import desk_of
from mailwake.scoring.force import keep
from mailwake.scoring.learning import NAMES, Coefficient, Learned
from mailwake.serving import address
from mailwake.settings import load
from mailwake.store.state import LinkRow
from mailwake.web.app import create_app

Run = Callable[..., str]
HOSTILE = "Pricing \x1b[31m<b>"
LINKS = (LinkRow(number=1, href="https://x.example/", label=HOSTILE, role="cta", tracked=True),)
TEXT = files("mailwake.scoring").joinpath("models/points-1.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation where Ann clicked on a hostile link an hour ago."""
    tmp_path = tmp_path_factory.mktemp("installation")
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    mail = seeding.sending(stores, "Spring", links=LINKS)
    mail.people(["ann@example.com", "ben@example.com"])
    after = moment() / SECOND - seeding.START.timestamp() - seeding.HOUR
    for number in range(2):
        mail.add(EventType.SENT, number, after - 60)
    mail.add(EventType.CLICKED, 0, after, link=1, role="cta", p_human=1.0)
    mail.write()
    seeding.close(stores)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs `mailwake score …` on the installation; gives what it printed."""

    def run(*words: str) -> str:
        done = CliRunner().invoke(build(("score",)), ["score", "--config", str(folder / "mailwake.toml"), *words])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return run


def test_one_person_is_told_with_every_line(run: Run) -> None:
    told = run("ann@example.com")
    assert told.splitlines()[0] == "ann@example.com: 40 of 100 · Warm · momentum ▲\N{NO-BREAK SPACE}+15"
    assert "click on Pricing [31m<b> (1 h ago)" in told
    assert "15.000 when fresh" in told
    assert "\x1b" not in told
    found = json.loads(run("ann@example.com", "--json"))
    assert sum(entry["millipoints"] for entry in found["ledger"]) == found["millipoints"] == 14_979
    assert "nothing of their own yet" in run("ben@example.com")
    with pytest.raises(NoSuchPerson, match="nobody was ever mailed"):
        run("eve@example.com")


def test_the_head_of_the_list_and_a_band_of_it(run: Run) -> None:
    told = run("--top", "5")
    assert "1 people with a score · Hot 0 · Warm 1" in told
    assert "   1.  40 Warm  ann@example.com · click on Pricing" in told
    assert "nobody to call yet" in run("--top", "5", "--band", "Cold")
    assert json.loads(run("--top", "5", "--json"))["calls"][0]["address"] == "ann@example.com"


def test_another_model_tells_who_would_move_and_changes_nothing(run: Run, folder: Path) -> None:
    own = folder / "own.toml"
    own.write_text(TEXT.replace("points = 15", "points = 45"), encoding="utf-8")
    before = run("--top", "5")
    told = run("--movers", str(own))
    assert "1 would move, 1 would change band" in told
    assert "  Warm → Hot: 1" in told
    assert "Changing a model never sets anything off" in told
    assert run("--top", "5") == before
    settings = folder / "mailwake.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(f'{before}\n[scoring]\nmodel = "own.toml"\n', encoding="utf-8")
    assert "· Hot" in run("ann@example.com")
    settings.write_text(before, encoding="utf-8")
    own.write_text("nonsense = 1", encoding="utf-8")
    with pytest.raises(BadInput, match=r"own\.toml"):
        run("--movers", str(own))
    with pytest.raises(BadInput, match="cannot read"):
        run("--movers", str(folder / "none.toml"))


def test_one_thing_is_asked_at_a_time(run: Run) -> None:
    for words in ((), ("ann@example.com", "--top", "3"), ("--top", "3", "--movers", "x.toml"), ("a@b", "--use", "x")):
        with pytest.raises(BadInput, match="say one of"):
            run(*words)


@pytest.mark.long
def test_a_dashboard_that_runs_answers_the_same(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = folder / "own.toml"
    own.write_text(TEXT.replace("points = 15", "points = 45"), encoding="utf-8")
    table = folder / "leads.csv"
    table.write_text("email,created_at,converted_at\nann@example.com,2026-01-01,\nx@example.com,2026-01-01,\n")
    asked = (
        ("ann@example.com",),
        ("--top", "5"),
        ("--movers", str(own)),
        ("--use", "points-1"),
        ("--learn", str(table)),
    )
    alone = [run(*words) for words in asked]
    assert "refused: 0 leads and 0 conversions" in alone[-1]
    assert "1 lines name somebody" in alone[-1]
    stores = seeding.open_stores(folder / "mailwake-data")
    app = Asking(create_app(stores, wall=moment, desk=desk_of(load(folder / "mailwake.toml"))))

    def ask(url: str, path: str, body: bytes | None = None, **_: str) -> bytes:
        method = "GET" if body is None else "POST"
        response = app.get(path, headers={"Origin": url}, method=method, body=body or b"")
        assert response.status_code == 200, response.text
        return response.content

    monkeypatch.setattr(asking, "ask", ask)
    monkeypatch.setattr(address, "read", lambda _: address.Address(url="http://127.0.0.1:8026", pid=1))
    try:
        assert [run(*words).split("together")[0] for words in asked] == [told.split("together")[0] for told in alone]
    finally:
        seeding.close(stores)


def test_a_learned_model_is_put_in_force_by_its_name_and_taken_back(run: Run, folder: Path) -> None:
    stores = seeding.open_stores(folder / "mailwake-data")
    points = desk_of(load(folder / "mailwake.toml")).model
    coefficients = tuple(Coefficient(name=name, slope=0.5, mean=0.0) for name in NAMES)
    found = Learned(is_better=True, why="better", created=1, converted=1, coefficients=coefficients)
    kept = keep(stores.state, points, found, now=moment()).model
    seeding.close(stores)
    assert "would move" in run("--movers", kept)
    before = run("ann@example.com")
    assert run("--use", kept).startswith(f"scores are made by {kept} from now on; until now by {points.id}")
    assert f"by {kept}" in run("ann@example.com")
    assert "there are" in run("--use", kept)
    run("--use", "points-1")
    assert run("ann@example.com").split("together")[0] == before.split("together")[0]
    with pytest.raises(BadInput, match="there is no model 'learned-2'"):
        run("--use", "learned-2")
    with pytest.raises(BadInput, match="there is no model 'learned-2'"):
        run("--movers", "learned-2")
