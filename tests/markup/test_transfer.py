"""Edits inside encoded bodies: what is decoded afterwards is the old text with the edits, and nothing else."""

import base64
import binascii
import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.markup.layout import Content, Edit, Patch, Sheet
from mailwake.markup.quoted import QuotedWriter, fold_quoted
from mailwake.markup.transfer import read_body
from mailwake.tokens import MESSAGE_CHARS

PART = b"T" * MESSAGE_CHARS
NEW: Content = (b"https://track.example.org/c/", 0, b"/abcdef=0123456789")
NEW_BYTES = b"https://track.example.org/c/" + PART + b"/abcdef=0123456789"


def edited(data: bytes, encoding: str, edits: list[Edit], newline: bytes = b"\r\n") -> bytes:
    """A body with edits: the same whether each is taken by itself or all are one stretch, and whether or not before."""
    body = read_body(data, encoding, newline)
    assert body is not None
    together = [Patch(0, len(body.decoded), tuple(edits))]
    one_by_one = [Patch(edit.start, edit.end, (edit.moved(-edit.start),)) for edit in edits]
    first, second, alone = (
        Sheet(body.edit(patches, None)).fill([PART]) for patches in (together, together, one_by_one)
    )
    assert first == second == alone
    return alone


def decoded(data: bytes, encoding: str) -> bytes:
    body = read_body(data, encoding, b"\r\n")
    assert body is not None
    return body.decoded


def spliced(text: bytes, edits: list[Edit]) -> bytes:
    for edit in reversed(edits):
        text = text[: edit.start] + NEW_BYTES + text[edit.end :]
    return text


