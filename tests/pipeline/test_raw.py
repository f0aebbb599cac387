"""Raw user agents and shortened addresses: kept where it is asked for, by the day, and nowhere else."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.pipeline.house import AGGREGATE, House, after, hit, sent

from mailwake.events import SECOND, EventType, Micros
from mailwake.pipeline.raw import outdated

DAY = 86_400 * SECOND


@pytest.mark.parametrize("keep_raw_days", [0, 3])
def test_a_hit_leaves_its_agent_and_its_network_beside_the_stores_where_that_is_asked_for(
    tmp_path: Path, keep_raw_days: int
) -> None:
    house = House(tmp_path, keep_raw_days=keep_raw_days)
    house.work(sent(1), hit(EventType.OPENED, 60), hit(EventType.OPENED, 61, delivery=2, modes=AGGREGATE))
    opened = house.row(EventType.OPENED)
    house.close()
    files = list((tmp_path / "raw").glob("*"))
    if not keep_raw_days:
        assert files == []
        return
    (file,) = files
    assert file.name == f"{datetime.fromtimestamp(after(60) // SECOND, UTC):%Y-%m-%d}.jsonl"
    assert file.stat().st_mode & 0o077 == 0
    (line,) = map(json.loads, file.read_text().splitlines())
    assert (line["event"], line["network"]) == (str(opened.id), "203.0.113.0/24")
    assert line["agent"].startswith("Mozilla/5.0")


def test_a_days_file_goes_before_any_of_its_hits_is_too_old(tmp_path: Path) -> None:
    for day in ("2026-11-20", "2026-11-23", "2026-11-24", "2026-11-26"):
        (tmp_path / f"{day}.jsonl").touch()
    (tmp_path / "notes.jsonl").touch()
    now = Micros(int(datetime(2026, 11, 26, 23, 59, tzinfo=UTC).timestamp()) * SECOND)
    assert [path.stem for path in outdated(tmp_path, 3, now=now)] == ["2026-11-20", "2026-11-23"]
    assert len(outdated(tmp_path, 0, now=now)) == 4
    assert outdated(tmp_path / "none", 3, now=now) == []
