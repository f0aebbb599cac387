"""Reads markup of any charset without losing track of where its bytes are.

A `Text` shows bytes as a string whose markup (``< > " ' = /`` and ASCII letters) stands at known places: position *n*
of the view is byte ``n * unit``. Values are decoded one by one, so that a wrong byte somewhere else spoils nothing.

Most charsets keep ASCII where it is; their view is Latin-1. The exceptions are UTF-16 and UTF-32 (wider units), EBCDIC
(one byte each, but other ones) and the escape-driven East Asian charsets, whose escaped runs are masked. UTF-7 and
whatever Python does not know have no view, and the part is left alone.

Source: WHATWG Encoding Standard (labels), RFC 1468, 1557, 1843, 1922 (escape-driven charsets).
"""

from __future__ import annotations

import codecs
import re
from array import array
from dataclasses import dataclass
from functools import lru_cache

#: Labels that mail uses and Python does not know, or knows too narrowly (https://encoding.spec.whatwg.org/#names-and-labels).
_LABELS = {
    "us-ascii": "ascii",
    "ansi_x3.4-1968": "ascii",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "euc-cn": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "korean": "cp949",
    "windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "windows-874": "cp874",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-mac-cyrillic": "mac_cyrillic",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "unicode-1-1-utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "x-unknown": "ascii",
    "unknown-8bit": "ascii",
    "x-user-defined": "ascii",
    "binary": "ascii",
    "none": "ascii",
}
_STRUCTURE = "<>\"'=/!-[]{}%&;#:.?_|$*\t\n\r abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#: Runs in which ASCII bytes do not mean ASCII; what does not end, ends with the text.
_ESCAPED = {
    "iso2022_jp": re.compile(rb"\x1b\$[^\x1b]*+|\x1b\([^BJ\x1b][^\x1b]*+|\x1b[^$(]?"),
    "iso2022_kr": re.compile(rb"\x0e[^\x0f]*+|\x1b\$\)C"),
    "hz": re.compile(rb"~\{(?>(?:(?!~\})[^\n])*)"),
}
_META = re.compile(rb"""<meta\s[^<>]*?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Markup as bytes and as a view with known places."""

    raw: bytes
    #: the markup as a string; position n is byte n * unit
    view: str
    #: Python codec for values
    codec: str
    #: bytes per position of the view
    unit: int = 1
    #: ASCII bytes stand for ASCII, so that inserted text needs no encoding
    is_ascii_based: bool = True

    @property
    def is_literal(self) -> bool:
        """The view shows the bytes one by one, so that equal stretches of it are equal bytes."""
        return self.unit == 1 and self.is_ascii_based and self.codec not in _ESCAPED

    def value(self, start: int, end: int) -> str | None:
        """The text between two positions of the view; None when its bytes are wrong for the charset."""
        text = self.view[start:end]
        if self.codec in _PLAIN or (text.isascii() and self.is_ascii_based and self.codec not in _ESCAPED):
            return text
        try:
            return self._bytes(start, end).decode(self.codec)
        except UnicodeDecodeError:
            return None

    def readable(self, start: int, end: int) -> str:
        """The text between two positions, for people: wrong bytes become replacement characters."""
        text = self.view[start:end]
        if text.isascii() and self.is_ascii_based and self.codec not in _ESCAPED:
            return text
        return self._bytes(start, end).decode(self.codec, "replace")

    def _bytes(self, start: int, end: int) -> bytes:
        return _SHIFT.get(self.codec, b"") + self.raw[start * self.unit : end * self.unit]

    def encode(self, text: str) -> bytes:
        """Text of ours (ASCII) as it has to stand among the bytes."""
        return text.encode("ascii" if self.is_ascii_based else self.codec)


#: What has to come first, once in a text, before anything can be decoded (RFC 1557).
_SHIFT = {"iso2022_kr": b"\x1b$)C"}
#: The view of these is the text itself.
_PLAIN = frozenset({"latin-1"})


def read_text(raw: bytes, label: str | None) -> Text | None:
    """Bytes as markup.

    Args:
        raw: the markup.
        label: charset as declared outside of it; None: look for a byte order mark, then at ``<meta>``, then guess.

    Returns:
        None when the charset is unknown, cannot be edited in place, or is not what is declared.
    """
    marked = next((codec for mark, codec in _BOMS if raw.startswith(mark)), None)
    if label is None and marked is None:
        declared = _META.search(raw[:4096])
        label = declared[1].decode("ascii") if declared else "x-unknown"
        if label.lower().startswith(("utf-16", "utf-32")):
            label = "utf-8"  # a meta element that can be read as ASCII is not UTF-16 (WHATWG HTML, 13.2.3.3)
    codec = find_codec(label or "")
    if not (codec or "").startswith("utf-32"):  # its mark starts like that of UTF-16
        codec = marked or codec
    if codec == "ascii":
        codec = _guess(raw)
    if codec in ("utf-16", "utf-32"):
        codec += _byte_order(raw)
    if codec and keeps_ascii(codec) and _is_wide(raw[:4_000]):
        return None
    return _view(raw, codec) if codec else None


def _view(raw: bytes, codec: str) -> Text | None:
    if codec in _ESCAPED:
        masked = _ESCAPED[codec].sub(lambda run: b"x" * len(run[0]), raw)
        return Text(raw=raw, view=masked.decode("latin-1"), codec=codec)
    if codec.startswith("utf-16"):
        return Text(raw=raw, view=_units(raw, codec, "H", 2), codec=codec, unit=2, is_ascii_based=False)
    if codec.startswith("utf-32"):
        return Text(raw=raw, view=_units(raw, codec, "I", 4), codec=codec, unit=4, is_ascii_based=False)
    if keeps_ascii(codec):
        return Text(raw=raw, view=raw.decode("latin-1"), codec=codec)
    view = raw.decode(codec, "replace")
    if len(view) == len(raw) and _is_single_byte(codec):
        return Text(raw=raw, view=view, codec=codec, is_ascii_based=False)
    return None


def _units(raw: bytes, codec: str, kind: str, width: int) -> str:
    units = array(kind, raw[: len(raw) // width * width])
    if (codec.endswith("be")) == (_native_is_little()):
        units.byteswap()
    return "".join(chr(unit) if unit < 0x110000 else "�" for unit in units)


def _native_is_little() -> bool:
    return array("H", b"\x01\x00")[0] == 1


def _guess(raw: bytes) -> str:
    """ASCII was declared, or nothing: UTF-8 when it is, else what old Windows programs meant."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _byte_order(raw: bytes) -> str:
    """Without a mark, markup shows the order itself: its high bytes are mostly zero."""
    return "-be" if raw[0:4000:2].count(0) > raw[1:4000:2].count(0) else "-le"


#: Fewer bytes are no text to tell by.
_MIN_WIDE = 16


def _is_wide(raw: bytes) -> bool:
    """Whether every other byte is NUL: UTF-16 that nobody declared, among which ASCII would be read wrong."""
    if b"\0" not in raw or len(raw) < _MIN_WIDE:
        return False
    few, many = sorted((raw[::2].count(0), raw[1::2].count(0)))
    return many * 4 > len(raw) and few * 8 < many


@lru_cache(maxsize=256)
def find_codec(label: str) -> str | None:
    """Python's name for a charset label as mail writes it; None when there is none, or it is no charset of text."""
    name = label.strip().strip("\"';, ").lower()
    name = _LABELS.get(name, name)
    if not name:
        return "ascii"
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # `_is_text_encoding` tells charsets from transformations such as rot13 or zip; the codec registry has no other way.
    if not getattr(info, "_is_text_encoding", True) or info.name in _NO_CHARSETS:
        return None
    if info.name.startswith("iso2022_jp"):
        return "iso2022_jp" if info.name == "iso2022_jp" else None
    return _LABELS.get(info.name, info.name)


_NO_CHARSETS = frozenset({"utf-7", "idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs"})


@lru_cache(maxsize=256)
def keeps_ascii(codec: str) -> bool:
    """Whether bytes below 128 outside of multi-byte characters are ASCII, as far as markup is made of it."""
    raw = _STRUCTURE.encode("ascii")
    try:
        return codec not in _ESCAPED and raw.decode(codec) == _STRUCTURE and b"~{VP~}".decode(codec) == "~{VP~}"
    except UnicodeDecodeError:
        return False


@lru_cache(maxsize=256)
def _is_single_byte(codec: str) -> bool:
    return len(bytes(range(256)).decode(codec, "replace")) == 256


#: Languages that write Latin letters have next to no word in which letters beyond ASCII stand as UTF-8 has them.
_LATIN = frozenset(("cp1250", "cp1252", "cp1254", "iso8859-1", "iso8859-2", "iso8859-9", "iso8859-15", "latin-1"))
#: One letter for each byte, where every byte is one; fewer in UTF-8 and in the charsets of East Asia.
_EACH = b"\xc3\xa9\xd0\xb0\xe4\xb8\xad"
_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")


def wrong_byte(raw: bytes, codec: str) -> int | None:
    """Where the first byte is that is not of a charset, or that is UTF-8 declared as what any byte is of.

    Source: RFC 3629 section 3: text of other charsets next to never looks like UTF-8.
    """
    try:
        raw.decode(codec)
        if (
            raw.isascii()
            or len(_EACH.decode(codec, "replace")) < len(_EACH)
            or len(_SEQUENCE.findall(raw)) < (1 if codec in _LATIN else 4)
        ):
            return None
        raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        return fault.start if fault.encoding != "utf-8" or codec == "utf-8" else None
    first = re.search(rb"[\x80-\xff]", raw)
    return first.start() if first else None


def contradiction(page: bytes, codec: str) -> re.Match[bytes] | None:
    """The ``<meta>`` of a page that names another charset than was declared; ASCII is part of all others."""
    found = _META.search(page[:4096])
    other = find_codec(found[1].decode("ascii")) if found else None
    return found if other and "ascii" not in (other, codec) and other != codec else None
