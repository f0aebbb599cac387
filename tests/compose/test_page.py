"""One HTML text: which of its links are tracked, and where the pixel goes."""

import re

import pytest
import turbohtml
from hypothesis import given
from hypothesis import strategies as st
from tests.compose.conftest import HOST, make_copy, read_link
from tests.every import every
from tests.markup.test_places import PIECES

from mailwake.compose.links import Role
from mailwake.compose.message import instrument_html
from mailwake.compose.options import ComposeOptions
from mailwake.compose.page import Page
from mailwake.markup.charset import read_text
from mailwake.modes import Mode, Modes
from mailwake.tokens import MAX_LINK_NUMBER

U = "https://shop.example.com/"
OPTIONS = ComposeOptions(own_hosts=frozenset({HOST}))


def tracked(html: str, options: ComposeOptions = OPTIONS) -> list[str]:
    return [link.href for link in instrument_html(html.encode(), make_copy(), options).links if link.tracked]


def reasons(html: str, options: ComposeOptions = OPTIONS) -> list[str | None]:
    return [link.why_not for link in instrument_html(html.encode(), make_copy(), options).links]


@every(
    "html",
    [
        f"<a href={U}a>x</a>",
        f"<a href={U}a/>x</a>",
        f"<a href={U}?a=1&b=2 class=x>x</a>",
        f'<a href = "{U}a">x</a>',
        f"<a href='{U}a'>x</a>",
        f'<a\nhref\n=\n"{U}a"\n>x</a>',
        f'<a class="b"href="{U}a">x</a>',
        f'<A HREF="{U}a">x</A>',
        f'<a\fhref="{U}a">x</a>',
        f'<a\rhref="{U}a">x</a>\r',
        f'<a title="a>b" href="{U}a">x</a>',
        f'<area href="{U}a">',
        f'<noscript><a href="{U}a">x</a></noscript>',
        f'<a ping="{U}p" href="{U}a">x</a>',
        f'<svg><a xlink:href="{U}p" href="{U}a"><text>t</text></a></svg>',
        f'<button><a href="{U}a">x</a></button>',
    ],
)
def test_a_link_is_tracked_in_every_spelling(html: str) -> None:
    assert len(tracked(html)) == 1


@every(
    "html",
    [
        f'<img src="{U}" srcset="{U} 2x"><table background="{U}"></table>',
        f'<meta http-equiv=refresh content="0;url={U}"><link href="{U}" rel=stylesheet><base href="{U}">',
        f'<svg><image href="{U}"/></svg>',
        f'<p style="background:url({U})" title=\'<a href="{U}">\'>',
        f'<!-- <a href="{U}"> --><script>"<a href={U}>"</script><textarea><a href="{U}"></textarea>',
        "<a>x</a><a name=x>y</a>",
    ],
)
def test_what_is_no_link_is_not_even_listed(html: str) -> None:
    result = instrument_html(html.encode(), make_copy(), OPTIONS)
    assert result.links == ()
    assert re.sub(rb'<img src="https://track[^>]*>', b"", result.message) == html.encode()


@every(
    ("html", "why"),
    [
        (f'<a href="{U}" data-no-track>x</a>', "no_track"),
        (f'<a clicktracking="off" href="{U}">x</a>', "no_track"),
        (f'<a ses:no-track href="{U}">x</a>', "no_track"),
        (f'<a data-mautic-disable-tracking="true" href="{U}">x</a>', "no_track"),
        (f'<a data-disable-tracking="True" href="{U}">x</a>', "no_track"),
        (f'<a data-disable-tracking="false" href="{U}">x</a>', None),
        (f'<a href="https://{HOST}/c/x/y">x</a>', "own_host"),
        (f'<a href="https://{HOST.upper()}./c/x/y">x</a>', "own_host"),
        (f'<a href="{U}">https://shop.example.com/</a>', "text_is_url"),
        (f'<a href="{U}"><b>www.shop.example.com</b></a>', "text_is_url"),
        (f'<a href="{U}">shop&#46;example&#46;com</a>', "text_is_url"),
        (f'<template><a href="{U}">x</a></template>', "inert"),
        (f'<html amp4email><body><a href="{U}">x</a>', "amp"),
        ('<a href="mailwake:unsubscribe">x</a>', "own_page"),
        ('<a href="">x</a>', "empty"),
    ],
)
def test_a_link_that_is_left_alone_has_a_reason(html: str, why: str | None) -> None:
    assert reasons(html) == [why]


def test_an_address_of_the_old_tracking_host_is_our_own_too() -> None:
    options = ComposeOptions(own_hosts=frozenset({"old.example.org"}))
    assert reasons('<a href="https://old.example.org/c/x/y">x</a>', options) == ["own_host"]


