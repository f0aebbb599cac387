"""Whole messages: parts, charsets, encodings, line ends, and mail that must not be touched."""

import base64
import email
import email.policy
import quopri
import re
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compose.conftest import HOST, KEYS, make_copy, read_link
from tests.every import every

from mailwake.compose.message import Draft, Instrumented, instrument
from mailwake.compose.options import ComposeOptions
from mailwake.modes import OFF, Mode, Modes
from mailwake.tokens import Purpose, TokenReader

U = "https://shop.example.com/a?x=1&amp;y=2"
PAGE = f'<html><body><p>x</p><a href="{U}">go</a></body></html>\r\n'
OPTIONS = ComposeOptions(own_hosts=frozenset({HOST}))
HEAD = "From: a@example.com\r\nTo: b@example.com\r\nSubject: t\r\nMIME-Version: 1.0\r\n"


def make(headers: str, body: str | bytes = PAGE) -> bytes:
    return f"{HEAD}{headers}\r\n".encode() + (body.encode() if isinstance(body, str) else body)


def track(raw: bytes, options: ComposeOptions = OPTIONS, modes: Modes | None = None) -> Instrumented:
    return instrument(raw, make_copy(modes=modes) if modes else make_copy(), options)


def hrefs(raw: bytes, options: ComposeOptions = OPTIONS) -> list[str]:
    return [link.href for link in track(raw, options).links if link.tracked]


def html_of(raw: bytes) -> list[bytes]:
    message: Message = email.message_from_bytes(raw, policy=email.policy.compat32)
    found = [part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "text/html"]
    return [content for content in found if isinstance(content, bytes)]


SAMPLES = {
    "utf-8": "grüße 😀",
    "windows-1251": "письмо",
    "euc-kr": "한국어",
    "iso-2022-jp": "日本語",
    "gb2312": "中文邮件",
}
SAMPLES |= {
    "shift_jis": "日本語表",
    "big5": "中文郵件",
    "koi8-r": "привет",
    "iso-8859-1": "café",
    "utf-16le": "grüße 😀",
}


@every("newline", ["\r\n", "\n", "\r"])
@every("encoding", ["8bit", "quoted-printable", "base64"])
@every("charset", sorted(SAMPLES))
def test_only_address_and_pixel_change_in_any_charset_encoding_and_line_end(
    charset: str, encoding: str, newline: str
) -> None:
    if charset == "utf-16le" and encoding == "8bit":
        encoding = "base64"  # UTF-16 cannot travel otherwise
    page = f'<html><body><p>{SAMPLES[charset]}</p><a href="{U}">{SAMPLES[charset]}</a></body></html>'.encode(charset)
    encoded = {"8bit": page, "quoted-printable": quopri.encodestring(page), "base64": base64.encodebytes(page)}[
        encoding
    ]
    encoded = encoded.replace(b"\n", newline.encode()) if encoding != "8bit" else encoded
    head = f"{HEAD}Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    raw = head.replace("\r\n", newline).encode() + encoded
    result = track(raw)
    assert [link.href for link in result.links if link.tracked] == ["https://shop.example.com/a?x=1&y=2"]
    message = result.message.replace(b"\r", b"\n") if newline == "\r" else result.message
    (tracked,) = html_of(message)
    text = re.sub(r'<img src="[^"]*" width="1" height="1" alt="">', "", tracked.decode(charset))
    assert re.sub(rf"https://{HOST}/c/[^\"]*", U, text) == page.decode(charset)


def test_every_inline_html_leaf_is_tracked_and_attachments_are_not() -> None:
    inner = f"Content-Type: text/html\n\n{PAGE}"
    raw = make(
        'Content-Type: multipart/mixed; boundary="m"\r\n',
        f'--m\nContent-Type: multipart/alternative; boundary="a"\n\n--a\n\nhttps://shop.example.com/plain\n--a\n{inner}\n'
        f"--a--\n--m\nContent-Disposition: attachment; filename=x.html\n{inner}\n"
        f"--m\nContent-Disposition: inline; filename=y.html\n{inner}\n"
        f"--m\nContent-Type: text/html; name=z.html\n\n{PAGE}\n"
        f"--m\nContent-Type: message/rfc822\n\nSubject: x\n{inner}\n--m\n{inner}\n--m--\n",
    )
    result = track(raw)
    assert [link.number for link in result.links] == [1, 2]
    assert result.message.count(f"https://{HOST}/c/".encode()) == 2
    assert result.message.count(b"/o/") == 1
    assert b"https://shop.example.com/plain" in result.message


