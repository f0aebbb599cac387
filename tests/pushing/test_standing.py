"""What the page on Salesforce says of calls: each with the time it was read at."""

import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.blank import lay_out

from mailwake.boards.salesforce_view import values
from mailwake.pushing.office import REPORT
from mailwake.pushing.standing import UNCONNECTED, standing
from mailwake.settings import parse
from mailwake.store.crm import open_crm

UTC = ZoneInfo("UTC")
AT = 1_795_770_000


def test_calls_say_when_they_were_read(tmp_path: Path) -> None:
    report = {"written_at": AT + 60.0, "calls": 128, "org_usage": {"used": 19, "allowed": 15_000, "at": float(AT)}}
    settings = parse({"data": "."}, root=tmp_path)
    lay_out(tmp_path)
    (settings.data_folder / REPORT).write_text(json.dumps(report), encoding="utf-8")
    store = open_crm(tmp_path / "state.sqlite")
    told = standing(settings, store)
    store.close()
    assert (told.calls_at, told.org_used_at) == ((AT + 60) * 1_000_000, AT * 1_000_000)
    shown = values(told, UTC)
    assert shown["calls"].replace("\N{NO-BREAK SPACE}", " ") == "128 of 5,000, as of 27 Nov 2026, 09:01"
    assert shown["org_calls"].replace("\N{NO-BREAK SPACE}", " ") == (
        "19 of 15,000, as of 27 Nov 2026, 09:00, before the last of our calls"
    )


def test_calls_of_a_report_without_times_are_told_without() -> None:
    told = replace(UNCONNECTED, calls=5, daily_calls=10, org_used=7, org_allowed=20)
    assert (values(told, UTC)["calls"], values(told, UTC)["org_calls"]) == ("5 of 10", "7 of 20")
