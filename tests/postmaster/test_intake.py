"""A report counts once, lines that share everything are one, and a flood ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postmaster.reports import GZIPPED, NOW, PLAIN, changed, mailed, numbered, zipped

from mailwake.events import SECOND, Micros
from mailwake.postmaster import intake as room
from mailwake.postmaster.dmarc import DAY
from mailwake.postmaster.intake import KEPT_DAYS, Intake
from mailwake.store.state import StateStore, open_state

EVER = Micros(0)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    state = open_state(tmp_path / "state.sqlite")
    yield state
    state.close()


def intake(state: StateStore, now: Micros = NOW) -> Intake:
    return Intake(state, {"192.0.2.10": "Example Hosting"}.get, clock=lambda: now)


def copies(state: StateStore) -> int:
    return sum(each.row.copies for each in state.dmarc_sums(since=EVER))


def test_a_report_is_kept_once_however_often_it_comes(state: StateStore) -> None:
    takes = intake(state)
    [first] = takes.take(PLAIN)
    assert (first.what, first.copies) == ("kept", 200)
    assert [each.what for raw in (PLAIN, GZIPPED, mailed(GZIPPED)) for each in takes.take(raw)] == ["known"] * 3
    assert copies(state) == 200
    assert [each.what for each in takes.take(numbered("2"))] == ["kept"]
    assert [each.what for each in takes.take(numbered("2", "other.example"))] == ["kept"]
    assert copies(state) == 600


def test_the_operator_of_a_server_is_kept_with_it(state: StateStore) -> None:
    intake(state).take(PLAIN)
    assert {each.row.source: each.row.operator for each in state.dmarc_sums(since=EVER)} == {
        "192.0.2.10": "Example Hosting", "198.51.100.7": None, "2001:db8::25": None,
    }  # fmt: skip


def test_one_bad_report_holds_up_no_other(state: StateStore) -> None:
    told = intake(state).take(zipped(b"<broken", PLAIN))
    assert [each.what for each in told] == ["refused", "kept"]
    assert "broken" in told[0].why


def test_what_holds_no_report_says_nothing_and_a_bad_archive_says_why(state: StateStore) -> None:
    assert intake(state).take(b"words") == []
    assert [each.what for each in intake(state).take(GZIPPED[:50])] == ["refused"]


def test_lines_that_share_everything_are_added_up(state: StateStore) -> None:
    raw = changed("198.51.100.7", "192.0.2.10").replace(b"news.example.com.", b"example.com")
    intake(state).take(raw.replace(b"<dkim>pass</dkim><spf>fail", b"<dkim>pass</dkim><spf>pass"))
    assert sorted(each.row.copies for each in state.dmarc_sums(since=EVER)) == [50, 150]


def test_a_flood_of_made_up_reports_ends(state: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_A_DAY", 3)
    told = [each for number in range(5) for each in intake(state).take(numbered(str(number)))]
    assert [each.what for each in told] == ["kept"] * 3 + ["refused"] * 2
    later = Micros(NOW + (DAY + 1) * SECOND)
    assert [each.what for each in intake(state, later).take(numbered("9"))] == ["kept"]


def test_old_reports_are_neither_taken_nor_kept(state: StateStore) -> None:
    intake(state).take(PLAIN)
    late = Micros(NOW + (KEPT_DAYS + 1) * DAY * SECOND)
    intake(state).forget()
    assert copies(state) == 200
    intake(state, late).forget()
    assert copies(state) == 0
    [again] = intake(state, late).take(PLAIN)
    assert (again.what, again.why) == ("refused", "it is older than 400 days")
