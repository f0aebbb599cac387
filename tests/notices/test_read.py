"""Every kind of mail that comes back is told from the others; real messages and those that mean harm."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every
from tests.ingest.notices import complaint, dsn, ours, reply

from mailwake.bounces.decide import Bounces
from mailwake.cli.ingest import as_dict
from mailwake.errors import Unreadable
from mailwake.events import Micros
from mailwake.ingest.desk import open_notice
from mailwake.notices.mail import READ_BYTES
from mailwake.notices.notice import Action, Kind
from mailwake.notices.read import read_notice

DATA = Path(__file__).parents[1] / "data" / "bounces"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((DATA / "expected.toml").read_text())


def test_every_message_has_its_facts() -> None:
    assert set(EXPECTED) == {path.name for path in DATA.glob("*.eml")}


@every("name", EXPECTED)
def test_real_messages_are_read_right(name: str) -> None:
    wanted = EXPECTED[name]
    told = as_dict(name, open_notice((DATA / name).read_bytes(), None, received_at=Micros(0)), Bounces.load())
    assert told["kind"] == wanted["kind"]
    assert told["feedback_type"] == wanted.get("feedback_type")
    read = [
        [who[key] or "" for key in ("address", "status", "smtp", "category", "action")] for who in told["recipients"]
    ]
    assert read == wanted["recipients"]


def test_a_notice_tells_recipient_status_and_words() -> None:
    notice, _ = read_notice(dsn(original="Ann@example.com"))
    (report,) = notice.reports
    assert (notice.kind, notice.original_message_id) == (Kind.BOUNCE, "1.2@example.com")
    assert (report.address, report.original) == ("ann@example.com", "Ann@example.com")
    assert (report.action, report.status, report.smtp) == (Action.FAILED, "5.1.1", "550")
    assert report.diagnostic == "550 5.1.1 <ann@example.com>: user unknown"
    assert notice.returned_to == ("ann@example.com",)
    assert notice.dated == 1_793_613_605_000_000


@every(
    ("action", "status", "kind"),
    [
        ("failed", "4.4.7", Kind.BOUNCE),
        ("Failed (permanent)", "5.0.0", Kind.BOUNCE),
        ("delayed", "4.0.0", Kind.DELAYED),
        ("relayed", "2.0.0", Kind.SUCCESS_DSN),
        ("expanded", "2.0.0", Kind.SUCCESS_DSN),
        ("", "4.2.2", Kind.DELAYED),
        ("", "5.2.2", Kind.BOUNCE),
    ],
)
def test_the_action_decides_and_the_status_where_it_is_missing(action: str, status: str, kind: Kind) -> None:
    assert read_notice(dsn(action=action, status=status, diagnostic="smtp; said so"))[0].kind is kind


def test_addresses_beyond_ascii_are_decoded() -> None:
    raw = dsn(recipient="x").replace(b"rfc822; x", rb"utf-8; \x{FC}ser@example.com")
    assert read_notice(raw)[0].reports[0].address == "üser@example.com"


@pytest.mark.parametrize("address", ["садовник@сад.example", "böhm@gärten.example", "庭師@庭.example"])
def test_addresses_that_stand_as_they_are_are_read(address: str) -> None:
    raw = dsn(recipient="x").replace(b"rfc822; x", f"utf-8; {address}".encode())
    assert read_notice(raw)[0].reports[0].address == address


@pytest.mark.parametrize("at", ["(in\n    reply to RCPT TO command)", "(in reply\n    to RCPT TO command)"])
def test_wherever_a_line_is_folded_the_stage_is_told(at: str) -> None:
    said = "host mx.example.net[192.0.2.1] said: 550 Requested action not taken: mailbox unavailable"
    told = f"<a@example.com>: {said} {at}\n\n<b@example.com>: {said}: quota\n".encode()
    fields = b"".join(
        b"\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 Requested action\n"
        b"    not taken: mailbox unavailable\n" % name
        for name in (b"a@example.com", b"b@example.com")
    )
    raw = (
        b"From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=q\n\n--q\n\n" + told
        + b"\n--q\nContent-Type: message/delivery-status\n" + fields + b"\n--q--\n"
    )  # fmt: skip
    first, second = read_notice(raw)[0].reports
    assert first.diagnostic.endswith("(in reply to RCPT TO command)")
    assert "in reply" not in second.diagnostic


def test_an_encoded_status_part_is_read() -> None:
    plain = dsn().decode()
    start = plain.index("Reporting-MTA")
    end = plain.index("\n\n--b1\nContent-Type: message/rfc822")
    import base64

    packed = base64.encodebytes(plain[start:end].encode()).decode()
    raw = plain[:start].rstrip("\n") + "\nContent-Transfer-Encoding: base64\n\n" + packed + plain[end:]
    assert read_notice(raw.encode())[0].reports[0].status == "5.1.1"


def test_words_alone_are_read_when_a_server_wrote_them() -> None:
    raw = b"""\