def test_the_pixel_is_in_the_last_of_alternatives() -> None:
    raw = make(
        "Content-Type: multipart/alternative; boundary=a\r\n",
        "--a\nContent-Type: text/html\n\n<p>first</p>\n--a\nContent-Type: text/html\n\n<p>second</p>\n--a--\n",
    )
    first, second = html_of(track(raw).message)
    assert b"<img" not in first
    assert b"<img" in second


@pytest.mark.parametrize("start", ["", '; start="<root@example.com>"'])
def test_only_the_root_of_related_parts_is_the_message(start: str) -> None:
    other = f"--r\nContent-Type: text/html\nContent-ID: <other@example.com>\n\n{PAGE}\n"
    root = f"--r\nContent-Type: text/html\nContent-ID: <root@example.com>\n\n{PAGE}\n"
    parts = other + root if start else root + other
    raw = make(f"Content-Type: multipart/related; boundary=r{start}\r\n", f"{parts}--r--\n")
    tracked = [b"/o/" in page for page in html_of(track(raw).message)]
    assert tracked == ([False, True] if start else [True, False])


def test_amp_and_calendar_parts_keep_their_bytes() -> None:
    amp = f'<!doctype html><html ⚡4email><body><a href="{U}">x</a></body></html>'
    raw = make(
        "Content-Type: multipart/alternative; boundary=a\r\n",
        f"--a\nContent-Type: text/x-amp-html\n\n{amp}\n--a\nContent-Type: text/html\n\n{PAGE}\n"
        f'--a\nContent-Type: text/calendar\n\nX-ALT-DESC:<a href="{U}">x</a>\n--a--\n',
    )
    message = track(raw).message
    assert amp.encode() in message
    assert f'X-ALT-DESC:<a href="{U}">'.encode() in message
    assert message.count(b"/c/") == 1


SEALED = {
    "multipart/signed": 'Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"\r\n',
    "S/MIME": "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n",
    "S/MIME, old name": "Content-Type: application/x-pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n",
    "encrypted": "Content-Type: multipart/encrypted; boundary=s\r\n",
    "signed inside": "Content-Type: multipart/mixed; boundary=o\r\n",
    "DKIM": "DKIM-Signature: v=1; a=rsa-sha256; d=example.com\r\nContent-Type: text/html\r\n",
    "report": "Content-Type: multipart/report; boundary=s\r\n",
    "tracked before": "X-Mailwake: tracked\r\nContent-Type: text/html\r\n",
}


@every("kind", sorted(SEALED))
def test_what_vouches_for_its_bytes_passes_byte_for_byte(kind: str) -> None:
    inside = f"--s\r\nContent-Type: text/html\r\n\r\n{PAGE}\r\n--s--\r\n"
    body = inside if "boundary=s" in SEALED[kind] else PAGE
    if kind == "signed inside":
        body = f"--o\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n{inside}\r\n"
        body += f"--o\r\nContent-Type: text/html\r\n\r\n{PAGE}--o--"
    raw = make(SEALED[kind], body)
    result = track(raw)
    assert result.message == raw
    assert result.untouched
    assert result.links == ()
    assert not result.pixel


@pytest.mark.parametrize("armour", ["-----BEGIN PGP MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----"])
@pytest.mark.parametrize("encoding", ["7bit", "base64"])
def test_inline_pgp_passes_byte_for_byte(armour: str, encoding: str) -> None:
    text = f"{armour}\r\nHash: SHA256\r\n\r\nsecret\r\n".encode()
    text = base64.encodebytes(text) if encoding == "base64" else text
    part = b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + text
    html = f"\r\n--b\r\nContent-Type: text/html\r\n\r\n{PAGE}\r\n--b--\r\n".encode()
    raw = make("Content-Type: multipart/alternative; boundary=b\r\n", part + html)
    assert track(raw).message == raw


