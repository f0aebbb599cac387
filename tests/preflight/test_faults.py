"""Faults of fields, signatures, the way out and MIME: each gets its own finding, and none that merely follows."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.every import every
from tests.preflight.letters import (
    SIGNED,
    WORDS,
    World,
    good_names,
    letter,
    public_record,
    sign,
    text_part,
    unsigned,
    world_in,
)
from tests.visiting.web import Page, certificate, home, web

from mailwake.preflight.examine import Report, examine
from mailwake.visiting.asking import Wall
from mailwake.visiting.visitor import Visitor


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def codes(report: Report) -> list[str]:
    return [found.code for found in report.findings]


def judged(world: World, raw: bytes, **around: Any) -> list[str]:
    return codes(examine(raw, world.around(**{"visitor": None, "wall": None, **around})))


def plain(world: World, **change: str) -> bytes:
    fields = {**world.fields(), **{name.replace("_", "-"): value for name, value in change.items()}}
    return unsigned(fields, text_part(), text_part(world.page(), "text/html; charset=utf-8"))


FIELDS: list[tuple[str, str | None, list[str]]] = [
    # encoded words
    ("Subject", "=?utf-8?Q?Hi_=7B=7Bname=7D=7D?=", ["placeholder"]),
    ("From", "=?utf-8?B?KnxGTkFNRXwq?= <news@example.com>", ["placeholder"]),
    ("Subject", "=?klingon?Q?Spring?=", ["charset_unknown"]),
    ("Subject", "=?utf-8?Q?Gr=FC=DFe?=", ["charset_wrong"]),
    ("From", "=?utf-8?B?%%%?= <news@example.com>", ["undecodable"]),
    ("Subject", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?Q?_aus_K=F6ln?=", []),
    ("Subject", "=?utf-8?Q?_=20?=", ["subject_missing"]),
    # who writes to whom
    ("From", "News: news@example.com;", ["from_group"]),
    ("From", "News: a@example.com, b@example.com;", ["from_group"]),
    ("From", "news@localhost", ["from_bad"]),
    ("From", '"News: today" <news@example.com>', []),
    ("To", None, ["to_missing"]),
    ("To", "reader at example", ["address_bad"]),
    ("To", "undisclosed-recipients:;", []),
    ("To", "{{email}}", ["placeholder"]),
    ("To", '"Smith, Ann" <ann@example.org>, ben@example.org', []),
    ("Reply-To", "nobody", ["address_bad"]),
    ("Reply-To", "=?utf-8?Q?J=C3=B6rg?= <joerg@example.com>", []),
    # the rest of the header
    ("Date", "Thu, 26 Nov 2026 19:58:00", ["date_zone"]),
    ("Date", "Thu, 26 Nov 2026 19:58:00 -0000", []),
    ("Date", "26 Nov 2026 19:58:00 GMT", []),
    ("Date", "Fri, 26 Nov 2026 19:58:00 +0000", ["date_weekday"]),
    ("Date", "Fri, 27 Nov 2026 03:58:00 +0800", []),
    ("MIME-Version", "2.0", ["mime_version_bad"]),
    ("MIME-Version", "1.0 (made by hand)", []),
    ("Message-ID", "<8@localhost>", ["message_id_local"]),
    ("Message-ID", "<8@web-3.internal>", ["message_id_local"]),
    ("Message-ID", "<8@mail.example.com>", []),
    # Feedback-ID
    ("Feedback-ID", "garden", ["feedback_id_bad"]),
    ("Feedback-ID", "7:reader@example.org:marketing:garden", ["feedback_id_personal"]),
    ("Feedback-ID", "7:reader=example.org:marketing:garden", ["feedback_id_personal"]),
    ("Feedback-ID", "7:b84dd9883fcd50e6c55048b17e5f3656:news:garden", ["feedback_id_personal"]),
    ("Feedback-ID", "7:1aedb8d9dc4751e229a335e371db8058:news:garden", []),
    ("Feedback-ID", "news:garden", []),
]


@every(("name", "value", "expected"), FIELDS)
def test_a_field_gets_its_own_finding_and_no_other(
    world: World, name: str, value: str | None, expected: list[str]
) -> None:
    raw = letter(world, change={name: value})
    report = examine(raw, world.around(visitor=None, wall=None))
    assert codes(report) == expected
    for found in report.findings:
        assert "%(" not in found.title
        assert value is None or name.encode() in raw.split(b"\n")[found.place.line - 1]


def test_a_cc_alone_names_somebody_too(world: World) -> None:
    assert judged(world, letter(world, change={"To": None, "Cc": "reader@example.org"})) == []


def test_two_fields_from_are_one_fault(world: World) -> None:
    raw = letter(world).replace(b"From: Garden", b"From: other@example.net\r\nFrom: Garden")
    report = examine(raw, world.around(visitor=None, wall=None))
    assert codes(report) == ["field_twice"]
    assert "From does not name one address" in report.unknown[0].line


def test_two_feedback_ids_are_one_fault(world: World) -> None:
    raw = sign(plain(world).replace(b"Feedback-ID:", b"Feedback-ID: 1:2:3:esp\r\nFeedback-ID:"))
    assert judged(world, raw) == ["feedback_id_twice"]


@every(
    ("old", "new"),
    [
        (b"Date: ", b"this line is no field\r\nDate: "),
        (b"Subject: ", b"Subject : "),
        (b"Subject: ", b"\r\nSubject: "),
        (b"MIME-Version: ", b"\r\nMIME-Version: "),
    ],
)
@every("signed_later", [True, False])
def test_a_header_that_breaks_off_is_one_fault(world: World, old: bytes, new: bytes, *, signed_later: bool) -> None:
    raw = plain(world).replace(old, new, 1)
    report = examine(raw, world.around(signed_later=signed_later))
    assert codes(report) == ["header_broken"]
    place = report.findings[0].place
    assert place.line == raw[: raw.index(new.rstrip(b" "))].count(b"\n") + 1
    assert place.words


def test_an_https_text_on_an_http_link_is_one_fault(world: World) -> None:
    more = '<a href="http://www.example.com/">https://www.example.com/</a>'
    assert judged(world, letter(world, more=more)) == ["text_says_https"]
    assert judged(world, letter(world, more='<a href="http://www.example.com/">Roses</a>')) == ["link_http"]


def part(kind: str, encoding: str, body: bytes) -> bytes:
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body + b"\r\n"


def with_text(text: str, encoding: str = "7bit") -> Callable[[World], bytes]:
    body = text.replace("\n", "\r\n").encode()
    return lambda world: letter(world, text=part("text/plain; charset=utf-8", encoding, body))


MIME: list[tuple[str, Callable[[World], bytes], list[str]]] = [
    ("no-break spaces", with_text("\u00a0\n\u200b\u00a0", "8bit"), ["text_empty"]),
    ("a sign that is no letter", with_text("→", "8bit"), []),
    ("no escape", with_text(f"{WORDS[:60]} =ZZ", "quoted-printable"), ["escape_bad"]),
    ("a bare =", with_text("1 + 1 = 2", "quoted-printable"), ["escape_bad"]),
    ("escapes", with_text("1 =3d 1=\n a= \nb=C3=A4=", "quoted-printable"), []),
    ("a page", lambda world: letter(world, text=text_part(f"<!DOCTYPE html>\n{world.page()}")), ["page_as_text"]),
    ("a page alone", lambda world: letter(world, text=text_part(f"\n {world.page()}")), ["page_as_text"]),
    ("text of pages", with_text(f"<html> is how pages begin.\n{WORDS[:70]}"), []),
    ("text on pages", with_text(f"{WORDS[:70]} <html><body>"), []),
    (
        "turned",
        lambda world: sign(unsigned(world.fields(), text_part(world.page(), "text/html; charset=utf-8"), text_part())),
        ["alternative_order"],
    ),
    (
        "encoded as a whole",
        lambda world: sign(plain(world, MIME_Version="1.0\r\nContent-Transfer-Encoding: base64")),
        ["multipart_encoded"],
    ),
    ("8bit as a whole", lambda world: sign(plain(world, MIME_Version="1.0\r\nContent-Transfer-Encoding: 8bit")), []),
]  # fmt: skip


@every(("make", "expected"), [each[1:] for each in MIME], ids=[each[0] for each in MIME])
def test_what_is_wrong_with_the_parts(world: World, make: Callable[[World], bytes], expected: list[str]) -> None:
    assert judged(world, make(world)) == expected


@cache
def small_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=1_024)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def signed(world: World, key: rsa.RSAPrivateKey, **how: Any) -> bytes:
    raw = plain(world)
    signature: bytes = dkim.sign(raw, b"s1", b"example.com", pem(key), include_headers=list(SIGNED), **how)
    return signature + raw


def test_a_signature_over_a_part_of_the_body_and_a_key_for_testing_are_told(world: World) -> None:
    from tests.preflight.letters import signing_key

    assert judged(world, signed(world, signing_key(), length=True)) == ["dkim_partial"]
    names = good_names()
    names.records["s1._domainkey.example.com"] = [public_record().replace(b"k=rsa;", b"k=rsa; t=s:y;")]
    assert judged(world, letter(world), names=names) == ["dkim_testing"]
    names.records["s1._domainkey.example.com"] = [public_record().replace(b"k=rsa;", b"k=rsa; t=s;")]
    assert judged(world, letter(world), names=names) == []


def test_what_receivers_must_not_take_does_not_hold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.preflight.letters import signing_key

    raw = signed(world, signing_key(), signature_algorithm=b"rsa-sha1")
    report = examine(raw, world.around(visitor=None, wall=None))
    assert codes(report) == ["dkim_weak"]
    assert "rsa-sha1" in report.findings[0].title
    der = small_key().public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    names = good_names()
    names.records["s1._domainkey.example.com"] = [b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)]
    raw = signed(world, small_key())
    assert judged(world, raw, names=names) == []
    # the library for keys makes none so small any more; what dkimpy minds is what counts
    monkeypatch.setattr(dkim.DomainSigner, "keysize", property(lambda _: 768, lambda *_: None), raising=False)
    report = examine(raw, world.around(visitor=None, wall=None, names=names))
    assert codes(report) == ["dkim_weak"]
    assert "a key of 768 bits" in report.findings[0].title


def test_a_foreign_signature_that_does_not_hold_is_advice_where_an_own_one_does(world: World) -> None:
    raw = sign(letter(world), domain=b"esp.example.net")
    assert judged(world, raw) == ["dkim_spare_broken"]
    own_broken = raw.replace(b"d=example.com", b"d=example.org")
    assert "dkim_broken" in judged(world, own_broken)


def test_only_a_signature_that_holds_covers_anything(world: World) -> None:
    """The own one covers neither; that of the mail service covers both, and its key is not there."""
    few = sign(plain(world), fields=[name for name in SIGNED if not name.startswith((b"list", b"feedback"))])
    assert judged(world, few) == ["unsubscribe_unsigned", "feedback_id_unsigned"]
    both = sign(few, domain=b"esp.example.net")
    assert judged(world, both) == ["unsubscribe_unsigned", "feedback_id_unsigned", "dkim_spare_broken"]
    names = good_names()
    names.records["s1._domainkey.esp.example.net"] = [public_record()]
    assert judged(world, both, names=names) == []
    assert judged(world, both, names=None) == []


def test_a_record_that_lets_everybody_send_is_told(world: World) -> None:
    names = good_names()
    names.records["example.com"] = [b"v=spf1 ip4:203.0.113.7 +all"]
    assert judged(world, letter(world), names=names) == ["spf_open"]
    assert judged(world, letter(world), names=names, sending_address="") == ["spf_open"]


@pytest.mark.parametrize(
    ("mx", "addresses", "expected"),
    [
        ([], [], ["unsubscribe_mail_lost"]),
        ([""], ["203.0.113.9"], ["unsubscribe_mail_lost"]),
        ([], ["203.0.113.9"], []),
    ],
)
def test_the_address_to_leave_by_mail_takes_mail(
    world: World, mx: list[str], addresses: list[str], expected: list[str]
) -> None:
    names = good_names()
    names.hosts = {"mx lists.example.net": mx, "lists.example.net": addresses}
    both = f"<mailto:off%2B7@lists.example.net?subject=off>, {world.fields()['List-Unsubscribe']}"
    raw = letter(world, change={"List-Unsubscribe": both})
    report = examine(raw, world.around(visitor=None, wall=None, names=names))
    assert codes(report) == expected
    assert not expected or "off+7@lists.example.net" in report.findings[0].title


def nowhere(host: str, port: int) -> list[str]:
    import socket

    if host.endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    return home(host, port)


def test_a_strangers_endpoint_is_found_and_proves_its_name_and_is_asked_for_nothing(
    world: World, tmp_path: Path
) -> None:
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    wall = Wall(allow_private=True, lookup=nowhere, trust=lambda: trust, seconds=5)
    for url, fault in (
        ("https://nope.invalid/u", "(unknown_host)"),
        (world.site.url("/u", "other.example.com"), "Hostname mismatch"),
        (world.shop("/u"), ""),
    ):
        report = examine(letter(world, change={"List-Unsubscribe": f"<{url}>"}), world.around(wall=wall, visitor=None))
        assert codes(report) == (["one_click_silent"] if fault else [])
        assert not fault or fault in report.findings[0].title
        assert len(report.unknown) == (0 if fault else 1)
    assert world.site.asked == []


def test_a_certificate_says_what_is_wrong_and_whether_it_ends(world: World, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for days, code, words in (
        ((-90, -2), "link_tls", "certificate has expired"),
        ((-86, 4), "certificate_ends", "4.0"),
    ):
        context = certificate(tmp_path / "other", "old.example.com", days=days)
        with web({"/": Page(), "/2": Page()}, trust=context) as site:
            trust = ssl.create_default_context(cafile=str(tmp_path / "other" / "cert.pem"))
            trust.load_verify_locations(str(tmp_path / "cert.pem"))
            wall = Wall(allow_private=True, lookup=home, trust=lambda trust=trust: trust, seconds=5)  # type: ignore[misc]
            links = "".join(f'<a href="{site.url(path, "old.example.com")}">More</a>\n' for path in ("/", "/2"))
            report = examine(letter(world, more=links), world.around(visitor=Visitor(wall), wall=None))
        assert set(codes(report)) == {code}
        assert len(report.findings) == (2 if code == "link_tls" else 1)
        assert words in report.findings[0].title
