"""`mailwake segment` and `mailwake send --segment`, without a dashboard and beside one that owns the event store."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.insight import seeding
from typer.testing import CliRunner

from mailwake.cli import build, segment
from mailwake.cli.init import make
from mailwake.errors import BadInput
from mailwake.events import EventType
from mailwake.insight.stores import Stores
from mailwake.segments.keeper import NoSuchSegment
from mailwake.store.state import open_state

Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with a campaign counted by hand."""
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    stores = seeding.open_stores(tmp_path / "mailwake-data")
    seeding.by_hand(stores)
    seeding.close(stores)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs `mailwake segment …` on the installation; gives what it printed."""

    def run(*words: str) -> str:
        config = [] if words[0] == "explain" else ["--config", str(folder / "mailwake.toml")]
        done = CliRunner().invoke(build(("segment",)), ["segment", words[0], *config, *words[1:]])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return run


def test_a_segment_is_made_listed_shown_and_deleted(run: Run) -> None:
    assert run("list") == "there are none yet; `mailwake segment add` makes one\n"
    told = run("add", "Readers", "OPENED as anybody", "--by", "ann")
    assert told == "Readers: People who opened a mail, whoever did it.\n"
    assert run("list") == "Readers: 4 of 10 · live · opened as anybody\n"
    shown = run("show", "Readers").splitlines()
    assert shown[0].startswith("Readers · live · made 20")
    assert shown[0].endswith(" by ann")
    assert shown[-1].endswith("  4")
    assert json.loads(run("show", "Readers", "--json"))["people"] == 4
    assert run("delete", "Readers") == "deleted\n"
    with pytest.raises(NoSuchSegment, match="none yet"):
        run("show", "Readers")


def test_a_static_segment_stays_as_it_was(run: Run, folder: Path) -> None:
    run("add", "Then", "opened as anybody", "--static")
    stores = seeding.open_stores(folder / "mailwake-data")
    mail = seeding.sending(stores, "Later")
    mail.people(["person9@example.com"])
    mail.add(EventType.OPENED, 0, 60, **seeding.HUMAN)
    mail.write()
    seeding.close(stores)
    assert run("list").startswith("Then: 4 of 10 · static")
    assert run("size", "opened as anybody") == "5 of 10 people\n"


def test_members_are_a_csv_that_no_spreadsheet_runs(run: Run, folder: Path) -> None:
    stores = seeding.open_stores(folder / "mailwake-data")
    mail = seeding.sending(stores, "Formula")
    mail.people(["=1+1@example.com"])
    mail.add(EventType.REPLIED, 0, 60)
    mail.write()
    seeding.close(stores)
    run("add", "Repliers", "replied or complained")
    rows = list(csv.DictReader(io.StringIO(run("members", "Repliers"))))
    assert sorted(row["email"] for row in rows) == ["'=1+1@example.com", "person4@example.com"]
    run("add", "Nobody", "converted")
    assert run("members", "Nobody") == "email\n"


def test_a_query_is_explained_and_counted(run: Run) -> None:
    assert run("explain", "never opened") == "People who never opened a mail, counting what probably people did.\n"
    assert run("size", "bounced") == "2 of 10 people\n"
    assert json.loads(run("size", "bounced", "--json"))["sentence"] == "People who had a mail bounce."
    for words in (("explain", "bounct"), ("size", "bounct"), ("add", "X", "bounct", "--static")):
        with pytest.raises(BadInput, match="did you mean 'bounced'"):
            run(*words)


def test_a_sunset_is_told(run: Run) -> None:
    told = json.loads(run("sunset", "30", "--json"))
    lines = run("sunset", "30").splitlines()
    assert lines[0] == "after 30 days without a sign, over the last year:"
    assert len(lines) == 3 + len(told["months"])


def test_send_mails_those_of_the_list_who_are_in_the_segment(run: Run, folder: Path) -> None:
    run("add", "Readers", "opened as anybody")
    template, people = folder / "letter.html", folder / "people.csv"
    template.write_text('<p>Hello <a href="https://shop.example.com/">shop</a></p>', encoding="utf-8")
    people.write_text(
        "email\n" + "\n".join([*(f"person{n}@example.com" for n in range(8)), "new@example.com"]), encoding="utf-8"
    )
    options = ["--subject", "Hi", "--from", "News <news@example.com>", "--segment", "Readers", "--dry-run"]
    done = CliRunner().invoke(
        build(("send",)), ["send", str(template), str(people), *options, "--config", str(folder / "mailwake.toml")]
    )
    assert done.exception is None, done.output
    assert "4 would be mailed" in done.stdout
    state = open_state(folder / "mailwake-data" / "state.sqlite")
    assert state.known_handles(["new@example.com"]) == {}
    state.close()


def test_beside_a_dashboard_its_answer_is_taken(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who owns the event store is asked, by the path that the API has."""
    asked: list[str] = []

    def answer_of(_: object, path: str, otherwise: Callable[[Stores], bytes]) -> bytes:
        asked.append(path)
        return b'{"handles": ["7", "8"]}'

    monkeypatch.setattr(segment, "answer_of", answer_of)
    run("add", "Then", 'clicked "a&b"', "--static")
    assert asked == ["/api/query/handles?query=clicked+%22a%26b%22"]
    state = open_state(folder / "mailwake-data" / "state.sqlite")
    found = state.segment("Then")
    assert found is not None
    assert state.segment_members(found.id, limit=9) == [7, 8]
    state.close()
