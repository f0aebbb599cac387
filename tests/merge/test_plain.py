"""The text twin of a page."""

from __future__ import annotations

from tests.every import every

from mailwake.merge.plain import plain_text


def test_blocks_become_lines_and_paragraphs_stand_apart() -> None:
    assert plain_text("<h1>Spring</h1><p>One\n two</p><div>three<br>four</div>") == "Spring\n\nOne two\n\nthree\nfour\n"


def test_a_link_is_written_out_after_its_words() -> None:
    assert plain_text('<a href="https://example.com/?a=1&amp;b=2">Shop</a>') == "Shop <https://example.com/?a=1&b=2>\n"


def test_a_link_whose_words_are_its_address_stands_once() -> None:
    assert plain_text('<a href="https://example.com">https://example.com</a>') == "https://example.com\n"


def test_a_picture_is_its_alternative_text() -> None:
    assert plain_text(
        '<a href="https://example.com/x"><img src="b.png" alt="The  sale"></a><img src="dot.gif" alt="">'
    ) == ("The sale <https://example.com/x>\n")


def test_what_no_reader_sees_is_left_out() -> None:
    page = "<head><title>t</title><style>p{}</style></head><body><script>x()</script><!-- no -->yes</body>"
    assert plain_text(page) == "yes\n"


def test_lists_and_cells_stay_readable() -> None:
    assert plain_text("<ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr></table>") == (
        "- one\n- two\n\na b\n"
    )


def test_merge_fields_and_our_own_pages_survive() -> None:
    page = '<p>Hello {{name}}</p><a href="{{shop}}">go</a> <a href="mailwake:unsubscribe">stop</a>'
    assert plain_text(page) == "Hello {{name}}\n\ngo <{{shop}}> stop <mailwake:unsubscribe>\n"


@every("page", ["", "<", "<a href=", "</div></p></b>", "<p>\x00</p>", "<script>never closed"])
def test_broken_pages_give_some_text_and_no_fault(page: str) -> None:
    assert plain_text(page).endswith("\n")
