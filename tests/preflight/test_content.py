"""What stands in the words of a message: links of text, ways off the list, merge tags, addresses."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from tests.every import every
from tests.preflight.contents import codes, judged, page_alone, text_alone
from tests.preflight.letters import WORDS, World, letter, text_part, world_in
from tests.visiting.web import Page

from mailwake.preflight.body import tag_in
from mailwake.preflight.examine import examine
from mailwake.preflight.lookalikes import is_lookalike
from mailwake.preflight.mail import Mail
from mailwake.preflight.targets import targets


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path, {"/gone": Page(404), "/leave": Page()}) as world:
        yield world


# --- links of text parts


def test_links_of_text_are_followed_and_named(world: World) -> None:
    text = (
        f"{WORDS}\n\nRoses: {world.shop('/gone')}.\nhttps://www.bit.ly/3x\nhttp://www.example.com/\n\nUnsubscribe:\n\n"
    )
    raw = text_alone(world, text + world.shop("/leave"))
    report = examine(raw, world.around())
    assert "link_dead" in codes(report)
    (dead,) = (found for found in report.findings if found.code == "link_dead")
    assert b"/gone" in raw.split(b"\n")[dead.place.line - 1]
    assert {"shortener", "link_http"} <= set(codes(report))
    assert "unsubscribe_link_missing" not in codes(report)
    assert "HEAD" in {method for method, path, *_ in world.site.asked if path == "/leave"}
    assert "GET" not in {method for method, path, *_ in world.site.asked if path == "/leave"}


def test_a_dead_link_of_the_text_beside_a_page_is_named(world: World) -> None:
    report = examine(letter(world, text=text_part(f"{WORDS}\n<{world.shop('/gone')}>")), world.around())
    assert codes(report) == ["link_dead"]


@every(
    "text",
    [
        "You no longer want to receive this? https://www.example.com/x?y=1",
        "Click https://www.example.com/x?y=1\nto unsubscribe from this list.",
        "Se quiser cancelar a subscrição: https://www.example.com/x",
        "配信停止はこちら https://www.example.com/x",
        "To unsubscribe, write to leave@example.com.",
        "Abmelden: {{unsubscribe_url}}",
    ],
)
def test_a_text_says_how_to_leave(world: World, text: str) -> None:
    assert "unsubscribe_link_missing" not in codes(judged(world, text_alone(world, f"{WORDS}\n\n{text}")))


@pytest.mark.parametrize("text", ["", "All roses: https://www.example.com/x", "Write to roses@example.com."])
def test_a_text_that_does_not_say_how_to_leave(world: World, text: str) -> None:
    report = judged(world, text_alone(world, f"{WORDS}\n\n{text}"))
    assert codes(report) == ["unsubscribe_link_missing"]
    assert "unsubscribe_link_missing" not in codes(judged(world, text_alone(world, text), is_transactional=True))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("(see {}/roses).", "/roses"),
        ("「{}/roses」を見てください", "/roses"),
        ("{}/rosesを見てください", "/roses"),
        ("“{}/roses”", "/roses"),
    ],
)
def test_signs_and_letters_behind_an_address_are_no_part_of_it(world: World, text: str, asked: str) -> None:
    raw = text_alone(world, f"{WORDS}\n\n{text.format(world.shop(''))}\n\nUnsubscribe: {world.leave()}")
    assert codes(examine(raw, world.around())) == []
    assert asked in {path for _, path, *_ in world.site.asked}


# --- the way off the list in a page


LINK = '<a href="https://www.example.com/x?y=1">'


@every(
    "body",
    [
        f"<p>To unsubscribe, {LINK}click here</a>.</p>",
        f"<p>Had enough? {LINK}Click here</a> to unsubscribe.</p>",
        f"<td>If you do not wish to receive these e-mails,<br>please {LINK}<b>let us know</b></a></td>",
        *(
            f"<p>{LINK}{text}</a></p>"
            for text in (
                "Cancel subscription", "Remove me", "Stop these emails", "Gerir subscrição",
                "Cancelar a sua subscrição",
                "Manage your subscription", "Newsletter abbestellen", "Se désinscrire", "Gérer mes abonnements",
                "Darme de baja", "Annulla l'iscrizione", "Uitschrijven", "Wypisz się", "Отписаться", "退订",
                "配信停止", "Abonelikten \u00e7\u0131k", "Leave this list", "Turn off these emails",
            )
        ),
    ],
)  # fmt: skip
def test_sentences_that_lead_off_the_list(world: World, body: str) -> None:
    body = body.encode("ascii", "xmlcharrefreplace").decode()
    assert codes(judged(world, page_alone(world, body))) == []


def test_a_sentence_leads_off_the_list_though_its_link_is_tracked(world: World) -> None:
    tracked = world.tracked("https://www.example.com/x?y=1", 2)
    page = world.page().replace(
        f'<a href="{world.leave()}">Unsubscribe</a>', f'To unsubscribe, <a href="{tracked}">click</a>'
    )
    assert codes(judged(world, letter(world, page=page))) == []


def test_the_address_of_the_header_field_is_a_way_off_the_list(world: World) -> None:
    change = {"List-Unsubscribe": "<mailto:off@example.com>, <https://www.example.com/x?y=1>"}
    assert codes(judged(world, page_alone(world, f"<p>{LINK}Bye</a></p>", change))) == []
    assert codes(judged(world, page_alone(world, f"<p>{LINK}Bye</a></p>"))) == ["unsubscribe_link_missing"]


@pytest.mark.parametrize(
    "body",
    [
        f"<p>You may unsubscribe by post.</p><p>{LINK}See the roses</a></p>",
        f"<p>You may unsubscribe by post. {LINK}See the roses</a></p>",
        f"<p>{LINK}Subscribe</a> to our magazine!</p>",
        "<p>To unsubscribe, click here.</p>",
    ],
)
def test_sentences_that_do_not(world: World, body: str) -> None:
    assert codes(judged(world, page_alone(world, body))) == ["unsubscribe_link_missing"]


LEAVE = f"{LINK}Unsubscribe</a>"


@every(
    "body",
    [
        f'<div style="display:none">{LEAVE}</div>',
        f'<p style="font-size:1px">You may {LEAVE} here</p>',
        f'<p>{LINK}<span style="font-size: 0px">Unsubscribe</span></a></p>',
        f'<p style="color:#fff">{LEAVE}</p>',
        f'<table bgcolor="#333333"><tr><td style="color:#333">{LEAVE}</td></tr></table>',
        f'<div style="max-height:0;overflow:hidden"><p>{LEAVE}</p></div>',
        f'<p><font color="white">{LEAVE}</font></p>',
    ],
)
def test_a_way_off_the_list_that_nobody_sees_is_named(world: World, body: str) -> None:
    assert codes(judged(world, page_alone(world, body))) == ["unsubscribe_hidden"]
    assert codes(judged(world, page_alone(world, f"{body}<p>{LEAVE}</p>"))) == []


@every(
    "body",
    [
        f'<td style="font-size:0"><p style="font-size:14px">{LEAVE}</p></td>',
        f'<table bgcolor="#333333"><tr><td style="color:#fff">{LEAVE}</td></tr></table>',
        f'<table style="background:#333"><tr><td><font color="#ffffff">{LEAVE}</font></td></tr></table>',
        f'<table style="background-image:url(https://example.com/a.png)"><tr><td style="color:#fff">{LEAVE}</table>',
        f'<style>.dark {{ background: #000 }}</style><div class="dark"><p style="color:#fff">{LEAVE}</p></div>',
        f'<style>.foot {{ font-size: 14px }}</style><p style="font-size:0"><span class="foot">{LEAVE}</span></p>',
        f'<div style="display:none">A word before</div><p>{LEAVE}</p>',
        f'<p style="color:#fff">A line that ends by the next<p>{LEAVE}',
        f'<p>{LINK}<img src="https://www.example.com/a.png" alt="Unsubscribe"></a></p>',
    ],
)
def test_a_way_off_the_list_that_can_be_seen_is_not(world: World, body: str) -> None:
    assert "unsubscribe_hidden" not in codes(judged(world, page_alone(world, body)))
    assert "unsubscribe_link_missing" not in codes(judged(world, page_alone(world, body)))


# --- merge tags


def table() -> dict[str, Any]:
    text = resources.files("mailwake.preflight").joinpath("merge_tags.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def test_every_merge_tag_has_an_engine_a_source_and_an_example() -> None:
    for tag in table()["tag"]:
        assert tag["engine"]
        assert tag["source"].startswith("https://")
        for example in tag["examples"]:
            assert tag_in(f"Dear {example}, hello") or tag_in(example), example


@every("text", table()["no_tags"])
def test_what_only_looks_like_a_merge_tag(text: str) -> None:
    assert tag_in(text) == ""


@every(
    "tag",
    [
        "{Name}", "{first name}", "{Vorname}", "[Vorname]", "[CUSTOMER_NAME]", "-FNAME-", "#FNAME#", "##name##",
        "%FNAME%", "%USER_NAME%", "%SUBSCRIBER:FIRSTNAME%", "$FNAME$", "$!{user.name}", "@Model.Name", "__NAME__",
        "&lt;FIRST_NAME&gt;", "{subtag:name}", "{contactfield=firstname}", "{unsubscribe}", "[unsubscribe]",
        "%unsubscribe_url%", "%s", "{0}", "[object Object]", "{{<b>first_name</b>}}", "{<i>{name}</i>}",
    ],
)  # fmt: skip
def test_merge_tags_are_found_in_text_and_across_markup(world: World, tag: str) -> None:
    raw = letter(world, more=f"<p>Dear\n{tag}, welcome.</p>")
    report = judged(world, raw)
    assert codes(report) == ["placeholder"]
    assert tag.encode() in raw.split(b"\n")[report.findings[0].place.line - 1]
    if "<" not in tag and "&" not in tag:
        raw = letter(world, text=text_part(f"{WORDS}\nDear {tag}, welcome."))
        (found,) = judged(world, raw).findings
        assert (found.code, tag.encode() in raw.split(b"\n")[found.place.line - 1]) == ("placeholder", True)


@every(
    "path",
    ["?e=[email]", "?e=%recipient.email%", "{email}", "%7B%7Bname%7D%7D", "?n=*%7CFNAME%7C*", "?a=1&amp;n=%5BName%5D"],
)
def test_merge_tags_in_links_are_found_before_and_after_decoding(world: World, path: str) -> None:
    href = f"https://www.example.com/{path}"
    assert codes(judged(world, letter(world, more=f'<a href="{href}">More</a>'))) == ["placeholder_link"]
    if "%7B%7B" not in path:
        tracked = world.tracked(href.replace("&amp;", "&"), 2)
        assert codes(judged(world, letter(world, more=f'<a href="{tracked}">More</a>'))) == ["placeholder_link"]


@every(
    "body",
    [
        '<a href="https://www.example.com/?user[name]=a&amp;f%5Bemail%5D=b&amp;q=100%25%20a%20%25">More</a>',
        '<a href="https://medium.com/@model.name">More</a>',
        '<a href="mailto:?subject=Roses&amp;body=Dear%20[name]">Tell a friend</a>',
        f"<p>[{LEAVE}] or {LINK}[unsubscribe]</a></p>",
        "<p>Write <code>{{name}}</code> or <code>%s</code> where the name goes.</p>",
        "<p>It costs $5 or 5$, [1] and [2]; 100 %, -20% and #roses #are #red.</p><style>a{color:red}</style>",
        "<p>{ <b>not a tag</b> }</p><p>{</p><p>name</p><p>}</p>",
    ],
)
def test_prose_code_and_addresses_of_forms_are_no_merge_tags(world: World, body: str) -> None:
    assert codes(judged(world, letter(world, more=body))) == []


# --- links as written


@every(
    ("href", "code"),
    [
        ("htp://www.example.com/", "link_misspelt"),
        ("httpss://www.example.com/", "link_misspelt"),
        ("hhtps://www.example.com/", "link_misspelt"),
        ("https://https://www.example.com/", "link_misspelt"),
        ("http://https//www.example.com/", "link_misspelt"),
        ("ftp://ftp.example.com/a", "link_unopened"),
        ("blob:https://www.example.com/a", "link_unopened"),
        ("about:blank", "link_unopened"),
        ("mailto:", "link_nobody"),
        ("mailto:?", "link_nobody"),
        ("mailto:sales at x", "link_nobody"),
        ("tel:", "link_nobody"),
        ("#nowhere", "link_fragment"),
        ("https://www.bit.ly/x", "shortener"),
        ("https://www.xn--pple-43d.com/", "host_lookalike"),
    ],
)
def test_addresses_that_lead_nowhere_as_they_are_written(world: World, href: str, code: str) -> None:
    assert codes(judged(world, letter(world, more=f'<a href="{href}">More</a>'))) == [code]


@every(
    "href",
    [
        "mailto:sales@example.com?subject=Roses", "mailto:?subject=Roses&amp;body=See%20this", "mailto:a%40example.com",
        "mailto:Sales%20%3Csales@example.com%3E", "tel:+49 30 1234", "tel:1-800-ROSES", "sms:?body=Roses", "sms:12345",
        "#top", "#roses", "#old", "whatsapp://send?text=Roses", "webcal://www.example.com/a.ics", "myapp://open",
        "https://web.example.org/save/https://www.example.com/", "https://https.example.org/", "tg://resolve?domain=x",
    ],
)  # fmt: skip
def test_addresses_that_are_right_as_they_are_written(world: World, href: str) -> None:
    more = f'<h2 id="roses">Roses</h2><a name="old"></a><a href="{href}">More</a>'
    assert codes(judged(world, letter(world, more=more))) == []


def test_a_misspelt_address_is_not_followed_to_a_host_that_nobody_meant(world: World) -> None:
    """What stands behind the first https:// would be one fault more: there is no host ``https``."""
    around = world.around()
    mail = Mail(letter(world, more='<a href="https://https://www.example.com/">More</a>'), around.options)
    assert [each.url for each in targets(mail, around) if each.url.startswith("https://https")] == []


