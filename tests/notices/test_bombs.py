"""Mail that means harm: it is read within the limits or kept aside, what it says is text, and nothing is answered."""

import ast
import base64
import io
import re
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from tests.every import every
from tests.ingest.notices import complaint, dsn, origins, ours, reply
from tests.ingest.test_listener import deliver, logged, session

from mailwake.bounces.decide import Bounces
from mailwake.errors import Unreadable
from mailwake.events import Micros, encode_event
from mailwake.ingest.desk import Opened, open_notice
from mailwake.ingest.outcome import reason_of
from mailwake.notices.mail import MAX_WALK, READ_BYTES, Part, parts, text
from mailwake.notices.notice import Kind
from mailwake.notices.phrases import load
from mailwake.notices.read import read_notice

ROOM = Path(__file__).parents[2] / "src" / "mailwake" / "notices"
NOW = Micros(1_793_613_605_000_000)
BOUNCES = Bounces.load()


def zip_of_zips(depth: int) -> bytes:
    data = bytes(1_000_000)
    for number in range(depth):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{number}.zip", data)
        data = packed.getvalue()
    return data


def alternatives(depth: int) -> bytes:
    head = b'Content-Type: multipart/alternative; boundary="b%d"\n\n--b%d\n'
    return b"".join(head % (n, n) for n in range(depth)) + b"--b18\nContent-Type: text/html\n\n<p>x\n" * 5_000


def many(fields: bytes, text: bytes = b"") -> bytes:
    """A notice on a hundred recipients; ``%d`` in the fields is the number of each."""
    return (
        b"From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\n\n"
        + text
        + b"\n--b\nContent-Type: message/delivery-status\n\n"
        + b"".join(b"Final-Recipient: rfc822; a%d@b.cc\nAction: failed\n" % n + fields + b"\n\n" for n in range(100))
        + b"--b--\n"
    )


def nested(depth: int) -> bytes:
    return b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))


