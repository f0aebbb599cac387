"""Merge fields in headers: a value can never start a header of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.compose.fields import FIELD, HeaderLine, escape_value
from mailwake.errors import BadInput


def test_a_subject_is_filled() -> None:
    line = HeaderLine("Hello {{ name }}, {{city}}!")
    assert line.fields == ("name", "city")
    assert line.render({"name": "Ada", "city": "Zürich"}) == "Hello Ada, Zürich!"


@every("value", ["x\r\nBcc: a@example.com", "x\ny", "x\ry", "x\0y", "x\u2028y", "x\x85y"])
def test_a_line_end_in_a_value_is_refused_and_the_field_named(value: str) -> None:
    with pytest.raises(BadInput, match="'name'"):
        HeaderLine("Hello {{name}}").render({"name": value})


def test_a_line_end_in_the_template_is_refused() -> None:
    with pytest.raises(BadInput):
        HeaderLine("Hello\r\nBcc: a@example.com")


def test_a_missing_field_is_refused_and_named() -> None:
    with pytest.raises(BadInput, match="'name'"):
        HeaderLine("Hello {{name}}").render({})


@given(st.text())
def test_what_is_rendered_is_one_line(value: str) -> None:
    try:
        line = HeaderLine("{{v}}").render({"v": value})
    except BadInput:
        return
    assert len(line.splitlines()) <= 1


@every("text", ["{{{raw}}}", "{{a\nb}}", "{{}}", "{{ }}", "{name}", "{{a}b}}", "{{<b>}}"])
def test_what_looks_like_a_field_and_is_none_stays(text: str) -> None:
    assert not FIELD.search(text)


def test_without_quotes_around_it_a_value_cannot_end() -> None:
    assert escape_value("a b=c>d/e'\"`", is_unquoted=True) == "a&#32;b&#61;c&#62;d&#47;e&#39;&#34;&#96;"
