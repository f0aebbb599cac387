"""What pages are made of is asked before somebody visits them, on a large store."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailwake.cli import warming
from mailwake.comparing.pace import checkpoints
from mailwake.errors import Unavailable
from mailwake.events import Micros
from mailwake.insight.dialects import definitions
from mailwake.insight.report import campaign_report, overview
from mailwake.insight.stores import Stores
from mailwake.scoring.desk import Desk
from mailwake.serving import patience
from mailwake.store.answers import visits
from mailwake.store.answers.opening import visits_of
from mailwake.store.answers.remembered import Remembered

NOW = Micros(1_793_613_605_000_000)


class Counting:
    """A store that notes what it is asked."""

    def __init__(self, store: Any) -> None:
        self._store, self.asked, self.is_away = store, list[str](), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def ask(self, question: str, **parameters: int | str) -> Any:
        if self.is_away:
            raise Unavailable("away")
        self.asked.append(question)
        return self._store.ask(question, **parameters)


@pytest.fixture
def counting(stores: Stores) -> Counting:
    return Counting(stores.events)


@pytest.fixture
def kept(stores: Stores, counting: Counting) -> Stores:
    wanted: Any = counting
    return replace(stores, events=Remembered(wanted))


@pytest.mark.long
def test_who_looks_after_it_asks_the_store_nothing(kept: Stores, counting: Counting) -> None:
    warming.ask_all(kept, Desk(), NOW, lambda: False)
    assert counting.asked
    counting.asked.clear()
    overview(kept)
    for campaign in kept.state.campaigns():
        campaign_report(kept, campaign)
        checkpoints(kept, campaign, now=NOW)
        definitions(kept, campaign)
    assert counting.asked == []


def test_who_looks_at_a_page_comes_before_what_is_asked_beforehand(
    kept: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested = list[float]()
    monkeypatch.setattr(visits, "_STEP_SECONDS", 0.0)
    monkeypatch.setattr(visits_of(kept.events), "give_way", rested.append)
    warming.ask_all(kept, Desk(), NOW, lambda: False)
    assert len(rested) > 10


def test_enough_is_enough(kept: Stores, counting: Counting) -> None:
    warming.ask_all(kept, Desk(), NOW, lambda: True)
    assert "campaign_counts" not in counting.asked, "all campaigns, and no single one"


def test_a_small_store_is_asked_nothing(kept: Stores, counting: Counting, tmp_path: Path) -> None:
    (tmp_path / "events").write_bytes(b"x" * 100)
    warming.start(tmp_path / "events", kept, Desk(), lambda: NOW, fullness=lambda: 0.0)()
    assert counting.asked == []


@pytest.mark.parametrize("is_away", [False, True])
def test_a_stop_ends_it_and_a_store_that_is_away_harms_nobody(
    kept: Stores, counting: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_away: bool
) -> None:
    monkeypatch.setattr(patience, "LARGE_BYTES", 0)
    counting.is_away = is_away
    (tmp_path / "events").write_bytes(b"x")
    warming.start(tmp_path / "events", kept, Desk(), lambda: NOW, fullness=lambda: 0.0)()
    assert not [thread for thread in threading.enumerate() if thread.name == "warming up"]
