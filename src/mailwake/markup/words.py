"""Encoded words of header fields: what they say, and those that programs cannot read.

Source: RFC 2047 sections 2 to 6, RFC 2231 section 5 (a language behind the charset).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from mailwake.markup.charset import find_codec

_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([A-Za-z])\?([^?]*)\?=")
#: White space between words is no part of what they say.
_WORDS = re.compile(rf"{_WORD.pattern}(?:\s*{_WORD.pattern})*")


class WordFault(StrEnum):
    """Why a word cannot be read."""

    #: no program knows its charset
    CHARSET_UNKNOWN = "charset_unknown"
    #: its bytes are none of its charset
    CHARSET_WRONG = "charset_wrong"
    #: its letters are none of its encoding
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, kw_only=True)
class Words:
    """Words side by side, of one charset."""

    #: what readers see; as it is written where it cannot be decoded
    text: str
    #: None: nothing is wrong
    fault: WordFault | None = None
    #: the charset or encoding that the fault is about, as it is written
    said: str = ""


def readable(value: str) -> str:
    """A field, unfolded, with its encoded words decoded; what cannot be decoded stays as it is."""
    return _WORDS.sub(lambda run: "".join(words.text for words in _read(run[0])), value)


def encoded_words(value: str) -> Iterator[Words]:
    """The encoded words of a field, unfolded, in order."""
    for run in _WORDS.finditer(value):
        yield from _read(run[0])


def _read(run: str) -> Iterator[Words]:
    """Words of one charset are put together first: a character may not be cut by them, and programs mend it."""
    for charset, words in groupby(_WORD.finditer(run), key=lambda word: word[1].lower()):
        yield _text(charset, list(words))


def _text(charset: str, words: list[re.Match[str]]) -> Words:
    codec, written = find_codec(charset), " ".join(word[0] for word in words)
    if codec is None:
        return Words(text=written, fault=WordFault.CHARSET_UNKNOWN, said=charset)
    try:
        data = b"".join(_bytes(word[2].lower(), word[3]) for word in words)
    except ValueError:
        letter = words[0][2]
        return Words(text=written, fault=WordFault.UNDECODABLE, said="base64" if letter in "Bb" else letter)
    try:
        return Words(text=data.decode(codec))
    except UnicodeDecodeError:
        return Words(text=data.decode(codec, "replace"), fault=WordFault.CHARSET_WRONG, said=charset)


def _bytes(encoding: str, text: str) -> bytes:
    """What a word says; ValueError: nothing."""
    if encoding == "q":
        return binascii.a2b_qp(text.encode(), header=True)
    if encoding != "b":
        raise ValueError(encoding)
    text = "".join(text.split()).rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
