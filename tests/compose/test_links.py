"""Labels and roles: what reports call a link."""

from tests.compose.conftest import make_copy
from tests.every import every

from mailwake.compose.links import Role
from mailwake.compose.message import instrument_html
from mailwake.compose.options import ComposeOptions

FILLER = "<p>words</p>" * 40


def only_link(html: str) -> tuple[str, Role]:
    (link,) = instrument_html(f"<body>{html}{FILLER}</body>".encode(), make_copy(), ComposeOptions()).links
    return link.label, link.role


@every(
    ("content", "label"),
    [
        ("Buy &amp; save", "Buy & save"),
        ("<b>Buy</b>\n  <i>now</i>", "Buy now"),
        ("one<br>two", "one two"),
        ("T<b>ex</b>t", "Text"),
        ("<!-- hidden -->shown", "shown"),
        ("<style>x{}</style>shown", "shown"),
        ('<img src="x" alt="A   shoe">', "A shoe"),
        ("<img src=x alt='A \"shoe\"'>", 'A "shoe"'),
        ('<img src="x">', ""),
        ("x" * 200, "x" * 80),
        ("grüße 😀", "grüße 😀"),
        ('<span title=">">x</span>', "x"),
    ],
)
def test_a_label_is_what_a_reader_sees(content: str, label: str) -> None:
    assert only_link(f'<a href="https://example.com/">{content}</a>')[0] == label


def test_a_link_without_text_is_called_by_its_title() -> None:
    assert only_link('<a title="The  shop" href="https://example.com/"></a>')[0] == "The shop"


def test_an_area_is_called_by_its_alternative_text() -> None:
    assert only_link('<map><area alt="North" href="https://example.com/"></map>') == ("North", Role.IMAGE)


def test_a_button_for_outlook_has_the_text_inside_it() -> None:
    html = '<!--[if mso]><v:roundrect href="https://example.com/"><w:anchorlock/><center>Go</center></v:roundrect><![endif]-->'
    assert only_link(html) == ("Go", Role.CTA)


@every(
    ("html", "role"),
    [
        ('<a href="https://example.com/">Read more</a>', Role.TEXT),
        ('<a href="https://example.com/" class="btn btn-primary">Go</a>', Role.CTA),
        ('<a href="https://example.com/" style="background:#f00;color:#fff">Go</a>', Role.CTA),
        ('<a href="https://example.com/" style="padding: 10px 20px">Go</a>', Role.CTA),
        ('<a href="https://example.com/" style="background:none;color:#fff">Go</a>', Role.TEXT),
        ('<a href="https://example.com/" role="button">Go</a>', Role.CTA),
        ('<a href="https://example.com/"><img src="x" alt="Shoe"></a>', Role.IMAGE),
        ('<a href="https://example.com/"><img src="x" alt=""> Shoe</a>', Role.TEXT),
        ('<a href="https://www.facebook.com/example">f</a>', Role.SOCIAL),
        ('<a href="https://x.com/example">X</a>', Role.SOCIAL),
        ('<a href="https://netflix.com/example">N</a>', Role.TEXT),
        ('<a href="https://example.com/privacy">Privacy</a>', Role.LEGAL),
        ('<a href="https://example.com/">Impressum</a>', Role.LEGAL),
        ('<a href="https://example.com/unsubscribe?u=1">here</a>', Role.UNSUBSCRIBE),
        ('<a href="https://example.com/x" class="btn">Abmelden</a>', Role.UNSUBSCRIBE),
        ('<a href="https://example.com/x">Se désabonner</a>', Role.UNSUBSCRIBE),
        ('<a href="https://example.com/x">配信停止</a>', Role.UNSUBSCRIBE),
        ('<a href="https://example.com/x">Отписаться</a>', Role.UNSUBSCRIBE),
        ('<a href="https://example.com/x">Manage preferences</a>', Role.PREFERENCES),
        ('<a href="mailwake:unsubscribe">go</a>', Role.UNSUBSCRIBE),
        ('<a href="{{preferences_url}}">go</a>', Role.PREFERENCES),
    ],
)
def test_a_role_is_read_from_words_hosts_and_looks(html: str, role: Role) -> None:
    assert only_link(html)[1] is role


def test_a_plain_link_at_the_very_end_belongs_to_the_footer() -> None:
    html = f'<body>{FILLER}<a href="https://example.com/">Home</a></body>'
    assert instrument_html(html.encode(), make_copy(), ComposeOptions()).links[0].role is Role.FOOTER