def test_talking_about_pgp_is_no_signature() -> None:
    body = f"<p>Look for -----BEGIN PGP MESSAGE----- in it</p>{PAGE}"
    assert track(make("Content-Type: text/html\r\n", body)).untouched is None


def test_a_sender_who_signs_later_may_have_signed_mail_tracked() -> None:
    raw = make(SEALED["DKIM"])
    options = ComposeOptions(dkim_signed=True)
    assert track(raw, options).untouched is None


@every(
    ("headers", "body", "why"),
    [
        ("", "just text\r\n", "no_html"),
        ("Content-Type: text/html; charset=utf-7\r\n", PAGE, "encoding"),
        ("Content-Type: text/html; charset=x-martian\r\n", PAGE, "encoding"),
        ("Content-Type: text/html\r\nContent-Transfer-Encoding: x-uuencode\r\n", PAGE, "encoding"),
        ("Content-Type: text/html\r\n", "\r\n", "empty"),
        ("Content-Type: text/html\r\n", "", "empty"),
        ("Content-Type: text/html\r\n", f'<html amp4email><body><a href="{U}">x</a>', "amp"),
        ("Content-Type: multipart/mixed\r\n", f"--x\r\nContent-Type: text/html\r\n\r\n{PAGE}", "no_html"),
        ("Content-Type: application/pdf\r\n", "%PDF", "no_html"),
    ],
)
def test_what_cannot_be_tracked_keeps_its_body_and_says_why_in_a_header(headers: str, body: str, why: str) -> None:
    raw = make(headers, body)
    result = track(raw)
    assert result.untouched == why
    assert f"\r\nX-Mailwake: untouched; {why}\r\n\r\n".encode() in result.message
    assert result.message.endswith(raw.partition(b"\r\n\r\n")[2])
    silent = ComposeOptions(mark_untouched=False)
    assert track(raw, silent).message == raw


@every("raw", [b"", b"\0", b"\r\n\r\n<html>", b"<html><body></body></html>", b"not a message\r\n\r\nx"])
def test_what_is_no_message_passes_byte_for_byte(raw: bytes) -> None:
    assert track(raw).message == raw
    assert track(raw).untouched == "not_a_message"


def test_a_message_with_both_modes_off_only_gets_headers() -> None:
    raw = make("Content-Type: text/html\r\n")
    result = track(raw, modes=OFF)
    assert result.untouched == "off"
    assert {link.why_not for link in result.links} == {"off"}
    assert result.message.endswith(PAGE.encode())
    assert b"X-Mailwake: untouched; off\r\n" in result.message


def test_clicks_off_leave_links_and_opens_off_leaves_the_pixel_out() -> None:
    raw = make("Content-Type: text/html\r\n")
    opens_only = track(raw, modes=Modes(opens=Mode.INDIVIDUAL, clicks=Mode.OFF)).message
    clicks_only = track(raw, modes=Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL)).message
    assert (b"/c/" in opens_only, b"/o/" in opens_only) == (False, True)
    assert (b"/c/" in clicks_only, b"/o/" in clicks_only) == (True, False)


@every(
    "headers",
    [
        "Content-Type: text/html",
        'content-TYPE: TEXT/html;\r\n\tcharset="UTF-8";\r\n format=flowed',
        "Content-Type: text/html; charset=utf-8; charset=koi8-r",
        "Content-Type: text/html; (a comment) charset=utf-8",
        "Content-Type: text/html\r\nContent-Type: text/plain",
        "Content-Type: text/html\r\nContent-Transfer-Encoding:  8BIT (comment)",
        "Content-Type: text/html\r\nContent-Disposition: inline",
        "Content-Type: text/html; charset*=utf-8''utf-8",
    ],
)
def test_headers_are_read_in_every_spelling(headers: str) -> None:
    assert len(hrefs(make(f"{headers}\r\n"))) == 1