def test_numbers_count_every_occurrence_from_one() -> None:
    html = f'<a href="#">1</a><a href="{U}">2</a><!--[if mso]><v:rect href="{U}"/><![endif]--><a href="{U}">4</a>'
    result = instrument_html(html.encode(), make_copy(), OPTIONS)
    assert [(link.number, link.where) for link in result.links] == [(1, "html"), (2, "html"), (3, "mso"), (4, "html")]
    urls = re.findall(rb"https://track[^\"]*/c/[^\"]*", result.message)
    assert [read_link(url.decode()).number for url in urls] == [2, 3, 4]


def test_what_a_click_reaches_is_what_the_author_wrote() -> None:
    html = f'<a href=" {U}?a=1&amp;b=2&copy=3&#x26;c=é\n">x</a>'
    result = instrument_html(html.encode(), make_copy(), OPTIONS)
    url = re.findall(r'"(https://track[^"]*/c/[^"]*)"', result.message.decode())[0]
    assert read_link(url).target == f"{U}?a=1&b=2&copy=3&c=é"


def test_parameters_are_sealed_into_the_target_and_not_shown_as_the_link() -> None:
    options = ComposeOptions(utm={"utm_source": "news"})
    result = instrument_html(f'<a href="{U}?a=1">x</a>'.encode(), make_copy(), options)
    url = re.findall(r'"(https://track[^"]*/c/[^"]*)"', result.message.decode())[0]
    assert read_link(url).target == f"{U}?a=1&utm_source=news"
    assert result.links[0].href == f"{U}?a=1"


def pixel_parents(html: str) -> list[str]:
    """Names of the elements that the pixel is in, innermost first."""
    message = instrument_html(html.encode(), make_copy(), OPTIONS).message.decode()
    images = [image for image in turbohtml.parse(message).find_all("img") if "/o/" in str(image.attrs.get("src"))]
    assert len(images) == 1
    return [getattr(node, "tag", "") for node in images[0].ancestors]


@every(
    "html",
    [
        "<html><body>x</body></html>",
        "<html><body>x",
        "x",
        "<body>x</body><body>y</body>",
        "<body>x<!-- </body> --><script>'</body>'</script>",
        "<body><p title='</body>'>x",
        "<body><a href='x'>never closed</body>",
        "<body><table><tr><td>x</body>",
        "<body><table><tr>",
        "<body><!-- never closed",
        "<body>x<textarea>never closed</body>",
        "<body>x<script>never closed</body>",
        "<body>x<a href='never closed</body>",
        "<body>x<!--[if mso]></body></html><![endif]-->",
        "<p>x</p><!--[if mso]><table><tr><td><![endif]--><p>y</p><!--[if mso]></td></tr></table><![endif]-->",
        "<body>x<template></body></template>",
        "<body>x<svg><g>",
        "<body><div>x<p><a href='y'x</a></p><svg><a href='z'>x</a></svg></div></body>",
        "<body><p><a href=http://y</a><template><a href='z'>x</a></template></p></body>",
        "<body><p>x<template><a href='z'>x</template></p><p>y</p></body>",
        "<body><div style='display:none'>preheader</div>x</body>",
        "</table><table><tr><td>x</table><table><tr></body>",
    ],
)
def test_there_is_one_pixel_and_it_is_shown(html: str) -> None:
    parents = pixel_parents(html)
    assert not {"a", "template", "svg", "g", "textarea", "script", "table", "tr", "tbody"} & set(parents[:1])
    assert "a" not in parents
    assert "template" not in parents


ENDS = st.sampled_from(["", "</body>", "</body></html>", "</table></body>", "<!-- </body> --></body>"])


@given(st.lists(PIECES, max_size=12).map("".join), ENDS)
def test_in_any_markup_the_pixel_is_shown_by_itself(html: str, end: str) -> None:
    parents = pixel_parents(f"<html><body>{html}{end}")
    assert "a" not in parents
    assert parents[0] not in ("table", "tbody", "tr")


def test_the_pixel_stands_before_the_last_body_end() -> None:
    message = instrument_html(b"<body>x</body>\n</html>\n", make_copy(), OPTIONS).message
    assert re.fullmatch(rb'<body>x<img src="[^"]*" width="1" height="1" alt=""></body>\n</html>\n', message)


def test_without_a_body_end_the_pixel_stands_behind_the_last_words() -> None:
    message = instrument_html(b"<p>x</p>\r\n\r\n", make_copy(), OPTIONS).message
    assert message.startswith(b"<p>x</p><img ")
    assert message.endswith(b">\r\n\r\n")


