"""Deciding how closely a copy may be watched, and making it; the front door of the library."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

import mailwake
from mailwake.errors import BadInput, Misconfigured
from mailwake.events import EventType, Handle, Micros, Note, Source
from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes
from mailwake.send.control import Control
from mailwake.send.tracker import Suppressed, Tracker
from mailwake.store.state import Axis, Consent
from mailwake.tokens import Purpose, format_key, new_key

if TYPE_CHECKING:
    from tests.conftest import Home, Sink

NOW = Micros(1_800_000_000_000_000)
ANNA, BEN = "anna@example.com", "ben@example.com"
HTML = (
    b"From: me@example.com\r\nSubject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    b'<p>Hello</p><a href="https://example.com/shop">Shop</a></body>\r\n'
)


@pytest.fixture
def tracker(home: Home) -> Iterator[Tracker]:
    made = Tracker(home.settings(), home.state(), clock=lambda: NOW)
    yield made
    made.state.close()


def consent(tracker: Tracker, address: str, axis: Axis, state: Consent) -> None:
    handle = tracker.handles([address])[address]
    tracker.state.set_consent(handle, axis=axis, state=state, at=NOW, source="test")


def test_the_strictest_recipient_decides_on_each_axis(tracker: Tracker) -> None:
    consent(tracker, ANNA, Axis.OPENS, Consent.DENIED)
    consent(tracker, BEN, Axis.CLICKS, Consent.WITHDRAWN)
    assert tracker.copies(HTML, ["eve@example.com"], control=Control())[0].modes == INDIVIDUAL
    assert [c.modes.to_byte() for c in tracker.copies(HTML, [ANNA, "eve@example.com"], control=Control())] == [
        0x03,
        0x03,
    ]
    assert [c.modes.to_byte() for c in tracker.copies(HTML, [ANNA, BEN], control=Control())] == [0, 0]


def test_a_wish_never_raises_what_the_installation_allows(home: Home) -> None:
    settings = home.settings()
    home.config.write_text(home.config.read_text().replace("[tracking]", '[tracking]\nopens = "aggregate"'))
    tracker = Tracker.open(
        type(settings)(**{**vars(settings), "tracking": mailwake.settings.load(home.config).tracking})
    )
    assert tracker.copies(HTML, [ANNA], control=Control(modes=INDIVIDUAL))[0].modes.opens is Mode.AGGREGATE
    tracker.state.close()


def test_in_aggregate_mode_reading_addresses_are_the_same_for_everybody(tracker: Tracker) -> None:
    modes = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    first, second = tracker.copies(HTML, [ANNA, BEN], control=Control(modes=modes))
    assert first.message.partition(b"\r\n\r\n")[2] == second.message.partition(b"\r\n\r\n")[2]
    assert first.message != second.message  # each can still unsubscribe


def test_spellings_of_one_recipient_are_one_copy(tracker: Tracker) -> None:
    assert len(tracker.copies(HTML, [ANNA, "Anna@Example.COM"], control=Control())) == 1


def test_deliveries_are_random_positive_and_never_reused(tracker: Tracker) -> None:
    made = {tracker.new_delivery() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(0 < delivery < 2**63 for delivery in made)


def test_a_delivery_from_before_keeps_its_id(tracker: Tracker) -> None:
    (first,) = tracker.copies(HTML, [ANNA], control=Control())
    (again,) = tracker.copies(HTML, [ANNA], control=Control(), deliveries={first.recipient: first.delivery})
    assert again == first


def test_messages_that_differ_in_text_alone_are_one_template(tracker: Tracker) -> None:
    made = [tracker.copies(HTML.replace(b"Hello", b"Hi %d" % n), [ANNA], control=Control())[0] for n in range(3)]
    assert len({copy.template for copy in made}) == 1
    assert len(tracker.state.templates(made[0].campaign)) == 1


def test_the_default_campaign_is_the_stream_and_the_day(tracker: Tracker) -> None:
    tracker.copies(HTML, [ANNA], control=Control(stream="outbound"))
    (campaign,) = tracker.state.campaigns()
    assert (campaign.name, campaign.stream) == ("outbound 2027-01-15", "outbound")


def test_an_event_names_the_copy_and_an_address_never_shows(tracker: Tracker) -> None:
    (copy,) = tracker.copies(HTML, [ANNA], control=Control())
    event = copy.event(EventType.SENT, now=NOW, source=Source.RELAY)
    assert (event.delivery, event.recipient, event.template) == (copy.delivery, copy.recipient, copy.template)
    assert event.message_bytes == len(copy.message)
    assert ANNA not in repr(copy)


def test_an_installation_without_keys_does_not_start(home: Home) -> None:
    settings = home.settings()
    (home.folder / "mailwake.keys").unlink()
    with pytest.raises(Misconfigured, match=r"keys\.ref"):
        Tracker.open(settings)


# ---- several brands

BRANDS = """
[hosts."links.brand.example"]
senders = ["brand.example"]
[hosts."go.other.example"]
senders = ["other.example"]
keys = "file:other.keys"
"""


@pytest.fixture
def brands(home: Home) -> Iterator[Tracker]:
    (home.folder / "other.keys").write_text(format_key(1, new_key(), date(2026, 1, 1)), encoding="utf-8")
    made = Tracker(home.settings(BRANDS), home.state(), clock=lambda: NOW)
    yield made
    made.state.close()


def hosts_in(message: bytes) -> set[str]:
    return {host.decode() for host in re.findall(rb"https://([a-z.]+)/[ocup]/", message)}


@pytest.mark.parametrize(
    ("sender", "host"),
    [
        (b"From: me@example.com\r\n", "track.example.com"),
        (b"From: Brand <news@brand.example>\r\n", "links.brand.example"),
        (b"From:\r\n =?utf-8?q?Br=C3=A4nd?=\r\n <news@eu.Brand.example>\r\n", "links.brand.example"),
        (b"From: x@other.example\r\n", "go.other.example"),
        (b"From: news@brand.example, x@other.example\r\n", "track.example.com"),
        (b"From: news@brand.example\r\nFrom: x@other.example\r\n", "track.example.com"),
        (b"From: =?utf-8?q?news=40brand.example?=\r\n", "track.example.com"),
        (b"Sender: news@brand.example\r\n", "track.example.com"),
        (b"", "track.example.com"),
    ],
)
def test_a_message_carries_the_host_of_its_author_in_every_place(brands: Tracker, sender: bytes, host: str) -> None:
    (copy,) = brands.copies(HTML.replace(b"From: me@example.com\r\n", sender), [ANNA], control=Control())
    assert copy.message.count(f"https://{host}/".encode()) == 3  # the link, the pixel, the header
    assert hosts_in(copy.message) == {host}
    reader = brands.hosts.reader()
    (part,) = re.findall(rb"/o/([\w-]+)", copy.message)
    assert reader.message(part.decode(), host, Purpose.READ).delivery == copy.delivery
    (part, link) = re.findall(rb"/c/([\w-]+)/([\w-]+)", copy.message)[0]
    assert reader.link(link.decode(), host).target == "https://example.com/shop"


def test_the_host_changes_neither_modes_nor_the_template(brands: Tracker) -> None:
    consent(brands, ANNA, Axis.OPENS, Consent.DENIED)
    made = [
        brands.copies(HTML.replace(b"me@example.com", sender), [ANNA], control=Control(campaign="spring"))[0]
        for sender in (b"me@example.com", b"me@brand.example", b"me@other.example")
    ]
    assert {copy.template for copy in made} == {made[0].template}
    assert {copy.modes.to_byte() for copy in made} == {0x03}


def test_a_link_to_any_of_our_hosts_is_left_alone(brands: Tracker) -> None:
    """A tracked link to another brand's tracking host would be a redirect to a redirect."""
    for host in (b"links.brand.example", b"go.other.example", b"track.example.com"):
        (copy,) = brands.copies(HTML.replace(b"example.com/shop", host + b"/c/x/y"), [ANNA], control=Control())
        assert b'"https://' + host + b'/c/x/y"' in copy.message


