"""`mailwake workflow` over an installation whose dashboard does not run."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.insight import seeding
from tests.workflows.house import CLICK, MACHINE, PERSON

from mailwake.cli.workflow import check, run, show_all, switch_off, switch_on, try_out, why
from mailwake.cli.workflow.checking import check_rules
from mailwake.errors import BadInput
from mailwake.events import EventType, event_id
from mailwake.settings import load


def test_a_rule_is_checked_tried_run_explained_and_switched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "mailwake.toml"
    config.write_text('data = "."\n[tracking]\nbase_url = "https://track.example.com"\n', encoding="utf-8")

    def said() -> str:
        return capsys.readouterr().out

    show_all(config=str(config))
    assert "there are none yet" in said()
    (tmp_path / "workflows").mkdir()
    rule = tmp_path / "workflows" / "tell.toml"
    rule.write_text(CLICK.replace("[task]", "[taks]"), encoding="utf-8")
    with pytest.raises(SystemExit):
        check(config=str(config))
    assert "did you mean task?" in said()
    (found,) = check_rules(load(config))
    assert (found.state, found.check) == ("problem", "rules")
    assert "tell.toml cannot be used" in found.line
    rule.write_text(CLICK, encoding="utf-8")
    check(config=str(config))
    assert "tell: click → task" in said()
    assert [each.state for each in check_rules(load(config))] == ["ok"]
    run(once=True, config=str(config))
    now = time.time()
    stores = seeding.open_stores(tmp_path)
    mail = seeding.sending(stores, "Autumn", start=datetime.fromtimestamp(now, UTC))
    mail.people(["ada@example.com"])
    mail.add(EventType.SENT, 0, -3600)
    for number, verdict in enumerate((PERSON, MACHINE)):
        mail.add(EventType.CLICKED, 0, -1000 - number, link=2, role="cta", id=event_id("c", number), **verdict)
    mail.write()
    seeding.close(stores)
    try_out("tell", days=1, config=str(config))
    told = said()
    assert "would have acted 0 times" in told
    assert "1 kept back: this person is no contact" in told
    assert "1 clicks and notices never looked at: it is not as sure" in told
    run(once=True, config=str(config), as_json=True)
    assert '"entered": 0' in said()
    why("ada@example.com", config=str(config))
    told = said()
    assert "nothing, it happened before the rule was there" in told
    assert "nothing, it is not as sure as the rule wants that a person did it" in told
    switch_off("tell", config=str(config))
    show_all(config=str(config))
    assert "off: switched by" in said()
    switch_on("all", config=str(config))
    with pytest.raises(BadInput, match="there are: tell"):
        switch_off("tel", config=str(config))
    with pytest.raises(BadInput, match="--once"):
        run(config=str(config))


def test_doctor_tells_what_the_last_turn_told(tmp_path: Path) -> None:
    config = tmp_path / "mailwake.toml"
    config.write_text('data = "."\n', encoding="utf-8")
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "tell.toml").write_text(CLICK, encoding="utf-8")

    def found(**told: object) -> list[tuple[str, str]]:
        (tmp_path / "workflows.json").write_text(json.dumps(told), encoding="utf-8")
        return [(each.state, each.line.partition(";")[0]) for each in list(check_rules(load(config)))[1:]]

    assert found(fault=None, rules={"tripped": 0}, unfinished=0) == []
    assert found(fault="the disk is full", rules={"tripped": 1}, unfinished=3) == [
        ("problem", "they stand still: the disk is full"),
        ("warning", "1 switched themselves off, because they acted too often"),
        ("ok", "3 decisions wait for an action to be done"),
    ]
