"""The crash matrix with SIGKILL, step by step: before a call, after it, before its answer is kept, within a bulk job.

Every step that writes here or there is one: the note in the journal, the call itself, what was written, the bulk job's
id before its rows go up, the marks. After each death another process takes over; when all have, nothing is doubled.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crm.house import DAY, NOW
from tests.pushing.orgs import APP, USER, Place, opened

ROOT = Path(__file__).parents[2]
PEOPLE = 3
#: rows from which on a job is made: never, and always
COLLECTIONS, BULK = 2_000, 2


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An org and an installation with people who clicked, whose stores nobody has open."""
    with opened(tmp_path) as found:
        for number in range(PEOPLE):
            address = f"reader{number}@example.com"
            found.add("Contact", LastName=f"Reader {number}", Email=address)
            found.house.happened(address, "sent", ago=3 * DAY, delivery=number + 1)
            found.house.happened(address, "clicked", ago=2 * DAY, delivery=number + 1)
        handle = found.house.handle("reader0@example.com")
        found.house.state.suppress(handle, reason="complained", source="esp", at=NOW)
        found.house.events.close()
        told = {"login": found.emulator.url, "client_id": APP, "username": USER, "key": "file:key.pem"}
        lines = [f'{name} = "{value}"' for name, value in told.items()]
        text = "\n".join(['data = "."', "[salesforce]", *lines])
        (tmp_path / "mailwake.toml").write_text(text, encoding="utf-8")
        yield found


class Deaths:
    """Processes one after the other, each of which ends at its step."""

    def __init__(self, place: Place, *, side: str, worth_it: int) -> None:
        self._place, self._side, self._worth_it = place, side, worth_it
        self._now = NOW / 1_000_000

    def one(self, step: int) -> bool:
        """Whether one was killed at that step; it ends by itself where it has fewer."""
        words = [sys.executable, "-m", "tests.pushing.victim", str(self._place.desk.folder), str(self._now)]
        words += [str(step), self._side, str(self._worth_it)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        self._place.later(1_000)
        self._now += 1_000
        return done.returncode != 0


def is_whole(place: Place) -> None:
    """Every row once, every sum told, who complained opted out, nothing left to send, no job left at work.

    Rows whose job ended after its process had died are sent once more, which changes nothing.
    """
    rows = [row["Message_Key__c"] for row in place.org.query("SELECT Message_Key__c FROM Email_Engagement__c")]
    assert len(set(rows)) == len(rows) == PEOPLE
    told = list(place.org.query("SELECT Human_Clicks_30d__c, HasOptedOutOfEmail FROM Contact ORDER BY LastName"))
    assert [row["Human_Clicks_30d__c"] for row in told] == [1] * PEOPLE
    assert [row["HasOptedOutOfEmail"] for row in told] == [True, False, False]
    assert place.desk.store.waiting() == []
    jobs = [job for job in place.ask("jobs") if job["object"] == "Email_Engagement__c"]
    assert {job["state"] for job in jobs} <= {"JobComplete", "Aborted"}


@pytest.mark.long
@pytest.mark.parametrize("worth_it", [COLLECTIONS, BULK], ids=["collections", "bulk"])
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("stride", [13, 1])
def test_killed_at_a_step_and_the_next_process_at_a_later_one_nothing_is_doubled_or_lost(
    place: Place, stride: int, side: str, worth_it: int
) -> None:
    deaths = Deaths(place, side=side, worth_it=worth_it)
    step = 3
    while deaths.one(step):
        step += stride
        assert step < 200, "there is an end to the steps"
    assert step > 3, "somebody died"
    is_whole(place)
