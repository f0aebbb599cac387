"""A safe place is one where an image is shown by itself; turbohtml is the judge."""

import pytest
import turbohtml
from hypothesis import given
from hypothesis import strategies as st

from mailwake.markup.places import safe_places

LINK = '<a href="https://example.com/x">'
PIECES = st.sampled_from(
    f"<p> </p> <div> </div> {LINK.replace(' ', '·')} </a> <table> <tr> <td> </td> </tr> </table> text <b> </b> <br>"
    " <!--·x·--> <td>x</td> <th> <caption> </caption> <tbody> </tbody>".split()
).map(lambda piece: piece.replace("·", " "))


def parents_of_an_image_at(html: str, place: int) -> list[str]:
    marked = turbohtml.parse(html[:place] + "<img id=here>" + html[place:])
    image = marked.find("img")
    assert image is not None
    return [getattr(node, "tag", "") for node in image.ancestors]


@pytest.mark.parametrize(
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
    for place in safe_places(html):
        names = parents_of_an_image_at(html, place)
        assert "a" not in names
        assert names[0] not in ("table", "tbody", "tr")


@given(st.lists(PIECES, max_size=14).map("".join))
def test_in_any_markup_safe_places_are_safe(html: str) -> None:
    html = f"<body>{html}"
    for place in safe_places(html)[:20]:
        parents = parents_of_an_image_at(html, place)
        assert "a" not in parents
        assert parents[0] not in ("table", "tbody", "tr")


@pytest.mark.parametrize("bomb", ["<table>", "<td>", LINK, "</a>", "<table><tr><td>", "<td><a>", "</table>"])
def test_work_grows_with_size_and_not_faster(bomb: str) -> None:
    html = "<body>" + bomb * (100_000 // len(bomb))
    assert len(safe_places(html)) <= len(html)
