"""Opens the rules of an installation over stores that are open already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mailwake.insight.stores import Stores
from mailwake.settings import Settings
from mailwake.store.crm import open_crm
from mailwake.store.workflows import open_workflows
from mailwake.workflows.desk import Desk, open_desk


@contextmanager
def desk_of(settings: Settings, stores: Stores) -> Iterator[Desk]:
    """The rules of an installation over its open stores."""
    path = settings.data_folder / "state.sqlite"
    with ExitStack() as opened:
        crm, store = open_crm(path), open_workflows(path)
        opened.callback(crm.close)
        opened.callback(store.close)
        yield open_desk(settings, stores, crm, store)
