"""A list of the operator's own is added to the short one, and what is wrong with it is named."""

from pathlib import Path

import pytest

from mailwake.errors import Misconfigured
from mailwake.hygiene.disposable import own_disposable
from mailwake.hygiene.known import is_disposable
from mailwake.settings import Settings, parse


def settings(folder: Path, content: bytes | None) -> Settings:
    if content is not None:
        (folder / "own.txt").write_bytes(content)
    return parse({"hygiene": {"disposable": "own.txt"}}, root=folder)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert own_disposable(None) == own_disposable(parse({}, root=tmp_path)) == frozenset()


def test_a_domain_a_line_in_any_case_with_remarks(tmp_path: Path) -> None:
    text = "\ufeff# mine\r\n\r\nMinute.Example\nb\u00fcro.example. # moved\n".encode()
    found = own_disposable(settings(tmp_path, text))
    assert found == {"minute.example", "xn--bro-hoa.example"}
    assert is_disposable("a.minute.example", found)
    assert not is_disposable("a.minute.example")
    assert not is_disposable("aminute.example", found)
    assert is_disposable("mailinator.com", found)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot read"),
        (b"good.example\nann@minute.example\n", "line 2: 'ann@minute.example' is no domain"),
        (b"com\n", "is no domain"),
        (b"a b.example\n", "is no domain"),
        (b"caf\xe9.example\n", "is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: bytes | None, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        own_disposable(settings(tmp_path, content))
