"""Small forms: both encodings, and anything else is no form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calls import calls_in
from tests.every import every

from mailwake.forms import fields_of, read_form

MULTIPART = b"multipart/form-data; boundary="


@every(
    ("body", "fields"),
    [
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2", {"a": "1"}),
        (b"a=%C3%BC+x&b=", {"a": "ü x", "b": ""}),
        (b"", {}),
        (b"&".join([b"a=1"] * 100), {}),
    ],
)
def test_urlencoded_fields_are_read(body: bytes, fields: dict[str, str]) -> None:
    assert read_form(body, []) == fields


@pytest.mark.parametrize("boundary", [b"b", b'"b"', b"b; charset=utf-8"])
def test_multipart_fields_are_read(boundary: bytes) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n%s\r\n%s\r\n'
    body = (
        part % (b"a", b"", b"1")
        + part % (b"b", b"Content-Type: text/plain; charset=utf-8\r\n", "ü".encode())
        + b"--b--"
    )
    assert read_form(body, [(b"Content-Type", MULTIPART + boundary)]) == {"a": "1", "b": "ü"}


@pytest.mark.parametrize("kind", [b"multipart/form-data", MULTIPART, MULTIPART + b"other", MULTIPART + b'"\xff'])
def test_multipart_that_does_not_hold_together_has_no_fields(kind: bytes) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--'
    assert read_form(body, [(b"content-type", kind)]) == {}


PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


@pytest.mark.parametrize(
    "body",
    [
        PART,
        PART.replace(b"\r\n", b"\n") + b"--b--\n",
        b"for old programs\r\n" + PART + b"--b--\r\nfor old programs\r\n" + PART.replace(b"1", b"2"),
        PART.replace(b'name="a"', b"name=a") + b"--b--",
        PART.replace(b'name="a"', b'filename="x"; name="a"').replace(b"form-data;", b"FORM-DATA;\t") + b"--b--",
        PART.replace(b"--b\r\n", b"--b \t\r\nContent-Type: text/plain\r\n") + b"--b--",
        b"--b\r\n\r\n9\r\n--b\r\nX: y\r\n" + PART + b"--b--",
    ],
)
def test_a_form_in_parts_may_be_written_in_many_ways(body: bytes) -> None:
    assert read_form(body, [(b"Content-Type", MULTIPART + b"b")]) == {"a": "1"}


def test_a_boundary_with_more_behind_it_is_part_of_the_value() -> None:
    body = PART[:-2] + b"\r\n--bb\r\n--b--"
    assert read_form(body, [(b"Content-Type", MULTIPART + b"b")]) == {"a": "1\r\n--bb"}


@pytest.mark.parametrize("piece", [b"(", b"()", b";", b'"', b"\\", b";a=b", b";a*0*=''%41", b"=?u?q?x?= ", b"\xff"])
def test_work_on_a_header_of_any_make_does_not_grow_with_it(piece: bytes) -> None:
    """Counted as calls, so a parser in Python shows; the parsers of the standard library work for minutes on these."""
    bait = piece * (60_000 // len(piece))
    assert calls_in(lambda: fields_of(MULTIPART + b"b;" + bait, PART, most=32)) < 100
    baited = PART.replace(b"name=", bait + b"name=")
    assert calls_in(lambda: fields_of(MULTIPART + b"b", baited, most=32)) < 100


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_any_bytes_are_a_form_or_none(body: bytes, kind: bytes) -> None:
    for content_type in (kind, MULTIPART + kind):
        assert isinstance(read_form(body, [(b"Content-Type", content_type)]), dict)
