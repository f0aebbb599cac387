"""What was lost lately is the difference to the hourly record, wherever in it the line stands."""

import json
from pathlib import Path

import pytest

from mailwake.monitoring.conservation import RECORD, Balance, State, Sum
from mailwake.monitoring.losses import DAYS, Loss, lost_lately

DAY = 86_400_000_000
NOW = 20_000 * DAY


def balance(*, damaged: int, dead: int = 0) -> Balance:
    right = {"applied": 1, "damaged": damaged, "dead": dead}
    return Balance(kind=Sum.PIPELINE, name="edge-0", left=sum(right.values()), right=right, state=State.HOLDS)


def write(data: Path, *lines: str) -> None:
    (data / RECORD).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def hour(days_ago: int, damaged: int) -> str:
    requests = {"kind": "requests", "name": "edge-0", "right": {"recorded": 1}}
    found = {"kind": "pipeline", "name": "edge-0", "right": {"damaged": damaged, "dead": 0}}
    return json.dumps({"at": NOW - days_ago * DAY, "balances": [requests, found]} | {"x": "y" * (days_ago % 7)})


@pytest.mark.parametrize("first", [0, 1, 2, 29, 30, 31, 32, 33, 60, 400])
def test_the_line_of_thirty_days_ago_is_found_however_many_there_are(tmp_path: Path, first: int) -> None:
    """Every day one more is lost."""
    write(tmp_path, *(hour(days_ago, first - days_ago) for days_ago in range(first, -1, -1)))
    assert [loss.damaged for loss in lost_lately(tmp_path, [balance(damaged=first)], now=NOW)] == (
        [min(first, DAYS)] if first else []
    )


@pytest.mark.parametrize("lines", [(), ("",), ("{",), ("[]",), ('{"at": 1}',), ('{"at": 1, "balances": [{}]}',)])
def test_without_a_record_that_can_be_read_all_of_it_is_told(tmp_path: Path, lines: tuple[str, ...]) -> None:
    write(tmp_path, *lines)
    assert lost_lately(tmp_path, [balance(damaged=3, dead=2)], now=NOW) == [Loss(writer="edge-0", damaged=3, dead=2)]
    (tmp_path / RECORD).unlink()
    assert lost_lately(tmp_path, [balance(damaged=3, dead=2)], now=NOW) == [Loss(writer="edge-0", damaged=3, dead=2)]


def test_sums_that_are_not_known_lost_nothing(tmp_path: Path) -> None:
    unknown = Balance(kind=Sum.PIPELINE, name="relay", left=4, right={}, state=State.UNKNOWN)
    assert lost_lately(tmp_path, [unknown], now=NOW) == []
