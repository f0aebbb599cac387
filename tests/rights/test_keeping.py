"""What people are told of how long is what the settings make happen."""

from pathlib import Path
from typing import Any

from mailwake.rights.keeping import periods
from mailwake.settings import parse


def days(tmp_path: Path, **sections: Any) -> dict[str, int | None]:
    return {each.what: each.days for each in periods(parse(sections, root=tmp_path))}


def test_each_period_is_the_settings_own(tmp_path: Path) -> None:
    told = days(
        tmp_path,
        log={"keep_days": 9},
        privacy={"individual_days": 500, "deliverability_days": 300, "set_aside_days": 12, "unread_days": 17},
        tracking={"keep_raw_days": 3, "record_days": 450},
    )
    assert {9, 500, 300, 12, 17, 3, 450} <= set(told.values())
    assert told["events of single mails, without address and program"] == 500


def test_what_is_not_kept_is_told_as_not_kept(tmp_path: Path) -> None:
    told = days(tmp_path, tracking={"opens": "aggregate", "clicks": "aggregate"})
    assert told["the day of the last open, where nothing else is recorded of opens"] == 0
    assert told["what a Salesforce org is told, copy by copy"] == 0
    assert told["user agents and shortened network addresses of opens and clicks"] == 0
