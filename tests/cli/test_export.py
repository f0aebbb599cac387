"""`mailwake export`, with a dashboard and without one, gives the same file."""

import asyncio
import csv
import io
import os
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import Home
from tests.insight import seeding

from mailwake.cli.export import command
from mailwake.cli.packing import maker_of
from mailwake.errors import BadInput, Misconfigured
from mailwake.serving import address
from mailwake.serving.server import serve
from mailwake.settings import load
from mailwake.web.app import create_app


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


@pytest.mark.long
def test_a_running_dashboard_gives_the_same_files(config: str, tmp_path: Path) -> None:
    """Through the real server: it must not be left to read a file that is forgotten by then."""
    settings = load(config)
    command("events", str(tmp_path / "alone.csv"), campaign="By hand", config=config)
    command(str(tmp_path / "alone.zip"), pack="By hand", config=config)
    stores = seeding.open_stores(settings.data_folder)

    def fetch_all(url: str) -> None:
        address.write(settings.data_folder, address.Address(url=url, pid=os.getpid()))
        command("events", str(tmp_path / "served.csv"), campaign="By hand", config=config)
        command("events", str(tmp_path / "served.parquet"), campaign="By hand", config=config)
        command(str(tmp_path / "served.zip"), pack="By hand", config=config)
        command(sql=tmp_path / "served.duckdb", config=config)
        with pytest.raises(BadInput, match="there is no campaign"):
            command("events", str(tmp_path / "none.csv"), campaign="x", config=config)

    async def serving() -> None:
        stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
        app = create_app(stores, packs=lambda: maker_of(settings))
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(app, host="127.0.0.1", port=0, ready=ready.set_result, stop=stop))
            try:
                await asyncio.to_thread(fetch_all, await ready)
            finally:
                stop.set()

    with closing(stores.state), closing(stores.events):
        asyncio.run(serving())
    for name in ("csv", "zip"):
        assert (tmp_path / f"served.{name}").read_bytes() == (tmp_path / f"alone.{name}").read_bytes()
    assert (tmp_path / "served.parquet").read_bytes().endswith(b"PAR1")
    assert (tmp_path / "served.duckdb").read_bytes()[8:12] == b"DUCK"
    assert not list(tmp_path.glob("none*"))
