"""A message with one fault gets exactly that finding, at its line; one without gets none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.every import every
from tests.preflight.letters import (
    SIGNED,
    WORDS,
    FakeNames,
    World,
    good_names,
    letter,
    public_record,
    sign,
    text_part,
    unsigned,
    world_in,
)
from tests.visiting.web import Page

from mailwake.preflight.examine import Report, examine

PAGES = {
    "/gone": Page(404),
    "/down": Page(503),
    "/one": Page(302, {"Location": "/two"}),
    "/two": Page(302, {"Location": "/one"}),
    "/ftp": Page(302, {"Location": "ftp://files.example.com/"}),
    "/old": Page(301, {"Location": "/roses"}),
    **{f"/n{number}": Page(301, {"Location": f"/n{number + 1}"}) for number in range(20)},
    **{f"/m{number}": Page(301, {"Location": f"/m{number + 1}"}) for number in range(4)},
    "/m4": Page(),
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path, PAGES) as world:
        yield world


def codes(report: Report) -> list[str]:
    return [found.code for found in report.findings]


def test_a_good_message_has_no_finding_and_nothing_unknown(world: World) -> None:
    report = examine(letter(world), world.around())
    assert (codes(report), report.unknown) == ([], ())
    assert (report.links, report.targets, report.worst) == (2, 1, None)


def test_the_target_is_followed_and_the_edge_is_asked_for_nothing_that_counts(world: World) -> None:
    """One POST that names nobody; no click, no open, no look at the unsubscribe page."""
    examine(letter(world), world.around())
    asked = [(method, path) for method, path, *_ in world.site.asked]
    assert ("HEAD", "/roses") in asked
    ((method, path),) = [each for each in asked if each[1] != "/roses"]
    assert (method, path[:3]) == ("POST", "/u/")
    assert not world.leave().endswith(path)
    assert path.partition("/u/")[2] not in letter(world).decode()
    (posted,) = [each for each in world.site.asked if each[0] == "POST"]
    assert posted[3] == b"List-Unsubscribe=One-Click"
    assert "cookie" not in posted[2]


@dataclass
class Broken:
    """One fault."""

    code: str
    #: makes the message
    make: Callable[[World], bytes]
    #: what the line that is named holds
    at: bytes
    around: dict[str, Any] = field(default_factory=dict)


def link(href: str, text: str = "More") -> str:
    return f'<a href="{href}">{text}</a>'


def spoilt(world: World, kind: str = "c") -> str:
    """An address of ours whose seal does not hold."""
    return f"{world.base}/{kind}/{'A' * 60}/{'A' * 40}"


def with_link(href: str, text: str = "More") -> Callable[[World], bytes]:
    """A link of its own line; {shop} is the shop's base."""
    return lambda world: letter(world, more=link(href.format(shop=world.shop("")), text))


def with_field(name: str, value: str | None) -> Callable[[World], bytes]:
    return lambda world: letter(world, change={name: value})


def without_signature(world: World) -> bytes:
    return unsigned(world.fields(), text_part(), text_part(world.page(), "text/html; charset=utf-8"))


def with_bytes(old: bytes, new: bytes) -> Callable[[World], bytes]:
    return lambda world: sign(without_signature(world).replace(old, new, 1))


def nested(depth: int) -> bytes:
    """A multipart within a multipart, and so on."""
    body = text_part()
    for number in range(depth):
        body = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%b--b%d--\r\n" % (
            number, number, body, number,
        )  # fmt: skip
    return body


def longer(world: World, text: bytes) -> bytes:
    return letter(world, text=text, more=PAGE_ONLY)


def with_file(name: str) -> bytes:
    head = f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''{name}"
    fields = {
        "From": "news@example.com",
        "To": "reader@example.org",
        "Subject": "Files",
        "Date": "Thu, 26 Nov 2026 19:58:00 +0000",
    }
    fields |= {"Message-ID": "<8@example.com>", "MIME-Version": "1.0", "Content-Type": "multipart/mixed; boundary=cut"}
    return sign(unsigned(fields, text_part(), f"{head}\r\n\r\nMZ\r\n".encode()), fields=(b"from",))


def with_picture(src: str, alt: str) -> Callable[[World], bytes]:
    return lambda world: letter(world, more=f'<img src="{src.replace("SHOP", world.shop(""))}" alt="{alt}">')


def test_data_for_gmail_is_no_script_and_an_icon_no_style(tmp_path: Path) -> None:
    more = '<script type="application/ld+json">{}</script><link rel="icon" href="/a.ico">'
    with world_in(tmp_path) as world:
        assert examine(letter(world, more=more), world.around()).findings == ()