def test_an_address_that_is_not_https_is_named_though_it_is_tracked(world: World) -> None:
    more = "\n".join(f'<a href="{world.tracked("http://www.example.com/" + each, 2)}">More</a>' for each in "abc")
    report = judged(world, letter(world, more=more))
    assert codes(report) == ["link_http"]
    (found,) = report.findings
    assert found.more_lines == (found.place.line + 1, found.place.line + 2)


@every(
    "host",
    ["www.xn--pple-43d.com", "www.\u0430pple.com", "xn--80ak6aa92e.com", "p\u0430ypal.com", "g\u03bf\u03bfgle.com"],
)
def test_hosts_that_pass_for_others(host: str) -> None:
    assert is_lookalike(host)


@every(
    "host",
    [
        "www.example.com", "münchen.de", "xn--mnchen-3ya.de", "例え.jp", "россия.рф", "xn--h1alffa9f.xn--p1ai",
        "ёлка.com", "пример.ru", "ουτοπία.ελ", "ไทย.com", "サーバー.com", "aアプリ.jp", "한국tv.kr", "قطر.com",
        "xn--.com", "café.fr", "\u0440\u0430.ru", "straße2go.de", "smørrebrød.dk", "xn--zzzzzzzzzzzzzzz99999.com",
    ],
)  # fmt: skip
def test_hosts_in_the_letters_of_one_language_do_not(host: str) -> None:
    assert not is_lookalike(host)