def test_a_message_without_mime_version_is_html_if_it_says_so() -> None:
    assert len(hrefs(f"Subject: x\nContent-Type: text/html\n\n{PAGE}".encode())) == 1


def test_a_message_without_a_final_newline_gets_none() -> None:
    raw = make("Content-Type: text/html\r\n", f'<a href="{U}">x</a>')
    assert track(raw).message.endswith(b'alt="">')


def test_truncated_parts_are_tracked_as_far_as_they_go() -> None:
    raw = make("Content-Type: multipart/mixed; boundary=b\r\n", f"--b\r\nContent-Type: text/html\r\n\r\n{PAGE[:-20]}")
    assert len(hrefs(raw)) == 1


def test_nul_bytes_and_wrong_bytes_stay() -> None:
    body = b'<p>\0\xff\xfe</p><a href="https://shop.example.com/a">x</a><a href="https://shop.example.com/\0">y</a>'
    result = track(make("Content-Type: text/html; charset=utf-8\r\n", body))
    assert [link.why_not for link in result.links] == [None, "control"]
    assert b"<p>\0\xff\xfe</p>" in result.message


def test_a_wrong_charset_label_harms_only_the_address_it_is_wrong_for() -> None:
    body = b'<p>caf\xe9</p><a href="https://shop.example.com/caf\xe9">x</a><a href="https://shop.example.com/ok">y</a>'
    result = track(make("Content-Type: text/html; charset=utf-8\r\n", body))
    assert [link.why_not for link in result.links] == ["undecodable", None]


def test_a_message_of_25_megabytes_is_tracked() -> None:
    attachment = base64.encodebytes(bytes(18_000_000))
    raw = make(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        f"--b\r\nContent-Type: text/html\r\n\r\n{PAGE}--b\r\nContent-Type: application/pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n".encode()
        + attachment
        + b"\r\n--b--\r\n",
    )
    result = track(raw)
    assert len(raw) > 24_000_000
    assert result.message.endswith(attachment + b"\r\n--b--\r\n")
    assert [link.tracked for link in result.links] == [True]


def test_links_of_text_parts_are_tracked_only_when_asked_for() -> None:
    text = "See https://shop.example.com/plain, (https://shop.example.com/p(1)) and https://track.example.org/c/x.\r\n"
    raw = make(
        "Content-Type: multipart/alternative; boundary=b\r\n",
        f"--b\r\n\r\n{text}\r\n--b\r\nContent-Type: text/html\r\n\r\n{PAGE}\r\n--b--\r\n",
    )
    assert text.encode() in track(raw).message
    result = track(raw, ComposeOptions(text_parts=True, own_hosts=OPTIONS.own_hosts))
    assert [(link.number, link.where, link.why_not) for link in result.links] == [
        (1, "html", None),
        (2, "text", None),
        (3, "text", None),
        (4, "text", "own_host"),
    ]
    urls = re.findall(rf"https://{HOST}/c/[\w-]+/[\w-]+", result.message.decode())
    assert [read_link(url).target for url in urls] == [
        "https://shop.example.com/plain",
        "https://shop.example.com/p(1)",
        "https://shop.example.com/a?x=1&y=2",
    ]


def test_a_text_only_message_can_be_tracked_too() -> None:
    raw = make("Content-Type: text/plain\r\n", "https://shop.example.com/\r\n")
    result = track(raw, ComposeOptions(text_parts=True))
    assert result.untouched is None
    assert not result.pixel


def test_our_own_pages_are_linked_for_the_recipient() -> None:
    body = '<body><a href="mailwake:unsubscribe">stop</a> <a href="{{preferences_url}}">choose</a></body>'
    message = track(make("Content-Type: text/html\r\n", body)).message.decode()
    pages = re.findall(rf'href="https://{HOST}/([up])/([\w-]+)"', message)
    reader = TokenReader(KEYS, [HOST])
    assert [kind for kind, _ in pages] == ["u", "p"]
    for _, part in pages:
        token = reader.message(part, HOST, Purpose.UNSUBSCRIBE_BODY)
        assert (token.delivery, token.recipient) == (5, 6)


