"""A verified notice becomes the right event, once, and carries no address."""

import pytest
from tests.every import every
from tests.ingest.notices import TOKEN, complaint, dsn, origins, ours, reply, url

from mailwake.bounces.decide import Bounces
from mailwake.events import Event, EventType, Micros, Note, Source, encode_event
from mailwake.ingest.desk import open_notice
from mailwake.ingest.outcome import mask

NOW = Micros(1_793_620_000_000_000)


def events(raw: bytes, *, trust_date: bool = False) -> tuple[Event, ...]:
    return open_notice(raw, origins(), received_at=NOW, trust_date=trust_date).events


def only(raw: bytes) -> Event:
    (event,) = events(raw)
    return event


def test_a_bounce_names_delivery_recipient_and_reason() -> None:
    event = only(dsn())
    assert event.type is EventType.BOUNCED
    assert (event.source, event.delivery, event.recipient, event.template) == (Source.BOUNCE, 4711, 99, 7)
    assert event.modes == TOKEN.modes.to_byte()
    assert event.reason == "550 5.1.1 <…@example.com>: user unknown"
    assert (event.received_at, event.at) == (NOW, None)


@pytest.mark.parametrize("words", ["unsubscribe", "Bitte abmelden!", "STOP", "désinscrire"])
def test_an_answer_that_only_asks_to_leave_unsubscribes_once(words: str) -> None:
    raw = reply().replace(b"Please send me the blue one.", words.encode())
    event = only(raw)
    assert (event.type, event.note, event.source) == (EventType.UNSUBSCRIBED, Note.NONE, Source.BOUNCE)
    assert event.reason.startswith("answered: ")
    assert only(raw.replace(b"11:00:00", b"12:00:00")).key == event.key


def test_an_answer_that_speaks_of_leaving_is_for_people() -> None:
    raw = reply().replace(b"Please send me the blue one.", b"Please do not unsubscribe me.")
    assert only(raw).type is EventType.REPLIED
    told = open_notice(reply().replace(b"Please send me the blue one.", b"stop"), None, received_at=NOW)
    assert (told.events, told.is_for_people) == ((), True), "who has no token of ours changes nothing"


def test_no_address_enters_the_log() -> None:
    for raw in (dsn(), dsn(diagnostic="smtp; 550 ann@example.com unknown"), complaint(), reply()):
        for event in events(raw):
            assert b"ann@" not in encode_event(event)


@every(
    ("raw", "kind"),
    [
        (dsn(action="delayed", status="4.2.2"), EventType.DEFERRED),
        (dsn(action="delivered", status="2.0.0"), EventType.DELIVERED),
        (dsn(action="relayed", status="2.0.0"), EventType.DELIVERED),
        (complaint(), EventType.COMPLAINED),
        (complaint(feedback_type="opt-out"), EventType.UNSUBSCRIBED),
        (reply(), EventType.REPLIED),
    ],
)
def test_each_kind_becomes_its_event(raw: bytes, kind: EventType) -> None:
    assert only(raw).type is kind


@pytest.mark.parametrize(
    "raw",
    [
        complaint(feedback_type="not-spam"),
        complaint(feedback_type="auth-failure"),
        reply(headers="Auto-Submitted: auto-replied\n"),
        ours().encode(),
    ],
    ids=["not-spam", "auth-failure", "vacation", "ordinary"],
)
def test_what_changes_nothing_is_no_event(raw: bytes) -> None:
    assert events(raw) == ()


def test_a_notice_without_our_token_informs_and_does_nothing() -> None:
    opened = open_notice(dsn(ours("https://elsewhere.example.net/u")), origins(), received_at=NOW)
    assert (opened.verified, opened.events) == (False, ())
    assert opened.notice.reports[0].address == "ann@example.com"


