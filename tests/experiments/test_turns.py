"""The role that runs the pipeline decides and mails the rest, and may be cut off anywhere."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.experiments.trials import NOW, Copies, trial
from tests.insight import seeding

from mailwake.cli.init import make
from mailwake.experiments.lists import kept_list
from mailwake.experiments.turns import AGAIN_SECONDS, Turns
from mailwake.insight.stores import Stores
from mailwake.settings import Settings, load


class Started:
    """Runs of the command that only say how they ended."""

    def __init__(self) -> None:
        self.words: list[list[str]] = []
        self.ends_with = 0
        self.stop = threading.Event()

    def __call__(self, words: list[str]) -> subprocess.Popen[bytes]:
        self.words.append(words)
        run = subprocess.Popen(["sh", "-c", f"exit {self.ends_with}"] if self.ends_with >= 0 else ["sleep", "60"])
        if self.ends_with < 0:
            self.stop.set()
        return run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    return load(tmp_path / "mailwake.toml")


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    opened = seeding.open_stores(settings.data_folder)
    won = [Copies(sent=100, people=10), Copies(sent=100, people=60)]
    for name, copies in (("-Won", won), ("Even", [Copies(sent=100, people=20)] * 2)):
        found = trial(opened, name, copies, baseline=0.1, share=0.5)
        path = kept_list(settings.data_folder, found)
        path.parent.mkdir(exist_ok=True)
        path.write_text("email\n")
    yield opened
    seeding.close(opened)


def test_a_winner_is_mailed_to_the_rest_until_nobody_waits(settings: Settings, stores: Stores) -> None:
    runs = Started()
    turns = Turns(settings, stores.events, config="mailwake.toml", stop=runs.stop, start=runs)
    runs.ends_with = 1
    turns.turn(stores, now=NOW)
    kept = stores.state.experiment("-Won")
    even = stores.state.experiment("Even")
    assert kept is not None
    assert even is not None
    assert (kept.winner, kept.decided_by, even.winner) == (1, "rule", None)
    assert [words[1:] for words in runs.words] == [
        ["-m", "mailwake", "experiment", "send", "--config", "mailwake.toml", "--", "-Won"]
    ]
    turns.turn(stores, now=NOW)
    assert len(runs.words) == 1  # it did not reach everybody: not again at once
    later = seeding.micros(3 * 86_400 + AGAIN_SECONDS)
    turns.turn(stores, now=later)
    assert len(runs.words) == 2
    again = Turns(settings, stores.events, config="mailwake.toml", stop=runs.stop, start=runs)
    runs.ends_with = 0
    again.turn(stores, now=later)  # after a restart it is found to be done, and done again
    assert len(runs.words) == 3
    stray = kept_list(settings.data_folder, kept).with_stem("999")
    stray.write_text("email\nof somebody whose experiment was deleted\n")
    kept_list(settings.data_folder, kept).unlink()
    again.turn(stores, now=later)
    assert len(runs.words) == 3
    assert not stray.exists()
    assert kept_list(settings.data_folder, even).exists()


def test_a_run_under_way_is_ended_in_order_when_the_role_stops(settings: Settings, stores: Stores) -> None:
    runs = Started()
    runs.ends_with = -1
    Turns(settings, stores.events, config="mailwake.toml", stop=runs.stop, start=runs).turn(stores, now=NOW)
    assert len(runs.words) == 1
    assert runs.stop.is_set()
