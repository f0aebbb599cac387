"""`mailwake compare` says what the API says, in a terminal and as CSV."""

import csv
import io
from pathlib import Path

import pytest
from tests.comparing.test_compare import send
from tests.insight import seeding

from mailwake.cli import compare
from mailwake.cli.init import make
from mailwake.errors import BadInput, Misconfigured


@pytest.fixture
def config(tmp_path: Path) -> str:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    send(stores, "First", {"a.example": (200, 20)})
    send(stores, "Second", {"a.example": (200, 80)}, machines=30)
    seeding.close(stores)
    return str(tmp_path / "mailwake.toml")


def test_a_terminal_shows_differences_in_words_and_their_causes(
    config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    compare.command(["First", "Second"], config=config, at="1h")
    said = capsys.readouterr().out
    assert "higher" in said
    assert "the same recipients at the same hours did more or less" in said


def test_a_spreadsheet_gets_a_row_per_figure(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    compare.command(["First", "Second"], config=config, as_csv=True)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    (opened,) = (row for row in rows if row["campaign"] == "Second" and row["metric"] == "opened")
    assert (float(opened["rate"]), opened["standing"]) == (0.4, "higher")


def test_bad_input_says_what_to_write(config: str) -> None:
    with pytest.raises(Misconfigured, match="write one such as 90m, 2h or 3d"):
        compare.command(["First", "Second"], config=config, at="soon")
    with pytest.raises(BadInput, match="the nearest is 'First'"):
        compare.command(["Firsst", "Second"], config=config)
    with pytest.raises(Misconfigured, match="choose one of them"):
        compare.command(["First", "Second"], config=config, as_json=True, as_csv=True)
