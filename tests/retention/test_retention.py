"""What is too old goes, and nothing else; what it amounted to stays."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.events import SECOND, EventType, Handle, Micros
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.stores import Stores
from mailwake.more_sections import Privacy
from mailwake.retention.clock import Clock
from mailwake.retention.nightly import Nightly, Suspect, apply_surely
from mailwake.retention.plan import Going, Shelf, apply, plan
from mailwake.settings import Settings
from mailwake.store.days import open_days
from mailwake.store.events import CounterRow

DAY, HOUR = 86_400 * SECOND, 3_600 * SECOND
#: nothing of the campaign counted by hand is as old as this, and all of it is 400 days later
SENT = Micros(int(datetime(2026, 11, 16, tzinfo=UTC).timestamp()) * SECOND)
LATER = Micros(SENT + 420 * DAY)


class Kept:
    """An installation with one campaign, and everything else that grows old."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(root=folder, data="data", privacy=Privacy())
        self.stores: Stores = seeding.open_stores(self.settings.data_folder)
        seeding.by_hand(self.stores)
        self.stores.state.put_open_days({Handle(1): date(2024, 1, 1), Handle(2): date(2027, 12, 1)})
        self.days = open_days(self.settings.data_folder / "state.sqlite")
        self.shelf = Shelf(events=self.stores.events, days=self.days, settings=self.settings)
        for folder_name, name in (
            ("raw", "2026-11-16.jsonl"),
            ("dead", "edge-0-000000000001-00000.json"),
            ("unread", "a.eml"),
        ):
            place = self.settings.data_folder / folder_name
            place.mkdir()
            (place / name).write_text("{}")
            os.utime(place / name, (SENT / SECOND, SENT / SECOND))

    def clock(self, *, wall: int = LATER, steady: int = DAY, boot: str = "one") -> Clock:
        return Clock(self.settings.data_folder, wall=lambda: wall, steady=lambda: steady, boot=lambda: boot)

    def close(self) -> None:
        self.days.close()
        seeding.close(self.stores)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.close()


def counted(kept: Kept) -> tuple[object, ...]:
    """What an overview tells of campaigns, apart from how fresh it is and what judged it."""
    found = overview(kept.stores)
    return (
        found.total,
        [(line.name, line.sent_from, line.sent_to, line.tally, line.rates) for line in found.campaigns],
    )


def test_what_is_young_is_not_named_and_does_not_go(kept: Kept) -> None:
    before = counted(kept)
    soon = Micros(SENT + 10 * DAY)
    assert {each.what for each in plan(kept.shelf, now=soon).going} <= {"raw_requests", "last_open_days"}
    apply(kept.shelf, now=soon)
    assert counted(kept) == before
    assert kept.stores.events.ask("types", campaign=find(kept.stores, "1").id)


def test_what_is_old_is_shown_by_type_and_mode_before_it_goes(kept: Kept) -> None:
    shown = plan(kept.shelf, now=LATER)
    rows = {(each.type, each.mode): each.count for each in shown.going if each.what == "rows"}
    assert rows["sent", ""] == 10
    assert rows["clicked", "individual"] == 5
    assert Going(what="last_open_days", type="", mode="deliverability", count=1, keep_days=730) in shown.going
    assert {each.what for each in shown.going} == {"rows", "last_open_days", "raw_requests", "set_aside", "unread"}
    assert (shown.done, shown.copies, shown.campaigns) == (False, 10, 1)
    assert plan(kept.shelf, now=LATER) == shown


def test_what_goes_is_what_was_shown_and_the_totals_of_old_campaigns_are_still_told(kept: Kept) -> None:
    before, shown = counted(kept), plan(kept.shelf, now=LATER)
    done = apply(kept.shelf, now=LATER)
    assert done == replace(shown, done=True)
    assert counted(kept) == before
    campaign = kept.stores.state.campaigns()[0]
    assert kept.stores.events.ask("types", campaign=campaign.id) == []
    report = campaign_report(kept.stores, campaign)
    assert report.tally == overview(kept.stores).total
    assert plan(kept.shelf, now=LATER).going == ()
    assert not list(kept.shelf.raw.iterdir())
    assert not list(kept.shelf.dead.iterdir())
    assert kept.days.not_opened_since([Handle(1), Handle(2)], date(2027, 12, 1)) == [1]


