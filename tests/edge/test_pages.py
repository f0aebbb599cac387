"""The pages: small, without scripts, in the reader's language and the sender's colours, and locked."""

import base64
import hashlib
import re
import tomllib
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.edge.conftest import KEYS
from tests.every import every

from mailwake.edge import pages
from mailwake.edge.pages import (
    MISDIRECTED,
    NOT_FOUND,
    NOTHING_HERE,
    TAKEN_AWAY,
    TRY_LATER,
    Pages,
    pages_of,
)
from mailwake.edge.preferences import CHOICES
from mailwake.edge.response import Response
from mailwake.errors import Misconfigured
from mailwake.hosts import Hosts
from mailwake.sections import Brand
from mailwake.settings import parse

PAGES = Pages(Brand(name="Möller & Söhne <3", color="#ffd400", background="#fffef8"))


def every_page() -> list[tuple[str, Response]]:
    found = []
    for language in PAGES.languages:
        found.append((f"{language} unsubscribe", PAGES.unsubscribe(language, "1.n-_")))
        found.append((f"{language} unsubscribed", PAGES.unsubscribed(language)))
        found.append((f"{language} preferences", PAGES.preferences(language, "1.n-_")))
        found += [(f"{language} late", PAGES.unsubscribe(language, "1.x", late=True))]
        found += [(f"{language} {choice}", PAGES.chosen(language, choice)) for choice in CHOICES]
    return found


CONSTANT = [("404", NOT_FOUND), ("decoy", NOTHING_HERE), ("503", TRY_LATER), ("421", MISDIRECTED)]
EVERY = every_page()


def header(response: Response, name: str) -> str:
    found = re.search(rf"^{name}: (.*)\r$", response.head.decode("ascii"), re.MULTILINE)
    assert found, name
    return found[1]


