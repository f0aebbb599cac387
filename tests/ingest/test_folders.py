"""Mail is found in files, mbox files, Maildirs and folders of them."""

import mailbox
from pathlib import Path

import pytest
from tests.ingest.notices import dsn, ours

from mailwake.errors import BadInput
from mailwake.ingest.folders import find_mail


def names(*paths: Path) -> list[str]:
    return [Path(found.name).name for found in find_mail(paths)]


def test_a_file_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(dsn())
    (found,) = find_mail([tmp_path / "a.eml"])
    assert found.raw == dsn()


def test_a_saved_message_may_begin_with_its_mailbox_line(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"From MAILER-DAEMON Mon Nov  2 10:00:00 2026\n" + dsn())
    assert names(tmp_path) == ["a.eml"]


def test_an_mbox_holds_many(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "bounces")
    for raw in (dsn(), ours().encode(), dsn(status="5.2.2")):
        box.add(raw)
    box.close()
    assert names(tmp_path / "bounces") == ["bounces#1", "bounces#2", "bounces#3"]


def test_a_maildir_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "Maildir")
    box.add(dsn())
    box.close()
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(names(tmp_path)) == 1
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def test_folders_are_read_in_order_of_name_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.eml", "a.eml", ".hidden", "inner/c.eml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(dsn())
    assert names(tmp_path) == ["a.eml", "b.eml", "c.eml"]


def test_a_missing_path_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no"):
        names(tmp_path / "nothing")
