"""Every link has exactly one mark, with the number that composing gave it."""

import re
import time
from importlib import resources

import pytest
from tests.compose.conftest import corpus
from tests.every import every

from mailwake.clickmap.marking import mark
from mailwake.clickmap.sheet import HIGHEST, LOWEST, POLICY, Badge, Sheet, draw, height_of
from mailwake.compose.links import Link
from mailwake.compose.options import ComposeOptions
from mailwake.compose.page import Page
from mailwake.markup.charset import read_text

PAGES = [("html", name) for name in sorted(corpus("html"))]
PAGES += [("tricky", name) for name in sorted(corpus("tricky")) if not name.endswith(".json")]


def links_of(raw: bytes) -> tuple[Link, ...]:
    text = read_text(raw, None)
    return () if text is None else Page(text, ComposeOptions()).links


def drawn(raw: bytes) -> Sheet:
    return draw(
        raw, [Badge(number=each.number, text="1", label=each.label, where=each.where) for each in links_of(raw)]
    )


def test_every_link_that_composing_finds_is_marked_once() -> None:
    for kind, name in PAGES:
        every_link_is_marked_once(kind, name)


def every_link_is_marked_once(kind: str, name: str) -> None:
    raw = corpus(kind)[name]
    links, sheet = links_of(raw), drawn(raw)
    assert sorted((*sheet.in_place, *sheet.beneath)) == [link.number for link in links], name
    rules = [int(found) for found in re.findall(r'\[data-mw="(\d+)"\]::after', sheet.html)]
    marks = [int(found) for found in re.findall(r'<[a-z]+[^<>]*\sdata-mw="(\d+)"', sheet.html)]
    assert sorted(marks) == sorted(rules), name
    if kind == "html":
        assert not sheet.beneath, name


def test_numbers_stand_at_the_links_that_composing_numbered() -> None:
    for kind, name in PAGES:
        numbers_stand_at_links(kind, name)


def numbers_stand_at_links(kind: str, name: str) -> None:
    raw = corpus(kind)[name]
    marked = mark(raw)
    if marked is None:
        return
    assert marked.count == len(links_of(raw)), name
    for link in links_of(raw):
        at = marked.html.find(f'data-mw="{marked.word}{link.number}"')
        assert (at >= 0) == (marked.shown_as.get(link.number) == link.number)
        if at >= 0:
            assert marked.html[:at].rpartition("<")[2].lower().strip() in ("a", "area")
    without = re.sub(rf' data-mw="{marked.word}\d+"', "", marked.html)
    text = read_text(raw, None)
    assert text is not None
    assert without == text.readable(0, len(text.view))


@pytest.mark.parametrize("name", ["newsletter", "update", "order"])
def test_every_link_of_the_demos_mails_is_marked_in_its_place(name: str) -> None:
    raw = resources.files("mailwake.simulate").joinpath(f"mails/{name}.html").read_bytes().split(b"---\n", 2)[-1]
    sheet = drawn(raw)
    assert len(sheet.in_place) > 5
    assert not sheet.beneath


BUTTON = (
    b'<!--[if mso]><v:roundrect href="https://e.example/buy">Buy</v:roundrect><![endif]-->'
    b'<!--[if !mso]><!--><a href="https://e.example/buy">Buy</a><!--<![endif]--><a href="https://e.example/x">More</a>'
)


def test_an_outlook_button_is_marked_at_the_link_that_others_see() -> None:
    sheet = draw(
        BUTTON, [Badge(number=n, text=f"{n}0", label="Buy", where="mso" if n == 1 else "html") for n in (1, 2, 3)]
    )
    assert sheet.in_place == {1, 2, 3}
    assert 'content:"1 (Outlook): 10 + 2: 20"' in sheet.html
    assert 'content:"3: 30"' in sheet.html


def test_an_outlook_button_without_a_twin_is_listed_beneath() -> None:
    raw = BUTTON.replace(b'<a href="https://e.example/buy">Buy</a>', b"")
    sheet = draw(raw, [Badge(number=1, text="5", label="Buy", where="mso"), Badge(number=2, text="6", label="More")])
    assert sheet.beneath == (1,)
    assert "only Outlook shows it" in sheet.html