DOT = '<img src="https://www.example.com/dot" width="1" height="1" alt="">'
OTHER = (
    "Winter sale of garden furniture: teak benches, iron tables and parasols at half price until the month ends. "
    "Delivery is free inside the county, and our fitters carry everything wherever somebody wants it. Order by "
    "telephone, Monday until Friday."
)
PAGE_ONLY = (
    "<p>Forty bowls from storm-felled trees stand upon our shelves since Thursday; every single piece carries its "
    "number, shows where that trunk once grew, and comes along with linseed polish, cotton cloth, careful notes</p>"
)
ESP = {"names": FakeNames({**good_names().records, "s1._domainkey.esp.example": [public_record()]}, good_names().hosts)}
BY_HAND = {"is_transactional": True}
BIG = "<!-- " + "x" * 70 + " -->\n"
BROKEN = [
    Broken("text_mismatch", with_link("https://other.example.net/", "www.bank.example"), b"bank", {"visitor": None}),
    Broken("text_differs", lambda world: longer(world, text_part("Your program shows no pages.")), b"Content-Type"),
    Broken("text_differs", lambda world: longer(world, text_part(OTHER)), b"Content-Type"),
    Broken("attachment_blocked", lambda _: with_file("Setup.EXE"), b"Content-Type: application", BY_HAND),
    Broken("link_space", with_link("{shop}/old roses"), b"old roses", {"visitor": None}),
    Broken("dkim_unaligned", lambda world: sign(without_signature(world), domain=b"esp.example"), b"DKIM", ESP),
    Broken("pixel_linked", with_link("https://www.example.com/roses", DOT), b"/dot", {"visitor": None}),
    Broken(
        "tracking_unaligned",
        with_link("https://t.esp.example/1", "More</a>" + DOT.replace("www.example.com", "t.esp.example") + "<a>"),
        b"t.esp",
        {"visitor": None},
    ),
    Broken("text_missing", lambda world: letter(world, text=b""), b"Content-Type"),
    Broken("text_empty", lambda world: letter(world, text=text_part(" ")), b"Content-Type"),
    Broken("placeholder", with_field("Subject", "Spring, *|FNAME|*"), b"FNAME"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear [first_name],</p>"), b"first_name"),
    Broken("placeholder", lambda world: letter(world, text=text_part(f"Dear %%First Name%%\n{WORDS}")), b"First Name"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear {!Contact.FirstName},</p>"), b"Contact.FirstName"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear {{{Recipient.Name}}},</p>"), b"Recipient.Name"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear %recipient.name%,</p>"), b"recipient.name"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear %FIRSTNAME%,</p>"), b"FIRSTNAME"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear {$name},</p>"), b"{$name"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear {lead.First Name},</p>"), b"lead.First"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear &lt;&lt;First Name&gt;&gt;,</p>"), b"First Name"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear %%=v(@name)=%%,</p>"), b"v(@name)"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear ~Contact.FirstName~,</p>"), b"Contact.FirstName"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear @@firstname@@,</p>"), b"firstname"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear [fname],</p>"), b"fname"),
    Broken("placeholder", lambda world: letter(world, more="<p>Dear {email},</p>"), b"{email}"),
    Broken("placeholder", with_picture("SHOP/roses", "{{product}}"), b"product"),
    Broken("placeholder", with_picture("https://www.example.com/*|SKU|*.png", "Roses"), b"SKU"),
    Broken("placeholder_link", with_link("https://www.example.com/{{{{coupon}}}}"), b"coupon"),
    Broken("clipped", lambda world: letter(world, more=BIG * 1_400), b"Content-Type"),
    Broken("nearly_clipped", lambda world: letter(world, more=BIG * 1_260), b"Content-Type"),
    Broken("alt_missing", lambda world: letter(world, more=f'<img src="{world.shop("/roses")}">'), b"/roses"),
    Broken("script_dropped", lambda world: letter(world, more="<script>open('/')</script>"), b"<script"),
    Broken("form_dropped", lambda world: letter(world, more='<form action="/"><input name=a></form>'), b"<form"),
    Broken("embedded_dropped", lambda world: letter(world, more='<iframe src="/map"></iframe>'), b"<iframe"),
    Broken("stylesheet_dropped", lambda world: letter(world, more='<link rel="stylesheet" href="/a.css">'), b"<link"),
    Broken("image_relative", lambda world: letter(world, more='<img src="img/a.png" alt="Rose">'), b"a.png"),
    Broken(
        "image_only",
        lambda world: letter(world, page=world.page(f'<img src="{world.shop("/roses")}" alt="A">').replace(WORDS, "")),
        b"<img",
    ),
    Broken("line_too_long", lambda world: letter(world, text=text_part("x" * 1_200)), b"xxx"),
    Broken("bare_line_end", with_bytes(b"garden, however", b"garden,\nhowever"), b"garden,"),
    Broken("eight_bit", with_bytes(b"garden, however", "gärden, however".encode()), "gärden".encode()),
    Broken("raw_header", with_bytes(b"Subject: Spring", "Subject: Frühling,".encode()), "Früh".encode()),
    Broken("charset_wrong", with_bytes(b"7bit\r\n\r\nSpring", b"8bit\r\n\r\nSpr\xefng"), b"Spr\xefng"),
    Broken("charset_unknown", with_bytes(b"plain; charset=utf-8", b"plain; charset=klingon"), b"Content-Type"),
    Broken("boundary_missing", with_bytes(b'; boundary="cut"', b""), b"Content-Type: multipart"),
    Broken("boundary_unused", with_bytes(b'="cut"', b'="zzz"'), b"Content-Type: multipart"),
    Broken("boundary_open", with_bytes(b"--cut--\r\n", b""), b"Content-Type: multipart"),
    Broken("nested_deep", lambda world: letter(world, text=text_part() + b"--cut\r\n" + nested(60)), b"multipart/mix"),
    Broken("encoding_unknown", with_bytes(b"Encoding: 7bit", b"Encoding: 9bit"), b"Content-Type"),
    Broken("nul_byte", with_bytes(b"roses", b"ro\0es"), b"ro\0es"),
    Broken("date_missing", with_field("Date", None), b"DKIM-Signature"),
    Broken("date_off", with_field("Date", "Thu, 26 Nov 2020 19:58:00 +0000"), b"Date"),
    Broken("date_bad", with_field("Date", "yesterday"), b"Date"),
    Broken("message_id_missing", with_field("Message-ID", None), b"DKIM-Signature"),
    Broken("message_id_bad", with_field("Message-ID", "<no-domain>"), b"Message-ID"),
    Broken("subject_missing", with_field("Subject", None), b"DKIM-Signature"),
    Broken("mime_version_missing", with_field("MIME-Version", None), b"Content-Type"),
    Broken("list_id_missing", with_field("List-Id", None), b"DKIM-Signature"),
    Broken("list_id_bad", with_field("List-Id", "garden"), b"List-Id"),
    Broken("feedback_id_missing", with_field("Feedback-ID", None), b"DKIM-Signature"),
    Broken("feedback_id_bad", with_field("Feedback-ID", "a:b:c:d:e"), b"Feedback-ID"),
    Broken("field_twice", with_bytes(b"To: ", b"To: other@example.org\r\nTo: "), b"To: reader"),
    Broken("unsubscribe_missing", with_field("List-Unsubscribe", None), b"DKIM-Signature"),
    Broken("unsubscribe_bad", with_field("List-Unsubscribe", "see our page"), b"List-Unsubscribe"),
    *(
        Broken("unsubscribe_bad", with_field("List-Unsubscribe", each), b"List-Unsubscribe", {"wall": None})
        for each in ("<https://>", "<https://[::1>", "<https://localhost/u>", "<mailto:off@example.com>, <https:///u>")
    ),
    Broken("placeholder", with_field("List-Unsubscribe", "<https://{{host}}/u>"), b"{{host}}"),
    Broken("unsubscribe_no_https", with_field("List-Unsubscribe", "<mailto:off@example.com>"), b"List-Unsubscribe"),
    Broken("one_click_missing", with_field("List-Unsubscribe-Post", None), b"List-Unsubscribe:"),
    Broken("one_click_bad", with_field("List-Unsubscribe-Post", "List-Unsubscribe=Yes"), b"List-Unsubscribe-Post"),
    Broken("unsubscribe_unsigned", lambda world: letter(world, fields=SIGNED[:7]), b"DKIM-Signature"),
    Broken("unsubscribe_not_oversigned", lambda world: letter(world, fields=(*SIGNED[:7], SIGNED[9])), b"DKIM-Sig"),
    Broken(
        "unsubscribe_link_missing",
        lambda world: letter(world, page=world.page().replace("Unsubscribe</a>", "Roses</a>").replace(
            world.leave(), world.tracked(world.shop("/roses"), 2))),
        b"<html>",
    ),
    Broken("dkim_broken", lambda world: letter(world).replace(b"garden, however", b"garden; however"), b"DKIM-Sig"),
    Broken("link_dead", with_link("{shop}/gone"), b"/gone"),
    Broken("link_error", with_link("{shop}/down"), b"/down"),
    Broken("link_circle", with_link("{shop}/one"), b"/one"),
    Broken("link_endless", with_link("{shop}/n0"), b"/n0"),
    Broken("link_redirects", with_link("{shop}/m0"), b"/m0"),
    Broken("link_nowhere", with_link("{shop}/ftp"), b"/ftp"),
    Broken("link_tls", lambda world: letter(world, more=link(world.site.url("/", "other.example.com"))), b"other.ex"),
    Broken("link_relative", with_link("/roses"), b'"/roses"'),
    Broken("link_empty", with_link("#"), b'"#"'),
    Broken("link_script", with_link("javascript:alert(1)"), b"javascript"),
    Broken("link_own_file", with_link("file:///C:/drafts/prices.pdf"), b"file:"),
    Broken("link_own_file", with_link("C:/drafts/prices.pdf"), b"C:/drafts"),
    Broken("from_bad", with_field("From", "news"), b"From: news"),
    Broken("byte_order_mark", lambda world: b"\xef\xbb\xbf" + letter(world), b"DKIM-Signature", {"names": None}),
    Broken("link_broken", with_link("http://[bad]/"), b"[bad]"),
    Broken("link_broken", with_link("https://user@www.example.com/"), b"user@"),
    Broken("shortener", with_link("https://bit.ly/3xY"), b"bit.ly", {"visitor": None}),
    Broken("numeric_host", with_link("https://93.184.215.14/"), b"93.184.215.14", {"visitor": None}),
    Broken("link_long", with_link("{shop}/?q=" + "a" * 300 + "&r=\n".join(["b" * 600] * 4)), b"?q=", {"visitor": None}),
    Broken("link_http", with_link("http://www.example.com/"), b"http://www", {"visitor": None}),
    Broken(
        "nested_urls",
        with_link("https://www.example.com/?a=https://a.example.com/&amp;b=https://b.example.com/"),
        b"?a=",
        {"visitor": None},
    ),
    Broken("pixel_hidden", lambda world: letter(world, page=world.page().replace(
        world.pixel(), f'<p style="display: none">{world.pixel()}</p>')), b"/o/"),
    Broken("pixel_linked", lambda world: letter(world, page=world.page().replace(
        world.pixel(), f'<a href="{world.tracked(world.shop("/roses"), 2)}">{world.pixel()}</a>')), b"/o/"),
    Broken("own_link_dead", lambda world: letter(world, more=link(spoilt(world))), b"AAAA"),
    Broken("own_link_dead", lambda world: letter(
        world, page=world.page().replace(world.leave(), spoilt(world, "u"))), b"/u/"),
    Broken(
        "one_click_token",
        lambda world: letter(world, change={"List-Unsubscribe": f"<{spoilt(world, 'u')}>"}),
        b"List-Unsubscribe",
    ),
]  # fmt: skip


