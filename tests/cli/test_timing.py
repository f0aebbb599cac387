"""`mailwake timing`: the week of the page in a terminal and in a spreadsheet."""

import csv
import io
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.cli import timing as asked
from mailwake.cli.init import make
from mailwake.comparing.timing import timing, to_json
from mailwake.errors import Misconfigured
from mailwake.insight.report import NoSuchCampaign, find


@pytest.fixture
def config(tmp_path: Path) -> str:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    seeding.crowd(stores, "Crowd", people=130)
    seeding.close(stores)
    return str(tmp_path / "mailwake.toml")


def test_a_week_in_three_ways(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    told = timing(stores, now=seeding.micros(0), campaign=find(stores, "Crowd"))
    seeding.close(stores)
    asked.command("Crowd", config=config, as_json=True)
    assert capsys.readouterr().out.encode() == to_json(told)
    asked.command("Crowd", config=config, as_csv=True)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 7 * 24
    assert sum(int(row["clicked_human"]) for row in rows) == told.clicked.total
    asked.command("Crowd", config=config)
    printed = capsys.readouterr().out
    assert "Opened by people" in printed
    assert "Wednesday" in printed
    asked.command(config=config)
    assert "All campaigns of the last 90 days" in capsys.readouterr().out


def test_what_cannot_be_is_refused(config: str) -> None:
    with pytest.raises(NoSuchCampaign):
        asked.command("Nobody", config=config)
    with pytest.raises(Misconfigured, match="choose one"):
        asked.command("Crowd", config=config, as_json=True, as_csv=True)
