"""What a message shows: pictures, the pixel, the size of its pages, their charset."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.every import every
from tests.preflight.contents import codes, judged
from tests.preflight.letters import TRACK, WORDS, World, letter, sign, text_part, unsigned, world_in
from tests.visiting.web import Page

from mailwake.compose.options import ComposeOptions
from mailwake.markup.charset import find_codec
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.preflight.examine import examine
from mailwake.tokens import LinkToken, MessageToken, Purpose


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path, {"/gone": Page(404), "/a.png": Page(), "/busy.png": Page(503)}) as world:
        yield world


# --- pictures


def test_pictures_that_do_not_load_are_named(world: World) -> None:
    (found,) = examine(letter(world, more=f'<img src="{world.shop("/gone")}" alt="Rose">'), world.around()).findings
    assert (found.code, found.values["why"]) == ("image_dead", "404")
    host = '<img src="https://no-such-host.example.com/a.png" alt="Rose">'
    assert codes(examine(letter(world, more=host), world.around())) == ["image_dead"]
    report = examine(letter(world, more=f'<img src="{world.shop("/busy.png")}" alt="Rose">'), world.around())
    assert (codes(report), len(report.unknown)) == ([], 1)


def test_pictures_that_are_there_are_followed_once_and_marks_of_others_are_not(world: World) -> None:
    more = f'<img src="{world.shop("/a.png")}" alt="A">' * 2
    more += f'<img src="{world.shop("/spy")}" width="1" height="1" alt="">'
    assert codes(examine(letter(world, more=more), world.around())) == []
    asked = [path for _, path, *_ in world.site.asked]
    assert (asked.count("/a.png"), asked.count("/spy")) == (1, 0)
    assert not [path for path in asked if path.startswith("/o/")]


def test_pictures_are_attached_or_have_an_address(world: World) -> None:
    lost = '<img src="cid:rose%40example" alt="Rose">\n<img src="" alt="Bulb">\n<img alt="Tulip">'
    report = judged(world, letter(world, more=lost))
    assert codes(report) == ["image_not_attached", "image_empty"]
    assert report.findings[1].more_lines == (report.findings[1].place.line + 1,)
    picture = (
        b"Content-Type: image/png\r\nContent-ID: <rose@example>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\n"
    )
    page = text_part(world.page('<img src="cid:rose%40example" alt="Rose">'), "text/html; charset=utf-8")
    assert codes(judged(world, sign(unsigned(world.fields(), text_part(), page, picture)))) == []


FOOTER = (
    "You are receiving this because you subscribed at example.com. Example Gardens Ltd, 1 Rose Lane, London. "
    "Registered in England 1234567. © 2026 Example Gardens. All rights reserved, and every picture is shown with leave."
).replace("©", "&copy;")


def pictured(world: World, body: str, attributes: str = "") -> bytes:
    leave = f'<p><a href="{world.leave()}">Unsubscribe</a></p>'
    return letter(world, page=f"<html><body {attributes}>\n{body}\n{leave}\n{world.pixel()}</body></html>")


PICTURE = '<img src="https://www.example.com/a.png" width="600" alt="Roses">'


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        ("", 'background="https://www.example.com/a.png"'),
        ("<table style=\"background-image: url('https://www.example.com/a.png')\"><tr><td>Roses</td></tr></table>", ""),
        (f"{PICTURE}<p>{FOOTER}</p>", ""),
        (f"<p>View online</p>{PICTURE}<p>{FOOTER}</p>", ""),
    ],
)
def test_a_page_that_is_a_picture_is_named(world: World, body: str, attributes: str) -> None:
    assert codes(judged(world, pictured(world, body, attributes))) == ["image_only"]


@pytest.mark.parametrize(
    "body",
    [
        f"{PICTURE}<p>{WORDS[:190]}</p><p>{FOOTER}</p>",
        f"{PICTURE}<p>{WORDS}</p>",
        f"<p>{WORDS}</p><p>{FOOTER}</p>{PICTURE}",
    ],
)
def test_a_short_letter_with_a_picture_is_not(world: World, body: str) -> None:
    assert codes(judged(world, pictured(world, body))) == []


def test_pictures_whose_words_are_the_name_of_a_file_say_nothing(world: World) -> None:
    more = "\n".join(
        f'<img src="https://www.example.com/a.png" alt="{alt}">' for alt in ("roses_final-2.JPG", "IMG_2041")
    )
    (found,) = judged(world, letter(world, more=more)).findings
    assert (found.code, found.values["count"], len(found.more_lines)) == ("alt_missing", "2", 1)
    more = '<img src="https://www.example.com/a.png" alt="Our new roses.">'
    assert codes(judged(world, letter(world, more=more))) == []


# --- the pixel


def with_pixel(world: World, pixel: str) -> bytes:
    return letter(world, page=world.page().replace(world.pixel(), pixel))


def test_the_form_of_the_pixel(world: World) -> None:
    pixel, bare = world.pixel(), world.pixel().replace(' width="1" height="1"', "")
    for large in (bare, bare.replace(" alt", ' width="10" height="10" alt')):
        assert codes(judged(world, with_pixel(world, large))) == ["pixel_large"]
    styled = bare.replace(" alt", ' style="width: 1px; height: 1px" alt')
    assert codes(judged(world, with_pixel(world, styled))) == []
    assert codes(judged(world, with_pixel(world, pixel + pixel))) == ["pixel_twice"]
    assert codes(judged(world, with_pixel(world, pixel + re.sub(r'(/o/[^"]+)', r"\1/end", pixel)))) == []
    block = f'<div style="max-height:0;overflow:hidden">{pixel}</div>'
    assert codes(judged(world, with_pixel(world, block))) == ["pixel_hidden"]
    assert codes(judged(world, with_pixel(world, pixel.replace("https:", "http:")))) == ["tracking_http"]


def test_a_background_is_a_pixel_too(world: World) -> None:
    (url,) = re.findall(r'src="([^"]+)"', world.pixel())
    block = (
        f'<div style="width:1px;height:1px;background-image:url({url})"></div><!--[if mso]>{world.pixel()}<![endif]-->'
    )
    assert codes(judged(world, with_pixel(world, block))) == []


def test_a_pixel_that_is_missing_is_named_where_the_mode_lets_an_open_be_seen(world: World) -> None:
    assert codes(judged(world, with_pixel(world, ""))) == ["pixel_missing"]
    short = ComposeOptions(own_hosts=frozenset({TRACK}), pixel_min_bytes=100_000)
    assert codes(judged(world, with_pixel(world, ""), options=short)) == []
    minter = world.installation.hosts.all[TRACK].minter
    modes = Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL)
    token = MessageToken(modes=modes, template=7, delivery=8, recipient=9, issued=world.token.issued)
    quiet = f"{world.base}/c/{minter.message(Purpose.READ, token)}/{minter.link(LinkToken(7, 1, world.shop('/roses')))}"
    page = world.page().replace(world.pixel(), "").replace(world.tracked(world.shop("/roses")), quiet)
    assert codes(judged(world, letter(world, page=page))) == []
    assert INDIVIDUAL.opens > Mode.OFF
    broken = world.page('<a href="http://[bad]/">More</a>').replace(world.pixel(), "")
    assert codes(judged(world, letter(world, page=broken))) == ["link_broken", "pixel_missing"]


# --- size


def sized(world: World, page: str, kind: str = "alternative") -> bytes:
    body = base64.encodebytes(page.encode()).replace(b"\n", b"\r\n")
    head = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    fields = {**world.fields(), "Content-Type": f'multipart/{kind}; boundary="cut"'}
    return sign(unsigned(fields, text_part(), head + body))


def test_what_counts_is_the_page_as_it_is_decoded(world: World) -> None:
    row = "<!-- " + "x" * 90 + " -->\n"
    assert codes(judged(world, sized(world, world.page(row * 600)))) == []  # 60 kB, 81 on its way
    assert codes(judged(world, sized(world, world.page(row * 800)))) == ["nearly_clipped"]  # 80 kB, 108 on its way
    assert codes(judged(world, sized(world, world.page(row * 1_100)))) == ["clipped"]


def test_pages_that_are_shown_together_add_up(world: World) -> None:
    row = "<!-- " + "x" * 90 + " -->\n"
    parts = [text_part(world.page(row * 550), "text/html; charset=utf-8"), text_part(row * 550 + WORDS, "text/html")]
    fields = {**world.fields(), "Content-Type": 'multipart/mixed; boundary="cut"'}
    assert "clipped" in codes(judged(world, sign(unsigned(fields, *parts))))
    assert "clipped" not in codes(judged(world, sign(unsigned(world.fields(), *parts))))


# --- lines, and charsets


def test_the_lines_of_all_that_is_the_same_are_told_as_far_as_one_reads(world: World) -> None:
    more = "\n".join(f'<a href="{world.shop("/roses")}">www.example.com</a>' for _ in range(30))
    (found,) = judged(world, letter(world, more=more)).findings
    assert (found.code, len(found.more_lines)) == ("untracked", 20)
    assert found.more_lines[0] == found.place.line + 1


@every("encoding", ["8bit", "base64", "quoted-printable"])
@every("kind", ["plain", "html"])
@every("charset", ["iso-8859-1", "windows-1252", "us-ascii"])
def test_utf_8_that_is_declared_as_something_else_is_named_at_its_line(
    world: World, charset: str, kind: str, encoding: str
) -> None:
    import quopri

    text = WORDS + "\r\n<p>Two</p>\r\n" + ("y" * 50 + "\r\n") * 9 + "Grüße aus Köln.\r\n"
    encodings: dict[str, Callable[[bytes], bytes]] = {
        "8bit": lambda raw: raw,
        "base64": lambda raw: base64.encodebytes(raw).replace(b"\n", b"\r\n"),
        "quoted-printable": quopri.encodestring,
    }
    body = encodings[encoding](text.encode())
    head = f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    other = text_part(world.page(), "text/html; charset=utf-8") if kind == "plain" else text_part()
    raw = sign(unsigned(world.fields(), other, head.encode() + body))
    found = [each for each in judged(world, raw).findings if each.code == "charset_wrong"]
    assert len(found) == 1
    line = raw.split(b"\n")[found[0].place.line - 1]
    if encoding == "base64":
        at = raw.split(b"\n").index(body.split(b"\r\n")[0] + b"\r")
        right = text.encode().index("ü".encode()) // 57
        assert found[0].place.line - 1 - at == right
    else:
        assert b"Gr" in line


def test_text_of_its_own_charset_is_not(world: World) -> None:
    for charset, text in (
        ("iso-8859-1", "Grüße aus Köln, Ångström, ça va"), ("windows-1252", "“Quotes” and dashes… é"),
        ("windows-1251", "Её ёлка"), ("koi8-r", "Привет, как дела"), ("windows-874", "สวัสดีครับ"),
        ("iso-8859-7", "Καλημέρα"), ("shift_jis", "こんにちは"), ("gb2312", "你好"), ("iso-2022-jp", "こんにちは"),
        ("euc-kr", "안녕하세요"), ("utf-8", "Grüße"),
    ):  # fmt: skip
        head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{WORDS}\r\n"
        part = head.encode() + text.encode(find_codec(charset) or "") + b"\r\n"
        raw = sign(unsigned(world.fields(), part, text_part(world.page(), "text/html; charset=utf-8")))
        assert codes(judged(world, raw)) == [], charset


def test_a_page_that_says_another_charset_than_its_header_field(world: World) -> None:
    for meta, expected in (
        ('<meta charset="iso-8859-1">', ["charset_contradicted"]),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">', ["charset_contradicted"]),
        ('<meta charset="UTF-8">', []),
        ('<meta charset="us-ascii">', []),
    ):
        assert codes(judged(world, letter(world, page=world.page().replace("<body>", f"<body>{meta}")))) == expected