def test_the_same_notice_has_the_same_key_and_another_has_another() -> None:
    assert only(dsn()).key == only(dsn(date_header="Tue, 03 Nov 2026 10:00:05 +0000")).key
    assert only(dsn()).key != only(dsn(status="5.2.2", diagnostic="smtp; 552 5.2.2 full")).key
    assert only(dsn()).key != only(dsn(action="delayed", status="4.1.1")).key


def test_every_warning_of_a_delay_counts_once() -> None:
    first = dsn(action="delayed", status="4.4.1")
    second = dsn(action="delayed", status="4.4.1", date_header="Mon, 02 Nov 2026 14:00:05 +0000")
    assert only(first).key == only(first).key != only(second).key


def test_a_status_that_the_words_do_not_name_is_put_before_them() -> None:
    assert only(dsn(status="5.4.4", diagnostic="X-Postfix; Host not found")).reason == "5.4.4 Host not found"


def test_a_broken_forward_is_not_our_recipient() -> None:
    moved = dsn(recipient="ann@elsewhere.example.net", diagnostic="smtp; 550 5.1.1 gone")
    assert only(moved).reason == "forwarded; 550 5.1.1 gone"
    named = dsn(recipient="ann@elsewhere.example.net", original="ann@example.com", diagnostic="smtp; 550 5.1.1 gone")
    assert only(named).reason == "550 5.1.1 gone"


RECEIVED = (
    "Received: from a by mx.example.net with ESMTP id 2 for <ann@example.org>; Mon, 2 Nov 2026 10:00:01 +0000\n"
    "Received: from b by out.example.com (Postfix)\n with ESMTP id 1\n\tfor <ANN@example.com>; "
    "Mon, 2 Nov 2026 10:00:00 +0000\nReceived: by program; Mon, 2 Nov 2026 09:59:59 +0000\n"
)


@pytest.mark.parametrize("to", ["Our readers <readers@example.com>", "undisclosed-recipients:;"])
def test_a_mail_that_names_its_readers_nowhere_was_for_whom_the_first_server_noted_down(to: str) -> None:
    assert only(dsn(RECEIVED + ours(to=to), diagnostic="smtp; 550 5.1.1 gone")).reason == "550 5.1.1 gone"
    moved = dsn(RECEIVED + ours(to=to), recipient="ann@example.org", diagnostic="smtp; 550 5.1.1 gone")
    assert only(moved).reason == "forwarded; 550 5.1.1 gone"


def test_of_several_recipients_ours_decides() -> None:
    raw = dsn(action="delayed", status="4.2.2", diagnostic="smtp; 452 full").replace(
        b"Final-Recipient",
        b"Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient",
        1,
    )
    assert only(raw).type is EventType.DEFERRED


def test_the_date_is_believed_for_mail_that_lay_elsewhere_but_never_from_the_future() -> None:
    (kept,) = events(dsn(), trust_date=True)
    assert kept.at == 1_793_613_605_000_000
    (future,) = events(dsn(date_header="Mon, 02 Nov 2093 10:00:05 +0000"), trust_date=True)
    assert future.at is None


def test_masking_leaves_the_domain() -> None:
    assert mask("<ann.b+c@example.com> and bob@example.net") == "<…@example.com> and …@example.net"


def test_the_token_of_a_quoted_mail_is_the_one_that_counts() -> None:
    other = TOKEN._replace(delivery=5)
    assert only(dsn(ours(url(token=other)))).delivery == 5


def test_a_bounce_of_somebody_else_in_a_mail_of_ours_is_never_theirs() -> None:
    """AT-49: whoever got a mail can forge its bounce; it tells of their own copy alone, and of no dead address."""
    forged = only(dsn(recipient="chief@example.com", diagnostic="smtp; 550 5.1.1 <chief@example.com>: user unknown"))
    assert (forged.recipient, forged.delivery, forged.address) == (99, 4711, "")
    assert forged.reason.startswith("forwarded; ")
    assert Bounces.load().reported(forged.cause, forged.reason).action != "suppress_now"
