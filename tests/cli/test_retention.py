"""`mailwake privacy retention` and `mailwake hygiene`, without a dashboard and beside one."""

import json
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.insight import seeding
from typer.testing import CliRunner

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.events import SECOND, CampaignId, DeliveryId, EventType, Micros, Source
from mailwake.modes import Mode, Modes
from mailwake.serving import address
from mailwake.settings import load
from mailwake.store.events import EventRow, open_events
from mailwake.store.state import open_state

DAY = 86_400 * SECOND
Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with an old campaign, counted by hand."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    seeding.by_hand(stores)
    seeding.close(stores)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def run(*words: str) -> str:
        done = CliRunner().invoke(build((words[0],)), [*words, "--config", str(folder / "mailwake.toml")])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return run


def age(folder: Path, days: int) -> None:
    """Let everything be so old that it goes after `days`."""
    config = folder / "mailwake.toml"
    text = config.read_text(encoding="utf-8").replace("[tracking]\n", f"[tracking]\nrecord_days = {days}\n", 1)
    config.write_text(f"{text}\n[privacy]\nindividual_days = {days}\n", encoding="utf-8")


def test_what_is_too_old_is_shown_then_removed_then_gone(folder: Path, run: Run) -> None:
    assert run("privacy", "retention") == "nothing is older than it may be\n"
    age(folder, 1)
    shown = run("privacy", "retention")
    assert "          10  rows sent · kept 1 days\n" in shown
    assert "           5  rows clicked (individual) · kept 1 days\n" in shown
    assert shown.endswith(
        "nothing was removed yet; --apply removes it: 10 copies of 1 campaigns; their totals are kept\n"
    )
    assert run("privacy", "retention") == shown
    assert run("privacy", "retention", "--apply").endswith(
        "removed, of 10 copies of 1 campaigns; their totals are kept\n"
    )
    assert run("privacy", "retention") == "nothing is older than it may be\n"
    assert json.loads(run("report", "--json"))["total"]["sent"] == 10


@pytest.mark.long
def test_a_running_dashboard_does_it_with_its_own_stores(folder: Path, run: Run) -> None:
    import uvicorn

    from mailwake.web.app import create_app

    age(folder, 1)
    settings = load(folder / "mailwake.toml")
    stores = seeding.open_stores(settings.data_folder)
    server = uvicorn.Server(uvicorn.Config(create_app(stores, settings=settings), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        address.write(settings.data_folder, address.Address(url=f"http://127.0.0.1:{port}", pid=1))
        assert json.loads(run("privacy", "retention", "--json"))["done"] is False
        done = json.loads(run("privacy", "retention", "--apply", "--json"))
        assert (done["done"], done["copies"]) == (True, 10)
        assert stores.events.ask("campaigns_counts") == []
        assert json.loads(run("hygiene", "--inactive-since", "2026-01-01", "--json"))["recipients"] == []
    finally:
        server.should_exit = True
        thread.join(20)
        seeding.close(stores)


def test_hygiene_names_whom_to_pause_one_a_line(folder: Path, run: Run) -> None:
    data, by_day = folder / "mailwake-data", Modes(opens=Mode.DELIVERABILITY, clicks=Mode.AGGREGATE)
    state, events = open_state(data / "state.sqlite"), open_events(data / "events.duckdb")
    known = state.handles(["quiet@example.com", "reads@example.com"], now=Micros(1))
    moments = [Micros(1_767_225_600 * SECOND + month * 31 * DAY) for month in (0, 6)]  # from 1 January 2026
    events.write(
        rows=[
            EventRow(
                id=number * 10 + turn, type=EventType.SENT, at=at, received_at=at, source=Source.RELAY,
                campaign=CampaignId(9), delivery=DeliveryId(number * 10 + turn), recipient=handle,
                modes=by_day.to_byte(),
            )
            for number, handle in enumerate(known.values(), 7_000)
            for turn, at in enumerate(moments)
        ]
    )  # fmt: skip
    state.put_open_days({known["reads@example.com"]: date(2026, 6, 2)})
    events.close()
    state.close()
    assert run("hygiene", "--inactive-since", "2026-06-01") == "quiet@example.com\n"
    assert json.loads(run("hygiene", "--inactive-since", "2026-06-03", "--json")) == {
        "inactive_since": "2026-06-03",
        "recipients": ["quiet@example.com", "reads@example.com"],
        "of": 2,
    }
