"""The scanner finds what a browser finds; turbohtml, a whole WHATWG parser, is the judge."""

import bisect
import re

import pytest
import turbohtml
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.markup.scan import scan, spans

LINK = '<a href="https://example.com/x">'


def values(html: str) -> list[str]:
    return [span.value for span in spans(html)]


def seen_by_a_whole_parser(html: str) -> list[tuple[int, int, str]]:
    """(start, end of the attribute, tag) of every href on a or area, by turbohtml's source locations."""
    normalized = html.replace("\r\n", "\n")
    removed = [match.start() - index for index, match in enumerate(re.finditer("\r\n", html))]

    def place(offset: int) -> int:
        return offset + bisect.bisect_left(removed, offset)

    found = set()
    for name in ("a", "area"):
        for element in turbohtml.parse(normalized, source_locations=True).find_all(name):
            location = element.source_location
            if location and "href" in location.attrs:
                span = location.attrs["href"]
                found.add((place(span.start_offset), place(span.end_offset), name))
    return sorted(found)


PIECES = st.sampled_from(
    [
        LINK,
        "</a>",
        "<a href='https://example.com/y'>",
        "<a href=https://example.com/z?a=1&b=2>",
        "<A\nHREF = \"x\" class='c'>",
        "<a/href=1/>",
        '<a name="n">',
        '<a title="a>b" href="t">',
        "<a href>",
        "<a href=>",
        '<a href="1" href="2">',
        '<area href="m">',
        '<a =href="q" href="r">',
        "<a \"href='s'\">",
        "text & more",
        "< a href='no'>",
        "<p title=\"<a href='in'>\">",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "</b>",
        "<br/>",
        "<table><tr><td>",
        "</td></tr></table>",
        "<!-- <a href='c'> -->",
        "<!-->",
        "<!--->",
        "<!-- x --!>",
        "<!-- -- > - -->",
        "<!doctype html>",
        "<!bogus <a href='b'>",
        "<?pi <a href='b'>?>",
        "</ bogus>",
        "</>",
        "<>",
        "<script>'<a href=s>'</script>",
        "<script><!-- <script> </script> <a href=s> --></script>",
        "<script><!-- </script>",
        "<SCRIPT>x</Script x='</a>'>",
        "<style><a href=s></style>",
        "<textarea><a href=s></textarea>",
        "<title><a href=s></title >",
        "<xmp><a href=s></xmp>",
        "<iframe><a href=s></iframe>",
        "<noscript><a href=n></noscript>",
        "<svg><a href='v'></a><g/></svg>",
        "<svg><![CDATA[<a href='v'>]]></svg>",
        "<svg><style><a href='w'></a></style></svg>",
        "<svg><title><a href='w'></a></title></svg>",
        "<svg><desc><style><a href='no'></style></desc></svg>",
        "<svg><foreignObject><p><a href='fo'></a></p></foreignObject></svg>",
        "<svg><g><p>",
        "<math><mi><a href='m'></a></mi></math>",
        "\r\n",
        "\x00",
        "é😀",
        "\f",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_links_are_where_a_whole_parser_finds_them(html: str) -> None:
    ours = [(span.start, span.end, span.tag) for span in spans(html)]
    theirs = seen_by_a_whole_parser(html)
    assert len(ours) == len(theirs)
    for (start, end, tag), (attribute_start, attribute_end, name) in zip(ours, theirs, strict=True):
        assert tag == name
        assert attribute_start <= start <= end <= attribute_end + 1  # an equals sign without a value is not in theirs
        assert html[attribute_start:start].lower().startswith("href")


@given(st.lists(PIECES, max_size=10).map("".join))
def test_values_are_what_a_whole_parser_reads(html: str) -> None:
    html = html.replace("\x00", "").replace("\r\n", "\n")
    theirs = {
        str(element.attrs["href"] or "") for element in turbohtml.parse(html).find_all("a") if "href" in element.attrs
    }
    assert {span.value for span in spans(html) if span.tag == "a"} == theirs


@given(st.text(alphabet="<>/!-\"'= ahref[]CDT\n\0&;x?", max_size=60))
def test_no_text_is_too_strange_to_be_scanned(html: str) -> None:
    for span in spans(html):
        assert 0 <= span.start <= span.end <= len(html)


@every(
    "condition", ["mso", "gte mso 9", "mso 12", "vml", "(gte mso 9)|(IE)", "mso | IE", "IE", "lt mso 16", "!vml|mso"]
)
def test_a_link_that_only_outlook_reads_is_a_link(condition: str) -> None:
    html = f"<!--[if {condition}]><v:roundrect href='https://example.com/v'></v:roundrect><![endif]-->"
    assert values(html) == ["https://example.com/v"]
    assert [tag.where for tag in scan(html).tags] == ["mso"]


@every("condition", ["!mso", "!(mso)", "!mso&!IE", "!IE", "false"])
def test_a_hidden_comment_that_no_outlook_reads_has_no_links(condition: str) -> None:
    assert values(f"<!--[if {condition}]>{LINK}x</a><![endif]-->") == []


@pytest.mark.parametrize(
    "html",
    [
        f"<!--[if !mso]><!-->{LINK}x</a><!--<![endif]-->",
        f"<!--[if !mso]><!-- -->{LINK}x</a><!-- <![endif]-->",
        f"<![if !mso]>{LINK}x</a><![endif]>",
    ],
)
def test_a_revealed_comment_is_for_everybody(html: str) -> None:
    assert [tag.where for tag in scan(html).tags] == ["html"]


def test_every_vml_shape_counts_in_any_case_and_fills_do_not() -> None:
    html = "<!--[if mso]><V:RECT HREF='1'/><v:oval href='2'/><v:shape href='3'/><v:fill href='4'/><![endif]-->"
    assert values(html) == ["1", "2", "3"]


def test_a_comment_inside_a_conditional_comment_hides_nothing_from_outlook() -> None:
    assert values(f"<!--[if mso]><!--[if gte mso 9]>{LINK}x</a><![endif]--><![endif]-->") == ["https://example.com/x"]


def test_an_outlook_part_does_not_close_the_link_around_it() -> None:
    html = f"{LINK}<!--[if mso]><a href='2'>y</a><![endif]-->words</a>"
    outer = scan(html).tags[0]
    assert html[outer.end : outer.content_end].endswith("words")


def test_an_unclosed_quote_ends_the_document_as_in_browsers() -> None:
    assert values(f'{LINK}x</a><a href="https://example.com/y>y</a><a href=z>') == ["https://example.com/x"]


def test_the_last_real_body_end_is_found() -> None:
    html = "<body>x</body><body>y</body><!-- </body> --><script>'</body>'</script><p title='</body>'>"
    assert scan(html).body_end == html.index("</body><!--")


def test_a_link_inside_a_template_element_is_inert() -> None:
    html = f"<template>{LINK}x</a></template>{LINK}y</a>"
    assert [tag.is_inert for tag in scan(html).tags] == [True, False]


@pytest.mark.parametrize("mark", ["⚡4email", "amp4email"])
def test_an_amp_document_is_known_by_its_root(mark: str) -> None:
    assert scan(f"<!doctype html><html {mark} lang=en><body>").is_amp


BOMBS = """<!-- <!--> <!--[if·mso]> <a·href=" <a·href=x> < </ <! <svg> <svg><![CDATA[ <script><!-- <b·" <table>
    <!--[if·mso]><a·href="x"> <textarea> <a·' <p·= <template> <td·a="<td·b= <svg><a>""".replace("\n", " ").split()


@every("before", ["", *(pytest.param(each, marks=pytest.mark.long) for each in ("<!--[if mso]>", "<svg>", "<script>"))])
@every("bomb", BOMBS)
def test_work_grows_with_size_and_not_faster(bomb: str, before: str) -> None:
    """A quadratic scan of so much would take minutes; this one ends, and a test run is not a stop-watch."""
    html = before + bomb.replace("·", " ") * (150_000 // len(bomb)) + "<![endif]-->"
    assert scan(html).readable_end <= len(html)


def test_ten_thousand_links_are_found() -> None:
    html = "".join(f'<p><a href="https://example.com/{number}">{number}</a></p>' for number in range(10_000))
    assert len(spans(html)) == 10_000