# ---- the library's front door


def test_five_lines_of_python_send_a_tracked_message(home: Home, sink: Sink) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "me@example.com", ANNA, "Spring"
    message.set_content('<a href="https://example.com/">x</a>', subtype="html")

    tracker = mailwake.open(home.config)
    tracked = tracker.track(message, recipient=ANNA, campaign="spring")
    with smtplib.SMTP("127.0.0.1", sink.port) as smtp:
        smtp.sendmail("me@example.com", [ANNA], tracked)

    assert b"https://track.example.com/c/" in sink.mails[0].content
    assert home.outcomes("library") == [("sent", ANNA)]
    assert [campaign.name for campaign in tracker.state.campaigns()] == ["spring"]
    tracker.state.close()


def test_a_suppressed_recipient_gets_no_copy(tracker: Tracker) -> None:
    handle = tracker.handles([ANNA])[ANNA]
    tracker.state.suppress(handle, reason="unsubscribed", source="edge", at=NOW, stream="marketing")
    with pytest.raises(Suppressed, match="unsubscribed"):
        tracker.track(HTML, recipient=ANNA)
    assert tracker.track(HTML, recipient=ANNA, stream="transactional")


def test_a_message_with_other_line_ends_becomes_mail(tracker: Tracker) -> None:
    assert b"\n" not in tracker.track(HTML.replace(b"\r\n", b"\n"), recipient=ANNA).replace(b"\r\n", b"")