def test_a_draft_is_rendered_for_any_number_of_recipients() -> None:
    draft = Draft.read(make("Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"), OPTIONS)
    copies = [draft.render(make_copy(delivery=number, recipient=number)) for number in (1, 2, 3)]
    assert len(set(copies)) == 3
    assert [len(copy) for copy in copies] == [len(copies[0])] * 3


def test_a_draft_is_rendered_in_every_mode() -> None:
    draft = Draft.read(make("Content-Type: text/html\r\n"), OPTIONS)
    for opens in Mode:
        for clicks in (Mode.OFF, Mode.AGGREGATE, Mode.INDIVIDUAL):
            message = draft.render(make_copy(modes=Modes(opens=opens, clicks=clicks)))
            assert (b"/o/" in message, b"/c/" in message) == (opens > Mode.OFF, clicks > Mode.OFF)


def test_in_aggregate_mode_the_bodies_of_all_recipients_are_the_same() -> None:
    draft = Draft.read(make("Content-Type: text/html\r\n"), OPTIONS)
    modes = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    copies = [draft.render(make_copy(modes=modes, delivery=n, recipient=n)).partition(b"\r\n\r\n")[2] for n in (1, 2)]
    assert copies[0] == copies[1]


def test_copies_that_differ_in_text_or_personal_addresses_have_one_skeleton() -> None:
    def skeleton(name: str, address: str) -> bytes:
        body = f'<body><p>Dear {name}</p><a href="{address}">x</a></body>'
        return Draft.read(make("Content-Type: text/html\r\n", body), OPTIONS).skeleton

    first = skeleton("Ada", "https://example.com/1")
    assert skeleton("Grace", "https://example.com/2") == first
    assert skeleton("<b>Ada</b>", "https://example.com/1") != first


def test_a_draft_tells_what_it_is() -> None:
    raw = HEAD.replace(
        "Subject: t", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?b?IQ==?=\r\nsubject: second"
    ).encode()
    draft = Draft.read(
        raw + b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+eDwvcD4=\r\n", OPTIONS
    )
    assert draft.subject == "Grüße!"
    assert draft.headers["to"] == "b@example.com"
    assert draft.html == b"<p>x</p>"
    assert draft.pixel


@every("charset", sorted(SAMPLES))
def test_the_picture_of_a_mail_is_kept_as_utf8(charset: str) -> None:
    body = base64.encodebytes(SAMPLES[charset].encode(charset))
    raw = make(f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n", body)
    assert Draft.read(raw, OPTIONS).html == SAMPLES[charset].encode()


@every("subject", ["=?x-martian?q?x?=", "=?utf-8?b?!?=", "=?utf-8?q?=ff?=", "plain \xff", ""])
def test_a_broken_subject_is_told_as_far_as_it_goes(subject: str) -> None:
    raw = f"Subject: {subject}\r\n\r\n".encode("latin-1")
    assert isinstance(Draft.read(raw, OPTIONS).subject, str)


@given(st.binary(max_size=400))
def test_no_bytes_are_too_strange_to_pass(noise: bytes) -> None:
    for raw in (
        noise,
        make("Content-Type: text/html\r\n", noise),
        make("Content-Type: multipart/mixed; boundary=b\r\n", noise),
    ):
        result = track(raw)
        assert isinstance(result.message, bytes)
        if result.untouched == "not_a_message":
            assert result.message == raw


@given(st.data())
def test_damaged_mail_never_fails_and_never_loses_bytes(data: st.DataObject) -> None:
    raw = bytearray(
        make(
            'Content-Type: multipart/alternative; boundary="b"\r\n',
            "--b\r\n\r\ntext\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            + quopri.encodestring(PAGE.encode()).decode()
            + "\r\n--b--\r\n",
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    result = track(bytes(raw))
    gone = len(raw) - len(result.message)
    assert gone <= 0 or result.untouched is None
    assert track(bytes(raw), ComposeOptions(list_unsubscribe=False, mark_untouched=False), OFF).message == bytes(raw)