DAEMON = b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n"
PACKED = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
BOMBS = {
    "100,000 parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
    "1,000 parts inside each other": nested(1_000),
    "30 parts inside each other": nested(30),
    "a header of 10 MB": b"Subject: " + b"a" * 10_000_000 + b"\n\nx",
    "a header on 200,000 lines": b"Subject: a\n" + b" b\n" * 200_000 + b"\nx",
    "500,000 headers": b"X: y\n" * 500_000 + b"\nx",
    "200 messages inside each other": b"Content-Type: message/rfc822\n\n" * 200 + b"Subject: x\n\nx",
    "comments inside comments, in an address": b"From: MAILER-DAEMON@x\nTo: " + b"(" * 100_000 + b"\n\nx",
    "comments inside comments, in the returned mail": dsn(ours(to="(" * 100_000)),
    "comments inside comments, in a date": b"Date: " + b"(" * 100_000 + b"\n\nx",
    "comments inside comments, in a type": b"Content-Type: text/plain; " + b"(" * 100_000 + b"\n\nx",
    "a zip of zips": b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(zip_of_zips(3)),
    "base64 of base64": b"Content-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(base64.encodebytes(b"x" * 100_000)),
    "100,000 parameters": b"Content-Type: text/plain" + b"; a=b" * 100_000 + b"\n\nx",
    "continued parameters": b"Content-Type: text/plain" + b"".join(b"; a*%d*=b" % n for n in range(10_000)) + b"\n\nx",
    "100,000 encoded words": b"Subject: " + b"=?utf-8?b?YQ==?= " * 100_000 + b"\n\nx",
    "a charset that does not exist": b"Content-Type: text/plain; charset=" + b"x" * 10_000 + b"\n\n\xff",
    "a charset with NUL": b"Content-Type: text/plain; charset=a\x00b\n\n\xff",
    "5 MB of addresses": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + b"<a@b.c>:\n" * 550_000,
    "addresses that all differ": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n"
    + b"".join(b"<a%d@b.c>: 550 user unknown\n" % n for n in range(30_000)),
    "words of little weight before each of many addresses": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n"
    + (b"for a@b.cc " * 90 + b"\n") * 500,
    "sentences with one address each": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n"
    + (b"not delivered a@b.cc, " * 45 + b"\n") * 500,
    "aliases of aliases": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n"
    + b"<a@b.c> (expanded from <d@e.f>): x\n" * 10_000
    + b"(expanded from " * 10_000,
    "half an address": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + b"a@" * 500_000,
    "tags that never end": b"From: MAILER-DAEMON@x\nContent-Type: text/html\n\n" + b"<style><a <br " * 50_000,
    "quotes of quotes": b"From: MAILER-DAEMON@x\nSubject: failure notice\n\nFrom X\n" + b"> > > >\n" * 50_000,
    "an X.400 address without end": b"Content-Type: message/delivery-status\n\nFinal-Recipient: x400; "
    + b"rfc-822=a" * 50_000,
    "2,000 parts inside each other": nested(2_000),
    "19 alternatives inside each other, and 5,000 parts": alternatives(19),
    "a header of brackets": b"From: MAILER-DAEMON@x\nTo: " + b"a@b <c@d> " * 100_000 + b"\n\nnot delivered",
    "a million angle brackets": DAEMON + b"<" * 1_000_000,
    "brackets that open and close": DAEMON + b"<>" * 500_000,
    "megabytes of for": DAEMON + b"for <" * 500_000,
    "for, in what servers noted down": dsn("Received: " + "for <" * 400 + "\nReceived: x\n" * 3_000 + "\nx"),
    "words of the lists": DAEMON + " ".join(load().failure).encode() * 300,
    "words of the lists, each before an address":
        DAEMON + (b"\n".join(word.encode() + b" <a@b.cc>" for word in (*load().failure, *load().labels)) + b"\n") * 50,
    "a line folded 100,000 times": b"From: MAILER-DAEMON@x\nSubject: a" + b"\n \t" * 100_000 + b"\n\nx",
    "a boundary in pieces (RFC 2231)":
        b"Content-Type: multipart/mixed" + b"".join(b";\n boundary*%d*=utf-8''b%%20" % n for n in range(9_000)),
    "100,000 servers on the way": b"Received: from a by b for <a@b.cc>; x\n" * 100_000 + b"\nx",
    "letters that look like others":
        DAEMON + "\u0430@\u0435x\u0430mple.com \uff20\u2024 \u02bcn\u043et\n".encode() * 20_000,
    "base64 of a mail of base64": PACKED + base64.encodebytes(PACKED + base64.encodebytes(DAEMON * 1_000)),
    "long lines on fifty recipients, and blank ones below":
        b"From: MAILER-DAEMON@x\nX-Failed-Recipients: " + b", ".join(b"a" * n + b"b@c.dd" for n in range(50)) + b"\n\n"
        + (b"<" + b"a" * 60 + b"b@c.dd> " + b"4 5 2 44 55 22 5. 4. " * 43 + b"\n") * 39 + b"\n" * 350,
    "a hundred recipients, each in every line":
        many(b"Diagnostic-Code: no", (b"in reply " + b" ".join(b"a%d@b.cc" % n for n in range(100)) + b"\n") * 200),
    "a hundred sentences that lead nowhere":
        many(b"Diagnostic-Code: smtp; 550 " + b"account address user mailbox " * 34),
    "a hundred sentences beyond ASCII":
        many("Diagnostic-Code: smtp; 550 \u00e4 ".encode() + b"account user unkno mailb " * 36),
    "encoded words in a hundred reasons": many(b"Diagnostic-Code: smtp; " + b"=?utf-8?q?a=40b?= " * 200),
    "nothing but NUL": bytes(300_000),
    "nothing but line ends": b"\n" * 300_000 + b"x",
}  # fmt: skip


@every("name", BOMBS)
def test_a_bomb_is_read_within_the_limits_or_refused(name: str) -> None:
    try:
        notice, message = read_notice(BOMBS[name])
    except Unreadable:
        return
    assert len(list(parts(message))) <= MAX_WALK
    assert len(notice.reports) <= 100
    assert size(message) <= 2 * READ_BYTES


