"""P1: whatever is killed, whenever: nothing answered is lost, nothing is counted twice, nobody is mailed twice."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest
from tests.chaos.conftest import Say
from tests.chaos.installation import Installation
from tests.chaos.killer import Killer
from tests.chaos.oracle import Asked, Kind, Record, assert_exact, assert_stored, compare, records
from tests.chaos.readers import Readers
from tests.chaos.senders import Letter, Senders, kept, reconcile

from mailwake.events import EventType, Handle
from mailwake.store.state import open_state

KILLS = int(os.environ.get("MAILWAKE_KILLS", "1000"))
SEED = int(os.environ.get("MAILWAKE_SEED", str(time.time_ns() // 1_000_000_000 % 100_000)))
#: Kills of one round, by role. A new round begins with an empty installation, so that restarts stay as quick as they
#: are, and so that a seed that fails can be run again by itself: MAILWAKE_KILLS=50 MAILWAKE_SEED=…
ROUND = {"edge": 30, "relay": 10, "work": 10}
HITS_PER_SECOND, LETTERS_PER_SECOND = 500, 20


class Round:
    """One installation under load, with its roles killed at random, and then the reckoning."""

    def __init__(
        self, folder: Path, seed: int, *, hits: float = HITS_PER_SECOND, letters: float = LETTERS_PER_SECOND
    ) -> None:
        self._folder, self._dice = folder, random.Random(seed)
        self._hits, self._letters = hits, letters

    def play(self, kills: dict[str, int], tell: Say) -> str:
        """Live through it and compare; gives what was found in one line."""
        with Installation(self._folder) as house:
            kept_file = self._folder / "kept.jsonl"
            kept_file.touch()
            sink = house.module("sink", str(house.ports["sink"]), str(kept_file), str(self._dice.randrange(1 << 30)))
            roles = {name: house.role(name) for name in kills}
            for role in (sink, *roles.values()):
                role.start()
            for role in (sink, *roles.values()):
                role.wait_until_ready()
            readers = Readers(house, rate=self._hits, dice=self._new_dice())
            senders = Senders(house, rate=self._letters, dice=self._new_dice())
            killers = [Killer(roles[name], n, dice=self._new_dice(), tell=tell) for name, n in kills.items()]
            readers.start()
            senders.start()
            for killer in killers:
                killer.start()
            for killer in killers:
                killer.finish()
            asked, letters = readers.stop(), senders.stop()
            assert [roles[name].stop() for name in ("edge", "relay")] == [0, 0]
            house.wait_until_taken_in()
            assert roles["work"].stop() == 0
            return self._reckon(house, asked, letters, kept_file)

    def _new_dice(self) -> random.Random:
        return random.Random(self._dice.randrange(1 << 30))

    def _reckon(self, house: Installation, asked: list[Asked], letters: list[Letter], kept_file: Path) -> str:
        log = house.data / "log"
        hits = list(records(log, writer="edge"))
        found = compare(asked, (record.event for record in hits))
        assert_exact(found)
        assert found.recorded > 0
        rows = assert_stored(house.data)
        state = open_state(house.data / "state.sqlite")
        try:
            assert_honoured(hits, state.inert(), set(state.suppressed(handles(hits, EventType.UNSUBSCRIBED))))
            mails = [record.event for record in records(log, writer="relay")]
            names = state.addresses({event.recipient for event in mails if event.recipient})
        finally:
            state.close()
        mail = reconcile(letters, kept(kept_file), mails, names)
        assert not mail.lost, mail.lost[:5]
        assert not mail.unexplained, mail.unexplained[:5]
        assert not mail.sent_again, mail.sent_again[:5]
        return f"{found} · rows {rows:,} · {mail}"


def handles(hits: list[Record], kind: EventType) -> set[Handle]:
    return {record.event.recipient for record in hits if record.event.type is kind and record.event.recipient}


def assert_honoured(hits: list[Record], inert: list[Handle], suppressed: set[Handle]) -> None:
    """What recipients decided stands in the state store, and nothing else does."""
    assert set(inert) == handles(hits, EventType.CONSENT_WITHDRAWN)
    assert suppressed == handles(hits, EventType.UNSUBSCRIBED)


def test_a_few_kills_lose_and_double_nothing(tmp_path: Path, say: Say) -> None:
    say(Round(tmp_path / "round", 1, hits=100, letters=10).play({"edge": 1, "relay": 1, "work": 1}, lambda _: None))


@pytest.mark.long
def test_a_thousand_kills_lose_and_double_nothing(tmp_path: Path, say: Say) -> None:
    """Random `kill -9` of edge, relay and worker side by side, under 500 hits and 20 letters a second."""
    counts = dict.fromkeys(ROUND, 0)
    for seed in range(SEED, SEED + -(-KILLS // sum(ROUND.values()))):

        def tell(role: str, seed: int = seed) -> None:
            counts[role] += 1
            if sum(counts.values()) % 10 == 0:
                say(f"kill {sum(counts.values())}/{KILLS} seed {seed}")

        found = Round(tmp_path / f"seed-{seed}", seed).play(ROUND, tell)
        say(f"  {found}")
        shutil.rmtree(tmp_path / f"seed-{seed}")
    say(f"killed {counts}")


@pytest.mark.long
@pytest.mark.parametrize("seed", [2])
def test_a_relay_killed_under_many_letters_mails_nobody_twice(tmp_path: Path, say: Say, seed: int) -> None:
    """Seed 2: killed between its note of the final outcome and the answer, it forgot who had the mail."""
    say(Round(tmp_path / "round", seed, hits=5, letters=200).play({"edge": 0, "relay": 40, "work": 0}, lambda _: None))


def test_every_kind_of_request_is_part_of_the_load() -> None:
    from tests.chaos.readers import SHARES

    assert set(SHARES) == set(Kind)
