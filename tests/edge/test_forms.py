"""Small forms: both encodings, and anything else is no form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.edge.forms import read_form

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


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_any_bytes_are_a_form_or_none(body: bytes, kind: bytes) -> None:
    for content_type in (kind, MULTIPART + kind):
        assert isinstance(read_form(body, [(b"Content-Type", content_type)]), dict)
