"""Mail that nobody could read is kept until somebody does, and never fills the disk."""

from pathlib import Path

import pytest

from mailwake.errors import Unavailable
from mailwake.ingest.unread import Unread


def test_the_bytes_are_kept_as_they_came_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = Unread(tmp_path / "unread").keep(b"\x00\xff strange")
    assert path.read_bytes() == b"\x00\xff strange"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_same_mail_is_kept_once(tmp_path: Path) -> None:
    unread = Unread(tmp_path)
    assert unread.keep(b"a") == unread.keep(b"a")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_folder_takes_no_more_and_says_so(tmp_path: Path) -> None:
    for _ in range(2):
        unread = Unread(tmp_path, max_kept=2)
        unread.keep(b"a")
        unread.keep(b"b")
        with pytest.raises(Unavailable, match="unread"):
            unread.keep(b"c")


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "unread").write_text("in the way")
    with pytest.raises(Unavailable):
        Unread(tmp_path / "unread").keep(b"a")


def test_a_folder_that_somebody_cleared_takes_mail_again(tmp_path: Path) -> None:
    unread = Unread(tmp_path, max_kept=1)
    kept = unread.keep(b"a")
    with pytest.raises(Unavailable):
        unread.keep(b"b")
    kept.unlink()
    assert unread.keep(b"b").read_bytes() == b"b"
