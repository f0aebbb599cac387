"""Encoded words are read as programs for mail read them, and those that none can read say why."""

from __future__ import annotations

import pytest
from tests.every import every

from mailwake.markup.addresses import addresses_in, is_group
from mailwake.markup.mime import read_message
from mailwake.markup.words import encoded_words, readable


@every(
    ("written", "text"),
    [
        ("=?utf-8?Q?Hi_=7B=7Bname=7D=7D?= there", "Hi {{name}} there"),
        ("=?UTF-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("=?utf-8?Q?Gr=C3?=  =?UTF-8?Q?=BC=C3=9Fe?=", "Grüße"),  # cut within a letter
        ("=?utf-8?q?a?= =?iso-8859-1*fr?q?=e9?= b", "aé b"),
        ("Grüße a =?= b =?x?y", "Grüße a =?= b =?x?y"),
        ("=?klingon?Q?a?= b", "=?klingon?Q?a?= b"),
    ],
)
def test_what_can_be_read_is_read_and_everything_else_stays(written: str, text: str) -> None:
    assert readable(written) == text


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("=?klingon?Q?a?=", ("charset_unknown", "klingon")),
        ("=?utf-8?Q?Gr=FC=DFe?=", ("charset_wrong", "utf-8")),
        ("=?utf-8?B?%%%?=", ("undecodable", "base64")),
        ("=?utf-8?X?abc?=", ("undecodable", "X")),
    ],
)
def test_why_a_word_cannot_be_read(written: str, fault: tuple[str, str]) -> None:
    found = [(words.fault, words.said) for words in encoded_words(f"Well, {written} =?utf-8?q?a?=")]
    assert found[:1] == [fault]


@pytest.mark.parametrize("written", ["=?" * 50_000, "=?a?b?c?=  " * 20_000, "=?a?b?" * 20_000, "=?a*" * 40_000])
def test_no_field_takes_long(written: str) -> None:
    """A search that begins again at every mark would take hours; this one ends, and a test run is not a stop-watch."""
    assert readable(written * 20)


def test_a_group_is_told_from_a_colon_that_is_none() -> None:
    assert is_group("News: a@example.com;")
    assert is_group("News: today <a@example.com>")
    for written in ('"a: b" <a@example.com>', "=?utf-8?Q?a:b?= <a@example.com>", "a@example.com (a: b)"):
        assert not is_group(written)
    assert addresses_in(["A <a@example.com>", "b@example.com, C"]) == ["a@example.com", "b@example.com", "C"]
    assert addresses_in(["(" * 100_000, "a:" * 50_000]) == []


@every(
    ("raw", "line"),
    [
        (b"From: a@example.com\r\nno field\r\nTo: b@example.com\r\n\r\nHello\r\n", b"no field"),
        (b"From: a@example.com\r\nSubject : Hello\r\n\r\nHello\r\n", b"Subject :"),
        (b"From: a@example.com\r\n\r\nMIME-Version: 1.0\r\nX-A: b\r\n\r\nHello\r\n", b"\r\nMIME"),
        (b"From: a@example.com\n\nSubject: Hello\nDate: now\n\nHello\n", b"\nSubject"),
        (b"From: a@example.com\r\n\r\nDate: 5 May\r\nWhere: here\r\n\r\nHello\r\n", None),
        (b"From: a@example.com\r\nMIME-Version: 1.0\r\n\r\nMIME-Version: 1.0 is what we say.\r\n", None),
        (b"From: a@example.com\r\n\r\nhttps://example.com/\r\nTip: buy\r\n", None),
        (b"From: a@example.com\r\nX-A: b\r\n \r\n c\r\n\r\n", None),
        (b"From: a@example.com\r\n", None),
    ],
)
def test_where_a_header_breaks_off(raw: bytes, line: bytes | None) -> None:
    message = read_message(raw)
    assert message is not None
    at = message.broken_at()
    assert at == (None if line is None else raw.index(line))
