"""The edge always finds a whole file of those who withdrew."""

from pathlib import Path

import pytest

from mailwake.edge.inert import InertSet
from mailwake.errors import Unavailable
from mailwake.events import Handle
from mailwake.pipeline.inert import InertFile, pack_handles

BIG = Handle((1 << 63) - 1)


def test_handles_are_sorted_and_eight_bytes_each() -> None:
    assert (
        pack_handles([BIG, Handle(2), Handle(2), Handle(1)])
        == b"\1" + bytes(7) + b"\2" + bytes(7) + b"\xff" * 7 + b"\x7f"
    )


def test_the_edge_reads_what_was_written(tmp_path: Path) -> None:
    InertFile(tmp_path / "inert.bin").put([BIG, Handle(5)])
    inert = InertSet(tmp_path / "inert.bin")
    assert 5 in inert
    assert BIG in inert
    assert 6 not in inert


def test_it_is_written_only_when_it_changes(tmp_path: Path) -> None:
    file = InertFile(tmp_path / "inert.bin")
    assert file.put([Handle(5)])
    assert not file.put([Handle(5)])
    (tmp_path / "inert.bin").unlink()
    assert file.put([Handle(5)])


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    InertFile(tmp_path / "new" / "inert.bin").put([])
    assert (tmp_path / "new" / "inert.bin").stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_is_said_aloud(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="withdrawals"):
        InertFile(tmp_path / "file" / "inert.bin").put([Handle(1)])
