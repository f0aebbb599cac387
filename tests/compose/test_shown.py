"""Which parts are the message itself."""

import pytest
from tests.every import every

from mailwake.compose.shown import prefers_text, seen_by_all, shown
from mailwake.markup.mime import read_message


def shown_types(raw: str) -> list[str]:
    message = read_message(raw.encode())
    assert message is not None
    return [f"{part.content_type}:{raw[part.body_start : part.body_end]}" for part in shown(message)]


def multipart(kind: str, *parts: str) -> str:
    inner = "".join(f"--{kind}\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={kind}\n\n{inner}--{kind}--"


HTML = "Content-Type: text/html\n\n"


@pytest.mark.parametrize("header", ["Content-Disposition: attachment", "Content-Disposition: ATTACHMENT; filename=x"])
def test_an_attachment_is_not_shown(header: str) -> None:
    assert shown_types(multipart("mixed", HTML + "a", f"{header}\n{HTML}b")) == ["text/html:a"]


def test_a_named_file_after_the_first_part_is_an_attachment_whatever_it_says() -> None:
    named = "Content-Disposition: inline; filename=x.html\n" + HTML
    assert shown_types(multipart("mixed", named + "a", named + "b", HTML + "c")) == ["text/html:a", "text/html:c"]


def test_alternatives_are_all_shown_to_somebody() -> None:
    raw = multipart("alternative", "Content-Type: text/plain\n\na", HTML + "b", "Content-Type: text/x-amp-html\n\nc")
    assert shown_types(raw) == ["text/plain:a", "text/html:b"]


def test_of_related_parts_the_first_that_can_be_the_root_is_shown() -> None:
    raw = multipart("related", "Content-Type: image/png\n\na", HTML + "b", HTML + "c")
    assert shown_types(raw) == ["text/html:b"]


@pytest.mark.parametrize("kind", ["digest", "report", "signed", "encrypted"])
def test_digests_reports_and_sealed_parts_are_not_shown(kind: str) -> None:
    assert shown_types(multipart("mixed", HTML + "a", multipart(kind, HTML + "b"))) == ["text/html:a"]


def test_an_attached_message_is_not_shown() -> None:
    assert shown_types(multipart("mixed", HTML + "a", f"Content-Type: message/rfc822\n\n{HTML}b")) == ["text/html:a"]


def test_all_readers_see_the_last_alternative_and_the_first_of_a_sequence() -> None:
    raw = multipart("mixed", multipart("alternative", HTML + "a", multipart("related", HTML + "b")), HTML + "c")
    message = read_message(raw.encode())
    assert message is not None
    able = {id(part): part for part in shown(message)}
    chosen = seen_by_all(message, able)
    assert chosen is not None
    assert raw[chosen.body_start : chosen.body_end] == "b"


@every(
    ("kinds", "turned"),
    [
        (("text/html", "text/plain"), True),
        (("text/html", "text/plain", "text/calendar"), True),
        (("text/plain", "text/html"), False),
        (("text/plain", "text/html", "text/calendar"), False),
        (("text/plain", "text/x-amp-html", "text/html"), False),
        (("text/plain", "text/plain"), False),
        (("text/html", "text/plain\nContent-Disposition: attachment"), False),
    ],
)
def test_plain_text_behind_the_page_is_what_programs_prefer(kinds: tuple[str, ...], turned: bool) -> None:
    parts = "".join(f"--c\nContent-Type: {kind}\n\nx\n" for kind in kinds)
    for kind, expected in (("alternative", turned), ("mixed", False)):
        message = read_message(f"Content-Type: multipart/{kind}; boundary=c\n\n{parts}--c--\n".encode())
        assert message is not None
        assert prefers_text(message) is expected
