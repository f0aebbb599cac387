"""What the page on Salesforce says of calls: each with the time it was read at."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.pushing.orgs import opened

from mailwake.boards.salesforce_view import values
from mailwake.events import SECOND
from mailwake.pushing.office import REPORT, Office
from mailwake.pushing.standing import UNCONNECTED, standing
from mailwake.settings import parse

UTC = ZoneInfo("UTC")


def test_calls_say_when_they_were_read(tmp_path: Path) -> None:
    """What the office writes of itself is what the page reads, so that both mean the same by a time."""
    with opened(tmp_path) as place:
        settings = parse({"data": "."}, root=tmp_path)
        office = Office(place.desk, pushes=True)
        office.turn()
        (settings.data_folder / REPORT).write_text(json.dumps(office.told()), encoding="utf-8")
        told, now = standing(settings, place.house.store), place.desk.wall()
        used = place.desk.org.wire.usage
    assert used is not None
    assert told.calls_at is not None
    assert told.org_used_at is not None
    assert abs(told.calls_at - now) < 3_600 * SECOND
    assert abs(told.org_used_at - now) < 3_600 * SECOND
    shown, when = values(told, UTC), f"{datetime.fromtimestamp(now / SECOND, UTC):%-d %b %Y}"
    assert plain(shown["calls"]).startswith(f"{told.calls:,} of 5,000, as of {when}, ")
    assert plain(shown["org_calls"]).startswith(f"{used.used:,} of {used.allowed:,}, as of {when}, ")


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_calls_of_a_report_without_times_are_told_without() -> None:
    told = replace(UNCONNECTED, calls=5, daily_calls=10, org_used=7, org_allowed=20)
    assert (values(told, UTC)["calls"], values(told, UTC)["org_calls"]) == ("5 of 10", "7 of 20")
