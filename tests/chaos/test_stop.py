"""P18: a stop under load drains: all that was answered is kept, and it takes ten seconds at most."""

import random
import time
from pathlib import Path

import pytest
from tests.chaos.conftest import Say
from tests.chaos.installation import Installation, Role
from tests.chaos.oracle import assert_exact, assert_stored, compare, records
from tests.chaos.readers import Readers
from tests.chaos.senders import Senders, kept, reconcile

from mailwake.store.state import open_state

#: P18
STOP_SECONDS = 10.0


def stop(role: Role) -> float:
    """Ask it to end, and see that it does so well; gives the seconds it took."""
    started = time.monotonic()
    assert role.stop() == 0, role.errors()
    return time.monotonic() - started


def live_through(folder: Path, *, stops: int, say: Say) -> None:
    """Every role is stopped and started again under load, `stops` times."""
    with Installation(folder) as house:
        file = folder / "kept.jsonl"
        file.touch()
        sink = house.module("sink", str(house.ports["sink"]), str(file), "1").start()
        roles = [house.role(name).start() for name in ("edge", "relay", "work")]
        for role in (sink, *roles):
            role.wait_until_ready()
        readers = Readers(house, rate=500, dice=random.Random(1))
        senders = Senders(house, rate=20, dice=random.Random(2))
        readers.start()
        senders.start()
        for n in range(1, stops + 1):
            time.sleep(0.5)
            took = [stop(role) for role in roles]
            say(f"stop {n}/{stops}: " + ", ".join(f"{r.name} {s:.1f} s" for r, s in zip(roles, took, strict=True)))
            assert max(took) <= STOP_SECONDS
            for role in roles:
                role.start()
            for role in roles:
                role.wait_until_ready()
        asked, letters = readers.stop(), senders.stop()
        assert [role.stop() for role in roles[:2]] == [0, 0]
        house.wait_until_taken_in()
        assert roles[2].stop() == 0
        found = compare(asked, (record.event for record in records(house.data / "log", writer="edge")))
        say(f"{found} · rows {assert_stored(house.data):,}")
        assert_exact(found)
        state = open_state(house.data / "state.sqlite")
        mails = [record.event for record in records(house.data / "log", writer="relay")]
        names = state.addresses({event.recipient for event in mails if event.recipient})
        state.close()
        mail = reconcile(letters, kept(file), mails, names)
        say(str(mail))
        assert not mail.lost
        assert not mail.unexplained
        assert not mail.sent_again
        assert mail.twice == 0, "nobody died, so there is no window"


@pytest.mark.long
def test_one_stop_under_load_loses_nothing(tmp_path: Path, say: Say) -> None:
    live_through(tmp_path, stops=1, say=say)


@pytest.mark.long
def test_stops_under_load_lose_nothing(tmp_path: Path, say: Say) -> None:
    live_through(tmp_path, stops=10, say=say)
