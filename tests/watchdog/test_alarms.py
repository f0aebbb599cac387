"""A failure is an alarm when the target was well, and failed often and long enough: one alarm, that ends by itself."""

import pytest
from tests.every import every

from mailwake.events import SECOND, Micros
from mailwake.more_sections import Watchdog
from mailwake.store.watch import Health, Target
from mailwake.visiting.asking import Fault
from mailwake.visiting.visitor import End, Hop, Visit
from mailwake.watchdog.alarms import Found, Step, found_by, stepped

WANTED = Watchdog(failures=3, minutes=30)
WELL, ILL, UNKNOWN = Found(Health.WELL, "200"), Found(Health.ILL, "404"), Found(Health.UNKNOWN, "403")
MINUTE = 60 * SECOND


def visits(*found: tuple[int, Found], wanted: Watchdog = WANTED) -> list[Step]:
    """What each visit changes; minutes, and what it found."""
    known: Target | None = None
    steps = []
    for minute, each in found:
        steps.append(stepped("https://example.com/", known, each, now=Micros(minute * MINUTE), wanted=wanted))
        known = steps[-1].target
    return steps


def rings(*found: tuple[int, Found]) -> list[bool]:
    return [step.rings for step in visits(*found)]


def test_it_rings_after_so_many_failures_over_so_long() -> None:
    assert rings((0, WELL), (60, ILL), (75, ILL), (90, ILL)) == [False, False, False, True]


def test_three_failures_within_a_moment_are_none() -> None:
    assert rings((0, WELL), (60, ILL), (61, ILL), (62, ILL), (91, ILL)) == [False, False, False, False, True]


def test_two_failures_are_none_however_long() -> None:
    assert rings((0, WELL), (60, ILL), (600, ILL)) == [False, False, False]


def test_what_was_never_well_never_rings() -> None:
    assert not any(rings((0, ILL), (60, ILL), (600, ILL), (6_000, ILL)))


def test_a_visit_that_is_well_begins_anew_and_ends_what_was_open() -> None:
    steps = visits((0, WELL), (60, ILL), (75, ILL), (80, WELL), (100, ILL), (140, ILL))
    assert not any(step.rings for step in steps)
    assert [step.is_over for step in steps] == [True, False, False, True, False, False]
    assert (steps[3].target.failures, steps[3].target.failing_since) == (0, None)


def test_a_visit_that_says_nothing_neither_ends_a_row_nor_adds_to_it() -> None:
    steps = visits((0, WELL), (60, ILL), (75, UNKNOWN), (90, ILL), (100, ILL))
    assert [step.target.failures for step in steps] == [0, 1, 1, 2, 3]
    assert [step.rings for step in steps] == [False, False, False, False, True]


def visit(end: End, *, status: int | None = None, fault: Fault | None = None) -> Visit:
    return Visit(hops=(Hop(url="https://example.com/", status=status, seconds=0.1),), end=end, fault=fault)


@every(
    ("status", "health"),
    [(200, "well"), (204, "well"), (304, "well"), (404, "ill"), (410, "ill"), (500, "ill"), (503, "ill"), (0, "ill"),
     (401, "unknown"), (403, "unknown"), (405, "unknown"), (429, "unknown"), (999, "unknown")],
)  # fmt: skip
def test_what_a_status_says_of_readers(status: int, health: str) -> None:
    assert found_by(visit(End.ANSWER, status=status)) == (Health(health), str(status))


@every("fault", list(Fault))
def test_no_answer_is_a_failure_unless_it_is_ours(fault: Fault) -> None:
    expected = Health.UNKNOWN if fault in (Fault.PRIVATE, Fault.UNFIT) else Health.ILL
    assert found_by(visit(End.FAULT, fault=fault)) == (expected, str(fault))


@pytest.mark.parametrize("end", [End.LOOP, End.ENDLESS, End.NOWHERE])
def test_redirects_that_lead_nowhere_are_a_failure(end: End) -> None:
    assert found_by(visit(end, status=302)) == (Health.ILL, str(end))
