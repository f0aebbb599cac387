"""A learned model in force: only one that stood its test, with a ledger that adds up, and back again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.insight import seeding
from tests.scoring.acts import act, ago, person
from tests.scoring.test_learning import MODEL, NOW, world

from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.insight.stores import Stores
from mailwake.scoring.answers import score_of
from mailwake.scoring.desk import Desk
from mailwake.scoring.force import Force, in_force, keep, known, learned_model, named, use
from mailwake.scoring.learning import NAMES, Learned, learn, numbers
from mailwake.scoring.model import ACTS, read_model
from mailwake.scoring.movers import movers
from mailwake.scoring.score import scored

SLOPES = {name: 0.1 * (place + 1) * (-1) ** (place == 4) for place, name in enumerate(NAMES)}
LEARNED = learned_model(MODEL, SLOPES)
TEXT = (Path(__file__).parents[2] / "src/mailwake/scoring/models/points-1.toml").read_text(encoding="utf-8")
KINDS = st.sampled_from(("replied", "clicked", "converted", "opened", "sent"))


@given(st.lists(st.tuples(KINDS, st.integers(0, 300), st.sampled_from(("Pricing", "The story")))))
def test_the_ledger_is_the_log_odds_shared_among_what_they_did(some: list[tuple[str, int, str]]) -> None:
    signals = [act(kind, days, label=label if kind == "clicked" else "") for kind, days, label in some]
    told = scored(person(*signals), LEARNED, now=ago(0))
    odds = sum(SLOPES[name] * each for name, each in zip(NAMES, numbers(signals, MODEL, now=ago(0)), strict=True))
    assert told.points == sum(entry.points for entry in told.ledger)
    assert told.points / 1_000 == pytest.approx(
        MODEL.half_points * odds / 0.6931471805599453, abs=0.001 * len(some) + 1e-6
    )
    assert told.score == pytest.approx(100 * max(0.0, 1 - 2.718281828459045**-odds), abs=0.51)
    assert {entry.act for entry in told.ledger} <= {*ACTS, "sent"}


def test_a_model_is_put_in_force_only_when_it_stood_its_test_and_taken_back(tmp_path: Path) -> None:
    stores = seeding.open_stores(tmp_path)
    leads = world(stores, people=2_200, is_upside_down=True)
    found = keep(stores.state, MODEL, learn(stores, leads, MODEL, now=NOW), now=NOW)
    assert found.is_better, found.why
    desk = Desk()
    force = Force(desk, stores.state)
    assert force.desk() is desk, "what is kept is not in force"
    story = next(each.handle for each in leads if _clicked(stores, each.handle, "The story"))
    before = score_of(stores, force.desk(), story, now=NOW)
    told = movers(stores, MODEL, named(stores.state, MODEL, found.model), desk.contacts, now=NOW)
    assert told.moved > 100
    assert in_force(stores.state, MODEL) is MODEL, "looking changes nothing"

    used = use(stores.state, MODEL, found.model)
    assert (used.model, used.before, used.known) == (found.model, MODEL.id, (MODEL.id, found.model))
    after = score_of(stores, force.desk(), story, now=NOW)
    assert (before.model, after.model) == (MODEL.id, found.model)
    assert after.millipoints == sum(entry.millipoints for entry in after.ledger) != before.millipoints
    assert force.desk() is force.desk(), "a ranking is kept as long as the model is the same"

    other = read_model(TEXT.replace("points = 15", "points = 16"), where="other")
    assert in_force(stores.state, other) is other, "it was learned beside other points"
    with pytest.raises(BadInput, match="learned beside other points"):
        use(stores.state, other, found.model)

    assert use(stores.state, MODEL, "points-1").model == MODEL.id
    assert score_of(stores, force.desk(), story, now=NOW) == before
    seeding.close(stores)


def test_what_was_refused_is_not_kept(stores: Stores) -> None:
    refused = Learned(is_better=False, why="refused", created=0, converted=0)
    assert keep(stores.state, MODEL, refused, now=NOW) is refused
    assert list(known(stores.state, MODEL)) == [MODEL.id]
    with pytest.raises(BadInput, match=f"there is no model 'learned-1'; there are {MODEL.id}"):
        use(stores.state, MODEL, "learned-1")


def test_no_file_is_a_learned_model() -> None:
    with pytest.raises(BadInput, match="stands in no file"):
        read_model(f"{TEXT}\n[learned]\nslopes = {{}}\n", where="own.toml")


def _clicked(stores: Stores, handle: Handle, label: str) -> bool:
    found = score_of(stores, Desk(), handle, now=NOW)
    return any(entry.label == label for entry in found.ledger)
