"""What each ESP's words come to: soft is never told as hard, and nothing that a stranger writes breaks a reader."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every
from tests.webhooks.calls import FORM, NOW, bounce, call

from mailwake.bounces.decide import Bounces
from mailwake.errors import Unreadable
from mailwake.events import EventType
from mailwake.webhooks import fields, mailgun, mailjet, postmark, resend, sendgrid, ses, sparkpost
from mailwake.webhooks.call import MAX_EVENTS, Call
from mailwake.webhooks.esps import ESPS
from mailwake.webhooks.told import Told

ALL = sorted(ESPS)
BOUNCES = Bounces.load()


def made(esp: str, body: Any) -> Call:
    if esp == "mandrill":
        return call(urlencode({"mandrill_events": json.dumps(body)}).encode(), content_type=FORM)
    if esp == "mailgun":
        return call({"signature": {"token": "t"}, "event-data": body})
    return call(body if esp != "ses" else {"Type": "Notification", "MessageId": "1", "Message": json.dumps(body)})


def read(esp: str, body: Any) -> list[Told]:
    told: list[Told] = ESPS[esp].read(made(esp, body))
    return told


def action(told: Told) -> str:
    return BOUNCES.reported(told.category or "", told.words).action


@every("esp", ALL)
def test_a_dead_address_is_told_as_dead(esp: str) -> None:
    told = read(esp, bounce(esp))[0]
    assert (told.type, action(told), told.address) == (EventType.BOUNCED, "suppress_now", "ann@example.com")
    assert (told.status, told.smtp, told.is_final) == ("5.1.1", "550", True)


@every("esp", ALL)
def test_a_full_mailbox_is_told_as_soft(esp: str) -> None:
    told = read(esp, bounce(esp, soft=True))[0]
    assert action(told) != "suppress_now"
    assert told.type in (EventType.BOUNCED, EventType.DEFERRED)


@every("esp", [esp for esp in ALL if esp not in ("postal", "unisender-go", "mailjet", "sparkpost")])
def test_the_words_of_a_dead_address_do_not_harden_a_soft_bounce(esp: str) -> None:
    body = json.dumps(bounce(esp, soft=True)).replace("452 4.2.2 mailbox full", "550 5.1.1 user unknown")
    assert action(read(esp, json.loads(body))[0]) != "suppress_now"


@every("esp", ["ses", "resend", "brevo", "mandrill", "mailersend", "mailtrap", "mailgun", "postal"])
@every("words", ["550 5.7.26 unauthenticated email, DMARC", "554 5.7.1 blocked, listed by Spamhaus"])
def test_a_hard_bounce_that_blames_the_sender_suppresses_nobody(esp: str, words: str) -> None:
    body = json.dumps(bounce(esp)).replace("550 5.1.1 no such user", words)
    assert action(read(esp, json.loads(body))[0]) == "never"


@every(
    ("classification", "wanted"),
    [
        ("Invalid Address", "suppress_now"),
        ("Mailbox Unavailable", "suppress_after_n"),
        ("Technical", "suppress_after_n"),
        ("Content", "never"),
        ("Reputation", "never"),
        ("Frequency/Volume", "never"),
        ("Unclassified", "suppress_after_n"),
        ("Something New", "suppress_after_n"),
    ],
)
def test_the_classification_of_sendgrid_decides_and_not_the_digit(classification: str, wanted: str) -> None:
    entry = {"event": "bounce", "status": "5.0.0", "reason": "550 no", "bounce_classification": classification}
    assert action(sendgrid.read(call([entry]))[0]) == wanted


@every(
    ("kinds", "wanted"),
    [
        ("Permanent/General", "suppress_now"),
        ("Permanent/NoEmail", "suppress_now"),
        ("Permanent/OnAccountSuppressionList", "suppress_now"),
        ("Permanent/New", "suppress_now"),
        ("Transient/General", "suppress_after_n"),
        ("Transient/MailboxFull", "suppress_after_n"),
        ("Transient/MessageTooLarge", "never"),
        ("Transient/New", "suppress_after_n"),
        ("Undetermined/Undetermined", "suppress_after_n"),
        ("/", "suppress_after_n"),
    ],
)
def test_the_types_of_ses(kinds: str, wanted: str) -> None:
    kind, _, sub = kinds.partition("/")
    body = {
        "eventType": "Bounce",
        "mail": {},
        "bounce": {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [{"emailAddress": "a@b.example"}]},
    }
    assert action(read("ses", body)[0]) == wanted


@pytest.mark.parametrize(
    ("feedback", "wanted"),
    [("abuse", "complained"), ("", "complained"), ("not-spam", "unknown"), ("auth-failure", "unknown")],
)
def test_not_every_feedback_is_a_complaint(feedback: str, wanted: str) -> None:
    complaint = {"complaintFeedbackType": feedback, "complainedRecipients": [{"emailAddress": "a@b.example"}]}
    assert read("ses", {"eventType": "Complaint", "mail": {}, "complaint": complaint})[0].type == wanted


def test_ses_tells_each_recipient_apart() -> None:
    who = [{"emailAddress": f"{n}@b.example"} for n in range(3)]
    told = read("ses", {"eventType": "Bounce", "mail": {}, "bounce": {"bouncedRecipients": who}})
    assert [each.address for each in told] == ["0@b.example", "1@b.example", "2@b.example"]


def test_what_sns_says_of_itself_is_no_event() -> None:
    assert ses.read(call({"Type": "SubscriptionConfirmation", "Token": "x"})) == []
    greeting = "Successfully validated SNS topic for Amazon SES event publishing."
    assert ses.read(call({"Type": "Notification", "Message": greeting})) == []


def test_a_spam_filter_is_no_complaint_at_postmark() -> None:
    body = {"RecordType": "Bounce", "Type": "SpamNotification", "Email": "a@b.example"}
    told = postmark.read(call(body))[0]
    assert (told.type, action(told)) == (EventType.BOUNCED, "never")


@pytest.mark.parametrize(("klass", "wanted"), [("10", "suppress_now"), ("30", "suppress_now"), ("90", "suppress_now")])
def test_only_some_classes_of_sparkpost_kill(klass: str, wanted: str) -> None:
    killing = {
        each
        for each in [*sparkpost.CLASSES, "999"]
        if action(sparkpost.read(call([{"msys": {"x": {"type": "bounce", "bounce_class": each}}}]))[0])
        == "suppress_now"
    }
    assert killing == {"10", "30", "90"}
    assert (wanted == "suppress_now") == (klass in killing)


def test_a_soft_bounce_of_mailjet_stays_soft_whatever_it_names() -> None:
    for error in mailjet.ERRORS:
        told = mailjet.read(call({"event": "bounce", "hard_bounce": False, "error": error}))[0]
        if error not in ("blacklisted", "preblocked", "spam reporter"):
            assert action(told) != "suppress_now", error


def test_mailgun_tells_its_own_list_from_a_refusal() -> None:
    body = {"event": "failed", "severity": "permanent", "reason": "suppress-bounce", "delivery-status": {"code": 605}}
    told = read("mailgun", body)[0]
    assert (told.type, told.category) == (EventType.REJECTED, "esp_suppressed")
    old = mailgun.read(call(urlencode({"event": "dropped", "code": "607"}).encode(), content_type=FORM))[0]
    assert old.category == "complaint"


def test_resend_tells_of_contacts_who_unsubscribed() -> None:
    body = {"type": "contact.updated", "data": {"email": "a@b.example", "unsubscribed": True}}
    assert [each.type for each in resend.read(call(body))] == [EventType.UNSUBSCRIBED]
    assert resend.read(call({"type": "domain.created", "data": {}})) == []


def test_unknown_names_are_tolerated() -> None:
    for esp in ALL:
        for told in read(esp, _renamed(bounce(esp))):
            assert told.type is EventType.UNKNOWN or action(told) != "suppress_now", esp


def _renamed(value: Any) -> Any:
    """Every event under a name that nobody has heard of."""
    names = ("event", "eventType", "notificationType", "RecordType", "type", "status")
    if isinstance(value, dict):
        return {
            key: "brand_new" if key in names and isinstance(each, str) else _renamed(each)
            for key, each in value.items()
        }
    return [_renamed(each) for each in value] if isinstance(value, list) else value


ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    1e308,
    "",
    "\x00",
    "x" * 40_000,
    [],
    {},
    [[]],
    [None],
    {"a": {"a": []}},
    "\ud7ff",
    "0",
)


def _variants(value: Any, odd: Any) -> Iterator[Any]:
    """The body with each of its values, one after the other, replaced by something odd."""
    for path in _paths(value):
        changed = copy.deepcopy(value)
        target = changed
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = odd
        yield changed


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (key,)
        yield from ((key, *rest) for rest in _paths(each))


@every("esp", ALL)
def test_any_type_in_any_field_is_read_or_called_unreadable(esp: str) -> None:
    for odd in ODD:
        for body in _variants(bounce(esp, haystack="h"), odd):
            try:
                told = read(esp, body)
            except Unreadable:
                continue
            assert all(isinstance(each, Told) for each in told)


@every("esp", ALL)
@every(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":NaN}',
        b"[NaN]",
        b'[{"a":Infinity}]',
    ],
)
def test_nonsense_is_called_unreadable(esp: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        ESPS[esp].read(call(body))


@every("esp", ["sendgrid", "sparkpost", "mailjet", "brevo", "mandrill", "mailtrap"])
def test_a_batch_has_an_upper_limit(esp: str) -> None:
    one = bounce(esp)
    entry = one["events"][0] if esp == "mailtrap" else one[0] if isinstance(one, list) else one
    body: Any = [entry] * (MAX_EVENTS + 1)
    with pytest.raises(Unreadable, match=r"10,000|too long"):
        read(esp, {"events": body} if esp == "mailtrap" else body)


def test_ten_thousand_events_are_read() -> None:
    assert len(read("sendgrid", bounce("sendgrid") * MAX_EVENTS)) == MAX_EVENTS


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.integers(), max_size=2)))
def test_a_time_is_a_time_or_nothing(value: object) -> None:
    found = fields.moment(value)
    assert found is None or 0 <= found <= 253_402_300_799_999_999


@every(
    ("value", "seconds"),
    [
        (1_498_093_527, 1_498_093_527),
        ("1498093527", 1_498_093_527),
        (1_520_363_423_000, 1_520_363_423),
        ("2016-04-27T16:28:50.3963933-04:00", 1_461_788_930),
        ("2022-06-05T17:17:32Z", 1_654_449_452),
        ("2024-09-06 23:14:24", 1_725_664_464),
    ],
)
def test_times_as_esps_write_them(value: object, seconds: int) -> None:
    assert (fields.moment(value) or 0) // 1_000_000 == seconds


@given(st.binary(max_size=300))
def test_forms_of_any_bytes_are_read_or_called_unreadable(body: bytes) -> None:
    for kind in (FORM, "multipart/form-data; boundary=x", "multipart/form-data", "text/plain; \r\nx"):
        try:
            fields.form(Call(method="POST", url="", headers={"content-type": kind}, body=body, received_at=NOW))
        except Unreadable:
            continue


def test_a_form_with_thousands_of_parts_is_refused() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    with pytest.raises(Unreadable, match="1,000"):
        fields.form(call(part * 1_500 + b"--x--", content_type="multipart/form-data; boundary=x"))


def test_a_field_that_is_there_twice_is_still_one_event() -> None:
    """AT-50: the last one counts, as in the JSON parsers of those who signed it."""
    one = json.dumps(bounce("sendgrid")[0])
    told = ESPS["sendgrid"].read(call(f'[{one[:-1]}, "event": "open"}}]'.encode()))
    assert [each.type for each in told] == [EventType.OPENED]
