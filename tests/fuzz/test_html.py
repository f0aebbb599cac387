"""Pages, damaged in every way: nothing raises, what is no address stays, and a parser still sees the same links."""

import turbohtml
from hypothesis import strategies as st
from tests.compose.conftest import HOST, corpus, make_copy, read_link
from tests.compose.undoing import undo
from tests.fuzz.effort import effort, try_all
from tests.fuzz.mutations import mutated

from mailwake.compose.message import instrument_html
from mailwake.compose.options import ComposeOptions
from mailwake.compose.page import Page
from mailwake.markup.charset import read_text
from mailwake.markup.scan import scan

OPTIONS = ComposeOptions(own_hosts=frozenset({HOST}))
DECOYS = ComposeOptions(own_hosts=frozenset({HOST}), decoys=True, utm={"utm_source": "x"})
WORDS = [
    b"<", b">", b"</", b"/>", b"<a href=", b"</a>", b'"', b"'", b"=", b"<!--", b"-->", b"--!>", b"<![CDATA[", b"]]>",
    b"<!--[if mso]>", b"<![endif]-->", b"<script>", b"</script>", b"<style>", b"</style>", b"<template>",
    b"</template>", b"<svg>", b"</svg>", b"<math>", b"<body>", b"</body>", b"</html>", b"<table>", b"</table>",
    b"<tr><td>", b"<base href=/>", b"<textarea>", b"<title>", b"<plaintext>", b"<select>", b"<noscript>",
    b"<v:rect href=", b"<area href=", b"&amp;", b"&#x26;", b"&copy", b"\0", b"\r", b"\n", b"\t", b"\xff", b"\xc3",
    b"\xe2\x80\xa8", b"href=", b"https://x.example/?a=1&b=2", b"javascript:", b"mailto:a@example.com", b"{{name}}",
    b"{{unsubscribe_url}}", b"%%x%%", b"<meta charset=utf-16>",
]  # fmt: skip
VALUES = st.sampled_from(
    [
        "https://x.example/a?b=c&amp;d=e",
        "http://y.example",
        "mailto:a@example.com",
        "#x",
        "",
        "//z.example/\u00fc",
        "{{url}}",
    ]
)
NAMES = st.sampled_from(["p", "div", "span", "table", "tr", "td", "b", "h1", "svg", "template", "center", "ul", "li"])


@st.composite
def links(draw: st.DrawFn) -> str:
    """An anchor in one of its spellings."""
    value, quote = draw(VALUES), draw(st.sampled_from(['"', "'", ""]))
    before = draw(st.sampled_from(["", " class='x'", ' title="a>b"', " data-no-track", " name=n"]))
    tag = draw(st.sampled_from(["a", "A", "area", "v:rect"]))
    end = f"</{tag}>" if tag != "area" else ""
    return f"<{tag}{before} href={quote}{value}{quote}>{draw(st.sampled_from(['x', '', value, '<img src=i>']))}{end}"


def elements(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """An element around whatever there is."""
    joined = st.lists(inside, max_size=3).map("".join)
    return st.builds(lambda name, content: f"<{name}>{content}</{name}>", NAMES, joined)


TREES = st.recursive(links() | st.sampled_from(["text", "<br>", "<!-- c -->", "<!--[if mso]>x<![endif]-->"]), elements)
PAGES = TREES.map(lambda tree: f"<html><head><title>t</title></head><body>{tree}</body></html>".encode())
REAL = st.sampled_from(sorted(name for name, raw in corpus("html").items() if len(raw) < 60_000))


def check(raw: bytes) -> None:
    text = read_text(raw, None)
    if text is None:
        return
    found = scan(text.view)
    places = [tag.href[:2] for tag in found.tags if tag.href]
    assert all(0 <= start <= end <= len(text.view) for start, end in places)
    tracked = instrument_html(raw, make_copy(), OPTIONS)
    instrument_html(raw, make_copy(), DECOYS)
    before, after = (shown(data, text.unit, text.codec) for data in (raw, tracked.message))
    written, pixels = undo(
        after,
        before,
        host=HOST,
        target=lambda url: read_link(url).target,
        charset=text.codec if text.unit == 1 else None,
    )
    assert len(written) == sum(link.tracked for link in tracked.links)
    assert pixels == tracked.pixel
    assert [link.number for link in tracked.links] == list(range(1, len(tracked.links) + 1))
    assert count(after) == count(before), "a parser sees more links or fewer"
    assert Page(text, OPTIONS).skeleton == Page(text, OPTIONS).skeleton


def shown(raw: bytes, unit: int, codec: str) -> str:
    return raw.decode("latin-1") if unit == 1 else raw.decode(codec, "surrogatepass")


def count(html: str) -> int:
    """Links and areas in a parsed document."""
    document = turbohtml.parse(html)
    return len(document.find_all("a")) + len(document.find_all("area"))


@effort(quick=60, thorough=4_000)
def test_pages_built_and_damaged_change_by_addresses_and_one_pixel_alone(examples: int) -> None:
    try_all(check, mutated(PAGES, WORDS), examples)


@effort(quick=5, thorough=800)
def test_real_pages_damaged_change_by_addresses_and_one_pixel_alone(examples: int) -> None:
    try_all(check, mutated(REAL.map(lambda name: corpus("html")[name]), WORDS), examples)


@effort(quick=60, thorough=4_000)
def test_words_that_decide_something_in_any_order_break_nothing(examples: int) -> None:
    try_all(check, st.lists(st.sampled_from(WORDS) | st.binary(max_size=2), max_size=40).map(b"".join), examples)
