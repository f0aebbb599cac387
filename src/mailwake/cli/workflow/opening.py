"""Opens what commands on rules need: the stores, and the desk over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from mailwake.cli.report.asking import answer_of
from mailwake.insight.stores import Stores, zone_named
from mailwake.settings import Settings
from mailwake.store.events import open_events
from mailwake.store.state import open_state
from mailwake.workflows import answers
from mailwake.workflows.desk import Desk
from mailwake.workflows.opening import opened_desk


@contextmanager
def stores_of(settings: Settings) -> Iterator[Stores]:
    """The stores of an installation whose dashboard does not run, for writing."""
    with ExitStack() as opened:
        events = open_events(settings.data_folder / "events.duckdb")
        opened.callback(events.close)
        state = open_state(settings.data_folder / "state.sqlite")
        opened.callback(state.close)
        yield Stores(state=state, events=events, zone=zone_named(settings.web.timezone))


def asked(settings: Settings, path: str, ask: Callable[[Desk], msgspec.Struct]) -> bytes:
    """What a running dashboard answers, or what the stores say when there is none."""

    def answer(stores: Stores) -> bytes:
        with opened_desk(settings, stores) as desk:
            return answers.to_json(ask(desk))

    return answer_of(settings, path, answer)