def test_the_areas_of_an_image_map_become_boxes_over_the_picture() -> None:
    raw = (
        b'<img src="x.png" width="600" height="200" usemap="#Top"><map name="top">'
        b'<area shape="rect" coords="10,20,110,70" href="https://e.example/1">'
        b'<area shape="circle" coords="300,100,40" href="https://e.example/2">'
        b'<area shape="poly" coords="400,10 500,20 450,90" href="https://e.example/3">'
        b'<area shape=default href="/4"></map>'
    )
    html = draw(raw, [Badge(number=n, text="1", label="") for n in (1, 2, 3, 4)]).html
    boxes = dict(re.findall(r'class="mw-area" data-mw="(\d)" style="position:absolute!important;([^"]+)"', html))
    assert boxes == {
        "1": "left:1.66667%;top:10%;width:16.6667%;height:25%",
        "2": "left:43.3333%;top:30%;width:13.3333%;height:40%",
        "3": "left:66.6667%;top:5%;width:16.6667%;height:40%",
        "4": "inset:0",
    }, "parts of the picture, which may be drawn smaller than it says"
    unsaid = draw(raw.replace(b'width="600" ', b""), [Badge(number=1, text="1", label="")]).html
    assert "left:10px;top:20px;width:100px;height:50px" in unsaid


def test_a_picture_keeps_its_size_and_its_words() -> None:
    html = draw(b'<img src="https://e.example/p.png" alt="Autumn &amp; wool" width="300" height="90">', []).html
    assert 'width="300" height="90"' in html
    assert 'alt="Autumn &amp; wool"' in html
    assert "Autumn%20%26amp%3B%20wool" in html


@every("codec", ["utf-8", "iso-8859-1", "koi8-r", "shift_jis", "utf-16"])
def test_letters_of_any_charset_are_readable(codec: str) -> None:
    words = {"koi8-r": "Осень", "shift_jis": "秋の羊毛"}.get(codec, "Wärme")
    head = "" if codec == "utf-16" else f'<meta charset="{codec}">'
    assert words in draw(f'{head}<a href="https://e.example/">{words}</a>'.encode(codec), []).html


def test_a_mail_without_html_or_with_an_unknown_charset_says_so() -> None:
    for raw in (b"", b'<meta charset="x-martian"><a href=x>y</a>'):
        sheet = draw(raw, [Badge(number=1, text="1", label="Somewhere", where="text")])
        assert "no HTML that can be shown" in sheet.html
        assert sheet.beneath == (1,)


def test_the_page_may_do_nothing_but_show_itself() -> None:
    assert POLICY.startswith("default-src 'none'")
    assert POLICY.endswith("sandbox")
    assert "script" not in POLICY


def test_pictures_without_number_are_drawn_empty_and_as_large() -> None:
    started = time.process_time()
    html = draw(b'<img src=x alt=y width="90" height="80">' * 20_000, []).html
    assert time.process_time() - started < 5
    assert html.count('width="90" height="80"') == 20_000
    assert len(html) < 6_000_000


@pytest.mark.parametrize("asked", ["@media (max-width:620px)", "@media(max-width:620px)", "@media screen and (x:1)"])
def test_a_mail_keeps_its_rules_for_narrow_screens(asked: str) -> None:
    raw = f"<style>{asked}{{.a{{width:url(x)100%}}}}</style><table class=a width=600><tr><td>Hi</table>".encode()
    page = draw(raw, []).html
    assert f"{asked}{{.a{{width:none100%}}}}" in page


def test_a_frame_is_about_as_high_as_its_mail_within_bounds() -> None:
    picture = b'<img src="a.png" width="600" height="300">'
    assert height_of(b"<p>Hi</p>") == LOWEST
    assert height_of(picture * 100) == HIGHEST
    assert 900 < height_of(picture * 3) < 1_200
    beside = b'<img src="a.png" width="300" height="300">'
    assert height_of(beside * 6) == height_of(picture * 3), "two in a row"
    assert height_of(b"<!-- " + b"x" * 99_999 + b" --><p>Hi</p>") == LOWEST, "what is not shown takes no room"
