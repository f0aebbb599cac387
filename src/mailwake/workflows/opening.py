"""Opens the rules of an installation over stores that are open already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mailwake.crm.contacts import contacts_of, scorer_of
from mailwake.insight.stores import Stores
from mailwake.scoring.desk import desk_of
from mailwake.settings import Settings
from mailwake.store.crm import open_crm
from mailwake.store.workflows import open_workflows
from mailwake.workflows.desk import Desk, open_desk


@contextmanager
def opened_desk(settings: Settings, stores: Stores) -> Iterator[Desk]:
    """The rules of an installation; its scores are made anew for each moment that a rule asks about."""
    path = settings.data_folder / "state.sqlite"
    with ExitStack() as opened:
        crm, store = open_crm(path), open_workflows(path)
        opened.callback(crm.close)
        opened.callback(store.close)
        points = desk_of(settings, contacts_of(crm, settings.salesforce.login))
        yield open_desk(settings, stores, crm, store, score=scorer_of(stores.state, stores.events, points))
