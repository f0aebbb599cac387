"""The file beside the data: what is added stays, a line that a crash cut off costs nothing else."""

from pathlib import Path

import pytest

from mailwake.errors import Unavailable, Unreadable
from mailwake.events import Handle, Micros
from mailwake.rights.forgotten import Forgotten, Line, What


def line(what: What, handle: int, at: int = 1) -> Line:
    return Line(what=what, handle=Handle(handle), at=Micros(at), digest="d" if what is What.ERASED else "")


def test_the_newest_word_on_everybody_holds(tmp_path: Path) -> None:
    file = Forgotten(tmp_path / "forgotten.log")
    assert file.standing().erased == {}
    file.add([line(What.ERASED, 1), line(What.WITHDRAWN, 2, 5), line(What.WITHDRAWN, 3)])
    file.add([line(What.ALLOWED, 3)])
    found = file.standing()
    assert (set(found.erased), found.withdrawn) == ({1}, {2: 5})
    assert file.path.stat().st_mode & 0o077 == 0


def test_another_copy_adds_what_is_newer_and_changes_no_word(tmp_path: Path) -> None:
    file = Forgotten(tmp_path / "forgotten.log")
    first = [line(What.ERASED, 1, 5), line(What.WITHDRAWN, 2, 5), line(What.ALLOWED, 2, 7)]
    assert file.take_in([*first, *first]) == 3
    before = file.path.read_bytes()
    older = [line(What.WITHDRAWN, 2, 6), line(What.ERASED, 1, 4)]
    assert file.take_in([*first, *older]) == 0
    assert file.path.read_bytes() == before
    assert file.take_in([*older, line(What.WITHDRAWN, 2, 8), line(What.ERASED, 3, 1), line(What.WITHDRAWN, 1, 1)]) == 3
    assert file.path.read_bytes().startswith(before)
    found = file.standing()
    assert (set(found.erased), found.withdrawn) == ({1, 3}, {2: 8, 1: 1})


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_line_that_a_crash_cut_off_is_passed_over(tmp_path: Path, cut: int) -> None:
    file = Forgotten(tmp_path / "forgotten.log")
    file.add([line(What.ERASED, 1), line(What.ERASED, 2)])
    file.path.write_bytes(file.path.read_bytes()[:-cut])
    file.add([line(What.ERASED, 3)])
    assert {1, 3} <= set(file.standing().erased)


def test_a_line_that_is_none_stops(tmp_path: Path) -> None:
    file = Forgotten(tmp_path / "forgotten.log")
    file.path.write_text('{"what":"erased","handle":1,"at":1}\nnonsense\n', encoding="utf-8")
    with pytest.raises(Unreadable, match="line 2"):
        file.standing()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nobody is erased without it"):
        Forgotten(tmp_path / "missing" / "forgotten.log").add([line(What.ERASED, 1)])