@every("name", BOMBS)
def test_a_bomb_keeps_us_busy_for_less_than_a_breath(name: str) -> None:
    """On a quiet machine each takes less than 100 ms of processor time; a busy one is several times slower."""
    assert min(cost(BOMBS[name]) for _ in range(3)) < 1.0


def cost(raw: bytes) -> float:
    """Seconds of processor time to read and judge it."""
    start = time.process_time()
    with suppress(Unreadable):
        for report in read_notice(raw)[0].reports:
            BOUNCES.decide(reason_of(report), server=report.server)
    return time.process_time() - start


def size(message: Part) -> int:
    """Characters in all leaves."""
    return sum(len(text(part)) for part in parts(message))


def test_after_every_bomb_the_next_notice_is_read(tmp_path: Path) -> None:
    small = [
        raw
        for raw in BOMBS.values()
        if len(raw) + raw.count(b"\n") < 400_000 and max(map(len, raw.split(b"\n"))) < 60_000
    ]
    mails = [mail for bomb in small for mail in (bomb, dsn())]
    assert set(session(tmp_path, deliver(*mails), max_bytes=500_000)) == {250}
    assert len(logged(tmp_path)) == len(small)


def opened(words: str) -> Opened:
    return open_notice(dsn(diagnostic=f"smtp; 550 5.1.1 {words}"), origins(), received_at=NOW)


@every(
    "words",
    [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "{{7*7}} ${7*7} <%= 7*7 %>",
        "\x1b[31mred\x1b]0;title\x07",
        "\x9b31m\x85next\x08back",
        "'; drop table events; --",
        "=1+cmd|' /C calc'!A0",
        "\u202eright to left",
    ],
)
def test_words_of_a_bounce_stay_text_and_lose_what_a_terminal_obeys(words: str) -> None:
    (event,) = opened(words).events
    assert "user" not in event.reason
    assert re.sub(r"[\x00-\x1f\x7f-\x9f]", "", words.replace("\x85", " ")) in event.reason
    assert not [sign for sign in event.reason if ord(sign) < 32 or 127 <= ord(sign) < 160]
    assert encode_event(event)


@pytest.mark.parametrize("words", ["x" * 1_000_000, "x " * 500_000, "\u00e4" * 500_000, "550 " * 200_000])
def test_a_reason_of_a_megabyte_is_cut(words: str) -> None:
    for event in opened(words).events:
        assert len(event.reason.encode()) <= 2_100


@pytest.mark.parametrize("wrong", [b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"])
def test_wrong_bytes_in_a_reason_cost_only_themselves(wrong: bytes) -> None:
    raw = dsn(diagnostic="smtp; 550 5.1.1 before HERE behind").replace(b"HERE", wrong)
    (event,) = open_notice(raw, origins(), received_at=NOW).events
    assert "before" in event.reason
    assert "behind" in event.reason
    assert encode_event(event)


def test_nothing_in_this_room_can_send_mail() -> None:
    """So no notice starts a loop: not the bounce of a bounce, not two programs that answer each other."""
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"smtplib", "aiosmtplib", "subprocess"}
            assert not [name for name in names if name.startswith(("mailwake.smtp", "mailwake.send"))]


def test_a_bounce_of_a_bounce_is_about_the_first_mail_and_comes_to_one_event() -> None:
    inner = dsn().decode()
    for raw in (dsn(inner), dsn(dsn(inner).decode())):
        assert len(open_notice(raw, origins(), received_at=NOW).events) <= 1


def test_a_storm_of_automatic_answers_is_no_event() -> None:
    for number in range(200):
        raw = reply(headers=f"Auto-Submitted: auto-replied\nX-Loop: {number}\n")
        answer = open_notice(raw, origins(), received_at=NOW)
        assert (answer.notice.kind, answer.events) == (Kind.AUTO_REPLY, ())


def test_a_notice_without_the_empty_sender_counts_no_more_and_no_less() -> None:
    with_sender = dsn().replace(b"Return-Path: <>", b"Return-Path: <postmaster@mx.example.net>")
    events = [open_notice(raw, origins(), received_at=NOW).events for raw in (dsn(), with_sender)]
    assert events[0] == events[1]
    assert len(open_notice(complaint(), origins(), received_at=NOW).events) == 1
