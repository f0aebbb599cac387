"""Targets as Location headers: always one line of ASCII; what was ASCII stays as it was."""

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.edge.locations import location


@every(
    ("target", "expected"),
    [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("HTTPS://Example.COM:443/%zz", "HTTPS://Example.COM:443/%zz"),
        ("https://example.com/ü", "https://example.com/%C3%BC"),
        ("https://example.com/?q=日本", "https://example.com/?q=%E6%97%A5%E6%9C%AC"),
        ("https://bücher.example.com:8080/", "https://xn--bcher-kva.example.com:8080/"),
        ("https://BÜCHER.example.com", "https://xn--bcher-kva.example.com"),
        ("https://straße.example.com/", "https://xn--strae-oqa.example.com/"),
        ("https://ex。ample.com/é", "https://ex.ample.com/%C3%A9"),
        ("https://üser:pä@example.com/", "https://%C3%BCser:p%C3%A4@example.com/"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://example.com/\r\nX: y", "https://example.com/%0D%0AX:%20y"),
        ("/relative/ü", "/relative/%C3%BC"),
        ("", ""),
    ],
)
def test_a_target_becomes_this_header(target: str, expected: str) -> None:
    assert location(target) == expected


@given(st.text(max_size=200))
def test_nothing_can_end_the_line(target: str) -> None:
    header = location(target)
    assert header.isascii()
    assert not any(character <= " " or character == "\x7f" for character in header)


@given(st.text([chr(code) for code in range(33, 127)], max_size=200))
def test_visible_ascii_is_left_alone(target: str) -> None:
    assert location(target) == target
