"""`mailwake heatmap`: the numbers of the page as a table and for programs, and the mail with its marks as a picture."""

import csv
import io
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.insight import seeding
from tests.web.mails import mail

from mailwake.cli import heatmap
from mailwake.cli.init import make
from mailwake.clickmap import camera
from mailwake.errors import BadInput, Misconfigured
from mailwake.events import TemplateId
from mailwake.insight.click_map import Asked, click_map, to_json
from mailwake.insight.report import find
from mailwake.store.state import LinkRow

Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    seeding.by_hand(stores)
    links = (LinkRow(number=1, href="@evil", label="=1+1", role="text", tracked=True),)
    seeding.sending(stores, "Formulas", links=links)
    mail(stores, "Drawn")
    seeding.close(stores)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "200")

    def run(campaign: str, **options: object) -> str:
        heatmap.command(campaign, config=str(folder / "mailwake.toml"), **options)  # type: ignore[arg-type]
        return capsys.readouterr().out

    return run


def test_a_table_for_people_for_spreadsheets_and_for_programs(run: Run, folder: Path) -> None:
    stores = seeding.open_stores(folder / "mailwake-data")
    expected = to_json(click_map(stores, find(stores, "By hand"), Asked()))
    seeding.close(stores)
    assert run("By hand", as_json=True).encode() == expected
    rows = list(csv.DictReader(io.StringIO(run("By hand", as_csv=True))))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4", "5", "6", "7"]
    assert [(row["human"], row["machine"]) for row in rows[:2]] == [("0", "1"), ("1", "1")]
    printed = run("By hand")
    assert "2. See the autumn range (cta)" in printed
    assert "Rates are of 7 delivered copies" in printed
    (row,) = csv.DictReader(io.StringIO(run("Formulas", as_csv=True)))
    assert (row["label"], row["href"]) == ("'=1+1", "'@evil"), "no formula"


def test_what_cannot_be_is_refused_with_what_to_do(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misconfigured, match="human, machine, raw"):
        run("By hand", layer="robots")
    with pytest.raises(Misconfigured, match="choose one"):
        run("By hand", as_json=True, png=tmp_path / "x.png")
    monkeypatch.setattr(camera, "BROWSERS", ("no-such-browser",))
    with pytest.raises(Misconfigured, match="install it"):
        run("By hand", png=tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


@pytest.mark.long
def test_mails_of_a_campaign_are_told_apart_and_compared(run: Run, folder: Path) -> None:
    stores = seeding.open_stores(folder / "mailwake-data")
    drawn = find(stores, "Drawn")
    stores.state.put_template(
        drawn.id, TemplateId(2001), subject="Two scarves", html=b"", links=(), now=seeding.micros()
    )
    mail(stores, "Quarter", times=0.25)
    seeding.close(stores)
    one, other = (json.loads(run("Drawn", as_json=True, variant=each))["mail"] for each in ("1", "two scarves"))
    assert one["template"] != other["template"] == "2001"
    with pytest.raises(BadInput, match="2 “Two scarves”"):
        run("Drawn", variant="3")
    with pytest.raises(BadInput):
        run("Drawn", versus="Nothing of the kind")
    compared = list(csv.DictReader(io.StringIO(run("Drawn", as_csv=True, variant="1", versus="Quarter"))))
    assert float(compared[1]["change"]) > 0, "a quarter of the clicks there"
    assert {row["change"] for row in csv.DictReader(io.StringIO(run("Drawn", as_csv=True, versus="2")))} == {""}
    assert "Less" in run("Drawn", versus="By hand")
    assert "--variant with a number up to 2" in run("Drawn")


@pytest.mark.browser
@pytest.mark.long
def test_the_mail_with_its_marks_is_drawn(run: Run, tmp_path: Path) -> None:
    if not any(map(shutil.which, camera.BROWSERS)):
        pytest.skip("no browser")
    file = tmp_path / "map.png"
    assert "human clicks" in run("Drawn", png=file)
    raw = file.read_bytes()
    assert raw.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", raw[16:24])
    assert width == 760
    assert height > 600, "all of the mail"
    assert run("Drawn", png=file, layer="machine")
    assert file.read_bytes() != raw