@pytest.mark.parametrize("html", ["", " \r\n\t", "<html ⚡4email><body>x</body>"])
def test_no_pixel_where_there_is_nothing_to_see_or_amp_forbids_it(html: str) -> None:
    result = instrument_html(html.encode(), make_copy(), OPTIONS)
    assert not result.pixel
    assert result.message == html.encode()


DECOYS = ComposeOptions(decoys=True)
LONG = "<body>" + "".join(f'<p>text</p><a href="{U}{number}">link</a>' for number in range(12)) + "</body>"


def test_decoys_come_in_two_kinds_one_in_each_third_and_count_on() -> None:
    result = instrument_html(LONG.encode(), make_copy(), DECOYS)
    decoys = [link for link in result.links if link.role is Role.DECOY]
    assert [link.number for link in decoys] == [13, 14]
    places = [match.start() for match in re.finditer(rb'tabindex="-1"', result.message)]
    assert len(places) == 2
    assert places[0] < len(result.message) / 2 < places[1]
    assert b"display:none" in result.message
    assert b"data:image/gif" in result.message


def test_a_decoy_leads_nowhere_and_looks_like_any_link() -> None:
    result = instrument_html(LONG.encode(), make_copy(), DECOYS)
    urls = re.findall(r'"(https://track[^"]*/c/[^"]*)" tabindex', result.message.decode())
    assert [(read_link(url).number, read_link(url).target) for url in urls] in (
        [(13, ""), (14, "")],
        [(14, ""), (13, "")],
    )


def test_decoys_stand_elsewhere_in_every_template() -> None:
    places = {
        instrument_html(LONG.encode(), make_copy(template=number), DECOYS).message.find(b"tabindex")
        for number in range(9)
    }
    assert len(places) > 2


def test_no_decoys_where_clicks_are_off() -> None:
    modes = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.OFF)
    result = instrument_html(LONG.encode(), make_copy(modes=modes), DECOYS)
    assert b"tabindex" not in result.message
    assert {link.why_not for link in result.links} == {"off"}


@pytest.mark.long
def test_ten_thousand_links_in_five_megabytes_are_all_tracked() -> None:
    html = "<body>" + "".join(f'<p>{"x" * 440}</p><a href="{U}{number}">x</a>\n' for number in range(10_000))
    result = instrument_html(html.encode(), make_copy(), OPTIONS)
    assert sum(link.tracked for link in result.links) == 10_000
    assert result.pixel


def test_decoys_stay_out_where_no_number_is_left_for_both() -> None:
    html = f'<p>x</p><p><a href="{U}">x</a></p><p>x</p>'.encode()
    text = read_text(html, None)
    assert text is not None
    page = Page(text, ComposeOptions(decoys=True))
    assert page.takes_decoys(MAX_LINK_NUMBER - 1)
    assert not page.takes_decoys(MAX_LINK_NUMBER)


@pytest.mark.long
def test_links_above_what_a_token_can_count_are_left_alone() -> None:
    html = f'<a href="{U}">x</a>' * 65_540
    assert [link.why_not for link in instrument_html(html.encode(), make_copy(), OPTIONS).links[-6:]] == [None] + [
        "too_many"
    ] * 5


BOTH = ComposeOptions(own_hosts=frozenset({HOST}), end_pixel=True)


def both_pixels(html: str) -> list[str]:
    """The addresses of the pixels, in document order."""
    message = instrument_html(html.encode(), make_copy(), BOTH).message.decode()
    found = (str(image.attrs.get("src")) for image in turbohtml.parse(message).find_all("img"))
    return [each for each in found if "/o/" in each]


def test_with_an_end_pixel_the_usual_one_stands_at_the_top() -> None:
    """Its address is the usual one, so every edge knows it; the one at the end is named by what stands behind."""
    message = instrument_html(b"<body><p>x</p><p>y</p></body>", make_copy(), BOTH).message
    assert re.fullmatch(
        rb'<body><img src="([^"]*/o/[^"/]*)" width="1" height="1" alt=""><p>x</p><p>y</p>'
        rb'<img src="\1/end" width="1" height="1" alt=""></body>',
        message,
    )


@given(st.lists(PIECES, max_size=12).map("".join))
def test_in_any_markup_there_is_one_pixel_or_one_at_each_end(html: str) -> None:
    found = both_pixels(f"<html><body>{html}</body>")
    assert len(found) in {1, 2}
    assert not found[0].endswith("/end")
    assert found[1:] in ([], [f"{found[0]}/end"])


def test_without_room_above_there_is_one_pixel_as_ever() -> None:
    assert [each.endswith("/end") for each in both_pixels("x")] == [False]


