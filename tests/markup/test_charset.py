"""Markup of every charset is seen at its places, and values come out as they were written."""

import encodings.aliases

import pytest
from tests.every import every

from mailwake.markup.charset import find_codec, read_text
from mailwake.markup.scan import scan

#: charset: text that it can hold
SAMPLES = {
    "us-ascii": "plain",
    "utf-8": "grüße €😀",
    "iso-8859-1": "café",
    "iso-8859-2": "żółć",
    "iso-8859-5": "привет",
    "iso-8859-7": "καλημέρα",
    "iso-8859-8-i": "שלום",
    "iso-8859-9": "ğış",
    "iso-8859-15": "10 €",
    "windows-1250": "žluťoučký",
    "windows-1251": "письмо",
    "windows-1252": "“café” €",
    "windows-1253": "αβγ",
    "windows-1254": "şğ",
    "windows-1255": "שלום",
    "windows-1256": "سلام",
    "windows-1257": "ąčę",
    "windows-1258": "ơư",
    "windows-874": "สวัสดี",
    "koi8-r": "привет",
    "koi8-u": "їжак",
    "ibm866": "привет",
    "macintosh": "naïve",
    "gb2312": "中文邮件",
    "gbk": "镕",
    "gb18030": "㐀中文",
    "big5": "中文郵件",
    "euc-jp": "日本語",
    "shift_jis": "日本語表",
    "iso-2022-jp": "日本語",
    "iso-2022-kr": "한국어",
    "hz": "中文",
    "euc-kr": "한국어",
    "ks_c_5601-1987": "똠방각하",
    "johab": "한국어",
    "tis-620": "สวัสดี",
    "utf-16le": "grüße 😀",
    "utf-16be": "grüße 😀",
    "utf-32le": "grüße 😀",
    "utf-32be": "grüße 😀",
    "cp037": "mainframe é",
    "cp500": "mainframe é",
}
PYTHONS_NAME = {"iso-8859-8-i": "iso-8859-8", "ks_c_5601-1987": "cp949", "windows-874": "cp874"}


@every("charset", sorted(SAMPLES))
def test_an_address_between_foreign_letters_is_found_and_read(charset: str) -> None:
    sample = SAMPLES[charset]
    html = f'<p title="{sample}">{sample}<a href="https://example.com/{sample}?q={sample}">{sample}</a>{sample}'
    codec = PYTHONS_NAME.get(charset, charset)
    raw = html.encode(codec)
    text = read_text(raw, charset)
    assert text is not None
    (tag,) = scan(text.view).tags
    assert tag.href is not None
    assert text.value(*tag.href[:2]) == f"https://example.com/{sample}?q={sample}"
    assert text.readable(tag.end, tag.content_end) == sample


@every("charset", sorted(SAMPLES))
def test_places_are_bytes(charset: str) -> None:
    """Cutting at the places of the view and joining again gives the bytes, and what is inserted reads as inserted."""
    codec = PYTHONS_NAME.get(charset, charset)
    raw = f"{SAMPLES[charset]}<b>{SAMPLES[charset]}".encode(codec)
    text = read_text(raw, charset)
    assert text is not None
    place = text.view.index("<b>") * text.unit
    inserted = raw[:place] + text.encode("<i>") + raw[place:]
    assert inserted.decode(codec) == f"{SAMPLES[charset]}<i><b>{SAMPLES[charset]}"


def test_every_charset_of_python_is_read_or_refused_but_never_wrong() -> None:
    html = '<a href="https://example.com/">x</a>'
    for name in sorted(set(encodings.aliases.aliases.values())):
        codec = find_codec(name)
        if codec is None:
            continue
        try:
            raw = html.encode(codec)
        except UnicodeEncodeError:
            continue
        text = read_text(raw, name)
        if text is not None:
            (tag,) = scan(text.view).tags
            assert tag.href is not None
            assert text.value(*tag.href[:2]) == "https://example.com/", name


@every("charset", ["utf-7", "x-nobody-knows", "rot13", "zlib_codec", "punycode", "idna"])
def test_a_charset_that_cannot_be_edited_is_refused(charset: str) -> None:
    assert read_text(b"<b>", charset) is None


@every("label", ["UTF-8", '"utf-8"', "'utf-8'", "utf8", " utf-8; ", "unicode-1-1-utf-8"])
def test_labels_are_read_as_mail_writes_them(label: str) -> None:
    assert find_codec(label) == "utf-8"


@every("label", [None, "", "us-ascii", "x-unknown", "unknown-8bit"])
def test_undeclared_bytes_are_utf8_where_they_can_be_and_else_western(label: str | None) -> None:
    for raw, codec in (("é".encode(), "utf-8"), (b"\xe9", "cp1252")):
        text = read_text(raw, label)
        assert text is not None
        assert text.codec == codec


def test_a_byte_order_mark_wins_over_any_label() -> None:
    text = read_text("\ufeff<a href=x>".encode("utf-16-le"), "utf-8")
    assert text is not None
    assert text.codec == "utf-16-le"
    assert len(scan(text.view).tags) == 1


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf16_without_a_mark_shows_its_order_itself(order: str) -> None:
    text = read_text("<p>grüße</p>".encode(f"utf-16-{order}"), "utf-16")
    assert text is not None
    assert text.codec == f"utf-16-{order}"


@pytest.mark.parametrize(
    "meta",
    ['<meta charset="koi8-r">', "<META CHARSET=koi8-r>", '<meta http-equiv=x content="text/html; charset=koi8-r">'],
)
def test_a_page_names_its_charset_itself(meta: str) -> None:
    text = read_text(f"<html><head>{meta}".encode(), None)
    assert text is not None
    assert text.codec == "koi8-r"


def test_wrong_bytes_spoil_only_the_value_they_are_in() -> None:
    raw = b'<a href="https://example.com/\xff">x</a><p>\xfe</p><a href="https://example.com/ok">y</a>'
    text = read_text(raw, "utf-8")
    assert text is not None
    found = [text.value(*tag.href[:2]) for tag in scan(text.view).tags if tag.href]
    assert found == [None, "https://example.com/ok"]


def test_half_a_unit_at_the_end_stays() -> None:
    text = read_text("<b>".encode("utf-16-le") + b"\x00", "utf-16le")
    assert text is not None
    assert text.view == "<b>"
    assert text.raw.endswith(b"\x00\x00")


@pytest.mark.parametrize("label", ["unicode_escape", "raw_unicode_escape", "Unicode-Escape"])
def test_what_python_alone_knows_is_no_charset(label: str) -> None:
    assert find_codec(label) is None
