"""Who asks the set: what the file says, what was heard on this machine, and silence where nobody can say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.silence import write_set

from mailwake.inert.entries import EVER, SILENT, Axes, Before, before, day_after
from mailwake.inert.file import News
from mailwake.inert.reader import STALE_SECONDS, InertSet, Standing
from mailwake.tokens import EPOCH

TODAY = datetime.now(UTC).date()
SECOND = 1_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inert.bin"


@pytest.fixture
def sets(path: Path) -> Iterator[list[InertSet]]:
    opened: list[InertSet] = []
    yield opened
    for each in opened:
        each.close()


def silent(inert: InertSet, who: int, axes: Axes = Axes.BOTH, issued: date = TODAY) -> bool:
    return inert.holds(who, issued, axes)


def test_those_in_the_file_are_silent_and_nobody_else(path: Path) -> None:
    write_set(path, 5, (1 << 63) - 1)
    inert = InertSet(path)
    assert (silent(inert, 5), silent(inert, (1 << 63) - 1), silent(inert, 6), len(inert)) == (True, True, False, 2)


def test_each_axis_is_asked_for_itself(path: Path) -> None:
    write_set(path, told={5: before(Axes.OPENS, EVER)})
    inert = InertSet(path)
    assert [silent(inert, 5, axes) for axes in (Axes.OPENS, Axes.CLICKS, Axes.BOTH)] == [True, False, True]


def test_mail_from_before_a_day_is_silent_and_later_mail_is_not(path: Path) -> None:
    write_set(path, told={5: before(Axes.BOTH, (TODAY - EPOCH).days)})
    inert = InertSet(path)
    assert silent(inert, 5, issued=TODAY - timedelta(days=1))
    assert not silent(inert, 5, issued=TODAY)


def test_a_new_file_takes_effect_when_it_is_looked_at(path: Path) -> None:
    write_set(path, 5)
    inert = InertSet(path)
    write_set(path, 6)
    assert (silent(inert, 5), silent(inert, 6)) == (True, False)
    inert.reload()
    assert (silent(inert, 5), silent(inert, 6)) == (False, True)


def test_the_switch_holds_for_everybody_and_for_tokens_that_name_nobody(path: Path) -> None:
    write_set(path, everybody=Before(EVER, 0))
    inert = InertSet(path)
    assert [silent(inert, who, Axes.OPENS) for who in (0, 5)] == [True, True]
    assert [silent(inert, who, Axes.CLICKS) for who in (0, 5)] == [False, False]


def test_a_switch_for_older_mail_lets_newer_mail_through(path: Path) -> None:
    write_set(path, everybody=before(Axes.BOTH, (TODAY - EPOCH).days))
    inert = InertSet(path)
    assert silent(inert, 5, issued=TODAY - timedelta(days=1))
    assert not silent(inert, 5)


@pytest.mark.parametrize(
    ("raw", "standing"),
    [
        (None, Standing.MISSING),
        (b"", Standing.DAMAGED),
        (b"123", Standing.DAMAGED),
        ((5).to_bytes(8, "little"), Standing.DAMAGED),
    ],
)
def test_where_nobody_can_say_everybody_is_silent_until_somebody_can(
    path: Path, raw: bytes | None, standing: Standing
) -> None:
    if raw is not None:
        path.write_bytes(raw)
    inert = InertSet(path)
    assert (inert.standing, silent(inert, 12_345), inert.unsure) == (standing, True, 1)
    assert not silent(inert, 0), "tokens that name nobody are no business of the set"
    write_set(path, 1)
    inert.reload()
    assert (inert.closed, silent(inert, 12_345)) == (False, False)


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_set_that_goes_away_closes_at_the_next_look(path: Path, damage: str) -> None:
    write_set(path, 1)
    inert = InertSet(path)
    assert not silent(inert, 2)
    path.unlink()
    if damage == "damaged":
        path.write_bytes(b"MWINERT2" + bytes(60))
    inert.reload()
    assert (inert.standing, silent(inert, 2)) == (damage, True)


@pytest.mark.parametrize(("age", "standing"), [(60, "fresh"), (STALE_SECONDS - 30, "fresh"), (20 * 60, "stale")])
def test_a_set_that_nobody_keeps_closes(path: Path, age: float, standing: str) -> None:
    write_set(path, 1, age_seconds=age)
    inert = InertSet(path)
    assert (inert.standing, silent(inert, 2)) == (standing, standing == "stale")


def test_a_set_closes_by_age_alone_and_opens_with_the_next_beat(path: Path) -> None:
    now = [1_800_000_000 * SECOND]
    write_set(path, 1, age_seconds=datetime.now(UTC).timestamp() - now[0] / SECOND)
    inert = InertSet(path, wall=lambda: now[0])
    assert not inert.closed
    now[0] += (STALE_SECONDS + 1) * SECOND
    inert.reload()
    assert inert.standing == "stale"
    write_set(path, 1, age_seconds=datetime.now(UTC).timestamp() - now[0] / SECOND)
    inert.reload()
    assert inert.standing == "fresh"


def test_a_set_from_the_future_is_not_believed(path: Path) -> None:
    """Written by a clock that was wrong, it would stay fresh for as long as that was."""
    write_set(path, age_seconds=-3 * STALE_SECONDS)
    assert InertSet(path).standing is Standing.STALE


def test_a_withdrawal_taken_here_holds_at_once_and_elsewhere_at_the_next_look(path: Path, sets: list[InertSet]) -> None:
    write_set(path)
    here, there = InertSet(path, tail="edge-0"), InertSet(path, tail="edge-1")
    sets += [here, there]
    here.withdraw(7, Axes.OPENS, said_at=0)
    assert [silent(here, 7, axes) for axes in (Axes.OPENS, Axes.CLICKS)] == [True, False]
    assert not silent(there, 7)
    there.reload()
    assert [silent(there, 7, axes) for axes in (Axes.OPENS, Axes.CLICKS)] == [True, False]
    here.withdraw(7, Axes.CLICKS, said_at=0)
    there.reload()
    assert silent(there, 7, Axes.CLICKS)
    assert silent(there, 7, Axes.OPENS)


def test_a_withdrawal_survives_the_process_that_took_it(path: Path, sets: list[InertSet]) -> None:
    """Also where nobody keeps the file meanwhile."""
    write_set(path, age_seconds=60)
    first = InertSet(path, tail="edge-0")
    first.withdraw(7, Axes.BOTH, said_at=0)
    first.close()
    again = InertSet(path, tail="edge-0")
    sets.append(again)
    assert silent(again, 7)
    assert not silent(again, 8)


def test_a_tail_is_forgotten_when_the_set_holds_what_it_said(path: Path, sets: list[InertSet]) -> None:
    write_set(path)
    inert = InertSet(path, tail="edge-0")
    sets.append(inert)
    inert.withdraw(7, Axes.BOTH, said_at=0)
    write_set(path, age_seconds=-1)  # too close to be sure that it was read
    inert.reload()
    assert silent(inert, 7)
    write_set(path, told={7: before(Axes.BOTH, (TODAY - EPOCH).days)}, age_seconds=-10)
    inert.reload()
    assert (path.parent / "inert-tails" / "edge-0.bin").stat().st_size == 0
    assert not silent(inert, 7), "the set speaks now, and it says that they agreed again"


def test_a_torn_tail_is_read_as_far_as_it_is_whole(path: Path, sets: list[InertSet]) -> None:
    write_set(path)
    one = InertSet(path, tail="edge-0")
    sets.append(one)
    one.withdraw(7, Axes.BOTH, said_at=0)
    one.withdraw(8, Axes.BOTH, said_at=0)
    tail = path.parent / "inert-tails" / "edge-0.bin"
    raw = bytearray(tail.read_bytes())
    raw[3] ^= 1
    tail.write_bytes(bytes(raw[:-2]))
    again = InertSet(path)
    assert len(again) == 0
    tail.write_bytes(bytes(raw))
    again.reload()
    assert (silent(again, 7), silent(again, 8)) == (False, True)


def test_how_long_news_took_is_told(path: Path, sets: list[InertSet]) -> None:
    write_set(path)
    now = [datetime.now(UTC).timestamp()]
    inert = InertSet(path, tail="edge-0", wall=lambda: round(now[0] * SECOND))
    sets.append(inert)
    assert inert.report()["inert_lag"] == {"count": 0}
    said = round(now[0] * SECOND)
    write_set(path, 5, news=(News(said, said + SECOND),))
    now[0] += 3
    inert.reload()
    assert inert.report()["inert_lag"] == {"count": 1, "p50": 3.0, "p99": 3.0, "max": 3.0}
    write_set(path, 5, 6, news=(News(said, said + SECOND),))
    inert.reload()
    assert inert.lags.count == 1, "the same piece of news is counted once"


def test_the_day_of_a_new_consent_is_the_last_silent_one(path: Path) -> None:
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    write_set(path, told={5: before(Axes.BOTH, day_after(round(noon.timestamp() * SECOND)))})
    inert = InertSet(path)
    assert silent(inert, 5, issued=TODAY)
    assert not silent(inert, 5, issued=TODAY + timedelta(days=1))


def test_everything_counts_as_silent_for_the_erased(path: Path) -> None:
    write_set(path, told={5: SILENT})
    assert silent(InertSet(path), 5, issued=EPOCH + timedelta(days=60_000))


def test_what_the_set_holds_is_no_news_however_often_it_stands_in_a_tail(path: Path, sets: list[InertSet]) -> None:
    write_set(path, age_seconds=60)
    one, other = InertSet(path, tail="edge-0"), InertSet(path, tail="edge-1")
    sets += [one, other]
    for who in range(1, 6):
        one.withdraw(who, Axes.BOTH, said_at=0)
        other.reload()
    assert other.lags.count == 5
    write_set(path, *range(1, 6), age_seconds=-10)
    other.reload()
    one.withdraw(6, Axes.BOTH, said_at=0)
    other.reload()
    assert other.lags.count == 5, "older than what the set says it holds"
    assert other.lags.report()["max"] < 60
