"""`mailwake web`: one process that owns the events, found by the others, gone without a trace."""

import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.cli import web
from mailwake.cli.init import make
from mailwake.eventlog.sqlite import append_now
from mailwake.events import CampaignId, DeliveryId, Event, EventType, Handle, Micros, Source, encode_event
from mailwake.store.state import open_state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation whose dashboard takes any free port."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    config = tmp_path / "mailwake.toml"
    lines = [line for line in config.read_text(encoding="utf-8").splitlines() if "web" not in line.lower()]
    config.write_text("\n".join(lines) + '\n[web]\nport = 0\ntimezone = "Europe/Berlin"\n', encoding="utf-8")
    return tmp_path


def mailwake(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "mailwake", *words, "--config", str(folder / "mailwake.toml")]


def start(folder: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """A running dashboard, and where it says it is."""
    process = subprocess.Popen(
        mailwake(folder, "web", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith("dashboard on http://127.0.0.1:"), process.communicate()[1]
    return process, said.removeprefix("dashboard on ").strip()


def stop(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0, errors
    return errors


@pytest.fixture
def serving(folder: Path) -> Iterator[str]:
    stores = seeding.open_stores(folder / "mailwake-data")
    seeding.by_hand(stores)
    seeding.close(stores)
    process, url = start(folder)
    yield url
    stop(process)


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        return bytes(response.read())


def test_it_says_where_it_is_while_it_is_there(folder: Path) -> None:
    process, url = start(folder)
    file = folder / "mailwake-data" / "web.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    assert len(told.pop("secret")) == 43
    assert told == {"url": url, "pid": process.pid}
    assert json.loads(get(f"{url}/health")) == {"status": "ok"}
    assert stop(process) == ""
    assert not file.exists()


def test_an_installation_without_mail_shows_how_to_begin(folder: Path) -> None:
    process, url = start(folder)
    assert b"No mail has passed through yet" in get(url)
    stop(process)


@pytest.mark.parametrize("campaign", [(), ("By hand",)], ids=["all", "one"])
@pytest.mark.long
def test_report_asks_it_and_prints_its_answer_to_the_byte(
    folder: Path, serving: str, campaign: tuple[str, ...]
) -> None:
    done = subprocess.run(mailwake(folder, "report", *campaign, "--json"), capture_output=True, check=True)
    assert done.stdout == get(f"{serving}/api/campaigns" + ("/By%20hand" if campaign else ""))
    if campaign:
        assert json.loads(done.stdout)["over_time"]["timezone"] == "Europe/Berlin"


@pytest.mark.long
def test_report_passes_on_what_it_refuses(folder: Path, serving: str) -> None:
    done = subprocess.run(mailwake(folder, "report", "By hnd"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "mailwake: there is no campaign 'By hnd'; the nearest is 'By hand'\n"


def test_with_work_an_event_in_the_log_stands_on_the_page(folder: Path) -> None:
    data = folder / "mailwake-data"
    state = open_state(data / "state.sqlite")
    campaign = state.campaign("Spring news", now=Micros(10**15))
    state.close()
    sent = Event(
        type=EventType.SENT,
        received_at=Micros(10**15),
        source=Source.SEND,
        key="sent:1",
        campaign=CampaignId(campaign.id),
        delivery=DeliveryId(1),
        recipient=Handle(1),
    )
    append_now(data / "log", "send", [encode_event(sent)])
    process, url = start(folder, "--with-work")
    counted = 0
    while not counted:
        counted = json.loads(get(f"{url}/api/campaigns"))["total"]["sent"]
    assert counted == 1
    assert [line for line in stop(process).splitlines() if "audit.anchored" not in line] == []


def test_one_process_holds_stores_and_pipeline(folder: Path) -> None:
    process, url = start(folder, "--with-work")
    get(url)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if children.exists():
        assert children.read_text(encoding="utf-8") == ""
    stop(process)


def test_a_second_one_on_the_same_port_is_refused_in_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = folder / "mailwake.toml"
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("port = 0", f"port = {other.getsockname()[1]}"), encoding="utf-8")
        done = subprocess.run(mailwake(folder, "web"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "web.port" in done.stderr


def test_an_unknown_time_zone_stops_the_start_and_names_the_option(folder: Path) -> None:
    config = folder / "mailwake.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("Europe/Berlin", "Europe/Bärlin"), encoding="utf-8")
    done = subprocess.run(mailwake(folder, "web"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "web.timezone" in done.stderr


@pytest.mark.long
def test_a_dashboard_without_accounts_is_not_shown_to_others(folder: Path) -> None:
    config = folder / "mailwake.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("port = 0", 'port = 0\nhost = "0.0.0.0"'), encoding="utf-8")
    done = subprocess.run(mailwake(folder, "web"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("mailwake: web.host: others reach this dashboard, and it has no accounts")
    assert "mailwake users add NAME --role owner" in done.stderr


@pytest.mark.long
def test_listening_for_others_without_tls_is_said_aloud(folder: Path) -> None:
    config = folder / "mailwake.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("port = 0", 'port = 0\nhost = "0.0.0.0"\nlogin = "required"'), encoding="utf-8")
    process, url = start(folder)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, headers={"Host": "evil.example"}), timeout=30)
    assert refused.value.code == 421
    refused.value.close()
    assert "put a proxy with TLS in front" in stop(process)


@pytest.mark.long
def test_a_killed_one_leaves_no_locks(folder: Path) -> None:
    process, _ = start(folder, "--with-work")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    again, url = start(folder, "--with-work")
    assert json.loads(get(f"{url}/health")) == {"status": "ok"}
    stop(again)


@pytest.mark.long
def test_a_change_of_policy_between_two_starts_is_written_down_and_the_day_anchored(folder: Path) -> None:
    config = folder / "mailwake.toml"
    for opens in ("individual", "individual", "aggregate"):
        text = re.sub(r"(?m)^opens = .*$", "", config.read_text(encoding="utf-8"))
        config.write_text(text.replace("[tracking]", f'[tracking]\nopens = "{opens}"'), encoding="utf-8")
        process, _ = start(folder, "--with-work")
        stop(process)
    listed = subprocess.run(mailwake(folder, "audit", "list", "--json"), capture_output=True, text=True, check=True)
    later, first = (json.loads(line) for line in listed.stdout.splitlines())
    assert (first["action"], first["actor_kind"], first["before"]) == ("settings.changed", "system", None)
    changed = {name for name, value in later["after"].items() if later["before"][name] != value}
    assert {"tracking.opens", "in force: opens"} <= changed
    assert (later["before"]["tracking.opens"], later["after"]["tracking.opens"]) == ("individual", "aggregate")
    anchors = (folder / "mailwake-data" / "audit-anchors.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["number"] for line in anchors] == [1]
    checked = subprocess.run(mailwake(folder, "audit", "verify"), capture_output=True, text=True, check=True)
    assert checked.stdout.startswith("holds: 2 lines, 1 anchors; head ")


def test_what_was_there_from_the_start_is_not_looked_through_and_threads_take_short_turns() -> None:
    before = sys.getswitchinterval()
    try:
        web._share_evenly()
        assert gc.get_freeze_count() > 1_000
        assert sys.getswitchinterval() < before
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)
