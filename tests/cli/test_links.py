"""`mailwake links`: what stands, what is decided, and what doctor says of it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.watchdog.conftest import FIRST, NOW, OLD, OTHER, SECOND, Place, row
from tests.watchdog.servers import Answering, Shop, shop
from typer.testing import CliRunner

from mailwake.cli import build
from mailwake.cli.init import make
from mailwake.cli.links.checking import check_links
from mailwake.detours.file import FILE
from mailwake.detours.reader import DetourFile
from mailwake.detours.signing import Seal
from mailwake.settings import load
from mailwake.store.watch import Alarm, Health, Target, open_watch
from mailwake.watchdog import desk

NEW = "https://shop.example.com/new"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    make(tmp_path, base_url="https://track.example.com", brand="Example", individual=True)
    config = tmp_path / "mailwake.toml"
    config.write_text(f"{config.read_text()}\n[watchdog]\nallow_private = true\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(desk, "visitor_of", lambda _: Answering(200))
    settings = load(config)
    store = open_watch(settings.data_folder / "state.sqlite")
    made = Place(settings, store)
    made.mail(FIRST, row(1, OLD), row(2, OTHER))
    made.mail(SECOND, row(1, OLD))
    yield made
    store.close()


@pytest.fixture
def server() -> Iterator[Shop]:
    with shop() as running:
        yield running


def mailwake(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(build(("links",)), ["links", *words])
    assert done.exit_code == code, done.output
    return done.output


def edge(place: Place) -> DetourFile:
    return DetourFile(place.settings.data_folder / FILE, Seal(place.settings.load_keys()))


def doctor(place: Place) -> list[tuple[str, str]]:
    return [(each.state, each.line) for each in check_links(place.settings)]


def test_a_link_is_sent_elsewhere_listed_and_restored(place: Place) -> None:
    assert "nobody's readers are sent elsewhere" in mailwake("list")
    assert doctor(place) == []
    mailwake("replace", OLD, NEW, "--why", "the page moved")
    assert edge(place).of(SECOND, 1, OLD) == NEW
    assert f"replace  '{OLD}' to '{NEW}'" in mailwake("list")
    assert doctor(place) == [("ok", "readers of 1 links go elsewhere than their mail says")]
    mailwake("restore", OLD, "--why", "it is back")
    assert edge(place).of(SECOND, 1, OLD) is None
    told = json.loads(mailwake("list", "--json"))
    assert [each["kind"] for each in told["decisions"]] == ["restore", "replace"]
    assert told["detours"] == []


def test_one_place_is_named_by_mail_and_number_together(place: Place) -> None:
    assert f"--template {SECOND} --number 1" in mailwake("list", OLD)
    mailwake("stop", OLD, "--template", str(SECOND), "--number", "1", "--why", "phishing")
    assert (edge(place).of(SECOND, 1, OLD), edge(place).of(FIRST, 1, OLD)) == ("", None)
    done = CliRunner().invoke(build(("links",)), ["links", "stop", OLD, "--template", "7", "--why", "x"])
    assert "together" in str(done.exception)


def test_a_visit_by_hand_says_what_it_found(place: Place, server: Shop) -> None:
    assert mailwake("check", f"{server.url}/well").startswith("well     200")
    server.status = 404
    assert mailwake("check", f"{server.url}/well", code=1).startswith("ill      404")
    known = place.store.targets()[f"{server.url}/well"]
    assert (known.health, known.failures) == (Health.ILL, 1)
    done = CliRunner().invoke(build(("links",)), ["links", "check", f"{server.url}/unsubscribe"])
    assert "never visited" in str(done.exception)
    assert server.asked["/unsubscribe"] == 0


def test_a_file_that_is_not_ours_is_found_and_written_anew(place: Place) -> None:
    mailwake("replace", OLD, NEW, "--why", "the page moved")
    path = place.settings.data_folder / FILE
    path.write_bytes(path.read_bytes().replace(b"/new", b"/bad"))
    ((state, line),) = [each for each in doctor(place) if each[0] == "problem"]
    assert "its seal does not hold" in line
    assert "mailwake links keep" in line
    assert "anew" in mailwake("keep")
    assert edge(place).of(FIRST, 1, OLD) == NEW
    path.unlink()
    assert doctor(place)[0] == ("problem", f"{FILE} does not say what was decided; run `mailwake links keep`")
    assert state == "problem"


def test_a_decision_that_is_not_ours_is_told(place: Place) -> None:
    mailwake("replace", OLD, NEW, "--why", "the page moved")
    with sqlite3.connect(place.settings.data_folder / "state.sqlite") as connection:
        connection.execute("update link_decisions set \"to\" = 'https://evil.example.com/'")
    assert "NOT OURS, left out" in mailwake("list")
    assert "not ours" in doctor(place)[0][1]
    done = CliRunner().invoke(build(("links",)), ["links", "keep"])
    assert "left out" in str(done.exception)
    assert edge(place).of(FIRST, 1, OLD) is None


def test_alarms_are_listed_and_the_doctor_warns(place: Place) -> None:
    found = Target(href=OTHER, visited_at=NOW, health=Health.ILL, said="404", well_at=NOW, failures=3)
    place.store.put_target(found, alarm=Alarm(href=OTHER, said="404", opened_at=NOW))
    place.store.put_target(found, alarm=Alarm(href=OTHER, said="404", opened_at=NOW))
    assert mailwake("list").startswith(f"fails    '{OTHER}' since")
    assert doctor(place)[0][0] == "warning"
    assert doctor(place)[0][1].startswith("1 targets of delivered mail answer no more")


def test_an_alarm_is_mended_while_every_reader_goes_elsewhere(place: Place) -> None:
    found = Target(href=OLD, visited_at=NOW, health=Health.ILL, said="404", well_at=NOW, failures=3)
    place.store.put_target(found, alarm=Alarm(href=OLD, said="404", opened_at=NOW))
    mailwake("stop", OLD, "--template", str(SECOND), "--number", "1", "--why", "phishing")
    assert mailwake("list").startswith("fails "), "the other mail still leads there"
    mailwake("replace", OLD, NEW, "--why", "the page moved")
    assert mailwake("list").startswith(f"mended   '{OLD}' since")
    assert [state for state, _ in doctor(place)] == ["ok"]
    mailwake("restore", OLD, "--why", "it is back")
    assert mailwake("list").startswith("fails ")
    assert doctor(place)[0][0] == "warning"


def test_a_dead_replacement_is_refused_without_insist(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "visitor_of", lambda _: Answering(404))
    words = ["links", "replace", OLD, NEW, "--why", "the page moved"]
    done = CliRunner().invoke(build(("links",)), words)
    assert "says 404" in str(done.exception)
    assert place.store.decisions() == []
    assert "a visit to that address says 404" in mailwake(*words[1:], "--insist")
    assert edge(place).of(SECOND, 1, OLD) == NEW


def test_what_a_visit_cannot_say_is_taken_and_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Answering(403)
    monkeypatch.setattr(desk, "visitor_of", lambda _: visitor)
    assert "says 403" in mailwake("replace", OLD, NEW, "--why", "the page moved")
    told = mailwake("replace", OTHER, "https://shop.example.com/confirm", "--why", "the page moved")
    assert "nobody visited that address" in told
    assert visitor.asked == [NEW]