def test_a_tracked_message_is_not_tracked_twice(tracker: Tracker, home: Home) -> None:
    once = tracker.track(HTML, recipient=ANNA)
    assert tracker.track(once, recipient=ANNA) == once
    assert len(home.events("library")) == 1


def test_control_headers_win_over_arguments(tracker: Tracker) -> None:
    tracker.track(b"X-Mailwake-Campaign: own\r\n" + HTML, recipient=ANNA, campaign="other")
    assert [campaign.name for campaign in tracker.state.campaigns()] == ["own"]


def test_what_is_no_address_is_refused(tracker: Tracker) -> None:
    with pytest.raises(BadInput):
        tracker.track(HTML, recipient="anna")


def test_a_log_that_is_away_does_not_stop_the_mail(tracker: Tracker, home: Home) -> None:
    (home.folder / "data" / "log").write_text("in the way", encoding="utf-8")
    assert tracker.track(HTML, recipient=ANNA)


def test_the_front_door_needs_nothing_until_it_is_opened() -> None:
    assert "mailwake.send" not in str(mailwake.open.__module__)
    assert Handle(1)


# ---- profiles, streams and the receipt


def tracking(home: Home, told: str) -> Tracker:
    text = home.config.read_text().replace('unknown_consent = "individual"\n', "")
    home.config.write_text(text.replace("[tracking]", f"[tracking]\n{told}"))
    return Tracker(mailwake.settings.load(home.config), home.state(), clock=lambda: NOW)


def sent(tracker: Tracker, *people: str, control: Control | None = None) -> list[str]:
    copies = tracker.copies(HTML, people, control=control or Control())
    return [copy.event(EventType.SENT, now=NOW, source=Source.API).reason for copy in copies]


def test_a_sent_copy_says_which_level_decided_its_modes(home: Home) -> None:
    tracker = tracking(home, 'clicks = "aggregate"\nunknown_consent = "individual"')
    assert sent(tracker, ANNA) == ["mode: opens individual by recipient:unknown, clicks aggregate by installation"]
    consent(tracker, ANNA, Axis.OPENS, Consent.DENIED)
    assert sent(tracker, ANNA) == ["mode: opens off by recipient:denied, clicks aggregate by installation"]
    low = Control(modes=Modes(opens=Mode.INDIVIDUAL, clicks=Mode.OFF))
    assert sent(tracker, BEN, control=low) == ["mode: opens individual by recipient:unknown, clicks off by message"]
    tracker.state.close()


def test_at_90_one_message_to_many_is_watched_as_the_strictest_of_them_wants(tracker: Tracker) -> None:
    consent(tracker, ANNA, Axis.BOTH, Consent.GRANTED)
    consent(tracker, BEN, Axis.OPENS, Consent.WITHDRAWN)
    for receipt in sent(tracker, ANNA, BEN, "eve@example.com"):
        assert receipt.startswith("mode: opens off by recipients:withdrawn, clicks individual by ")


