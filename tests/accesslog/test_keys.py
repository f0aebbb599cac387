"""A line has the same key wherever it stands; nobody can compute it without the secret."""

from hypothesis import given
from hypothesis import strategies as st

from mailwake.accesslog import keys
from mailwake.accesslog.keys import Keys

SECRET = b"s" * 32


def all_keys(lines: list[bytes], source: str = "", secret: bytes = SECRET) -> list[int]:
    file = Keys(secret, source)
    return [file.key(line, "") for line in lines]


def test_a_name_given_by_the_front_is_the_key_wherever_it_stands() -> None:
    one, other = Keys(SECRET, ""), Keys(SECRET, "")
    assert one.key(b"a line", "id") == one.key(b"a line", "id") == other.key(b"in another form", "id")
    assert one.key(b"a line", "id") != one.key(b"a line", "other")


def test_equal_lines_of_one_file_are_as_many_hits() -> None:
    assert len(set(all_keys([b"a", b"a", b"b", b"a"]))) == 4


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=12), st.data())
def test_a_file_and_a_part_of_it_hold_as_many_hits_as_the_file(lines: list[bytes], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(lines)))
    part = lines[start : data.draw(st.integers(start, len(lines)))]
    assert set(all_keys(part)) <= set(all_keys(lines))
    assert len(set(all_keys(lines))) == len(lines)


def test_equal_lines_of_two_sources_are_two_hits() -> None:
    assert not {*all_keys([b"a"], "web-1")} & {*all_keys([b"a"], "web-2")}


def test_without_the_secret_a_key_says_nothing() -> None:
    assert not {*all_keys([b"a"])} & {*all_keys([b"a"], secret=b"t" * 32)}


def test_keys_fit_63_bits_and_odd_names_are_names() -> None:
    file = Keys(SECRET, "")
    found = {file.key(b"", name) for name in ("\ud800", "\xff", "x" * 100_000, "-")}
    assert len(found) == 4
    assert all(0 <= key < 1 << 63 for key in found)


def test_memory_is_bounded_and_lines_close_together_are_still_told_apart() -> None:
    file, before = Keys(SECRET, ""), keys._REMEMBERED
    try:
        keys._REMEMBERED = 100
        found = [file.key(b"%d" % (n // 2), "") for n in range(1_000)]
    finally:
        keys._REMEMBERED = before
    assert len(set(found)) == 1_000
    assert len(file._counts) + len(file._before) <= 200
