"""An experiment is made once, sent once and decided once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailwake.events import Micros
from mailwake.store.state import StateStore, open_state


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    store = open_state(tmp_path / "state.sqlite")
    yield store
    store.close()


def test_what_was_put_comes_back_and_nothing_is_decided_twice(state: StateStore) -> None:
    campaign = state.campaign("Spring", now=Micros(1)).id
    given = {"salt": b"s" * 16, "design": {"metric": "m"}, "letters": [b"one", b"two"], "now": Micros(2), "by": "ann"}
    made = state.put_experiment("Subjects", campaign, **given)  # type: ignore[arg-type]  # values of many kinds
    assert made is not None
    assert state.put_experiment("Subjects", campaign, **given) is None  # type: ignore[arg-type]  # as above
    assert state.experiment("Subjects") == made
    assert state.experiment("subjects") is None
    assert (made.salt, made.design, made.sent, made.winner) == (b"s" * 16, {"metric": "m"}, {}, None)
    assert state.experiment_letters(made.id) == [b"one", b"two"]
    other = state.put_experiment("Draft", campaign, **given)  # type: ignore[arg-type]  # as above
    assert other is not None
    assert state.delete_draft(other.id)
    assert state.experiment_letters(other.id) == []
    assert not state.delete_draft(other.id)
    assert not state.put_experiment_sent(other.id, {"planned": 3}), "a mailing that began a moment before hears of it"
    assert state.put_experiment_sent(made.id, {"planned": 3})
    assert not state.delete_draft(made.id)
    assert state.decide_experiment(made.id, 1, now=Micros(3), by="rule", why="higher")
    assert not state.decide_experiment(made.id, 0, now=Micros(4), by="ann", why="no")
    (found,) = state.experiments()
    assert (found.sent, found.winner, found.decided_by, found.why) == ({"planned": 3}, 1, "rule", "higher")
    assert "ssss" not in repr(found)