def test_a_campaign_that_is_partly_old_adds_up_to_the_same(kept: Kept) -> None:
    before = counted(kept)
    rows = kept.stores.events.ask("delivery_times", since=0, until=LATER)
    middle = sorted(row["first_at"] for row in rows)[len(rows) // 2]
    assert kept.stores.events.forget_old(Micros(middle), at=LATER) > 0
    assert counted(kept) == before
    kept.stores.events.forget_old(LATER, at=LATER)
    assert counted(kept) == before
    assert len(kept.stores.events.ask("rolled")) == 1


def test_counters_that_name_nobody_stay(kept: Kept) -> None:
    campaign = kept.stores.state.campaigns()[0].id
    template = kept.stores.state.templates(campaign)[0].id
    hour = Micros(SENT - SENT % HOUR)
    more = CounterRow(campaign=campaign, template=template, link=0, hour=hour, type=EventType.OPENED, n=3)
    kept.stores.events.write(counters=[more])
    before = kept.stores.events.ask("counters", campaign=campaign)
    apply(kept.shelf, now=LATER)
    assert kept.stores.events.ask("counters", campaign=campaign) == before != []


def test_a_clock_that_jumped_by_more_than_an_hour_removes_nothing_for_a_day(kept: Kept) -> None:
    """P4: what the wall clock makes old, the time since the machine started does not."""
    assert kept.clock(wall=SENT, steady=DAY).is_calm()
    with pytest.raises(Suspect, match="was set"):
        apply_surely(kept.shelf, kept.clock(wall=LATER, steady=DAY + HOUR), now=LATER)
    assert not kept.clock(wall=LATER + 23 * HOUR, steady=DAY + 24 * HOUR).is_calm()
    assert kept.stores.events.ask("rolled") == []
    assert apply_surely(kept.shelf, kept.clock(wall=LATER + 25 * HOUR, steady=DAY + 26 * HOUR), now=LATER).done


@pytest.mark.parametrize(
    ("wall", "steady", "boot", "is_calm"),
    [
        (SENT + DAY, 2 * DAY, "one", True),
        (SENT + DAY + 50 * 60 * SECOND, 2 * DAY, "one", True),
        (SENT - 2 * HOUR, DAY + HOUR, "one", False),
        (SENT + 3 * DAY, HOUR, "two", True),
        (SENT + 365 * DAY, HOUR, "two", False),
        (SENT - DAY, HOUR, "two", False),
    ],
    ids=["a day", "drift below an hour", "set back", "rebooted", "rebooted and a year on", "rebooted and set back"],
)
def test_what_counts_as_a_jump(kept: Kept, wall: int, steady: int, boot: str, *, is_calm: bool) -> None:
    assert kept.clock(wall=SENT, steady=DAY).is_calm()
    assert kept.clock(wall=wall, steady=steady, boot=boot).is_calm() == is_calm


def test_a_clock_set_back_right_again_is_waited_for_too(kept: Kept) -> None:
    assert kept.clock(wall=SENT, steady=DAY).is_calm()
    assert not kept.clock(wall=SENT + 365 * DAY, steady=DAY + HOUR).is_calm()
    assert not kept.clock(wall=SENT + 2 * HOUR, steady=DAY + 2 * HOUR).is_calm()
    assert not kept.clock(wall=SENT + 20 * HOUR, steady=DAY + 20 * HOUR).is_calm()
    assert kept.clock(wall=SENT + 27 * HOUR, steady=DAY + 27 * HOUR).is_calm()


def test_once_a_night_it_happens_by_itself(kept: Kept) -> None:
    night = Micros(LATER - LATER % DAY + 2 * HOUR)
    now = [night]
    clock = Clock(kept.settings.data_folder, wall=lambda: now[0], steady=lambda: now[0] - SENT, boot=lambda: "one")
    nightly = Nightly(kept.shelf, clock, wall=lambda: now[0])
    first = nightly.turn()
    assert first is not None
    assert first.done
    now[0] = Micros(night + HOUR)
    assert nightly.turn() is None
    now[0] = Micros(night + 12 * HOUR)
    assert nightly.turn() is None
    now[0] = Micros(night + DAY)
    assert nightly.turn() is not None


def test_logs_of_workers_that_are_gone_are_looked_after_at_night(kept: Kept) -> None:
    folder = kept.settings.data_folder / "log"
    night = Micros(LATER - LATER % DAY + 2 * HOUR)
    append_now(folder, "edge-9", [b"x"], clock=lambda: night - 30 * DAY)
    with closing(SqliteReader(folder)) as reader:
        reader.passed("pipeline", {writer: extent.end.segment for writer, extent in reader.extents().items()})
    clock = Clock(kept.settings.data_folder, wall=lambda: night, steady=lambda: night - SENT, boot=lambda: "one")
    assert Nightly(kept.shelf, clock, wall=lambda: night).turn() is not None
    assert not (folder / "edge-9.log").exists()


def test_what_holds_the_real_clock_is_believed(tmp_path: Path) -> None:
    clock = Clock(tmp_path, wall=lambda: time.time_ns() // 1_000)
    assert clock.is_calm()
    assert clock.is_calm()
    (tmp_path / "clock.json").write_text("{")
    assert clock.is_calm()


def test_a_folder_that_cannot_be_written_removes_nothing(tmp_path: Path) -> None:
    assert not Clock(tmp_path / "none" / "there", wall=lambda: 1, steady=lambda: 1, boot=lambda: "").is_calm()


def test_mail_that_nobody_read_goes_too(kept: Kept) -> None:
    """AT-58."""
    place = kept.settings.data_folder / "unread"
    (place / "b.eml").write_bytes(b"Subject: young\n\nx")
    os.utime(place / "b.eml", (LATER / SECOND, LATER / SECOND))
    (place / "notes.txt").write_text("a person's own")
    os.utime(place / "notes.txt", (SENT / SECOND, SENT / SECOND))
    assert [(each.count, each.keep_days) for each in plan(kept.shelf, now=LATER).going if each.what == "unread"] == [
        (1, 30)
    ]
    apply(kept.shelf, now=LATER)
    assert sorted(path.name for path in place.iterdir()) == ["b.eml", "notes.txt"]