Return-Path: <>
From: MAILER-DAEMON@example.net
Subject: failure notice

Hi. This is the program at example.net.

<ann@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 no such user here

--- Below this line is a copy of the message.

To: bob@example.com
"""
    notice, _ = read_notice(raw)
    (report,) = notice.reports
    assert (report.address, report.status, report.smtp) == ("ann@example.com", "5.1.1", "550")


def test_the_same_words_from_a_person_are_no_bounce() -> None:
    raw = b"From: bob@example.com\nSubject: failure notice\n\n<ann@example.com>:\n550 5.1.1 no such user\n"
    assert read_notice(raw)[0].kind is Kind.NOT_BOUNCE


def test_a_warning_that_promises_to_go_on_is_a_delay() -> None:
    subject = b"Subject: Warning: could not send message for past 4 hours\n"
    raw = b"From: MAILER-DAEMON@example.net\n" + subject + b"\n<ann@example.com>\n"
    assert read_notice(raw)[0].kind is Kind.DELAYED


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "X-Autoreply: yes",
        "Precedence: auto_reply",
        "X-Auto-Reply-From: ann@example.com",
    ],
)
def test_programs_are_told_from_people(header: str) -> None:
    assert read_notice(reply(headers=header + "\n"))[0].kind is Kind.AUTO_REPLY


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "X-Auto-Response-Suppress: All", "X-Nothing: 1"])
def test_people_are_told_from_programs(header: str) -> None:
    notice, _ = read_notice(reply(headers=header + "\n"))
    assert (notice.kind, notice.original_message_id) == (Kind.REPLY, "1.2@example.com")


def test_a_vacation_in_german_is_told_by_its_subject() -> None:
    raw = reply().replace(b"Subject: Re: Autumn", b"Subject: =?utf-8?q?Abwesenheitsnotiz=3A_Herbst?=")
    assert read_notice(raw)[0].kind is Kind.AUTO_REPLY


def test_a_bounce_that_calls_itself_auto_replied_is_a_bounce() -> None:
    assert b"auto-replied" in dsn()
    assert read_notice(dsn())[0].kind is Kind.BOUNCE


def test_a_complaint_is_read_with_its_type() -> None:
    notice, _ = read_notice(complaint(feedback_type="Opt-Out"))
    assert (notice.kind, notice.feedback_type, notice.original_message_id) == (
        Kind.COMPLAINT,
        "opt-out",
        "1.2@example.com",
    )


def test_ordinary_mail_is_none_of_it() -> None:
    assert read_notice(ours().encode())[0].kind is Kind.NOT_BOUNCE


@pytest.mark.parametrize("raw", [b"", b"   \r\n\r\n"])
def test_nothing_at_all_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read_notice(raw)


def test_thousands_of_nested_parts_are_refused_before_they_are_parsed() -> None:
    raw = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2_000))
    with pytest.raises(Unreadable, match="parts"):
        read_notice(raw)


@every(
    "raw",
    [
        b"To: " + b"a@example.com, " * 400_000 + b"\n\nx",
        b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + b"a@" * 2_000_000,
        b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + (b"a" * 900 + b"@" + b"b." * 40 + b"\n") * 2_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 200_000 + b"\n\nx",
        b"Content-Type: multipart/report\n\n" + b"Final-Recipient: rfc822; a\n\n" * 100_000,
    ],
    ids=["addresses", "at-signs", "long-domains", "encoded-words", "blocks"],
)
def test_bait_of_megabytes_is_read_as_far_as_the_limit(raw: bytes) -> None:
    assert len(raw) > READ_BYTES
    assert len(read_notice(raw)[0].reports) <= 500


@given(st.binary(max_size=2_000), st.integers(min_value=0, max_value=1_500))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int) -> None:
    whole = dsn()
    for raw in (noise, whole[:place] + noise + whole[place:], whole[:place]):
        try:
            read_notice(raw)
        except Unreadable:
            continue
