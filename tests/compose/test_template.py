"""Templates: compiled once, filled per recipient, and no value gets out of its place."""

import quopri
import re
from collections.abc import Mapping

import pytest
import turbohtml
from hypothesis import given
from hypothesis import strategies as st
from tests.compose.conftest import HOST, KEYS, make_copy, read_link
from tests.every import every

from mailwake.compose.message import instrument_html
from mailwake.compose.options import ComposeOptions
from mailwake.compose.template import RecipientCopy, Template, template_id
from mailwake.errors import BadInput
from mailwake.events import CampaignId, TemplateId
from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes
from mailwake.tokens import Purpose, TokenReader

AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
OPTIONS = ComposeOptions(own_hosts=frozenset({HOST}))


def template(html: str | bytes, options: ComposeOptions = OPTIONS) -> Template:
    copy = make_copy()
    return Template(html, options=options, minter=copy.minter, base_url=copy.base_url)


def recipient(fields: Mapping[str, str] | None = None, modes: Modes = INDIVIDUAL) -> RecipientCopy:
    return RecipientCopy(token=make_copy(modes=modes).token, fields=fields or {})


def render(html: str, fields: Mapping[str, str] | None = None, modes: Modes = INDIVIDUAL) -> str:
    rendered = template(html).render(recipient(fields, modes))
    assert isinstance(rendered, str)
    return rendered


def test_rendering_gives_what_instrumenting_the_page_gives() -> None:
    html = '<body><p>ü</p><a href="https://example.com/?a=1&amp;b">x</a><a href="mailwake:unsubscribe">stop</a></body>'
    assert render(html).encode() == instrument_html(html.encode(), make_copy(), OPTIONS).message


def test_bytes_give_bytes_in_their_own_charset() -> None:
    html = '<meta charset="koi8-r"><p>привет {{name}}</p>'.encode("koi8-r")
    rendered = template(html).render(recipient({"name": "Ада €"}))
    assert isinstance(rendered, bytes)
    assert "<p>привет Ада &#8364;</p>" in rendered.decode("koi8-r")


def test_text_gives_text() -> None:
    assert "grüße 😀 Ada" in render("<p>grüße 😀 {{ name }}</p>", {"name": "Ada"})


def test_a_missing_field_is_named() -> None:
    with pytest.raises(BadInput, match="'first name'"):
        render("<p>{{first name}}</p>", {"name": "x"})


def test_a_missing_field_of_a_link_is_named() -> None:
    with pytest.raises(BadInput, match="'id'"):
        render('<a href="https://example.com/?id={{id}}">x</a>')


def test_the_fields_are_known_beforehand() -> None:
    html = '<p title="{{a}}">{{ b }}</p><a href="https://example.com/{{c}}">{{unsubscribe_url}}</a>'
    assert template(html).fields == {"a", "b", "c"}


EVIL = "</p><script>alert(1)</script>\"' onclick=x <a href=https://evil.example/> & {{name}}"


@every(
    "html",
    [
        "<p>{{name}}</p>",
        '<p title="{{name}}">x</p>',
        "<p title='{{name}}'>x</p>",
        "<p title={{name}}>x</p>",
        "<p {{name}}>x</p>",
        "<p class=a{{name}}b>x</p>",
        "<title>{{name}}</title><p>x</p>",
        "<textarea>{{name}}</textarea><p>x</p>",
        "<style>{{name}}</style><p>x</p>",
        "<!-- {{name}} --><p>x</p>",
        '<p title="<b>{{name}}</b>">x</p>',
    ],
)
def test_a_value_never_becomes_markup(html: str) -> None:
    def shape(text: str) -> list[tuple[str, int]]:
        elements = turbohtml.parse(text).find_all(["p", "script", "a", "b", "title", "textarea", "style", "img"])
        return [(element.tag, len(element.attrs)) for element in elements]

    assert shape(render(html, {"name": EVIL})) == shape(render(html, {"name": "x"}))


def test_a_value_reads_as_it_was_given() -> None:
    parsed = turbohtml.parse(render("<p id=x title={{v}}>{{v}}</p>", {"v": 'a "b" <c> & d'}))
    paragraph = parsed.find("p")
    assert paragraph is not None
    assert paragraph.text == 'a "b" <c> & d'
    assert paragraph.attrs["title"] == 'a "b" <c> & d'


def test_a_personal_link_gets_a_target_of_its_own() -> None:
    html = '<a href="https://example.com/{{id}}?mail={{mail}}&amp;x=1">x</a>'
    rendered = render(html, {"id": "a/b?c", "mail": "ada+x@example.com"})
    url = re.findall(r'href="([^"]*)"', rendered)[0]
    assert read_link(url).target == "https://example.com/a%2Fb%3Fc?mail=ada%2Bx%40example.com&x=1"
    assert read_link(url).number == 1


def test_a_whole_address_from_a_field_is_taken_as_it_is() -> None:
    url = re.findall(r'href="([^"]*)"', render('<a href="{{url}}">x</a>', {"url": "https://example.com/ä?a=1&b=2"}))[0]
    assert read_link(url).target == "https://example.com/ä?a=1&b=2"


@every("value", ["javascript:alert(1)", "JaVa\nScript:alert(1)", "data:text/html,x", "", "/x", "x", "https://a@b/"])
def test_a_dangerous_or_useless_address_from_a_field_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match="'url'"):
        render('<a href="{{url}}">x</a>', {"url": value})