def test_no_pixel_of_either_kind_where_opens_are_off() -> None:
    copy = make_copy(modes=Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL))
    assert b"/o/" not in instrument_html(b"<body><p>x</p><p>y</p></body>", copy, BOTH).message


@pytest.mark.parametrize(
    "html",
    [
        '<div style="display:none"><a href="https://e.com/1">x</a>',
        '<body><p>x</p><div style="display:none">never closed <p>y</p></body>',
        '<table><tr><td>x</td></tr></table><div style="DISPLAY : NONE">y',
    ],
)
def test_what_is_hidden_and_never_closed_hides_no_pixel(html: str) -> None:
    message = instrument_html(html.encode(), make_copy(), OPTIONS).message.decode()
    (pixel,) = (image for image in turbohtml.parse(message).find_all("img") if "/o/" in str(image.attrs.get("src")))
    styles = [str(getattr(node, "attrs", {}).get("style", "")).lower() for node in pixel.ancestors]
    assert not [style for style in styles if "none" in style]


@pytest.mark.parametrize(
    ("html", "why", "href"),
    [
        ('<svg><a xlink:href="https://e.com/9"><text>x</text></a></svg>', "svg", "https://e.com/9"),
        ('<form action="https://e.com/f?a=1&amp;b=2"><input></form>', "form", "https://e.com/f?a=1&b=2"),
        ("<button formaction=https://e.com/b>x</button>", "form", "https://e.com/b"),
        ('<input type=submit FORMACTION="https://e.com/i">', "form", "https://e.com/i"),
    ],
)
def test_addresses_that_are_never_tracked_because_of_their_kind_are_told_of(html: str, why: str, href: str) -> None:
    whole = f'<body><a href="{U}">x</a>{html}<a href="{U}2">y</a></body>'
    made = instrument_html(whole.encode(), make_copy(), OPTIONS)
    told = [(link.number, link.href, link.tracked, link.why_not) for link in made.links if link.why_not]
    assert told == [(0, href, False, why)]
    assert [link.number for link in made.links if link.tracked] == [1, 2]
    assert html.encode() in made.message, "they are told of, and left alone"


@every(
    "html",
    [
        '<svg><a href="https://e.com/9" xlink:href="https://e.com/8"><text>x</text></a></svg>',
        '<a xlink:href="https://e.com/9">no link in HTML</a>',
        '<svg><foreignObject><a xlink:href="https://e.com/9">x</a></foreignObject></svg>',
        '<form action="">x</form><form action="#x">y</form><form>z</form>',
        '<!-- <form action="https://e.com/f"> -->',
        "<p>the action of a formaction is xlink:href</p>",
    ],
)
def test_what_leads_nowhere_is_not_told_of(html: str) -> None:
    made = instrument_html(f"<body>{html}</body>".encode(), make_copy(), OPTIONS)
    assert not [link for link in made.links if link.number == 0]


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-16-le"])
def test_a_page_of_wide_characters_that_says_nothing_of_them_is_left_alone_and_told_of(codec: str) -> None:
    raw = f'<body><p>Grüße</p><a href="{U}">x</a></body>'.encode(codec)
    made = instrument_html(raw, make_copy(), OPTIONS)
    assert (made.message, made.pixel, made.links, made.untouched) == (raw, False, (), "encoding")


def test_a_hidden_preheader_that_is_closed_leaves_the_pixel_at_the_end() -> None:
    html = b'<body><div style="display:none">preheader</div><p>x</p></body>'
    message = instrument_html(html, make_copy(), OPTIONS).message
    assert re.search(rb'<p>x</p><img src="[^"]*" width="1" height="1" alt=""></body>', message)


def test_the_pixel_may_be_a_background_that_is_no_picture() -> None:
    options = ComposeOptions(background_pixel=True)
    made = instrument_html(b"<body><p>x</p></body>", make_copy(), options)
    assert made.pixel
    block = rb"<div style=\"width:1px;height:1px;background-image:url\((https://[^()\"' ]+/o/[\w-]+)\)\"></div>"
    outlook = rb'<!--\[if mso\]><img src="\1" width="1" height="1" alt=""><!\[endif\]-->'
    assert re.fullmatch(rb"<body><p>x</p>" + block + outlook + rb"</body>", made.message)


@pytest.mark.parametrize(("least", "has_pixel"), [(0, True), (30, True), (31, False)])
def test_a_page_may_be_too_short_for_a_pixel(least: int, has_pixel: bool) -> None:
    html = b"<p>Hello, and nothing else</p>"
    made = instrument_html(html, make_copy(), ComposeOptions(pixel_min_bytes=least))
    assert (b"/o/" in made.message) is has_pixel
    assert made.pixel is has_pixel
