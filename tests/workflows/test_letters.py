"""Follow-up mail for real: `mailwake send` as a process of its own, and an SMTP server on loopback that takes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from tests.workflows.house import MINUTE, House, at, build

from mailwake.events import Micros
from mailwake.workflows.desk import open_desk
from mailwake.workflows.mailing import Outcome, Run, runner
from mailwake.workflows.turns import Turns

if TYPE_CHECKING:
    from tests.conftest import Home, Mail

RULE = """
trigger = "click"
mail = true
quiet = false
[letter]
file = "more.html"
subject = "More about {{ clicked_link }}"
sender = "Ada <ada@example.com>"
"""
LETTER = "<html><body><p>You looked at {{ clicked_link }}.</p><a href='https://example.com/more'>More</a></body></html>"
#: when verdicts are final
DONE = 20 * MINUTE


class Cut(BaseException):
    """The process is gone."""


@pytest.fixture
def house(home: Home) -> Iterator[House]:
    home.settings()
    made = build(home.folder / "data", people=4)
    (home.folder / "workflows").mkdir()
    (home.folder / "workflows" / "follow.toml").write_text(RULE, encoding="utf-8")
    (home.folder / "workflows" / "more.html").write_text(LETTER, encoding="utf-8")
    turn(made, home, 0)
    for number in range(3):
        made.click(number, 100 + number)
    yield made
    made.close()


def turn(house: House, home: Home, seconds: float, run: Run | None = None) -> None:
    """One turn of a process that was just started."""
    desk = open_desk(home.settings(), house.stores, house.crm, house.store)
    Turns(desk, run=run or runner(str(home.config), threading.Event())).turn(now=Micros(at(seconds)))


def told(mail: Mail) -> tuple[str, str]:
    """Whom a mail goes to, and its subject."""
    read = message_from_bytes(mail.content, policy=policy.default)
    return mail.recipients[0], str(read["Subject"])


EACH_ONCE = [(f"person{number}@example.com", "More about See the autumn range") for number in range(3)]


def states(house: House) -> set[str]:
    return {each.actions["letter"]["state"] for each in house.entries()}


def test_whoever_clicked_gets_the_letter_once_and_tracked(house: House, home: Home) -> None:
    turn(house, home, DONE)
    assert sorted(map(told, home.sink.mails)) == EACH_ONCE
    assert b"https://track.example.com/c/" in home.sink.mails[0].content.replace(b"=\r\n", b"")
    assert states(house) == {"done"}
    turn(house, home, DONE + 60 * MINUTE)
    assert len(home.sink.mails) == 3
    assert not list((home.folder / "data").glob("workflow-*.csv")), "no list of people is left behind"


@pytest.mark.long
def test_cut_off_between_mailing_and_noting_nobody_is_mailed_twice(house: House, home: Home) -> None:
    really = runner(str(home.config), threading.Event())

    def run(words: list[str]) -> Outcome:
        assert really(words).status == 0
        raise Cut

    with pytest.raises(Cut):
        turn(house, home, DONE, run)
    assert len(home.sink.mails) == 3
    assert states(house) == {"waiting"}, "nobody wrote down that it was mailed"
    turn(house, home, DONE + MINUTE)
    assert sorted(map(told, home.sink.mails)) == EACH_ONCE
    assert states(house) == {"done"}


@pytest.mark.long
def test_killed_while_a_letter_is_under_way_the_others_get_theirs_and_nobody_two(house: House, home: Home) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def kill(_mail: Mail) -> str | None:
        if started and len(home.sink.mails) == 0:
            os.kill(started[0].pid, signal.SIGKILL)
        return None

    def run(words: list[str]) -> Outcome:
        words = [sys.executable, "-m", "mailwake", *words, "--connections=1", f"--config={home.config}"]
        started.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return Outcome(status=started[0].wait())

    home.sink.on_data = kill
    turn(house, home, DONE, run)
    assert states(house) == {"waiting"}
    assert len(home.sink.mails) == 1, "the server had taken the first"
    turn(house, home, DONE + 11 * MINUTE)
    assert sorted(map(told, home.sink.mails)) == EACH_ONCE
    assert states(house) == {"done", "doubtful"}, "whose letter was under way may have it, and is left alone"
    turn(house, home, DONE + 60 * MINUTE)
    assert len(home.sink.mails) == 3
    assert house.store.count_unfinished() == 0


def test_a_letter_that_cannot_be_made_for_one_keeps_nobody_else_waiting(house: House, home: Home) -> None:
    (home.folder / "workflows" / "more.html").write_text(
        LETTER.replace("https://example.com/more", "{{ url }}"), encoding="utf-8"
    )
    fields = {f"person{number}@example.com": {"url": "https://example.com/oslo"} for number in (0, 2)}
    house.stores.state.handles(fields, now=at(200), fields=fields)
    turn(house, home, DONE)
    assert [to for to, _ in sorted(map(told, home.sink.mails))] == ["person0@example.com", "person2@example.com"]
    assert states(house) == {"done", "failed"}
    assert house.store.count_unfinished() == 0


def test_who_was_suppressed_meanwhile_gets_none(house: House, home: Home) -> None:
    house.stores.state.suppress(house.handle(1), reason="unsubscribed", source="test", at=at(200))
    turn(house, home, DONE)
    assert [to for to, _ in sorted(map(told, home.sink.mails))] == ["person0@example.com", "person2@example.com"]


@pytest.mark.long
def test_a_server_that_is_away_is_asked_again_ten_minutes_later(house: House, home: Home) -> None:
    really = runner(str(home.config), threading.Event())

    def hasty(words: list[str]) -> Outcome:
        return really([*words, "--back-off=0.1"])

    home.sink.on_mail = lambda _sender: "451 4.3.0 come back later"
    turn(house, home, DONE, hasty)
    assert (states(house), home.sink.mails) == ({"waiting"}, [])
    home.sink.on_mail = lambda _sender: None
    turn(house, home, DONE + 5 * MINUTE)
    assert home.sink.mails == []
    turn(house, home, DONE + 11 * MINUTE)
    assert sorted(map(told, home.sink.mails)) == EACH_ONCE
