"""What the sub-commands share: who is asked about, and who can answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from mailwake.cli.logs import configure
from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.insight.stores import Stores, zone_named
from mailwake.rights.errands import do_here_or_ask
from mailwake.rights.opening import Opened, opened
from mailwake.settings import Settings, load
from mailwake.store.events import EventStore
from mailwake.store.rights.ledger import RightsStore, open_rights
from mailwake.store.state import StateStore, open_state

#: an erasure that waits for an org, or an export of a long life
PATIENCE_SECONDS = 300.0


class Asking:
    """One installation, and whoever owns its event store.

    Args:
        settings: of the installation.
        state: who people are.
        rights: where one asks.
    """

    def __init__(self, settings: Settings, state: StateStore, rights: RightsStore) -> None:
        self.settings, self.state, self.rights = settings, state, rights

    def handle(self, address: str) -> Handle:
        """Of somebody who is known.

        Raises:
            BadInput: nobody is known by this address, or it is none.
        """
        found = self.state.known_handles([address]).get(address)
        if found is not None:
            return found
        erased = self.rights.was_erased(address)
        if erased is None:
            raise BadInput(f"nobody is known by {address[:320]}; spelling of the part before @ matters")
        raise BadInput(f"nobody is known by this address; whoever had it was erased, certificate {erased.id}")

    def do(self, kind: str, asked: Mapping[str, Any]) -> bytes:
        """Have something done, here where nobody owns the event store, else by its owner."""

        def here(events: EventStore) -> bytes:
            zone = zone_named(self.settings.web.timezone)
            with opened(self.settings, Stores(state=self.state, events=events, zone=zone)) as found:
                return _done(found, kind, asked)

        return do_here_or_ask(
            self.settings.data_folder, self.rights, kind, asked, here=here, patience_seconds=PATIENCE_SECONDS
        )


def _done(found: Opened, kind: str, asked: Mapping[str, Any]) -> bytes:
    return found.office().doings[kind](asked)


@contextmanager
def asking(config: str) -> Iterator[Asking]:
    """An installation, for one command."""
    settings = load(config)
    configure(settings.logging, "command")
    path = settings.data_folder / "state.sqlite"
    if not path.exists():
        raise BadInput(f"there is nothing in {settings.data_folder} yet, so nobody is known")
    with closing(open_state(path)) as state, closing(open_rights(path)) as rights:
        yield Asking(settings, state, rights)
