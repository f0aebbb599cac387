"""Attribute values are decoded by the rules for attributes; turbohtml is the judge."""

import html

import turbohtml
from hypothesis import given
from hypothesis import strategies as st

from mailwake.markup.entities import decode_attribute

PIECES = st.sampled_from(
    [
        "&amp;",
        "&amp",
        "&copy",
        "&copy;",
        "=",
        "a",
        "1",
        "&",
        "&#38;",
        "&#x26",
        "&#x26;",
        "&#0;",
        "&#128;",
        "&#xD800;",
        "&#1114112;",
        "&nosuch;",
        "&notit;",
        "&not",
        "&frac14;",
        "&lt",
        "&region",
        "&reg",
        ";",
        "?",
        "&#;",
        "&#x;",
        "é",
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_values_read_as_in_a_browser(text: str) -> None:
    element = turbohtml.parse(f'<a href="{text}">').find("a")
    assert element is not None
    assert decode_attribute(text) == element.attrs["href"]


def test_references_are_decoded_once() -> None:
    assert decode_attribute("a=1&amp;amp;b=2") == "a=1&amp;b=2"


def test_old_names_before_an_equals_sign_stay() -> None:
    assert decode_attribute("?a=1&copy=2&lt=3&region=eu&not=4") == "?a=1&copy=2&lt=3&region=eu&not=4"
    assert html.unescape("?a=1&copy=2") != "?a=1&copy=2"
