"""What rules decided about whom and why, what came of it, and which of them are switched on.

The same database as the state store. Synchronous; every method is one transaction and safe from any thread and from
several processes at once. A decision is kept once per rule and event, before anything is done about it.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from pathlib import Path

from mailwake.store.state.engine import open_database
from mailwake.store.workflows.entries import Entries
from mailwake.store.workflows.rows import Counts, Decision, RuleEntry, RuleState
from mailwake.store.workflows.switches import Switches

__all__ = ["Counts", "Decision", "RuleEntry", "RuleState", "WorkflowStore", "open_workflows"]


class WorkflowStore(Entries, Switches):
    """Its methods stand in the parts it is made of."""


def open_workflows(path: Path | str) -> WorkflowStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return WorkflowStore(open_database(Path(path)))
