"""Curves in a mail: cells of tables that add up to what the page says, and tell of no single person."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.insight import seeding

from mailwake.bulletins.curve import CAMPAIGNS, COLUMNS, HEIGHT_PIXELS, curves
from mailwake.bulletins.letter import MOST, build
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.series import Point, Series
from mailwake.insight.stores import Stores
from mailwake.insight.tally import Reaction
from mailwake.sections import Report

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
GMAIL_CUTS_BYTES = 102_000


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path)
    seeding.crowd(opened, "Crowd", people=300)
    yield opened
    seeding.close(opened)


def series(*opened: int, hours: int = 1) -> Series:
    points = tuple(
        Point(
            start=START + timedelta(hours=number * hours),
            opened=Reaction(raw=count + 7, human=count, possible=0, machine=7),
            clicked=Reaction(raw=3, human=0, possible=3, machine=0),
        )
        for number, count in enumerate(opened)
    )
    return Series(step_seconds=hours * 3_600, timezone=ZONE.key, points=points)


def test_columns_are_as_high_as_people_are_many() -> None:
    (found,) = curves(series(40, 20, 0, 10), ZONE)
    assert found.label == "Opened by people"
    assert found.pixels == (HEIGHT_PIXELS, HEIGHT_PIXELS // 2, 0, HEIGHT_PIXELS // 4)
    assert found.most == "70 in all, at most 40 in one hour"
    assert (found.drawn[0], found.drawn[2]) == ("#", " ")


def test_steps_of_few_people_are_drawn_alike() -> None:
    (found,) = curves(series(40, 1, 2, 3, 4), ZONE)
    assert found.pixels == (HEIGHT_PIXELS, 1, 1, 1, 1)
    (few,) = curves(series(*[1] * 20), ZONE)
    assert few.pixels == (1,) * 20
    assert "at most 10 in one hour" in few.most


def test_of_too_little_there_is_no_curve() -> None:
    assert curves(series(10, 9), ZONE) == ()
    assert curves(series(100), ZONE) == ()
    assert curves(None, ZONE) == ()


@pytest.mark.parametrize("points", [2, 23, 24, 25, 90, 168])
def test_however_long_it_is_the_columns_fit_and_add_up(points: int) -> None:
    (found,) = curves(series(*[15] * points, hours=2), ZONE)
    assert 2 <= len(found.pixels) <= COLUMNS
    assert found.most.startswith(f"{15 * points:,} in all")


def test_the_mail_says_the_sums_of_the_page_and_its_funnel(stores: Stores) -> None:
    report = campaign_report(stores, find(stores, "Crowd"))
    assert report.over_time is not None
    opened = sum(point.opened.human for point in report.over_time.points)
    mail = built(stores, campaigns=1)
    assert f"Opened by people over time, {opened:,} in all" in mail["text"]
    assert f"Opened by people over time</strong> {opened:,} in all" in mail["html"]
    tally = report.tally
    assert re.search(rf"Sent</td><td [^>]*><strong>{tally.sent:,}<", mail["html"])
    assert re.search(rf"Delivered</td><td [^>]*><strong>{tally.delivered:,}<", mail["html"])
    assert f"  Clicked by people: {round(tally.clicked_expected.mean):,}\n" in mail["text"].replace("\r\n", "\n")


def test_only_the_newest_have_curves_and_the_whole_is_not_cut_off(stores: Stores) -> None:
    mail = built(stores, campaigns=MOST + 5)
    assert mail["html"].count("Opened by people over time") == CAMPAIGNS
    assert len(mail["html"].encode()) < GMAIL_CUTS_BYTES
    assert not re.findall(r"<img|<svg|<script|url\(", mail["html"])


def built(stores: Stores, *, campaigns: int) -> dict[str, str]:
    told = overview(stores)
    told = replace(told, campaigns=tuple(told.campaigns[0] for _ in range(campaigns)))
    report = Report(sender="reports@example.com", recipients=("ann@example.com",), campaigns=("Crowd",))

    def over_time(campaign: str) -> Series | None:
        return campaign_report(stores, find(stores, campaign)).over_time

    mail = build(told, report, name="weekly", at=START, zone=ZONE, url="https://m.example.com", over_time=over_time)
    text, html = (part.get_content() for part in mail.iter_parts())
    return {"text": text, "html": html}
