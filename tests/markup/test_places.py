"""A safe place is one where an image is shown by itself; turbohtml is the judge."""

from typing import Any

import turbohtml
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.markup.places import find_places, may_stay_hidden
from mailwake.markup.scan import scan

LINK = '<a href="https://example.com/x">'
PIECES = st.sampled_from(
    f"<p> </p> <div> </div> {LINK.replace(' ', '·')} </a> <table> <tr> <td> </td> </tr> </table> text <b> </b> <br>"
    " <!--·x·--> <td>x</td> <th> <caption> </caption> <tbody> </tbody>".split()
).map(lambda piece: piece.replace("·", " "))


def parents_of_an_image_at(html: str, place: int) -> list[str]:
    return [getattr(node, "tag", "") for node in around_an_image_at(html, place)]


def around_an_image_at(html: str, place: int) -> list[Any]:
    marked = turbohtml.parse(html[:place] + "<img id=here>" + html[place:])
    image = marked.find("img")
    assert image is not None
    return list(image.ancestors)


def is_hidden_at(html: str, place: int) -> bool:
    styles = [str(getattr(node, "attrs", {}).get("style", "")) for node in around_an_image_at(html, place)]
    return any("none" in style for style in styles)


@every(
    "html",
    [
        f"<body>{LINK}never closed ",
        "<body><table><tr>",
        f"<body><table><tr><td>{LINK}x</td><td>y</td></tr></table>{LINK}",
        "<body><table><tr><td>in a cell",
        f"<body>{LINK}<table><tr><td>",
    ],
)
def test_safe_places_are_in_no_link_and_no_table_structure(html: str) -> None:
    for place in find_places(html).safe:
        names = parents_of_an_image_at(html, place)
        assert "a" not in names
        assert names[0] not in ("table", "tbody", "tr")


@given(st.lists(PIECES, max_size=14).map("".join))
def test_in_any_markup_safe_places_are_safe(html: str) -> None:
    html = f"<body>{html}"
    for place in find_places(html).safe[:20]:
        parents = parents_of_an_image_at(html, place)
        assert "a" not in parents
        assert parents[0] not in ("table", "tbody", "tr")


@every("bomb", ["<table>", "<td>", LINK, "</a>", "<table><tr><td>", "<td><a>", "</table>"])
def test_work_grows_with_size_and_not_faster(bomb: str) -> None:
    html = "<body>" + bomb * (100_000 // len(bomb))
    assert len(find_places(html).safe) <= len(html)


HIDING = 'style="display: none"'
#: no formatting, which browsers open again in places that are not followed here
HIDDEN = [f"<{name} {HIDING}>" for name in ("div", "span", "p", "td", "tr", "table", "ul", "li")]
SHOWN_OR_NOT = st.sampled_from(
    HIDDEN
    + f"<p> </p> <div> </div> <span> </span> {LINK.replace(' ', '·')} </a> <b> </b> <ul> <li> </ul> <h1> </h1> <center>"
    " </center> <table> <tr> <td> </td> </tr> <tbody> </tbody> </table> text <br> <object> </object> <button>"
    " </button>".split()
).map(lambda piece: piece.replace("·", " "))


@given(st.lists(SHOWN_OR_NOT, max_size=14).map("".join))
def test_in_any_markup_no_safe_place_is_hidden(html: str) -> None:
    html = f"<body>{html}"
    for place in find_places(html).safe[-20:]:
        assert not is_hidden_at(html, place)


@every(
    ("html", "shown"),
    [
        (f"<div {HIDING}>x</div>", True),
        (f"<div {HIDING}>x", False),
        (f"<div {HIDING}><div>x</div>y", False),
        (f"<div {HIDING}><span>x</div>y", True),
        (f"<div><div {HIDING}>x</div></div>", True),
        (f"<div><span {HIDING}>x</div>y", True),
        (f"<div><div {HIDING}>x</div>y", True),
        (f"<div><b><div {HIDING}>x</b>y", False),
        (f"<span {HIDING}>x</span>", True),
        (f"<span {HIDING}><div>x</span>y", False),
        (f"<p {HIDING}>x<p>y", True),
        (f"<table><tr><td><div {HIDING}>x</td></tr></table>", True),
        (f"<table><tr {HIDING}><td>x</td></tr><tr><td>y</td></tr></table>", True),
        (f"<table {HIDING}><tr><td>x</td></tr></table>", True),
        (f"<img {HIDING}>x", True),
        (f"<!-- <div {HIDING}> -->x", True),
        ("<style>div { display: none }</style>x", True),
        ("<div>display: none", True),
        ("<div title='display: none'>x", True),
        ("<DIV class=x STYLE='color:#fff;DISPLAY :NONE'>x", False),
    ],
)
def test_what_is_hidden_at_the_end_is_known(html: str, shown: bool) -> None:
    html = f"<body>{html}<i>"
    place = html.rindex("<i>")
    assert is_hidden_at(html.lower().replace(" :", ":"), place) is not shown
    assert (place in find_places(html).safe) is shown
    is_misnested = "</span>" in html or "</b>" in html  # which counting cannot tell
    assert shown or is_misnested or may_stay_hidden(html, scan(html).sequence)


def test_where_every_hidden_element_is_closed_nobody_has_to_look_closer() -> None:
    html = f"<body><div {HIDING}>preheader</div><div>x</div><span {HIDING}>y</span></body>"
    assert not may_stay_hidden(html, scan(html).sequence)


@every("bomb", [f"<div {HIDING}>", "display:none ", f"<x{HIDING}", f"<p {HIDING}>", f"<table {HIDING}><tr><td></div>"])
def test_looking_for_what_is_hidden_grows_with_size_and_not_faster(bomb: str) -> None:
    """A quadratic search of so much would take minutes; this one ends, and a test run is not a stop-watch."""
    html = "<body>" + bomb * (400_000 // len(bomb))
    assert may_stay_hidden(html, scan(html).sequence) == ("<" in bomb)
    assert len(find_places(html).safe) <= len(html)
