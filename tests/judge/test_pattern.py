"""Several links at once."""

from typing import Any

import pytest
from tests.judge.world import MICROSOFT, NOTHING, PERSON, cells, clicked, delivered, judged, opened, p


def clicks(*at: float, links: int = 8, **facts: Any) -> dict[int, set[str]]:
    """Clicks on links 1, 2, 3 … at these times."""
    return cells([delivered(), *(clicked(n, t, link=n, links=links, **facts) for n, t in enumerate(at, 1))])


@pytest.mark.parametrize(("count", "cell"), [(2, "2"), (3, "3"), (4, "4"), (7, "5")])
def test_links_within_a_second_are_counted(count: int, cell: str) -> None:
    assert f"within_1_s.{cell}" in clicks(*(9000 + n / 10 for n in range(count)), **PERSON)[1]


def test_where_nobody_is_told_apart_the_cells_are_others() -> None:
    found = clicks(9000, 9000.1, **NOTHING)[1]
    assert {"within_1_s.unnamed_2", "links_followed.unnamed_2"} <= found


def test_retries_of_one_link_are_no_burst() -> None:
    found = cells([delivered(), *(clicked(n, 9000 + n / 10, link=4, **PERSON) for n in range(1, 6))])
    assert all("within_1_s.1" in each for each in found.values())


def test_a_scanner_that_changes_its_agent_per_request_is_still_a_burst() -> None:
    fleet = [clicked(n, 9000 + n / 10, link=n, **MICROSOFT | {"agent": n, "network": n}) for n in range(1, 6)]
    found = cells([delivered(), *fleet])[3]
    assert {"anyone_within_1_s.5", "strangers.5", "within_1_s.1"} <= found


def test_a_tab_opener_at_home_stays_a_person() -> None:
    verdicts = judged([delivered(), clicked(1, 9000, link=1, **PERSON), clicked(2, 9001.5, link=2, **PERSON)])
    assert all(p(verdict) > 0.5 for verdict in verdicts.values())


def test_the_step_to_the_next_link_is_told() -> None:
    assert "next_link.from_300_ms" in clicks(9000, 9000.4, **PERSON)[1]
    assert "next_link.alone" in clicks(9000, **PERSON)[1]


@pytest.mark.parametrize(("count", "part"), [(2, "some"), (6, "most"), (8, "all")])
def test_how_much_of_the_message_was_followed(count: int, part: str) -> None:
    assert f"coverage.{part}" in clicks(*(100.0 * n for n in range(1, count + 1)), **PERSON)[1]


def test_even_steps_are_a_machines() -> None:
    assert "order.regular" in clicks(100, 101, 102, 103, 104, **PERSON)[1]
    assert "order.document" in clicks(100, 107, 109, 130, **PERSON)[1]


def test_opens_are_no_part_of_a_pattern() -> None:
    found = cells([delivered(), *(opened(n, 9000 + n / 10, **PERSON) for n in range(1, 6))])
    assert not any(name.startswith(("within", "links")) for each in found.values() for name in each)


def test_several_programs_on_one_network_are_counted() -> None:
    scene = [clicked(n, 9000 + 60 * n, link=n, **MICROSOFT | {"agent": n}) for n in range(1, 4)]
    assert "programs.3" in cells([delivered(), *scene])[1]