class Outline(HTMLParser):
    """Tags with their attributes, and which were left open."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(response.body.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@every("page", [page for _, page in EVERY], ids=[name for name, _ in EVERY])
def test_a_page_is_small_whole_and_without_scripts_or_anything_from_elsewhere(page: Response) -> None:
    outline = Outline(page)
    assert not outline.open
    assert len(page.head) + len(page.body) < 10_000
    names = {tag for tag, _ in outline.tags}
    assert names <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "p",
        "h1",
        "h2",
        "form",
        "input",
        "button",
    }
    for _, attributes in outline.tags:
        assert not {"src", "href", "action", "style"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    assert "$" not in page.body.decode("utf-8")


@every("page", [page for _, page in [*EVERY, *CONSTANT]], ids=[name for name, _ in [*EVERY, *CONSTANT]])
def test_a_page_is_locked_and_never_kept(page: Response) -> None:
    policy = header(page, "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert header(page, "Cache-Control") == "no-store, private"
    assert header(page, "Referrer-Policy") == "no-referrer"
    assert header(page, "X-Robots-Tag") == "noindex"
    assert header(page, "Content-Type") == "text/html; charset=utf-8"


def test_the_policy_allows_exactly_the_style_that_stands_in_the_page() -> None:
    page = PAGES.unsubscribe("en", "n")
    style = re.search(rb"<style>(.*)</style>", page.body, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in header(page, "Content-Security-Policy")


def test_all_languages_say_the_same_things() -> None:
    texts = tomllib.loads((Path(pages.__file__).parent / "languages.toml").read_text(encoding="utf-8"))
    assert list(texts) == ["en", "de", "fr", "it", "es"]
    assert {tuple(sorted(table)) for table in texts.values()} == {tuple(sorted(texts["en"]))}
    assert all(text.strip() for table in texts.values() for text in table.values())


@every(
    ("wish", "language"),
    [
        ("de", "de"),
        ("de-CH", "de"),
        ("DE-at;q=0.9", "de"),
        ("nl, fr;q=0.5", "fr"),
        ("en;q=0.1, it;q=0.9, es;q=0.5", "it"),
        ("es;q=0, fr;q=0.001", "fr"),
        ("ja, zh;q=0.9", "en"),
        ("*", "en"),
        ("", "en"),
        ("de;q=x", "en"),
        (",,;;de", "en"),
        ("x" * 5_000 + ",de", "en"),
        ("fr\xe9, it", "it"),
    ],
)
def test_the_language_is_the_one_the_reader_likes_best(wish: str, language: str) -> None:
    assert PAGES.language([(b"Accept-Language", wish.encode("latin-1"))]) == language


def test_without_a_wish_the_first_language_is_used() -> None:
    assert PAGES.language([]) == "en"


def test_a_page_says_its_language() -> None:
    page = PAGES.unsubscribe("de", "n")
    assert header(page, "Content-Language") == "de"
    assert b'<html lang="de">' in page.body
    assert "Abmelden" in page.body.decode("utf-8")


def test_the_sender_s_name_is_shown_and_cannot_break_the_page() -> None:
    page = PAGES.unsubscribe("en", "n").body.decode("utf-8")
    assert "Möller &amp; Söhne &lt;3" in page
    assert "<3" not in page


def test_a_nonce_cannot_break_the_page() -> None:
    assert b"<script>" not in PAGES.preferences("en", '"><script>').body


@pytest.mark.parametrize(
    ("color", "ink"), [("#ffd400", "#000000"), ("#1f5fa8", "#ffffff"), ("#000000", "#ffffff"), ("#FFFFFF", "#000000")]
)
def test_the_button_s_text_can_be_read_on_any_brand_colour(color: str, ink: str) -> None:
    assert f"--on-brand:{ink}" in Pages(Brand(color=color)).unsubscribe("en", "n").body.decode("utf-8")


@every("color", ["red", "#fff", "#12345g", "#1234567", "#fff;}body{", ""])
def test_what_is_no_colour_stops_the_start(color: str) -> None:
    with pytest.raises(Misconfigured, match=r"brand\.color"):
        Pages(Brand(color=color))
    with pytest.raises(Misconfigured, match=r"brand\.background"):
        Pages(Brand(background=color))


def test_a_bad_colour_of_a_host_stops_the_start_and_is_named() -> None:
    settings = parse({"hosts": {"links.brand.example": {"color": "green"}}}, root=Path())
    with pytest.raises(Misconfigured) as caught:
        pages_of(Hosts(settings, KEYS))
    assert caught.value.option == 'hosts."links.brand.example".color'


def test_hosts_of_one_brand_share_their_pages() -> None:
    settings = parse({"hosts": {"a.example": {}, "b.example": {"name": "B"}}}, root=Path())
    shared = pages_of(Hosts(settings, KEYS))
    assert shared["a.example"] is shared["track.example.com"]
    assert shared["b.example"] is not shared["a.example"]


@every("page", [page for _, page in [*EVERY, *CONSTANT]] + [TAKEN_AWAY])
def test_no_page_can_be_framed_and_no_form_leads_elsewhere(page: Response) -> None:
    policy = dict(part.strip().split(" ", 1) for part in header(page, "Content-Security-Policy").split(";"))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'none'"
    if b"<form" in page.body:
        assert policy["form-action"] == "'self'"


@every("name", ["{{7*7}}", "$title ${nonce} $$", "{% for x in y %}", "<%= 7*7 %> #{7*7}", "%(title)s {0}"])
def test_nothing_in_the_sender_s_name_is_filled_in(name: str) -> None:
    """AT-82."""
    own = Pages(Brand(name=name))
    for page in (own.unsubscribe("en", "1.n"), own.preferences("en", "1.n"), own.unsubscribed("en")):
        text = unescape(page.body.decode("utf-8"))
        assert f'<p class="brand">{name}</p>' in text
        assert "49" not in text.partition("</style>")[2]