@st.composite
def text_and_edits(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    line = st.one_of(
        st.binary(max_size=90),
        st.text("abc =<>/.\t", max_size=90).map(str.encode),
        st.just(b"=" * 5),
        st.just(b"x" * 75),
    )
    text = b"\r\n".join(draw(st.lists(line, max_size=6))).replace(b"\r", b"").replace(b"\n", b"\r\n")
    offsets = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    edits = [Edit.put(start, end, NEW) for start, end in zip(offsets[::2], offsets[1::2], strict=False)]
    # between CR and LF nothing is ever edited: addresses and markup stand in lines
    return text, [edit for edit in edits if text[edit.start - 1 : edit.start + 1] != b"\r\n"]


@st.composite
def quoted(draw: st.DrawFn, text: bytes) -> bytes:
    """Some encoder's quoted-printable: any byte escaped or not where it may, soft breaks anywhere, either case."""
    upper = draw(st.booleans())
    newline = draw(st.sampled_from([b"\r\n", b"\n"]))
    breaks = draw(st.integers(20, 76))
    out, column = b"", 0
    for index, char in enumerate(text):
        if text[index : index + 2] == b"\r\n":
            continue
        if char == 10 and text[index - 1 : index] == b"\r":
            out, column = out + newline, 0
            continue
        last = text[index + 1 : index + 2] in (b"", b"\r")
        plain = (33 <= char <= 126 and char != 61) or (char in (9, 32) and not last)
        item = bytes((char,)) if plain else (b"=%02X" if upper else b"=%02x") % char
        if column + len(item) >= breaks:
            out, column = out + b"=" + newline, 0
        out, column = out + item, column + len(item)
    return out


@given(st.data())
def test_quoted_printable_decodes_to_the_spliced_text(data: st.DataObject) -> None:
    text, edits = data.draw(text_and_edits())
    encoded = data.draw(quoted(text))
    if b"\r\n" in text and b"\r\n" not in encoded:
        text = text.replace(b"\r\n", b"\n")
        edits = []
    assert decoded(encoded, "quoted-printable") == text
    result = edited(encoded, "quoted-printable", edits)
    assert quopri.decodestring(result) == spliced(text, edits)
    assert max(len(line.rstrip(b"\r")) for line in result.split(b"\n")) <= 76


@given(text_and_edits(), st.integers(5, 100), st.sampled_from([b"\r\n", b"\n", b"\r\r\n"]))
def test_base64_decodes_to_the_spliced_text_with_the_same_lines(
    case: tuple[bytes, list[Edit]], width: int, newline: bytes
) -> None:
    text, edits = case
    packed = base64.b64encode(text)
    lines = [packed[start : start + width] for start in range(0, len(packed), width)]
    encoded = newline.join(lines) + newline
    result = edited(encoded, "base64", edits, newline)
    assert base64.b64decode(result) == spliced(text, edits)
    if len(lines) > 1:
        assert all(len(line) == width for line in result.rstrip(b"\r\n").split(newline)[:-1])
    if not edits:
        assert result == encoded


@given(text_and_edits(), st.sampled_from(["", "7bit", "8bit", "binary"]))
def test_plain_bodies_are_spliced(case: tuple[bytes, list[Edit]], encoding: str) -> None:
    text, edits = case
    assert edited(text, encoding, edits) == spliced(text, edits)


BROKEN = b'<a href=3d"x">=ZZ 100=% ==41 = \r\nsoft= \r\nbroken =\nend =4\r\nlast='


def test_broken_escapes_stay_what_they_are() -> None:
    place = decoded(BROKEN, "quoted-printable").index(b"x")
    result = edited(BROKEN, "quoted-printable", [Edit.put(place, place + 1, NEW)])
    assert result.startswith(b'<a href=3d"')
    assert result.endswith(b'">=ZZ 100=% ==41 = \r\nsoft= \r\nbroken =\nend =4\r\nlast=')
    assert decoded(result, "quoted-printable") == decoded(BROKEN, "quoted-printable").replace(b"x", NEW_BYTES, 1)


@pytest.mark.parametrize("end", [b"=", b"= \t", b"a=", b"=3D=", b"=ZZ="])
def test_what_is_put_behind_a_text_that_ends_in_an_open_escape_makes_no_sign_of_it(end: bytes) -> None:
    text = b"<p>=E9</p>" + end
    place = len(decoded(text, "quoted-printable"))
    result = edited(text, "quoted-printable", [Edit.put(place, place, NEW)])
    assert decoded(result, "quoted-printable") == decoded(text, "quoted-printable") + NEW_BYTES


def test_text_around_an_edit_keeps_its_very_bytes() -> None:
    encoded = b'=E9=e9 <a href=3D"https://example.=\r\ncom/">=41</a> =\r\n tail=20\r\n'
    text = decoded(encoded, "quoted-printable")
    start = text.index(b"https")
    result = edited(encoded, "quoted-printable", [Edit.put(start, text.index(b'">'), NEW)])
    assert result.startswith(b'=E9=e9 <a href=3D"')
    assert result.endswith(b'">=41</a> =\r\n tail=20\r\n')


def test_a_sealed_part_is_never_cut_by_a_soft_break() -> None:
    writer = QuotedWriter(b"\r\n")
    for _ in range(7):
        writer.insert((b"x" * 13, 0))
    content = writer.content
    assert content.count(0) == 7
    joined = b"".join(PART if isinstance(item, int) else item for item in content)
    assert joined.count(PART) == 7
    assert max(map(len, joined.split(b"\r\n"))) <= 76


def test_a_folded_value_of_any_length_fits_the_lines() -> None:
    value = "Grüße, = und ".encode() * 40 + b"\nnew line "
    folded = fold_quoted(value)
    assert quopri.decodestring(folded) == value.replace(b"\n", b"\r\n")
    assert max(map(len, folded.split(b"\r\n"))) <= 76


@pytest.mark.parametrize("data", [b"YWJj=ZGVm", b"YWJjZ", b"YQ==\r\nYg=="])
def test_base64_that_can_be_read_in_two_ways_is_not_read(data: bytes) -> None:
    assert read_body(data, "base64", b"\r\n") is None


def test_noise_in_base64_is_passed_over_as_decoders_do() -> None:
    assert decoded(b"YW!Jj\r\n ZGV*m", "base64") == b"abcdef"


def test_base64_on_one_line_gets_lines_that_servers_take() -> None:
    packed = binascii.b2a_base64(b"x" * 5_000, newline=False)
    result = edited(packed, "base64", [Edit.put(1, 2, NEW)])
    assert max(map(len, result.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("encoding", ["x-uuencode", "uuencode", "quoted printable", "gzip"])
def test_an_unknown_encoding_is_not_read(encoding: str) -> None:
    assert read_body(b"begin 644 x\r\n", encoding, b"\r\n") is None


def test_a_line_that_would_become_too_long_is_broken_inside_our_address() -> None:
    link = b'<a href="https://example.com/%d">x</a>'
    line = b"".join(link % number for number in range(26))
    places = [match.span(1) for match in re.finditer(rb'href="([^"]*)', line)]
    edits = [Edit.put(*place, NEW, may_break=True) for place in places]
    assert len(line) <= 998
    result = edited(line + b"\r\n", "8bit", edits)
    assert max(map(len, result.split(b"\r\n"))) <= 998
    assert result.replace(b'"\r\n', b'"') == spliced(line + b"\r\n", edits)


def test_a_line_that_was_too_long_before_is_left_as_it_is() -> None:
    line = b"x" * 2_000 + b'<a href="u">' + b"y" * 10
    assert b"\n" not in edited(line, "8bit", [Edit.put(2_009, 2_010, NEW, may_break=True)])


def test_binary_bodies_have_no_lines_to_break() -> None:
    line = b"x" * 900 + b'<a href="u">'
    assert b"\n" not in edited(line, "binary", [Edit.put(909, 910, NEW, may_break=True)])
