"""A state store in a folder of its own, and name servers that a test holds in its hand."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock

import pytest

from mailwake.atlas.exchangers import NoAnswer
from mailwake.hygiene.domains import CONTROL
from mailwake.store.state import Route, StateStore, open_state

MAIL = ("mx.example",), Route.EXCHANGERS


class World:
    """Answers for the domains it was told of; of others there is no such name; None: it keeps silent."""

    def __init__(self, known: Mapping[str, tuple[tuple[str, ...], Route] | None] | None = None) -> None:
        self.known = {CONTROL: MAIL, **(known or {})}
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self._lock = Lock()

    def route(self, domain: str) -> tuple[tuple[str, ...], Route]:
        with self._lock:
            self.asked[domain] += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self.known.get(domain, ((), Route.NO_DOMAIN))
            if answer is None:
                raise NoAnswer("Timeout")
            return answer
        finally:
            with self._lock:
                self.at_once -= 1


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    store = open_state(tmp_path / "state.sqlite")
    yield store
    store.close()
