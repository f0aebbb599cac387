"""What a command writes to an org stands in the audit log, however it ended."""

import time
from pathlib import Path

from tests.pushing.orgs import NOW, opened
from typer.testing import CliRunner

from mailwake.cli import build
from mailwake.store.audit import Wanted, same_database


def test_a_push_and_an_undo_in_vain_are_lines(tmp_path: Path) -> None:
    with opened(tmp_path) as place:
        place.house.events.close()
        config = tmp_path / "mailwake.toml"
        section = {"login": place.emulator.url, "client_id": "mailwake", "username": "integration@example.com"}
        lines = [f'{name} = "{value}"' for name, value in section.items()]
        config.write_text("\n".join(['data = "."', "[salesforce]", 'key = "file:key.pem"', *lines]), encoding="utf-8")
        place.order("clock", thaw=True)
        place.order("clock", advance=time.time() - NOW / 1_000_000)
        for words in (["push"], ["undo", "nothing"], ["push", "--dry-run"]):
            CliRunner().invoke(build(("salesforce", "keys")), ["salesforce", *words, "--config", str(config)])
        found = same_database(place.desk.around.state).lines(Wanted(), limit=9)
    undone, pushed = found
    assert (pushed.action, pushed.outcome, pushed.actor_kind) == ("salesforce.pushed", "ok", "command line")
    assert (undone.action, undone.object, undone.outcome) == ("salesforce.undone", "nothing", "failed")
