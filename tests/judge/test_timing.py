"""Delay after delivery, per stream and network, and how it is told."""

from tests.every import every
from tests.judge.world import at, rules

from mailwake.judge.families.timing import EDGES, cells, delay, span
from mailwake.judge.rules import Cell


def timing(seconds: float, *, stream: str = "marketing", anchor: float | None = 0.0, first: float = -1e6) -> list[Cell]:
    known = None if anchor is None else at(anchor)
    return list(cells(rules(), stream, at(seconds), known, first=at(first), group="shared"))


def test_the_cell_says_stream_and_delay() -> None:
    assert [cell.name for cell in timing(70)] == ["delay.marketing_from_60", "delay_from.shared_from_60"]
    assert timing(40, stream="transactional")[0].name == "delay.transactional_from_30"


def test_a_stream_we_do_not_know_is_judged_as_marketing() -> None:
    assert timing(40, stream="carrier pigeon") == timing(40)


def test_every_delay_has_a_cell_and_each_edge_begins_one() -> None:
    names = [timing(edge)[0].name for edge in (0, *EDGES)]
    assert len(set(names)) == len(EDGES) + 1
    assert all(timing(10.0**power) for power in range(-3, 9))


def test_without_a_delivery_time_the_first_hit_is_the_clock() -> None:
    assert [cell.name for cell in timing(30, anchor=None, first=0)] == ["after_first.from_10"]
    assert timing(0, anchor=None, first=0) == []


def test_quick_speaks_for_a_machine_and_slow_for_a_person() -> None:
    weights = rules().alone["click"]  # type: ignore[index]  # a StrEnum is its text
    total = {n: sum(weights.get(cell.name, 0.0) for cell in timing(n)) for n in (25, 40_000)}
    assert total[25] < total[40_000] - 2


def test_a_minute_before_delivery_is_slack_and_more_is_a_wrong_clock() -> None:
    assert delay(rules(), at(-59), at(0)) == -59
    assert delay(rules(), at(-61), at(0)) is None
    assert timing(-30)[0].say() == "30 s before delivery"
    assert timing(0)[0].say() == "0.0 s after delivery"


@every(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (3.14, "3.1 s"),
        (43, "43 s"),
        (119, "119 s"),
        (300, "5 min"),
        (7200, "2 h"),
        (259_200, "3 days"),
    ],
)
def test_durations_are_told_as_people_tell_them(seconds: float, text: str) -> None:
    assert span(seconds) == text