@every("broken", BROKEN, ids=lambda each: each.code)
def test_one_fault_is_named_and_nothing_else(world: World, broken: Broken) -> None:
    raw = broken.make(world)
    report = examine(raw, world.around(**broken.around))
    assert codes(report) == [broken.code]
    (found,) = report.findings
    assert broken.at in raw.split(b"\n")[found.place.line - 1]
    assert "%(" not in found.title + found.why + found.mend


@every(
    "host",
    ["localhost:3000", "shop.localhost", "wiki.internal", "nas.local", "192.168.1.7", "10.0.0.1", "127.0.0.1", "[::1]"],
)
def test_without_the_network_an_address_within_it_is_named_too(world: World, host: str) -> None:
    message = letter(world, more=f'<a href="https://{host}/prices">Prices</a>')
    assert "link_private" in codes(examine(message, replace(world.around(), names=None, visitor=None)))


@pytest.mark.parametrize("host", ["www.example.com", "internal.example.com", "locals.example"])
def test_names_that_only_look_like_it_are_not(world: World, host: str) -> None:
    message = letter(world, more=f'<a href="https://{host}/prices">Prices</a>')
    assert "link_private" not in codes(examine(message, replace(world.around(), names=None, visitor=None)))


@every(
    "text",
    [
        "100% wool, 20% off",
        "{see below}",
        "costs $5",
        "[sic]",
        "50%OFF%",
        "a {b} c",
        "%20name",
        "&lt;&lt; Back",
        "~2 km~",
        "a@@b",
    ],
)
def test_signs_of_other_kinds_are_no_merge_tags(world: World, text: str) -> None:
    assert "placeholder" not in codes(examine(letter(world, more=f"<p>{text}</p>"), world.around()))
