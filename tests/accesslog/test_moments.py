"""Times as logs write them, down to the microsecond and with the zone they name."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.accesslog.moments import moment
from mailwake.errors import Unreadable

NOON = 1_795_435_200_000_000  # 2026-11-23 12:00 UTC


@every(
    ("text", "micros"),
    [
        ("1795435200", 0),
        ("1795435200.25", 250_000),
        ("1795435200.123", 123_000),
        ("1795435200.123456", 123_456),
        ("1795435200250", 250_000),
        ("1795435200250123", 250_123),
        ("1795435200250123999", 250_123),
        ("23/Nov/2026:12:00:00 +0000", 0),
        ("[23/Nov/2026:13:00:00 +0100]", 0),
        ("23/Nov/2026:06:30:00 -0530", 0),
        ("2026-11-23T12:00:00Z", 0),
        ("2026-11-23T12:00:00+00:00", 0),
        ("2026-11-23T13:00:00+0100", 0),
        ("2026-11-23T12:00:00.5Z", 500_000),
        ("2026-11-23T12:00:00", 0),
        ("2026-11-23 12:00:00", 0),
        ("23/Nov/2026:11:59:60 +0000", -1_000_000),
        ("2026-11-23T11:59:60.5Z", -500_000),
    ],
)
def test_every_usual_spelling_names_the_same_moment(text: str, micros: int) -> None:
    assert moment(text) == NOON + micros


@every(
    "text",
    [
        "", "-", "yesterday", "23/Xyz/2026:12:00:00 +0000", "31/Feb/2026:12:00:00 +0000", "23/Nov/2026:12:00:00 +9900",
        "2026-13-01T00:00:00Z", "1" * 21, "1795435200.", ".5", "-5", "1e9", "NaN", "\uff11\uff17\uff19\uff15",
        "0001-01-01T00:00:00+14:00", "23/Nov/2026:12:00:00", "1795435200\n", "9999-12-31T23:59:59-14:00",
        "23/Nov/2026:12:60:00 +0000", "23/Nov/2026:12:00:61 +0000", "2026-11-23T12:00:600Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        moment(text)


@given(
    st.integers(86_400 * 1_000_000, 4_000_000_000_000_000),
    st.integers(-14 * 60, 14 * 60),
)
def test_any_moment_comes_back_from_any_zone(micros: int, minutes: int) -> None:
    there = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
    there = there.astimezone(timezone(timedelta(minutes=minutes)))
    assert moment(f"{there:%d}/{there:%b}/{there:%Y:%H:%M:%S %z}") == micros // 1_000_000 * 1_000_000
    assert moment(there.isoformat()) == micros
