"""`mailwake goal`, and `mailwake send --holdout`: without a dashboard, on an installation's own files."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.insight import seeding
from tests.insight.seeding import HUMAN
from typer.testing import CliRunner

import mailwake
from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.earnings.keeper import NoSuchGoal
from mailwake.errors import BadInput
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, EventType, Handle, Source, decode_event
from mailwake.goals.calls import Who
from mailwake.store.events import EventRow
from mailwake.store.state import open_state

Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with a campaign, one click of a person, and one order of theirs."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    mail = seeding.sending(stores, "Spring")
    mail.people(["ann@example.com"])
    mail.add(EventType.SENT, 0, 0)
    mail.add(EventType.DELIVERED, 0, 1)
    mail.add(EventType.CLICKED, 0, 60, link=2, role="cta", **HUMAN)
    mail.write()
    ann = stores.state.known_handles(["ann@example.com"])["ann@example.com"]
    at = seeding.micros(90)
    order = EventRow(
        id=5, type=EventType.CONVERTED, at=at, received_at=at, source=Source.API, recipient=Handle(ann),
        reason="purchase 1999 EUR 7", settled=True,
    )  # fmt: skip
    stores.events.write(rows=[order])
    seeding.close(stores)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs `mailwake goal …` on the installation; gives what it printed."""

    def run(*words: str) -> str:
        arguments = ["goal", words[0], "--config", str(folder / "mailwake.toml"), *words[1:]]
        done = CliRunner().invoke(build(("goal",)), arguments)
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return run


def logged(folder: Path) -> list[Event]:
    with closing(SqliteReader(folder / "mailwake-data" / "log")) as reader:
        segments = reader.read({}, limit_records=1_000)
    return [decode_event(record) for segment in segments for record in segment.records]


def test_a_goal_is_made_told_and_deleted(run: Run) -> None:
    assert run("list") == "there are none yet; `mailwake goal add` makes one\n"
    assert "there is no goal yet" in run("report", "Spring")
    made = run("add", "purchase", "--value", "5", "--currency", "eur", "--by", "ann")
    assert made == "purchase: a click up to 30 days before may have led to it, worth 5.00 EUR where nobody says\n"
    assert run("list") == (
        "purchase: 1 by 1 people · 19.99 EUR · after a click of a person 1 by 1 people · 19.99 EUR\n"
    )
    assert "  Spring: 1 by 1 people · 19.99 EUR" in run("show", "purchase", "--model", "first").splitlines()
    lines = run("report", "Spring").splitlines()
    assert lines[0] == "Spring · purchase · window 30 days · credit to the last click"
    assert "  See the autumn range: 1 by 1 people · 19.99 EUR" in lines
    assert lines[-1].startswith("what the mail added: cannot say: nobody was held out")
    told = json.loads(run("report", "Spring", "--json", "--segments"))
    assert (told["earned"]["money"], told["segments"]) == ([{"currency": "EUR", "minor": 1_999}], [])
    assert run("delete", "purchase") == "deleted\n"
    with pytest.raises(NoSuchGoal, match="there is no goal 'purchase'"):
        run("delete", "purchase")


def test_what_cannot_be_is_refused(run: Run) -> None:
    for words in (("add", "Big"), ("add", "x", "--window", "0"), ("add", "x", "--value", "-1", "--currency", "EUR")):
        with pytest.raises(BadInput):
            run(*words)
    run("add", "x")
    with pytest.raises(BadInput, match="already"):
        run("add", "x")
    with pytest.raises(BadInput, match="last, first or linear"):
        run("report", "Spring", "--model", "newest")
    with pytest.raises(BadInput, match="there is no goal 'y'"):
        run("reached", "y", "--id", "1", "--address", "ann@example.com")


def test_a_program_and_a_hand_say_that_a_goal_was_reached_and_it_is_in_the_log(run: Run, folder: Path) -> None:
    run("add", "purchase", "--value", "5", "--currency", "EUR")
    assert run("reached", "purchase", "--id", "7", "--address", "ann@example.com", "--value", "3.50") == "noted\n"
    tracker = mailwake.open(folder / "mailwake.toml")
    tracker.converted("purchase", id="7", who=Who(address="ann@example.com"))
    with pytest.raises(BadInput, match="one of reference"):
        tracker.converted("purchase", id="8", who=Who())
    tracker.state.close()
    one, other = logged(folder)
    assert (one.type, one.source, one.address, one.key) == (
        EventType.CONVERTED,
        Source.API,
        "ann@example.com",
        other.key,
    )
    assert one.reason.startswith("purchase 350 EUR ")


def test_a_share_of_the_list_is_held_out_by_the_command(folder: Path) -> None:
    (folder / "letter.html").write_text('<p><a href="https://example.com/">x</a></p>', encoding="utf-8")
    (folder / "people.csv").write_text("email\n" + "".join(f"p{n}@example.com\n" for n in range(40)), encoding="utf-8")
    arguments = [
        "send", str(folder / "letter.html"), str(folder / "people.csv"), "--subject", "Hi", "--from", "a@example.com",
        "--campaign", "Held", "--holdout", "95", "--config", str(folder / "mailwake.toml"),
    ]  # fmt: skip
    done = CliRunner().invoke(build(("send",)), arguments)
    assert isinstance(done.exception, BadInput)
    assert "--holdout 95" in str(done.exception)
    with closing(open_state(folder / "mailwake-data" / "state.sqlite")) as state:
        assert state.find_campaign("Held") is None
