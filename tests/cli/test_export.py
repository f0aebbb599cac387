"""`mailwake export`, with a dashboard and without one, gives the same file."""

import csv
import io
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import Home
from tests.insight import seeding

from mailwake.cli.export import command
from mailwake.errors import BadInput, Misconfigured


@pytest.fixture
def config(home: Home) -> str:
    stores = seeding.open_stores(home.folder / "data")
    with closing(stores.state), closing(stores.events):
        seeding.by_hand(stores)
    return str(home.config)


def test_a_table_a_pack_and_what_cannot_be(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command("people", str(tmp_path / "people.csv"), campaign="By hand", outcome="opened_human", config=config)
    with (tmp_path / "people.csv").open(newline="") as file:
        assert [row["address"] for row in csv.DictReader(file)] == ["person0@example.com", "person3@example.com"]
    assert (tmp_path / "people.csv").stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    command("links", campaign="By hand", config=config)
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) == 6
    command("events", str(tmp_path / "e.parquet"), campaign="By hand", config=config)
    assert (tmp_path / "e.parquet").read_bytes().startswith(b"PAR1")

    command(str(tmp_path / "hand.zip"), pack="By hand", config=config)
    capsys.readouterr()
    command(public_key=True, config=config)
    key = capsys.readouterr().out.strip()
    command(verify=tmp_path / "hand.zip", key=key)
    told = capsys.readouterr().out
    assert "signature and hashes hold: By hand" in told
    assert "counted again from the data, agree" in told
    with pytest.raises(Misconfigured, match="proves nothing"):
        command(verify=tmp_path / "hand.zip")
    with pytest.raises(BadInput, match="there is no campaign"):
        command(str(tmp_path / "none.zip"), pack="Nobody", config=config)
    with pytest.raises(Misconfigured, match="Parquet cannot go to a terminal"):
        command("events", format="parquet", campaign="By hand", config=config)
    with pytest.raises(BadInput, match="no folder"):
        command("campaigns", str(tmp_path / "no" / "x.csv"), config=config)
    assert not list(tmp_path.glob("none*"))
    assert not list(tmp_path.glob(".mailwake-*"))
