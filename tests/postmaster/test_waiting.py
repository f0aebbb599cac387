"""Mail that was put aside is read, and removed when what it says is kept."""

from pathlib import Path

import pytest
from tests.postmaster.reports import GZIPPED, NOW, mailed

from mailwake.postmaster import waiting
from mailwake.postmaster.intake import Intake
from mailwake.postmaster.waiting import REFUSED, take_waiting
from mailwake.store.state import open_state


def test_waiting_mail_is_read_and_what_cannot_be_read_is_kept_beside(tmp_path: Path) -> None:
    folder = tmp_path / "reports-in"
    folder.mkdir()
    for name, raw in (("a", mailed(GZIPPED)), ("b", mailed(GZIPPED)), ("c", mailed(GZIPPED[:60])), ("d", b"words")):
        (folder / f"{name}.eml").write_bytes(raw)
    (folder / "e.part").write_bytes(b"being written")
    state = open_state(tmp_path / "state.sqlite")
    told = take_waiting(folder, lambda: Intake(state, lambda _: None, clock=lambda: NOW))
    state.close()
    assert told == {"kept": 1, "known": 1, "refused": 1}
    assert sorted(path.name for path in folder.iterdir()) == ["e.part", REFUSED]
    assert sorted(path.name for path in (folder / REFUSED).iterdir()) == ["c.eml", "d.eml"]


def test_nothing_is_opened_where_nothing_waits(tmp_path: Path) -> None:
    def never() -> Intake:
        raise AssertionError("opened")

    assert not take_waiting(tmp_path / "nowhere", never)


def test_what_cannot_be_read_does_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_REFUSED", 1)
    for name in "ab":
        (tmp_path / f"{name}.eml").write_bytes(b"words")
    state = open_state(tmp_path / "state.sqlite")
    take_waiting(tmp_path, lambda: Intake(state, lambda _: None, clock=lambda: NOW))
    state.close()
    assert [path.name for path in (tmp_path / REFUSED).iterdir()] == ["a.eml"]
