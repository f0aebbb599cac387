"""Reading what the author wrote."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from mailwake.errors import BadInput
from mailwake.merge.source import Source, read_source

TOP = "---\nsubject: Spring, {{name}}\nfrom: News <news@example.com>\n---\n"


def read(folder: Path, text: str, **given: str) -> Source:
    path = folder / "spring.html"
    path.write_text(text, encoding="utf-8")
    return read_source(path, given)


def test_front_matter_says_subject_and_sender(tmp_path: Path) -> None:
    source = read(tmp_path, TOP + "<p>Hello</p>")
    assert (source.subject, source.sender, source.html) == (
        "Spring, {{name}}",
        "News <news@example.com>",
        "<p>Hello</p>",
    )
    assert source.sender_address == "news@example.com"


def test_the_command_line_wins(tmp_path: Path) -> None:
    assert read(tmp_path, TOP + "<p>x</p>", subject="Other").subject == "Other"


def test_a_page_that_begins_with_a_line_of_dashes_further_down_keeps_it(tmp_path: Path) -> None:
    text = "<p>x</p>\n---\nsubject: no\n---\n"
    assert read(tmp_path, text, subject="s", **{"from": "a@example.com"}).html == text


def test_an_unknown_name_in_front_matter_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"spring\.html, line 3: write one of subject, from"):
        read(tmp_path, "---\nsubject: x\nbcc: victim@example.com\n---\n<p>x</p>")


@pytest.mark.parametrize(("text", "missing"), [("<p>x</p>", "--subject"), ("---\nsubject: x\n---\n", "--from")])
def test_what_is_missing_is_said_with_the_option(tmp_path: Path, text: str, missing: str) -> None:
    with pytest.raises(BadInput, match=missing):
        read(tmp_path, text)


@pytest.mark.parametrize("sender", ["news", "News <news@>", "a@example.com\r\nBcc: victim@example.com"])
def test_a_sender_that_is_none_is_refused(tmp_path: Path, sender: str) -> None:
    with pytest.raises(BadInput, match="from"):
        read(tmp_path, "<p>x</p>", subject="s", **{"from": sender})


def test_a_subject_cannot_forge_a_header(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="could forge a header"):
        read(tmp_path, "<p>x</p>", subject="s\nBcc: victim@example.com", **{"from": "a@example.com"})


def test_a_text_twin_is_made_when_the_author_wrote_none(tmp_path: Path) -> None:
    assert read(tmp_path, TOP + "<p>Hello <b>you</b></p>").text == "Hello you\n"


def eml() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "News <news@example.com>"
    message["To"] = "old@example.com"
    message["Subject"] = "Grüße, {{name}}"
    message["Message-ID"] = "<old@example.com>"
    message["List-Id"] = "<news.example.com>"
    message.set_content("own text {{name}}\n")
    message.add_alternative('<p>page <img src="cid:logo"></p>', subtype="html")
    page = message.get_payload(1)
    assert isinstance(page, EmailMessage)
    page.add_related(b"PNG", "image", "png", cid="<logo>")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="terms.pdf")
    return message


def test_an_eml_keeps_text_pictures_attachments_and_its_own_headers(tmp_path: Path) -> None:
    path = tmp_path / "spring.eml"
    path.write_bytes(bytes(eml()))
    source = read_source(path, {})
    assert source.subject == "Grüße, {{name}}"
    assert source.text == "own text {{name}}\n"
    assert "<p>page" in source.html
    assert source.headers == (("List-Id", "<news.example.com>"),)
    assert [(part.get_content_type(), where) for part, where in source.parts] == [
        ("image/png", "related"),
        ("application/pdf", "mixed"),
    ]


def test_an_eml_without_html_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "note.eml"
    path.write_bytes(b"From: a@example.com\r\nSubject: x\r\n\r\ntext\r\n")
    with pytest.raises(BadInput, match="no text/html part"):
        read_source(path, {})


def test_a_missing_template_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_source(tmp_path / "none.html", {})


def test_a_template_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>\n\xe9</p>")
    with pytest.raises(BadInput, match="line 2: is not UTF-8"):
        read_source(tmp_path / "a.html", {})