@pytest.mark.parametrize("value", ["evil.example/", "a@evil.example", "evil.example:80\\", "x y"])
def test_a_field_in_the_host_can_only_be_part_of_a_name(value: str) -> None:
    with pytest.raises(BadInput, match="'shop'"):
        render('<a href="https://{{shop}}.example.com/">x</a>', {"shop": value})


def test_a_field_in_the_host_may_be_a_name() -> None:
    url = re.findall(r'href="([^"]*)"', render('<a href="https://{{shop}}.example.com/">x</a>', {"shop": "north"}))[0]
    assert read_link(url).target == "https://north.example.com/"


def test_a_personal_mail_address_is_written_untracked() -> None:
    html = '<a href="mailto:{{to}}?subject={{s}}">x</a>'
    assert 'href="mailto:a@example.com?subject=x%26y' in render(html, {"to": "a@example.com", "s": "x&y"})


def test_in_aggregate_mode_a_personal_link_is_left_untracked() -> None:
    html = '<a href="https://example.com/{{id}}?a=1&b=2">x</a><a href="https://example.com/">y</a>'
    rendered = render(html, {"id": "7 8"}, AGGREGATE)
    assert '<a href="https://example.com/7%208?a=1&amp;b=2">' in rendered
    first = turbohtml.parse(rendered).find("a")
    assert first is not None
    assert first.attrs["href"] == "https://example.com/7%208?a=1&b=2"
    assert rendered.count("/c/") == 1
    assert [link.why_not for link in template(html).links_in(AGGREGATE)] == ["personal", None]


def test_links_tell_that_personal_ones_are_tracked() -> None:
    assert [
        link.tracked for link in template('<a href="https://example.com/{{id}}">x</a><a href="{{u}}">y</a>').links
    ] == [
        True,
        True,
    ]


def test_a_merge_tag_of_another_program_stays_in_its_link() -> None:
    html = '<a href="*|UNSUB|*">x</a><a href="https://example.com/{% url %}">y</a><p>{{{raw}}} %%name%%</p>'
    assert re.sub("<img[^>]*>", "", render(html)) == html


def test_our_pages_are_linked_wherever_they_are_named() -> None:
    rendered = render(
        '<p>{{unsubscribe_url}}</p><a href="{{preferences_url}}">x</a><a href="mailwake:unsubscribe">y</a>'
    )
    parts = re.findall(rf"https://{HOST}/([up])/([\w-]+)", rendered)
    assert [kind for kind, _ in parts] == ["u", "p", "u"]
    reader = TokenReader(KEYS, [HOST])
    assert {reader.message(part, HOST, Purpose.UNSUBSCRIBE_BODY).recipient for _, part in parts} == {6}


def test_with_both_modes_off_only_fields_are_filled() -> None:
    assert render('<p>{{n}}</p><a href="https://example.com/">x</a>', {"n": "y"}, OFF) == (
        '<p>y</p><a href="https://example.com/">x</a>'
    )


def test_aggregate_copies_without_fields_are_the_same() -> None:
    page = template('<a href="https://example.com/">x</a>')
    copies = {
        page.render(RecipientCopy(token=make_copy(modes=AGGREGATE, delivery=who, recipient=who).token))
        for who in (1, 2)
    }
    assert len(copies) == 1


def test_ids_differ_by_campaign_and_skeleton_and_are_never_zero() -> None:
    first = template("<p>x</p>").skeleton
    assert template("<p>another text</p>").skeleton == first
    assert template("<p>x</p><p>y</p>").skeleton != first
    ids = {template_id(CampaignId(number), first) for number in range(100)}
    assert len(ids) == 100
    assert all(0 < each < 2**32 for each in ids)
    assert template_id(CampaignId(1), first) == template_id(CampaignId(1), first)


def test_an_id_given_to_the_template_is_sealed_into_its_links() -> None:
    copy = make_copy()
    page = Template(
        '<a href="https://example.com/">x</a>',
        options=OPTIONS,
        minter=copy.minter,
        base_url=copy.base_url,
        template_id=TemplateId(9),
    )
    assert read_link(re.findall(r'href="([^"]*)"', str(page.render(recipient())))[0]).template == 9


def test_a_template_that_cannot_be_edited_in_place_is_refused() -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        template("<p>x</p>".encode("utf-16"))


@given(st.text(max_size=300), st.text("abcé =<>\n", max_size=200))
def test_the_wire_form_says_the_same_in_short_lines(value: str, words: str) -> None:
    value = value.replace("\r", "")
    html = f'<body><p>{words}</p>\n<a href="https://example.com/{{{{v}}}}">{{{{v}}}}</a>\n<a href="https://example.com/">x</a>'
    page, who = template(html), recipient({"v": value})
    wire = page.render_quoted_printable(who)
    assert quopri.decodestring(wire).replace(b"\r\n", b"\n").decode() == page.render(who)
    assert max(map(len, wire.split(b"\r\n"))) <= 76
    assert wire.isascii()
    assert b"\n" not in wire.replace(b"\r\n", b"")


def test_a_thousand_recipients_cost_a_thousand_fills() -> None:
    page = template("<p>{{n}}</p><a href='https://example.com/'>x</a>")
    copies = [str(page.render(recipient({"n": str(number)}))) for number in range(1_000)]
    assert [f"<p>{number}</p>" in copy for number, copy in enumerate(copies)] == [True] * 1_000
