"""Drawings say what the numbers say."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from tests.every import every

from mailwake.drawing import charts, pieces
from mailwake.events import SECOND
from mailwake.insight.series import Point, Series, fold
from mailwake.insight.tally import NOBODY, reaction

UTC_ZONE = ZoneInfo("UTC")
START = datetime(2026, 11, 16, 9, tzinfo=UTC)


def series(*highs: int, step: int = 3_600) -> Series:
    points = tuple(
        Point(
            start=START + timedelta(seconds=place * step),
            opened=reaction(human=high, possible=high // 2, machine=1 if high else 0),
            clicked=NOBODY,
        )
        for place, high in enumerate(highs)
    )
    return Series(step_seconds=step, timezone="UTC", points=points)


def share(text: str) -> float:
    return float(text.removesuffix("%"))


def test_a_bar_is_as_long_as_its_share_of_the_whole() -> None:
    parts = charts.bar(reaction(human=5, possible=3, machine=2), 20)
    assert [(part.kind, part.start, part.length) for part in parts] == [
        ("human", "0.000%", "25.000%"),
        ("possible", "25.000%", "15.000%"),
        ("machine", "40.000%", "10.000%"),
    ]


def test_nothing_is_not_drawn() -> None:
    assert charts.bar(NOBODY, 10) == ()
    assert charts.bar(NOBODY, 0) == ()


def test_who_is_hidden_is_not_drawn_and_flattens_nothing() -> None:
    whole, without = (charts.chart(series(4, 40), "opened", UTC_ZONE, hidden=some) for some in ((), ("human",)))
    assert (whole.levels[0], without.levels[0]) == ("100", "30")
    assert {part.kind for column in without.columns for part in column.parts} == {"possible", "machine"}
    assert whole.rows == without.rows


@every(
    ("highest", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (7, 8), (9, 10), (11, 20), (430, 500), (501, 1_000), (99_999, 100_000)],
)
def test_an_axis_ends_at_a_round_number_with_a_whole_middle(highest: int, top: int) -> None:
    assert charts.nice_top(highest) == top
    assert top % 2 == 0


def test_a_column_stands_on_the_ground_and_is_as_high_as_its_number() -> None:
    chart = charts.chart(series(4, 0, 8), "opened", UTC_ZONE)
    whole = 20  # 8 + 4 + 1 rounded up
    for column, raw in zip(chart.columns, (7, 0, 13), strict=True):
        assert sum(share(part.length) for part in column.parts) == pytest.approx(100 * raw / whole, abs=0.01)
        if column.parts:
            assert share(column.parts[0].start) + share(column.parts[0].length) == pytest.approx(100, abs=0.01)


def test_the_table_and_the_data_for_the_script_say_the_same() -> None:
    chart = charts.chart(series(1_000, 2), "opened", UTC_ZONE)
    assert [row.human for row in chart.rows] == ["1,000", "2"]
    assert chart.data[1] == (1_000, 2)
    assert chart.data[0] == (int(START.timestamp()), int(START.timestamp()) + 3_600)


def test_a_column_says_its_numbers_in_words() -> None:
    says = charts.chart(series(4), "opened", UTC_ZONE).columns[0].says
    assert says.endswith("people 4, possibly people 2, machines 1")


def test_the_drawing_is_told_in_a_sentence() -> None:
    assert charts.chart(series(4, 8), "opened", UTC_ZONE).says.startswith(
        "Opened over time: 12 by people, 6 possibly, 2 by machines"
    )


@every("count", [1, 2, 3, 10, 60, 180])
@every("step", [60, 300, 900, 3_600, 10_800, 86_400, 604_800])
@every("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_an_axis_has_a_handful_of_labels_that_differ(count: int, step: int, zone: str) -> None:
    first = int(START.timestamp()) * SECOND
    last = first + (count - 1) * step * SECOND
    labels = charts.ticks(fold({}, first_at=first, last_at=last, step=step, zone=ZoneInfo(zone)), ZoneInfo(zone))
    assert 1 <= len(labels) <= 9
    assert len({label.x for label in labels}) == len(labels)
    assert all(before.text != after.text for before, after in pairwise(labels))


def test_labels_of_days_stand_at_midnight() -> None:
    labels = charts.ticks(series(*([1] * 100)), UTC_ZONE)
    assert [label.text.replace("\N{NO-BREAK SPACE}", " ") for label in labels] == [
        "17 Nov",
        "18 Nov",
        "19 Nov",
        "20 Nov",
    ]


def test_a_histogram_says_one_click_and_two_clicks() -> None:
    columns = charts.histogram([1, 2], ["soon", "later"], pieces.CLICKS)
    assert [each.says for each in columns] == ["soon: 1 click", "later: 2 clicks"]
