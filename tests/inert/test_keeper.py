"""Who keeps the set: readers find a whole file, as new as what is known, and none that forgets somebody."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from tests.silence import silent, write_set

from mailwake.errors import Unavailable
from mailwake.inert.entries import NOTHING, SILENT, Axes, Before
from mailwake.inert.keeper import BEAT_SECONDS, InertKeeper, Told, read_file, write_empty
from mailwake.inert.reader import InertSet

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND


class Stores:
    """What the stores would say."""

    def __init__(self) -> None:
        self.entries: dict[int, Before] = {}
        self.news: list[tuple[dict[int, Before], tuple[int, ...]]] = []
        self.everybody = NOTHING

    def told(self, after: tuple[int, int] | None) -> Told:
        if after is None:
            return Told(self.entries, (), self.everybody, (1, 0))
        changes, said_at = self.news.pop(0) if self.news else ({}, ())
        self.entries |= changes
        return Told(changes, said_at, self.everybody, (after[0] + 1, 0))

    def of(self, handles: Iterable[int]) -> Mapping[int, Before]:
        return {handle: self.entries.get(handle, NOTHING) for handle in handles}


class Kept:
    def __init__(self, folder: Path) -> None:
        self.path, self.stores, self.now = folder / "inert.bin", Stores(), NOW
        self.keeper = self.again()

    def again(self) -> InertKeeper:
        self.keeper = InertKeeper(self.path, self.stores, wall=lambda: self.now)
        return self.keeper

    def as_of(self) -> int:
        found = read_file(self.path)
        assert found is not None
        return found.head.as_of


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_the_set_stands_from_the_start_on(kept: Kept) -> None:
    kept.stores.entries = {5: SILENT, 9: Before(3, 0)}
    kept.keeper.begin()
    assert silent(kept.path) == {5: SILENT, 9: Before(3, 0)}


def test_what_is_new_is_written_and_nothing_else_before_its_time(kept: Kept) -> None:
    kept.keeper.begin()
    kept.stores.news = [({5: SILENT}, (NOW,))]
    kept.now += SECOND
    kept.keeper.look()
    assert kept.keeper.write()
    assert silent(kept.path) == {5: SILENT}
    assert not kept.keeper.write()
    kept.now += BEAT_SECONDS * SECOND
    assert kept.keeper.write(), "it is written every half minute, so that readers know that somebody keeps it"
    kept.path.unlink()
    assert kept.keeper.write()


def test_what_the_log_says_goes_in_before_the_stores_have_it(kept: Kept) -> None:
    kept.keeper.begin()
    kept.keeper.add([(5, Axes.OPENS), (5, Axes.CLICKS), (6, Axes.CLICKS)])
    kept.keeper.write()
    assert silent(kept.path) == {5: SILENT, 6: Before(0, 0xFFFF)}


def test_the_stores_have_the_last_word(kept: Kept) -> None:
    """A withdrawal that was older than a consent changes nothing."""
    kept.keeper.begin()
    kept.keeper.add([(5, Axes.BOTH), (6, Axes.BOTH)])
    kept.stores.entries = {6: SILENT}
    kept.keeper.correct([5, 6])
    kept.keeper.write()
    assert silent(kept.path) == {6: SILENT}


def test_a_keeper_that_died_before_the_stores_heard_forgets_nobody(kept: Kept) -> None:
    kept.keeper.begin()
    kept.keeper.add([(5, Axes.BOTH)])
    kept.keeper.write()
    kept.again().begin()
    assert silent(kept.path) == {5: SILENT}


def test_it_says_up_to_when_it_has_heard_everybody(kept: Kept) -> None:
    kept.keeper.begin()
    assert kept.as_of() == 0, "nobody has read the log yet"
    kept.keeper.passed(NOW - 3_600 * SECOND)
    kept.keeper.write()
    kept.keeper.passed(NOW)
    assert kept.keeper.write(), "that it has caught up is not kept waiting for the next beat"
    assert kept.as_of() == NOW
    kept.now += SECOND
    kept.keeper.passed(kept.now)
    assert not kept.keeper.write()


def test_a_new_keeper_claims_no_more_than_the_last_one(kept: Kept) -> None:
    kept.keeper.begin()
    kept.keeper.passed(NOW)
    kept.keeper.write()
    kept.now += 3_600 * SECOND
    kept.again().begin()
    assert kept.as_of() == NOW


def test_readers_record_nothing_while_the_keeper_is_far_behind(tmp_path: Path) -> None:
    """It lives, but reads what was logged an hour ago: withdrawals of the last hour are not in its set."""
    kept = Kept(tmp_path)
    kept.keeper.begin()
    kept.keeper.passed(NOW - 3_600 * SECOND)
    kept.keeper.write()
    reader = InertSet(kept.path, wall=lambda: kept.now)
    assert reader.standing == "stale"
    kept.keeper.passed(NOW)
    kept.keeper.write()
    reader.reload()
    assert reader.standing == "fresh"


def test_how_long_it_took_is_told_of_what_came_another_way(kept: Kept) -> None:
    """From the last look on, where the statement itself is older: it was written down after that."""
    kept.keeper.begin()
    kept.stores.news = [({5: SILENT}, (NOW + SECOND,)), ({6: SILENT}, (NOW - 10**15,))]
    kept.now += 2 * SECOND
    kept.keeper.look()
    kept.now += 2 * SECOND
    kept.keeper.look()
    kept.keeper.write()
    found = read_file(kept.path)
    assert found is not None
    seconds = [(said - NOW, put - NOW) for said, put in found.news]
    assert seconds == [(SECOND, 2 * SECOND), (2 * SECOND, 4 * SECOND)]


def test_the_switch_is_written_at_the_next_look(kept: Kept) -> None:
    kept.keeper.begin()
    kept.stores.everybody = SILENT
    kept.now += SECOND
    kept.keeper.look()
    assert kept.keeper.write()
    found = read_file(kept.path)
    assert found is not None
    assert found.head.everybody == SILENT


def test_a_damaged_file_is_written_anew(kept: Kept) -> None:
    kept.path.write_bytes((5).to_bytes(8, "little"))
    kept.stores.entries = {5: SILENT}
    kept.keeper.begin()
    assert silent(kept.path) == {5: SILENT}


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    write_set(tmp_path / "new" / "inert.bin")
    assert (tmp_path / "new" / "inert.bin").stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_is_said_aloud(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="withdrawals"):
        InertKeeper(tmp_path / "file" / "inert.bin", Stores()).write(must=True)


def test_an_empty_set_replaces_none_that_is_there(tmp_path: Path) -> None:
    assert write_empty(tmp_path / "inert.bin")
    assert not InertSet(tmp_path / "inert.bin").closed
    write_set(tmp_path / "inert.bin", 5)
    assert not write_empty(tmp_path / "inert.bin")
    assert silent(tmp_path / "inert.bin") == {5: SILENT}
