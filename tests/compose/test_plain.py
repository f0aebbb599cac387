"""Links in plain text end where a reader thinks they end."""

from tests.every import every

from mailwake.compose.options import ComposeOptions
from mailwake.compose.plain import PlainText
from mailwake.markup.charset import read_text


def found(text: str, charset: str = "utf-8") -> list[str]:
    content = read_text(text.encode(charset), charset)
    assert content is not None
    return [link.href for link in PlainText(content, ComposeOptions(), first_number=1).links]


@every(
    ("text", "href"),
    [
        ("see https://example.com/a.", "https://example.com/a"),
        ("(https://example.com/a)", "https://example.com/a"),
        ("https://example.com/a_(b)", "https://example.com/a_(b)"),
        ("<https://example.com/a>", "https://example.com/a"),
        ("https://example.com/a?b=1&c=2#d, and", "https://example.com/a?b=1&c=2#d"),
        ('"https://example.com/a"', "https://example.com/a"),
        ("HTTPS://EXAMPLE.COM/A!", "HTTPS://EXAMPLE.COM/A"),
        ("https://example.com/à la", "https://example.com/à"),
        ("über https://bücher.example/ü über", "https://bücher.example/ü"),
    ],
)
def test_an_address_ends_before_the_punctuation_around_it(text: str, href: str) -> None:
    assert found(text) == [href]


@every("text", ["xhttps://example.com/", "ftp://example.com", "www.example.com", "https://", "mailto:a@example.com"])
def test_what_is_no_web_address_is_left(text: str) -> None:
    assert found(text) in ([], ["https://"])


def test_every_charset_will_do() -> None:
    assert found("日本語 https://example.com/日本 です", "iso-2022-jp") == ["https://example.com/日本"]
    assert found("grüße https://example.com/ü", "utf-16le") == ["https://example.com/ü"]
