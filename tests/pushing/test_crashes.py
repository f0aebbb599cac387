"""Whoever sends may die at any step: no row twice, none lost, and everything can be taken back afterwards."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.crm.house import DAY, NOW
from tests.pushing.orgs import Place, opened

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.pushing import sending
from mailwake.pushing.desk import Desk
from mailwake.salesforce import bulk

#: what writes here or there, step by step
STEPS = ("note", "settle", "fulfil", "hold", "postpone", "put_bulk_job", "wish", "put_mark", "put_people")


class Died(BaseException):
    """The process is gone; nothing after this line of it happens."""


def crowd(place: Place, count: int, *, now: int = NOW) -> None:
    for number in range(count):
        address = f"reader{number}@example.com"
        place.add("Contact", LastName=f"Reader {number}", Email=address)
        place.house.happened(address, "sent", ago=NOW - now + 3 * DAY, delivery=number + 1)
        place.house.happened(address, "clicked", ago=NOW - now + 2 * DAY, delivery=number + 1)
    place.house.state.suppress(
        place.house.handle("reader0@example.com"), reason="complained", source="esp", at=Micros(now)
    )


def die() -> None:
    """As a process does that is gone, within the process of the test."""
    raise Died


def mortal(desk: Desk, dies_at: int, *, after: bool, end: Callable[[], None] = die) -> Callable[[], int]:
    """Let a desk die before or after its step of that number; tells how many steps there were."""
    count = 0

    def step(act: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == dies_at and not after:
                end()
            told = act(*given, **named)
            if count == dies_at:
                end()
            return told

        return done

    for name in STEPS:
        setattr(desk.store, name, step(getattr(desk.store, name)))
    desk.org.wire._send = step(desk.org.wire._send)  # type: ignore[method-assign]
    return lambda: count


def revive(place: Place) -> None:
    """Another process takes over."""
    for name in STEPS:
        place.desk.store.__dict__.pop(name, None)
    place.desk.org.wire.__dict__.pop("_send", None)
    place.later(1_000)


#: what differs from run to run
FLEETING = {"Engagement_Seq__c", "Engagement_Updated__c", "Seq__c", "Engagement_Person_Key__c"}


def held(place: Place) -> dict[str, list[dict[str, Any]]]:
    """What the org holds; rows of ours by their key, for their ids are others each time they are made."""
    told: dict[str, Any] = json.loads(place.snapshot())
    found = {
        of: [{name: value for name, value in each.items() if name not in FLEETING} for each in told[of].values()]
        for of in ("Contact", "Email_Engagement__c")
    }
    for each in found["Email_Engagement__c"]:
        for name in ("Id", "CreatedDate", "Name"):
            each.pop(name, None)
    found["Email_Engagement__c"].sort(key=lambda each: str(each["Message_Key__c"]))
    return found


def work(desk: Desk) -> None:
    desk.look()
    desk.follow()
    desk.push()


@pytest.mark.parametrize(
    ("after", "steps"),
    [
        (False, (5,)),
        (True, (7,)),
        pytest.param(False, range(1, 99), marks=pytest.mark.long),
        pytest.param(True, range(1, 99), marks=pytest.mark.long),
    ],
    ids=["before", "after", "before-each", "after-each"],
)
def test_death_at_any_step_doubles_and_loses_nothing(place: Place, after: bool, steps: Iterable[int]) -> None:
    crowd(place, 2)
    before = place.snapshot()
    work(place.desk)
    expected = held(place)
    for number in steps:
        for run in place.desk.store.runs():
            with suppress(BadInput):  # nothing of it stands
                place.desk.undo(run.job)
        assert place.snapshot() == before, "taken back"
        forget(place)
        made = mortal(place.desk, number, after=after)
        with suppress(Died):
            work(place.desk)
        revive(place)
        if made() < number:
            break
        work(place.desk)
        assert held(place) == expected, f"death at step {number}"
    else:
        assert number < 99, "there is an end to the steps"


def forget(place: Place) -> None:
    """An installation that never heard of the org."""
    with place.desk.store._database.writing() as connection:
        for name in ("people", "marks", "outbox", "written", "journal"):
            connection.exec_driver_sql(f"delete from crm_{name}")


@pytest.mark.parametrize("after", [False, pytest.param(True, marks=pytest.mark.long)], ids=["before", "after"])
@pytest.mark.long
def test_death_within_a_bulk_job_makes_no_second_one(
    place: Place, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (bulk, sending):
        monkeypatch.setattr(room, "WORTH_IT", 2)
    crowd(place, 3)
    place.desk.look()
    place.desk.follow()
    for number in range(1, 60):
        steps = mortal(place.desk, number, after=after)
        try:
            place.desk.push()
        except Died:
            revive(place)
            continue
        revive(place)
        assert steps() < number
        break
    rows = list(place.org.query("SELECT Message_Key__c FROM Email_Engagement__c"))
    assert len({row["Message_Key__c"] for row in rows}) == len(rows) == 3
    left = {job["state"] for job in place.ask("jobs")}
    assert left <= {"JobComplete", "Aborted", "Open"}, "one that is open got no row: its id was never written down"
    assert place.desk.store.waiting() == []


@pytest.mark.long
def test_killed_for_real_again_and_again(tmp_path: Path) -> None:
    """`mailwake salesforce push` as a process of its own, ended by SIGKILL at random moments, until it gets through."""
    chance = random.Random(5)
    with opened(tmp_path, daily_calls=100_000) as place:
        crowd(place, 450, now=time.time_ns() // 1_000)  # the process that is killed has the clock of the machine
        place.house.events.close()
        config = tmp_path / "mailwake.toml"
        section = {"login": place.emulator.url, "client_id": "mailwake", "username": "integration@example.com"}
        lines = [f'{name} = "{value}"' for name, value in section.items()]
        config.write_text("\n".join(['data = "."', "[salesforce]", 'key = "file:key.pem"', *lines]), encoding="utf-8")
        place.order("clock", thaw=True)
        place.order("clock", advance=time.time() - NOW / 1_000_000)
        words = [sys.executable, "-m", "mailwake", "salesforce", "push", "--config", str(config)]
        for _ in range(12):
            running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(1.0 + 2.5 * chance.random())
            os.kill(running.pid, signal.SIGKILL)
            running.communicate()
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        rows = list(place.org.query("SELECT Message_Key__c FROM Email_Engagement__c"))
        assert len({row["Message_Key__c"] for row in rows}) == len(rows) == 450
        active = list(place.org.query("SELECT Id FROM Contact WHERE Human_Clicks_30d__c = 1"))
        assert len(active) == 450
        assert place.desk.store.waiting() == []
