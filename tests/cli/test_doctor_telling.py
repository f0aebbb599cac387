"""The doctor says who takes nothing and whom a report did not reach, and what to do."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from mailwake.bulletins.schedule import KIND as REPORT
from mailwake.bulletins.schedule import KNOWN, period
from mailwake.cli.doctor import Finding
from mailwake.cli.doctor.telling import examine_telling
from mailwake.cli.init import make
from mailwake.events import Micros
from mailwake.notifying.courier import KIND, Place
from mailwake.settings import Settings, load
from mailwake.store.state import StateStore, open_state

SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
TOLD = """
[notify.crm]
url = "https://crm.example.com/hook"
secrets = ["env:HOOK"]

[reports.daily]
recipients = ["ann@example.com", "ben@example.com"]
sender = "reports@example.com"
weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
hour = 8
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOOK", SECRET)
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=False)
    config = tmp_path / "mailwake.toml"
    assert list(examine_telling(load(config))) == [], "nothing is said where nobody is told"
    config.write_text(config.read_text() + TOLD)
    return load(config)


def found(settings: Settings) -> dict[str, Finding]:
    return {each.check: each for each in examine_telling(settings)}


def now() -> Micros:
    return Micros(time.time_ns() // 1_000)


def state_of(settings: Settings) -> StateStore:
    return open_state(settings.data_folder / "state.sqlite")


def test_an_endpoint_that_takes_nothing_is_found_with_what_to_type(settings: Settings) -> None:
    assert found(settings)["notify"].state == "unknown", "nothing ran here yet"
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    state = state_of(settings)
    assert found(settings)["notify"].line.endswith("`mailwake notify test crm` tries it")
    hours = {"failing_since": now() - 2 * 3_600_000_000, "last_error": "it answered 500", "tries": 4}
    for place, wanted, said in (
        (Place(position=0, taken=12), "ok", "crm: 12 taken, 0 laid aside"),
        (Place(position=0, tries=1, failing_since=now(), last_error="away"), "warning", "takes nothing (away), try 2"),
        (msgspec.convert({"position": 0, **hours}, Place), "problem", "look at https://crm.example.com/hook"),
        (Place(position=0, disabled="it answered 410: gone"), "problem", "then `mailwake notify enable crm`"),
    ):
        state.put_job(KIND, "crm", data=msgspec.to_builtins(place), now=now())
        told = found(settings)["notify"]
        assert told.state == wanted
        assert said in told.line
    state.close()


def test_what_cannot_be_is_a_problem_that_names_the_option(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    state_of(settings).close()
    monkeypatch.setenv("HOOK", "no secret")
    told = found(settings)
    assert told["notify"].state == "problem"
    assert "notify.crm.secrets" in told["notify"].line
    assert told["reports"].state == "ok"


def test_a_report_that_did_not_reach_everybody_is_found(settings: Settings) -> None:
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    state = state_of(settings)
    assert found(settings)["reports"].state == "ok"
    assert ", to 2" in found(settings)["reports"].line
    state.put_job(KNOWN, "daily", data={}, now=Micros(now() - 3 * 86_400_000_000))
    due = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    at = due if due <= datetime.now(UTC) else due - timedelta(days=1)
    state.put_job(REPORT, period("daily", at), data={"has": ["ann@example.com"]}, now=now())
    told = found(settings)["reports"]
    assert told.state == "warning"
    assert "1 of 2 have that of" in told.line
    state.put_job(REPORT, period("daily", at), data={"has": ["ann@example.com", "ben@example.com"]}, now=now())
    assert found(settings)["reports"].state == "ok"
    state.close()
