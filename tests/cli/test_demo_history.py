"""The letters that a demo begins with have what real ones have: reasons beside verdicts, and a holdout that tells."""

import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from tests.blank import lay_out

from mailwake.cli.demo.history import FRESH, HELD_LETTER, LETTERS, write_history
from mailwake.cli.demo.kept import GOALS
from mailwake.cli.demo.past import RULESET
from mailwake.cli.demo.past_trials import QUESTION, TRIALS
from mailwake.clickmap.sheet import Badge, draw
from mailwake.comparing.pace import pace
from mailwake.comparing.timing import timing
from mailwake.earnings import keeper as goals
from mailwake.earnings.report import campaign_conversions
from mailwake.events import Handle, Micros, TemplateId
from mailwake.experiments.deciding import BY_RULE
from mailwake.experiments.library import library
from mailwake.experiments.results import result
from mailwake.insight.click_map import Asked, click_map
from mailwake.insight.report import campaign_report, find
from mailwake.insight.stores import Stores
from mailwake.people.person import person
from mailwake.simulate.agents import load_dials
from mailwake.simulate.people import make_people
from mailwake.simulate.places import load_world
from mailwake.store.events import open_events
from mailwake.store.state import open_state


@pytest.fixture(scope="module")
def now() -> Micros:
    return Micros(time.time_ns() // 1_000)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, now: Micros) -> Iterator[Stores]:
    """Seven hundred readers, and thirty who left one by one."""
    folder = tmp_path_factory.mktemp("demo")
    people = make_people(730, seed=7, world=load_world(), dials=load_dials())
    lay_out(folder)
    write_history(folder, people[:700], now=now, seed=7, former=people[700:])
    state, events = open_state(folder / "state.sqlite"), open_events(folder / "events.duckdb")
    yield Stores(state=state, events=events, zone=ZoneInfo("UTC"))
    events.close()
    state.close()


@pytest.mark.long
def test_planted_letters_say_why_and_one_says_what_it_added(stores: Stores, now: Micros) -> None:
    for name, _ in LETTERS[::5]:
        found = campaign_report(stores, find(stores, name)).machines
        assert found is not None
        assert {each.code: each.clicks for each in found.reasons} == {"delay": found.clicks, "network": found.clicks}
    name, value = GOALS[0]["name"], GOALS[0]["value"]
    goals.add(stores.state, name, value=value, currency=GOALS[0]["currency"], window_days=14, now=now, by="test")
    lift = campaign_conversions(stores, find(stores, HELD_LETTER), now=now).lift
    assert lift is not None
    assert lift.standing == "higher"
    assert lift.low is not None
    assert 0 < lift.low < 0.06 < (lift.high or 0), "what was made up, 6 points, lies within"
    assert not lift.is_open


@pytest.mark.long
def test_the_past_has_something_of_everything(stores: Stores, now: Micros) -> None:
    tallies = [campaign_report(stores, find(stores, name)) for name, _ in LETTERS]
    assert all(each.tally.opened.possible and each.tally.clicked.machine for each in tallies)
    assert all(each.tally.unsubscribed or each.tally.complained for each in tallies)
    assert {rules.id for each in tallies for rules in each.rulesets} == {RULESET}
    assert timing(stores, now=now).opened.best.hour in (7, 8, 9)
    rows = stores.events.ask("rule_signals", since=0, until=now, grade=2)
    assert max(row["happened_at"] for row in rows) <= now, "nothing is known of what is to come"
    readers = {row["recipient"] for row in rows if row["type"] == "clicked"}
    told = [person(stores, address) for address in stores.state.addresses(map(Handle, readers)).values()]
    assert sum(each.returns for each in told) > 5
    assert any(copy.forward for each in told for copy in each.copies)


def test_who_left_is_mailed_no_more(stores: Stores) -> None:
    left = stores.state.holding()
    assert {each.reason for each in left} == {"unsubscribed", "complained"}
    assert len(left) == 30


@pytest.mark.long
def test_the_newest_letter_is_two_hours_old_and_can_be_forecast(stores: Stores, now: Micros) -> None:
    found = pace(stores, find(stores, FRESH), now=now)
    assert found.opened.ending.rate is not None
    assert found.opened.ending.earlier > 0


def test_experiments_of_the_past_were_decided_by_their_own_rule(stores: Stores) -> None:
    found = [result(stores, each) for each in stores.state.experiments()]
    assert {each.experiment.name for each in found} == {each.name for each in TRIALS.values()}
    assert not any(each.is_blocked for each in found)
    won = [each for each in found if each.experiment.decided_by == BY_RULE]
    assert won
    assert all(each.experiment.winner == each.winner == each.leader for each in won)
    effect = next(each.effect for each in library(found) if each.about == QUESTION)
    assert effect is not None
    assert effect.mean > 0


def test_a_difference_of_two_letters_says_something_and_every_link_has_its_place(stores: Stores) -> None:
    campaign = find(stores, "Larkspur letter 7")
    first, second = click_map(stores, campaign, Asked()).mails
    asked = Asked(template=int(second.template), versus=int(first.template))
    changes = {spot.label: spot.change for spot in click_map(stores, campaign, asked).spots}
    assert changes["Book a call"] is not None
    assert changes["Book a call"].standing == "higher"
    for template in (first, second):
        html = stores.state.html(TemplateId(int(template.template))) or b""
        badges = [Badge(number=number, text="1", label="") for number in (1, 2)]
        assert draw(html, badges).in_place == {1, 2}
