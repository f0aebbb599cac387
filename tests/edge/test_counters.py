"""The counts of a worker, and the file that others read them from."""

import json
from pathlib import Path

from mailwake.edge.counters import Counters, write_report


def test_a_refusal_is_counted_under_its_reason() -> None:
    counters = Counters()
    for reason in ("seal", "seal", "host"):
        counters.reject(reason)
    assert counters.report()["rejected"] == 3
    assert counters.report()["reasons"] == {"host": 1, "seal": 2}


def test_a_report_is_written_whole_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "edge-0.json"
    write_report(path, Counters(received=3).report(worker=0))
    assert json.loads(path.read_text(encoding="utf-8"))["received"] == 3
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["edge-0.json"]
