"""Layouts put values into places and leave the rest alone."""

from hypothesis import given
from hypothesis import strategies as st

from mailwake.markup.layout import Edit, Layout, Patch, Sheet, Wrapped, splice


@given(st.lists(st.one_of(st.binary(max_size=5), st.integers(0, 2)), max_size=12))
def test_filling_is_joining(content: list[bytes | int]) -> None:
    values = [b"<0>", b"<1>", b""]
    expected = b"".join(values[item] if isinstance(item, int) else item for item in content)
    assert Layout(content).fill(values) == expected
    assert set(Layout(content).slots) == {item for item in content if isinstance(item, int)}


def test_a_layout_can_be_filled_again() -> None:
    layout = Layout([b"a", 0, b"b"])
    assert [layout.fill([b"1"]), layout.fill([b"2"])] == [b"a1b", b"a2b"]


def test_a_wrapped_block_is_encoded_once_its_values_are_known() -> None:
    block = Wrapped(Layout([b"<", 0, b">"]), bytes.upper)
    assert block.fill([b"x"]) == b"<X>"


def test_values_are_turned_into_the_charset_of_the_text() -> None:
    block = Wrapped(Layout(["<".encode("utf-16-le"), 0]), bytes, "utf-16-le")
    assert block.fill([b"x"]).decode("utf-16-le") == "<x"


def test_a_sheet_knows_the_places_of_all_its_blocks() -> None:
    sheet = Sheet([b"a", 0, Wrapped(Layout([1]), bytes), b"b", 2])
    assert set(sheet.slots) == {0, 1, 2}
    assert sheet.fill([b"x", b"y", b"z"]) == b"axybz"


def test_splicing_nothing_gives_the_text() -> None:
    assert splice(b"text", []) == [b"text"]
    patches = [Patch(1, 3, (Edit.put(0, 2, (0,)),)), Patch(3, 4, (Edit.put(1, 1, (b"!",)),))]
    assert splice(b"text", patches) == [b"t", 0, b"t", b"!", b""]
