"""A report comes by mail at its hour, once, whatever is killed; it says what the pages say and tracks nobody."""

import email
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Home, Mail
from tests.insight import seeding

from mailwake.bulletins import schedule
from mailwake.bulletins.letter import build, chosen
from mailwake.bulletins.postman import Postman
from mailwake.bulletins.schedule import Schedule
from mailwake.cli.report.mailing import send_now
from mailwake.errors import Misconfigured, Unavailable
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.stores import Stores
from mailwake.sections import Report
from mailwake.settings import Settings

SETTINGS = """
[reports.weekly]
recipients = ["ann@example.com", "ben@example.com"]
sender = "reports@example.com"
weekdays = ["monday"]
hour = 8
timezone = "Europe/Berlin"
days = 30
dashboard = "https://mail.example.com"
"""
HOSTILE = '<script>alert(1)</script>\x1b[31m"'
#: a Monday, 8 o'clock in Berlin
EIGHT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def stores(home: Home) -> Iterator[Stores]:
    opened = seeding.open_stores(home.folder / "data")
    seeding.by_hand(opened)
    seeding.crowd(opened, HOSTILE, people=40)
    yield opened
    seeding.close(opened)


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> int:
        return int(self.at.timestamp() * 1_000_000)


def man(stores: Stores, settings: Settings, clock: Clock, state: Any = None) -> Postman:
    return Postman(settings, state or stores.state, lambda: overview(stores), clock)


def test_it_comes_once_a_week_across_restarts_and_says_what_the_pages_say(home: Home, stores: Stores) -> None:
    settings, clock = home.settings(SETTINGS), Clock(EIGHT - timedelta(hours=1))
    assert man(stores, settings, clock).look() == []
    for _ in range(3):  # each a restart
        clock.at += timedelta(hours=1, minutes=1)
        man(stores, settings, clock).look()
    assert [mail.recipients for mail in home.sink.mails] == [("ann@example.com",), ("ben@example.com",)]
    mail = email.message_from_bytes(home.sink.mails[0].content, policy=default)
    assert mail["Message-ID"] == "<report.weekly.1795417200@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = (part.get_content() for part in mail.iter_parts())
    report = campaign_report(stores, find(stores, "By hand"))
    rate = next(each for each in report.rates if each.metric == "human_click_rate__delivered_trackable")
    assert f"{rate.rate:.1%}"[:-1] in text.replace("\N{NO-BREAK SPACE}", "")
    for part in (text, html):
        assert "By hand" in part
        assert "https://mail.example.com/campaigns/1" in part
        assert "\x1b" not in part
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert not re.findall(r"<img|<svg|<link|<script|url\(|/o/|/c/", html)
    for widths in re.findall(r"<tr>(<td width=.*?)</tr>", html):
        assert sum(int(width) for width in re.findall(r'width="(\d+)%"', widths)) <= 101
    clock.at = EIGHT + timedelta(days=7)
    assert man(stores, settings, clock).look() == ["weekly"]
    assert len(home.sink.mails) == 4


def test_days_are_whole_so_that_mail_a_week_old_to_the_minute_is_told_of(stores: Stores) -> None:
    line = replace(overview(stores).campaigns[0], name="Last week")
    report, zone = Report(days=7), ZoneInfo("Europe/Berlin")

    def told(sent: datetime) -> bool:
        found = replace(overview(stores), campaigns=(replace(line, sent_to=sent),))
        return bool(chosen(found, report, EIGHT + timedelta(minutes=15), zone))

    midnight = datetime(EIGHT.year, EIGHT.month, EIGHT.day, tzinfo=zone) - timedelta(days=7)
    assert told(EIGHT - timedelta(days=7))
    assert told(midnight)
    assert not told(midnight - timedelta(seconds=1))


def test_what_was_due_before_it_was_known_or_a_day_ago_does_not_come(home: Home, stores: Stores) -> None:
    settings, clock = home.settings(SETTINGS), Clock(EIGHT + timedelta(hours=2))
    assert man(stores, settings, clock).look() == []  # it stands there since ten o'clock
    clock.at = EIGHT + timedelta(days=8, hours=1)
    assert man(stores, settings, clock).look() == []  # this machine was off on Monday
    assert home.sink.mails == []


def test_what_was_not_taken_is_tried_again_and_what_may_have_been_is_not(home: Home, stores: Stores) -> None:
    settings, clock = home.settings(SETTINGS), Clock(EIGHT - timedelta(hours=1))
    man(stores, settings, clock).look()
    clock.at = EIGHT
    answers: Iterator[str | None] = iter(["451 4.7.1 later", None, "cut after"])

    def on_data(_: Mail) -> str | None:
        return next(answers, None)

    home.sink.on_data = on_data
    man(stores, settings, clock).look()  # ann's copy is put off
    assert [mail.recipients for mail in home.sink.mails] == [("ben@example.com",)]
    home.sink.mails.clear()
    man(stores, settings, clock).look()  # ann's turn; the server takes it and hangs up before it says so
    man(stores, settings, clock).look()
    assert [mail.recipients for mail in home.sink.mails] == [("ann@example.com",)]