def test_a_question_for_consent_is_never_watched(home: Home) -> None:
    tracker = tracking(home, 'profile = "US"')
    consent(tracker, ANNA, Axis.BOTH, Consent.GRANTED)
    (copy,) = tracker.copies(HTML, [ANNA], control=Control(stream="consent_request"))
    assert copy.modes == OFF
    assert b"track.example.com/o/" not in copy.message
    assert b'href="https://example.com/shop"' in copy.message
    assert sent(tracker, ANNA, control=Control(campaign="Ask", stream="consent_request")) == [
        "mode: opens off by stream, clicks off by stream"
    ]
    tracker.state.close()


def test_a_question_for_consent_in_a_campaign_of_marketing_is_never_watched_either(home: Home) -> None:
    tracker = tracking(home, 'profile = "US"')
    tracker.campaign("Spring", stream="marketing")
    (copy,) = tracker.copies(HTML, [ANNA], control=Control(campaign="Spring", stream="consent_request"))
    assert copy.modes == OFF
    tracker.state.close()


def test_who_wants_no_marketing_is_not_asked_for_consent(tracker: Tracker) -> None:
    handle = tracker.handles([ANNA])[ANNA]
    tracker.state.suppress(handle, reason="unsubscribed", source="edge", at=NOW, stream="marketing")
    assert tracker.held([handle], campaign=None, stream="consent_request").keys() == {handle}
    assert tracker.held([handle], campaign=None, stream="security") == {}


def test_where_a_recipient_is_decides_where_that_is_stricter(home: Home) -> None:
    tracker = tracking(home, 'profile = "US"')
    tracker.state.handles([ANNA, BEN], now=NOW, fields={ANNA: {"country": "fr"}, BEN: {"country": "US"}})
    assert tracker.copies(HTML, [BEN], control=Control())[0].modes == INDIVIDUAL
    assert tracker.copies(HTML, [ANNA], control=Control())[0].modes.opens is Mode.AGGREGATE
    standing = tracker.standings([ANNA, BEN])
    assert [standing[who].modes.opens for who in (ANNA, BEN)] == [Mode.AGGREGATE, Mode.INDIVIDUAL]
    consent(tracker, ANNA, Axis.BOTH, Consent.GRANTED)
    assert tracker.copies(HTML, [ANNA], control=Control())[0].modes == INDIVIDUAL
    tracker.state.close()


@pytest.mark.parametrize(("country", "mode"), [("FR", Mode.DELIVERABILITY), ("DE", Mode.AGGREGATE)])
def test_the_day_of_the_last_open_is_kept_only_where_that_is_exempt(home: Home, country: str, mode: Mode) -> None:
    tracker = tracking(home, 'profile = "FR"')
    tracker.state.handles([ANNA], now=NOW, fields={ANNA: {"country": country}})
    consent(tracker, ANNA, Axis.HYGIENE, Consent.EXEMPT_HYGIENE)
    assert tracker.copies(HTML, [ANNA], control=Control())[0].modes.opens is mode
    tracker.state.close()


def test_a_message_that_asks_for_more_than_the_installation_watches_is_refused(home: Home) -> None:
    tracker = tracking(home, 'opens = "aggregate"')
    above = EmailMessage()
    above["X-Mailwake-Mode"] = "opens=individual"
    with pytest.raises(BadInput, match="opens=individual is above aggregate"):
        tracker.track(above, recipient=ANNA)
    tracker.state.close()


@pytest.mark.parametrize("is_on", [True, False])
def test_what_was_sent_says_whether_it_carries_a_second_pixel(home: Home, is_on: bool) -> None:
    settings = home.settings(f"[compose]\nend_pixel = {str(is_on).lower()}")
    tracker = Tracker(settings, home.state(), clock=lambda: NOW)
    html = HTML.replace(b"<p>Hello</p>", b"<div><p>Hello</p></div>")
    (copy,) = tracker.copies(html, [ANNA], control=Control())
    event = copy.event(EventType.SENT, now=NOW, source=Source.API)
    assert event.note == (Note.END_PIXEL if is_on else Note.NONE)
    assert copy.event(EventType.DELIVERED, now=NOW, source=Source.API).note is Note.NONE
    assert (b"/end" in copy.message) is is_on
    tracker.state.close()
