"""The letters that a demo begins with have what real ones have: reasons beside verdicts, and a holdout that tells."""

import time
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.blank import lay_out

from mailwake.cli.demo.history import HELD_LETTER, LETTERS, write_history
from mailwake.cli.demo.kept import GOALS
from mailwake.earnings import keeper as goals
from mailwake.earnings.report import campaign_conversions
from mailwake.events import Micros
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores
from mailwake.simulate.agents import load_dials
from mailwake.simulate.people import make_people
from mailwake.simulate.places import load_world
from mailwake.store.events import open_events
from mailwake.store.state import open_state


def test_planted_letters_say_why_and_one_says_what_it_added(tmp_path: Path) -> None:
    people = make_people(700, seed=7, world=load_world(), dials=load_dials())
    now = Micros(time.time_ns() // 1_000)
    lay_out(tmp_path)
    write_history(tmp_path, people, now=now, seed=7)
    state, events = open_state(tmp_path / "state.sqlite"), open_events(tmp_path / "events.duckdb")
    stores = Stores(state=state, events=events, zone=ZoneInfo("UTC"))
    for name, _ in LETTERS[::5]:
        found = campaign_report(stores, find(stores, name)).machines
        assert found is not None
        assert {each.code: each.clicks for each in found.reasons} == {"delay": found.clicks, "network": found.clicks}
    name, value = GOALS[0]["name"], GOALS[0]["value"]
    goals.add(state, name, value=value, currency=GOALS[0]["currency"], window_days=14, now=now, by="test")
    lift = campaign_conversions(stores, find(stores, HELD_LETTER), now=now).lift
    assert lift is not None
    assert (lift.held.people, lift.mailed.people) == (140, 560)  # type: ignore[union-attr]  # it can be said
    assert lift.standing == "higher"
    assert lift.low is not None
    assert 0 < lift.low < 0.06 < (lift.high or 0), "what was made up, 6 points, lies within"
    assert not lift.is_open
    events.close()
    state.close()