class Killed(BaseException):
    """As kill -9."""


@pytest.mark.parametrize("seed", range(2))
def test_killed_anywhere_nobody_gets_it_twice(home: Home, stores: Stores, seed: int) -> None:
    chance = random.Random(seed)
    settings, clock = home.settings(SETTINGS), Clock(EIGHT - timedelta(hours=1))
    man(stores, settings, clock).look()
    clock.at = EIGHT

    class Fragile:
        def __getattr__(self, name: str) -> Any:
            return getattr(stores.state, name)

        def put_job(self, *given: Any, **more: Any) -> Any:
            if chance.random() < 0.3:
                raise Killed
            done = stores.state.put_job(*given, **more)
            if chance.random() < 0.3:
                raise Killed
            return done

    for _ in range(12):
        with suppress(Killed):
            man(stores, settings, clock, Fragile()).look()
    got = [mail.recipients[0] for mail in home.sink.mails]
    assert len(got) == len(set(got))
    assert man(stores, settings, clock).look() == [] or home.sink.mails


def test_dead_links_stand_above_the_campaigns_and_are_quoted(stores: Stores) -> None:
    report = Report(recipients=("ann@example.com",), sender="reports@example.com", days=30)
    args: dict[str, Any] = {"name": "weekly", "at": EIGHT, "zone": ZoneInfo("UTC"), "url": "https://mail.example.com"}
    assert b"answer no more" not in build(overview(stores), report, **args).as_bytes()
    mail = build(overview(stores), report, **args, dead_links=["https://shop.example.com/?a&b", HOSTILE])
    text, page = (part.get_content() for part in mail.iter_parts() if isinstance(part, EmailMessage))
    assert "answer no more: 2\n  https://shop.example.com/?a&b\n" in text
    assert "https://shop.example.com/?a&amp;b" in page
    assert "https://mail.example.com/links" in text
    assert "<script" not in page
    assert "\x1b" not in text + page


@pytest.mark.long
def test_by_hand_it_goes_at_once_and_counts_for_nothing(
    home: Home, stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = home.settings(SETTINGS)
    stores.events.close()
    send_now(settings, "now")
    assert "weekly: ann@example.com, ben@example.com took it" in capsys.readouterr().out
    assert stores.state.jobs(schedule.KIND) == []
    home.sink.on_rcpt = lambda address: "550 5.1.1 nobody" if address.startswith("ben") else None
    with pytest.raises(Unavailable, match=r"ben@example.com: 550 5.1.1 nobody"):
        send_now(settings, "now")
    with pytest.raises(Misconfigured, match="say now"):
        send_now(settings, "tomorrow")


def test_a_report_that_cannot_be_stops_the_start(home: Home) -> None:
    nobody: Any = None
    for was, now, said in (
        ('"monday"', '"moonday"', "there is no 'moonday'"),
        ("hour = 8", "hour = 24", "0 to 23"),
        ('"reports@example.com"', '"Me <reports@example.com>"', "no plain address"),
        ('"ann@example.com"', '"ann@example.com\\r\\nBcc: x@example.com"', "no plain address"),
        ('"Europe/Berlin"', '"Europe/Nowhere"', "no time zone"),
        ("days = 30", "days = 0", "1 or more"),
    ):
        settings = home.settings(SETTINGS.replace(was, now))
        with pytest.raises(Misconfigured, match=said):
            Postman(settings, nobody, nobody, Clock(EIGHT))


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - made aware below
    hour=st.integers(0, 23),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    name=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_the_latest_moment_is_never_to_come_and_none_is_left_out(
    now: datetime, hour: int, days: frozenset[int], name: str
) -> None:
    zone, at = ZoneInfo(name), now.replace(tzinfo=UTC)
    schedule = Schedule(weekdays=days, hour=hour, zone=zone)
    found = schedule.latest(at)
    assert found.timestamp() <= at.timestamp()
    assert found.weekday() in days
    assert (at - found.astimezone(UTC)) <= timedelta(days=7, hours=2)
    # the moments of the next weeks follow each other, each a day of the set, also where clocks change
    later = [schedule.latest(at + timedelta(hours=step)) for step in range(0, 24 * 15, 5)]
    assert len({each.date() for each in later if each > found}) >= len(days)


def test_clocks_that_change_neither_lose_nor_double_a_report() -> None:
    berlin = Schedule(weekdays=frozenset({6}), hour=2, zone=ZoneInfo("Europe/Berlin"))
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # two o'clock is left out half an hour later
    moments = {berlin.latest(spring + timedelta(minutes=10 * step)).timestamp() for step in range(36)}
    assert len(moments) == 2
    autumn = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # two o'clock comes twice
    moments = {berlin.latest(autumn + timedelta(minutes=10 * step)).timestamp() for step in range(36)}
    assert len(moments) == 2
