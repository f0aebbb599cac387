"""A subject with fields is read with their names, never with braces."""

from mailwake.compose.fields import FIELD
from mailwake.drawing import fields


def test_a_field_stands_as_its_name() -> None:
    assert fields.read("{{first_name}}, sharpen your {{ tool }} with us") == "[first_name], sharpen your [tool] with us"
    for plain in ("No field", "{{{triple}}}", "{{}}", "{{a<b}}", "{single}", "{{ open", "{{two\nlines}}"):
        assert fields.read(plain) == plain


def test_what_is_filled_in_is_what_is_marked() -> None:
    assert fields._FIELD.pattern == FIELD.pattern
