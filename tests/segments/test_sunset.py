"""A year with three readers, counted by hand."""

from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.errors import BadInput
from mailwake.events import EventType, Micros
from mailwake.insight.stores import Stores
from mailwake.segments.sunset import sunset

DAY = 86_400


def a_year(stores: Stores) -> Micros:
    """Twelve mails, one every 30 days. 0 clicks in each, 1 in the first and the tenth, 2 in none; scanners in all."""
    mail = seeding.sending(stores, "Monthly")
    mail.people([f"person{number}@example.com" for _ in range(12) for number in range(3)])
    for month in range(12):
        for who in range(3):
            copy, at = 3 * month + who, month * 30 * DAY
            mail.add(EventType.SENT, copy, at)
            mail.add(EventType.CLICKED, copy, at + 5, link=1, role="cta", **seeding.SCANNER)
            if who == 0 or (who == 1 and month in {0, 9}):
                mail.add(EventType.CLICKED, copy, at + 3_600, link=1, role="cta", **seeding.HUMAN)
    mail.write()
    return seeding.micros(11 * 30 * DAY + 2 * DAY)


def test_what_a_sunset_spares_and_costs(stores: Stores) -> None:
    now = a_year(stores)
    told = sunset(stores, 100, now=now)
    # By hand: a month is 30 days; the fixture's ten were sent one mail in the first. 1 and 2 are left out from the
    # fifth mail on (120 days): eight mails each.
    assert told.spared == 16
    assert told.lost == 1
    assert told.copies == 36 + 10
    assert told.clicked == 14 + 1
    assert [month.left_out for month in told.months] == [0, 0, 0, 0] + [2] * 8
    assert told.lost_per_month == pytest.approx(1 / 12)
    assert told.spared_per_month == pytest.approx(16 / 12)


def test_people_looked_at_in_parts_add_up(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    now = a_year(stores)
    whole = sunset(stores, 100, now=now)
    monkeypatch.setattr("mailwake.segments.sunset._AT_ONCE", 20)
    assert sunset(stores, 100, now=now) == whole


def test_a_longer_patience_spares_less_and_loses_nothing(stores: Stores) -> None:
    now = a_year(stores)
    told = sunset(stores, 280, now=now)
    assert (told.spared, told.lost) == (2, 0)  # 2's last two mails, at 300 and 330 days


def test_without_mail_there_is_nothing_to_tell(tmp_path: Path) -> None:
    opened = seeding.open_stores(tmp_path / "empty")
    told = sunset(opened, 90, now=seeding.micros())
    assert (told.months, told.lost_per_month, told.spared_per_month) == ((), 0.0, 0.0)
    seeding.close(opened)


def test_days_are_bounded(stores: Stores) -> None:
    for days in (0, 3_661):
        with pytest.raises(BadInput, match="1 to 3,660"):
            sunset(stores, days, now=seeding.micros())
