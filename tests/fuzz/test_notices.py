"""Mail that comes back, damaged in every way: it is read within the limits or refused, and fits the log."""

from pathlib import Path

from hypothesis import strategies as st
from tests.every import every
from tests.fuzz.effort import effort, try_all
from tests.fuzz.mutations import mutated
from tests.ingest.notices import complaint, dsn, origins, ours, reply

from mailwake.bounces.decide import Bounces
from mailwake.errors import Unreadable
from mailwake.events import Micros, decode_event, encode_event
from mailwake.ingest.desk import open_notice
from mailwake.notices.mail import MAX_WALK, parts
from mailwake.notices.read import read_notice

BOUNCES = Path(__file__).parents[1] / "data" / "bounces"
RULES = Bounces.load()
NOW = Micros(1_793_613_605_000_000)
WORDS = [
    b"\n", b"\r\n", b"\n\n", b"\r", b" ", b"\t", b";", b":", b"=", b'"', b"<", b">", b"<>", b"(", b")", b"((((",
    b"@", b",", b"--b1\n", b"--b1--\n", b"--b2\n", b"Content-Type: message/rfc822\n\n",
    b"Content-Type: message/delivery-status\n\n", b"Content-Type: multipart/report; boundary=b1\n\n",
    b"Content-Type: text/rfc822-headers\n\n", b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n", b"Final-Recipient: rfc822; a@b\n",
    b"Final-Recipient: utf-8; \\x{D800}@\\x{110000}\n", b"Final-Recipient: rfc822; +D8+00+FF\n", b"Action: failed\n",
    b"Action: delayed\n", b"Status: 5.1.1\n", b"Status: 9.9.9\n",
    b"Diagnostic-Code: smtp; 550 <img onerror=x>\x1b[31m\n", b"Feedback-Type: abuse\n", b"Feedback-Type: opt-out\n",
    b"Auto-Submitted: auto-replied\n", b"Return-Path: <>\n", b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n",
    b"Date: 1 Jan 0001 00:00:00 +1400\n", b"Date: -1 Jan 9999 23:59:59 -2359\n", b"=?utf-8?b?!?=",
    b"=?utf-8?q?=ff?=", b"=?x?x?x?=", b"=?utf-7?q?+2AA-?=", b"charset=utf-7", b"charset=idna", b"charset=\0",
    b"charset=unicode_escape", b"boundary=", b"\0", b"\xff", b"\xed\xa0\x80", b"https://[",
    b"List-Unsubscribe: <https://[::>\n", b"To: \xff@[;:,(\n", b"Message-ID: <\n",
    b"X-Failed-Recipients: a@b, c@d\n", b"Subject: Undelivered Mail\n",
]  # fmt: skip
SEEDS = [
    dsn(), dsn(headers_only=True), dsn(action="delayed", status="4.4.1"), dsn(returned=""), complaint(),
    complaint(feedback_type="opt-out"), reply(), reply(headers="Auto-Submitted: auto-replied\n"), ours().encode(),
    dsn(returned=dsn().decode()), dsn(returned=complaint().decode()),
]  # fmt: skip


def check(raw: bytes) -> None:
    try:
        notice, message = read_notice(raw)
        opened = open_notice(raw, origins(), received_at=NOW, trust_date=True)
    except Unreadable:
        return
    assert len(list(parts(message))) <= MAX_WALK
    assert len(notice.reports) <= 500
    for report in notice.reports:
        assert len(report.diagnostic) <= 1_000
        assert "\n" not in report.diagnostic
    for event in opened.events:
        assert decode_event(encode_event(event)) == event
        assert len(event.reason or "") <= 2_000
        assert RULES.decide(event.reason or "").action


#: what fuzzing has found, oldest first; each was wrong once
FOUND = {
    "a vertical tab in a returned header": dsn(ours().replace("Subject: Autumn", "Subject: Autumn\x0bX: y")),
    "comments inside comments": dsn(ours(to="(" * 2_000)),
    "half of a surrogate pair in an address": dsn(recipient="x").replace(b"rfc822; x", rb"utf-8; \x{D800}@example.com"),
    "NUL in an address": dsn(recipient="+00@example.com"),
    "NUL in a charset": b"Content-Type: text/plain; charset=a\x00b\n\n\xff",
}


@every("name", FOUND)
def test_what_was_found_once_stays_right(name: str) -> None:
    check(FOUND[name])


@effort(quick=60, thorough=4_000)
def test_notices_damaged_are_read_or_refused(examples: int) -> None:
    try_all(check, mutated(st.sampled_from(SEEDS), WORDS), examples)


@effort(quick=10, thorough=800)
def test_real_notices_damaged_are_read_or_refused(examples: int) -> None:
    real = sorted(path for path in BOUNCES.glob("*.eml") if path.stat().st_size < 60_000)
    try_all(check, mutated(st.sampled_from(real).map(Path.read_bytes), WORDS), examples)


@effort(quick=60, thorough=4_000)
def test_words_that_decide_something_in_any_order_break_nothing(examples: int) -> None:
    try_all(check, st.lists(st.sampled_from(WORDS) | st.binary(max_size=2), max_size=40).map(b"".join), examples)
